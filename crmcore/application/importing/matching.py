"""Which record each entry of a batch means, if there is one: stored, or on its way in the same batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from uuid import UUID

import attrs

from crmcore.application.importing.binding import Binding
from crmcore.application.importing.entries import Entry
from crmcore.application.importing.identities import ByExternalId, ById, Token
from crmcore.application.importing.known_by import alone, usual
from crmcore.application.importing.lookup import Lookup
from crmcore.application.importing.plan import ImportPlan
from crmcore.application.importing.sameness import Sameness
from crmcore.application.importing.state import Start
from crmcore.domain.facet import Facet, FacetType
from crmcore.domain.matching import search_key

if TYPE_CHECKING:
    from crmcore.application.unit import UnitOfWork


@attrs.frozen
class Known:
    """The entry means this stored record."""

    record: Any


@attrs.frozen
class Twin:
    """The entry means the same as an earlier one of the batch, which is new."""

    entry: Entry


@attrs.frozen
class Several:
    """More than one stored record fits."""

    ids: tuple[UUID, ...]


@attrs.frozen
class New:
    """No record fits."""


Match: TypeAlias = Known | Twin | Several | New
Asked = dict[int, Sequence[Token]]
"""What an entry gives of each identity, by the identity's number, best first."""
Stored = dict[Entry, tuple[int, tuple[Any, ...]]]
"""The stored records that fit an entry, and the number of the identity by which they do."""
Index = dict[tuple[int, Token], list[Entry]]
"""The new entries of a batch by identity."""
NUMBERED: Final = 2
"""The first so many identities are numbers: the id, and that of the system of origin."""


