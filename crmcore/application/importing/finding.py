"""Finding the record that a text means where a reference is due: by one field, or by whatever identifies a record."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import attrs

from crmcore.application.importing.lookup import Lookup
from crmcore.domain.bound import Const
from crmcore.domain.matching import search_key
from crmcore.domain.record import RecordType

if TYPE_CHECKING:
    from crmcore.application.unit import UnitOfWork

IDS: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
REMEMBERED: Final = 50_000
KEYED: Final = ("code", "name", "email", "phone")


@attrs.frozen
class Wanted:
    """A text that means a record of type `target`, in a row from the system `source`; `match`: by which field."""

    target: str
    match: str | None
    source: str | None
    text: str


Found = dict[str, list[Any]]


class Finder:
    """Finds records by text in bulk, and remembers what it has found.

    Without `match`, a text is an id, else an external id, else a code, else a name, else an e-mail address or a phone
    number. Where several records fit, those of the row's own system of origin count, and those written just like the
    text. An external id counts in the row's own system alone, and in any where the row names none.
    """

    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit
        self._lookups: dict[str, Lookup] = {}
        self._remembered: dict[Wanted, UUID] = {}

    def find(self, wanted: Collection[Wanted]) -> dict[Wanted, tuple[UUID, ...]]:
        """The ids of the records that fit each; what fits none has no key."""
        found: dict[Wanted, tuple[UUID, ...]] = {}
        found.update((each, (id,)) for each in wanted if (id := self._remembered.get(each)))
        groups: dict[tuple[str, str | None, str | None], list[str]] = {}
        for each in wanted:
            if each not in found:
                groups.setdefault((each.target, each.match, each.source), []).append(each.text)
        for (target, match, source), texts in groups.items():
            for text, ids in self._in_stages(target, match, source, texts):
                found[Wanted(target, match, source, text)] = ids
        for each, ids in found.items():
            if len(ids) == 1:
                self.remember(each, ids[0])
        return found

    def remember(self, wanted: Wanted, id: UUID) -> None:
        """From now on this text means this record."""
        if len(self._remembered) >= REMEMBERED:
            self._remembered.clear()
        self._remembered[wanted] = id

    def _in_stages(
        self, target: str, match: str | None, source: str | None, texts: list[str]
    ) -> Iterator[tuple[str, tuple[UUID, ...]]]:
        lookup = self._lookup(target)
        visible = set(self._unit.binder().visible_names(lookup.type))
        for way in [match] if match else [way for way in ways(lookup.type) if way in visible]:
            found = self._by(lookup, way, source, texts)
            yield from ((text, _ids(records, source, way, text)) for text, records in found.items())
            texts = [text for text in texts if text not in found]
            if not texts:
                return

    def _by(self, lookup: Lookup, way: str, source: str | None, texts: list[str]) -> Found:
        if way == "id":
            ids = {UUID(text): text for text in texts if IDS.fullmatch(text)}
            return {ids[id]: [record] for id, record in lookup.by_id(ids).items()} if ids else {}
        if way == "external_id":
            return self._by_external_id(lookup, source, texts)
        search, field = searches(lookup.type)[way], lookup.type.field(way)
        if search == "name":
            return lookup.by_name(texts)
        if search is None:
            return lookup.by_value(field, texts) if field is not None else {}
        keys = {text: (search, key) for text in texts if (key := search_key(search, text))}
        found = lookup.by_key(set(keys.values()))
        return {text: found[key] for text, key in keys.items() if key in found}

    def _by_external_id(self, lookup: Lookup, source: str | None, texts: list[str]) -> Found:
        found = lookup.by_external_id(texts, source)
        rest = [text for text in texts if text not in found]
        known_as = lookup.type.field("external_id")
        if source is None and rest and known_as is not None:
            found.update(lookup.by_value(known_as, rest, Const(True)))
        return found

    def _lookup(self, target: str) -> Lookup:
        if target not in self._lookups:
            self._lookups[target] = Lookup(self._unit, self._unit.catalogue.record(target))
        return self._lookups[target]


def searches(type: RecordType) -> dict[str, str | None]:
    """The fields and flat names of a record type with the kind of match key that they feed."""
    views = {view.name: view.search for view in type.options.flats}
    return {**views, **{field.name: field.search for field in type.fields}}


def ways(type: RecordType) -> list[str]:
    """The fields by which a text finds a record of this type, best first."""
    known = searches(type)
    return ["id", "external_id", *(name for kind in KEYED for name, search in known.items() if search == kind)]


def _ids(records: list[Any], source: str | None, way: str, text: str) -> tuple[UUID, ...]:
    """The records that fit: of several those of the row's own system of origin, of these those with the very text."""
    if len(records) > 1:
        records = [each for each in records if each.source == source] or records
        records = [each for each in records if getattr(each, way, None) == text] or records
    return tuple(each.id for each in records)
