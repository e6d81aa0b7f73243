"""References of rows: from the texts of a file to the records that they mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import attrs

from crmcore.application.importing.binding import Binding
from crmcore.application.importing.creating import create
from crmcore.application.importing.entries import Entry
from crmcore.application.importing.finding import Finder, Wanted, ways
from crmcore.application.importing.reference_rules import ReferenceRule
from crmcore.application.importing.report import Refusal
from crmcore.application.importing.rows import Row
from crmcore.domain.errors import ImportRefused
from crmcore.domain.field import Field
from crmcore.domain.reading import shorten
from crmcore.ports.codec import Unresolved

if TYPE_CHECKING:
    from crmcore.application.unit import UnitOfWork

LISTED: Final = 5


@attrs.frozen(eq=False)
class Need:
    """A reference of a row that is still a text."""

    row: Row
    field: str
    wanted: Wanted
    rule: ReferenceRule


class References:
    """Resolves references, a batch at a time."""

    def __init__(self, unit: UnitOfWork, binding: Binding, origin: str | None) -> None:
        self._unit = unit
        self._binding = binding
        self._origin = origin
        self._finder = Finder(unit)
        self._rules = dict(binding.references)
        self.own = [n for n in self._rules if binding.columns.by_name[n].field.target == binding.type.name]
        """The columns that refer to records of the imported type itself, which may stand further down in the file."""

    def settle_defaults(self) -> None:
        """Resolve the references among the map's defaults; `ImportRefused` for one that means no record."""
        for name, value in list(self._binding.defaults.items()):
            if isinstance(value, Unresolved):
                target = self._binding.columns.by_name[name].field.target
                found = self._finder.find([Wanted(target, None, self._origin, value.text)])
                ids = next(iter(found.values()), ())
                if len(ids) != 1:
                    which = "several records" if ids else "no record"
                    raise ImportRefused(f"the map's default {name} = {shorten(value.text)} means {which}", field=name)
                self._binding.defaults[name] = ids[0]

    def resolve(self, entries: Iterable[Entry]) -> None:
        """Put ids in place of texts. What means no record is treated as the map says, but for references to the
        imported type: those stay, for `missing` to settle. Rows are refused for what cannot be settled."""
        needs = []
        for need in self._needs(entries):
            if need.wanted.target:
                needs.append(need)
            else:
                need.row.refuse(self._refusal(need, "the row does not name the record type that this is one of"))
        found = self._finder.find({need.wanted for need in needs})
        missing = [need for need in needs if not self._put(need, found.get(need.wanted, ()))]
        self.missing([need for need in missing if need.field not in self.own])

    def unresolved(self, entry: Entry) -> list[Need]:
        """What of an entry's references is still a text."""
        return list(self._needs([entry]))

    def still_missing(self, needs: Sequence[Need]) -> list[Need]:
        """Those that are not there even now, where a row before may have had their record made; the others get it."""
        found = self._finder.find({need.wanted for need in needs if need.rule.missing == "create"})
        return [need for need in needs if not self._put(need, found.get(need.wanted, ()))]

    def missing(self, needs: Sequence[Need]) -> None:
        """Refuse, leave out or create what is not there, as the map says of each column."""
        wanted: dict[Wanted, dict[str, Any]] = {}
        for need in needs:
            if need.rule.missing == "leave":
                del need.row.values[need.field]
            elif need.rule.missing == "reject":
                need.row.refuse(self._unknown(need))
            elif need.row.refusal is None and (given := self._given(need)) is not None:
                wanted.setdefault(need.wanted, given)
        made = create(self._unit, self._finder, wanted)
        for need in needs:
            outcome = made.get(need.wanted)
            if isinstance(outcome, UUID):
                need.row.values[need.field] = outcome
            elif outcome is not None:
                need.row.refuse(self._refusal(need, outcome))

    def _given(self, need: Need) -> dict[str, Any] | None:
        """What else a record has that is created for this row; None for a row that is refused for it."""
        if need.rule.also is None:
            return {}
        reading = need.rule.also(need.row.raw.values)
        for problem in reading.problems:
            reason = f"{problem.reason} ({problem.field} of a new {need.wanted.target})"
            need.row.refuse(Refusal(self._binding.header(need.field), problem.value, reason))
        return None if reading.problems else reading.values

    def _needs(self, entries: Iterable[Entry]) -> Iterator[Need]:
        rules = self._rules.items()
        for entry in entries:
            for row in entry.rows:
                for field, rule in rules:
                    value = row.values.get(field)
                    if isinstance(value, Unresolved):
                        yield Need(row, field, self._wanted(row, field, rule, value.text), rule)

    def _wanted(self, row: Row, field: str, rule: ReferenceRule, text: str) -> Wanted:
        declared = self._binding.columns.by_name[field].field
        return Wanted(self._target(row, declared), rule.match, row.values.get("source", self._origin), text)

    def _target(self, row: Row, declared: Field) -> str:
        """The record type that a reference points at; where the row itself has to say it, none if it does not."""
        if declared.target != "*":
            return declared.target
        named = str(row.values.get(declared.target_field))
        return named if named in self._unit.catalogue.records else ""

    def _put(self, need: Need, ids: Sequence[UUID]) -> bool:
        if len(ids) == 1:
            need.row.values[need.field] = ids[0]
        elif ids:
            listed = ", ".join(str(id) for id in ids[:LISTED]) + (" ..." if len(ids) > LISTED else "")
            reason = f"{shorten(need.wanted.text)} may be any of several records of type {need.wanted.target}: {listed}"
            need.row.refuse(self._refusal(need, reason))
        return bool(ids)

    def _unknown(self, need: Need) -> Refusal:
        wanted = need.wanted
        by = [wanted.match] if wanted.match else ways(self._unit.catalogue.record(wanted.target))
        where = f" in {wanted.source}" if wanted.source and "external_id" in by else ""
        return self._refusal(need, f"there is no {wanted.target} {shorten(wanted.text)} by {' or '.join(by)}{where}")

    def _refusal(self, need: Need, reason: str) -> Refusal:
        return Refusal(self._binding.header(need.field), need.wanted.text, reason)