class Matcher:
    """Matches batches. Only records that the actor may see, by values that he may see, are ever found."""

    def __init__(self, unit: UnitOfWork, binding: Binding, plan: ImportPlan, start: Start) -> None:
        columns = self.columns = binding.columns
        self.type = binding.type
        lookup = Lookup(unit, binding.type, _facets(binding), binding.crowds)
        self._origin = plan.origin
        self._since = start.at
        self._new_id = unit.kernel.ids.new
        self._creates = plan.on_duplicate == "create"
        self._rules = usual(lookup, columns, plan.origin)
        if plan.match:
            self._rules.append(alone(unit, lookup, columns, plan.origin, plan.match))
        self._alone = len(self._rules) - 1 if plan.match else None
        self._sameness = Sameness(lookup, columns, start)
        self._name = lookup.name.name if lookup.name is not None else ""
        self._codes = [f.name for f in binding.type.fields if f.search == "code"]

    def match(self, entries: Sequence[Entry]) -> dict[Entry, Match]:
        """What each of these entries means; new ones get their id. Of two that mean the same the later is the twin."""
        if self._creates:
            for entry in entries:
                entry.id = entry.values.get("id") or self._new_id()
            return dict.fromkeys(entries, New())
        asked = {entry: self._asked(entry) for entry in entries}
        stored = self._stored(asked)
        index: Index = {}
        matched: dict[Entry, Match] = {}
        for entry, each in asked.items():
            matched[entry] = found = self._match(entry, each, stored, index)
            if isinstance(found, New):
                entry.id = entry.values.get("id") or self._new_id()
                for key in ((at, token) for at, tokens in each.items() for token in tokens):
                    index.setdefault(key, []).append(entry)
        new = [entry for entry, found in matched.items() if isinstance(found, New)]
        strangers = [entry for entry in new if self.is_anonymous(entry)]
        matched.update((entry, Known(record)) for entry, record in self._sameness.find(strangers).items())
        return {entry: self._settled(found, matched) for entry, found in matched.items()}

    def stored(self, entry: Entry) -> Any:
        """The record that has the entry's id or external id, whatever the plan says of duplicates; None if none has."""
        for identity in self._rules[:NUMBERED]:
            tokens = identity.tokens(entry.values)
            for records in identity.records(tokens).values() if tokens else ():
                return records[0]
        return None

    def tokens(self, values: Mapping[str, Any]) -> set[tuple[int, Token]]:
        """All that makes a record with these values known."""
        return {(at, token) for at, rule in enumerate(self._rules) for token in rule.tokens(values)}

    def is_anonymous(self, entry: Entry) -> bool:
        """Whether nothing makes the row known, or only an address without a name."""
        if entry.values.get("external_id") or "id" in entry.values:
            return False
        return not entry.values.get(self._name) or not self._asked(entry)

    def _asked(self, entry: Entry) -> Asked:
        if self._alone is not None and (tokens := self._rules[self._alone].tokens(entry.values)):
            return {self._alone: tokens}
        given = ((at, rule.tokens(entry.values)) for at, rule in enumerate(self._rules) if at != self._alone)
        return {at: tokens for at, tokens in given if tokens}

    def _stored(self, asked: Mapping[Entry, Asked]) -> Stored:
        """Stored records; a weaker identity is looked up only where no stronger one has found anything."""
        found: Stored = {}
        for at, rule in enumerate(self._rules):
            pending = {entry: each[at] for entry, each in asked.items() if at in each and entry not in found}
            wanted = {token for tokens in pending.values() for token in tokens}
            records = rule.records(wanted) if wanted else {}
            for entry, tokens in pending.items() if records else ():
                held = {record.id: record for token in tokens for record in records.get(token, ())}
                fitting = [r for r in held.values() if at == self._alone or not self._contradicts(entry, r, at)]
                if fitting:
                    found[entry] = at, tuple(fitting)
        return found

    def _match(self, entry: Entry, asked: Asked, stored: Stored, index: Index) -> Match:
        found_by, records = stored.get(entry, (None, ()))
        for at, tokens in asked.items():
            alike = dict.fromkeys(other for token in tokens for other in index.get((at, token), ()))
            twins = [other for other in alike if at == self._alone or not self._differ(entry, other, at)]
            known = records if at == found_by else ()
            if len(twins) + len(known) > 1:
                return Several((*(record.id for record in known), *(twin.id for twin in twins if twin.id)))
            if known or twins:
                return Known(known[0]) if known else Twin(twins[0])
        return New()

    def _settled(self, found: Match, matched: Mapping[Entry, Match]) -> Match:
        """The twin of an entry that is known after all is known as well."""
        other = matched[found.entry] if isinstance(found, Twin) else found
        return other if isinstance(other, Known) else found

    def _contradicts(self, entry: Entry, record: Any, at: int) -> bool:
        """A record that the same system knows by another number is another one, and so is one that this import has made
        of a row with another id; one that was found by less than a number, also if it has another code."""
        own = {name: getattr(record, name) for name in ("source", "external_id", *self._codes)}
        if isinstance(self._rules[at], ByExternalId):  # it was found by the number, if only of one merged into it
            own["external_id"] = None
        is_new = record.created_at is not None and record.created_at >= self._since
        if is_new and not isinstance(self._rules[at], ById):
            own["id"] = record.id
        return self._are_told_apart(entry.values, own, at)

    def _differ(self, entry: Entry, other: Entry, at: int) -> bool:
        return self._are_told_apart(entry.values, other.values, at)

    def _are_told_apart(self, some: Mapping[str, Any], others: Mapping[str, Any], at: int) -> bool:
        ids = some.get("id"), others.get("id")
        if all(ids) and ids[0] != ids[1]:
            return True
        numbers = some.get("external_id"), others.get("external_id")
        sources = [each.get("source", self._origin) for each in (some, others)]
        if all(numbers) and numbers[0] != numbers[1] and sources[0] == sources[1]:
            return True
        if at < NUMBERED:
            return False
        codes = ((some.get(name), others.get(name)) for name in self._codes)
        return any(one and other and search_key("code", one) != search_key("code", other) for one, other in codes)


def _facets(binding: Binding) -> list[type[Facet]]:
    """The facets of which the file has columns."""
    groups = [binding.columns.by_name[name].group for name in binding.rules]
    classes = {g.holder.cls for g in groups if g is not None and isinstance(g.holder, FacetType)}
    return sorted(classes, key=lambda cls: cls.__name__)
