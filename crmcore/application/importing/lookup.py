"""Finding the records of one type by what identifies them: in bulk, and only what the actor may see.

However many records share an address or a name, a lookup loads a bounded number of them: such a key is remembered as
crowded, and asked for no more than once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from crmcore.application.reading import hide, merged_into, several, surviving
from crmcore.domain.bound import Bound, BoundQuery, Not, Present, Test, every
from crmcore.domain.errors import UnknownName
from crmcore.domain.facet import Facet, FacetType
from crmcore.domain.field import Field
from crmcore.domain.fold import fold
from crmcore.domain.matching import search_key
from crmcore.domain.record import Record, RecordType

if TYPE_CHECKING:
    from crmcore.application.unit import UnitOfWork

Key = tuple[str, str]
Contact = tuple[str, str, str]
"""Kind and key of a contact point, and the folded name."""

CROWD: Final = 100
"""So many records with one key are no match any more but a crowd."""
REMEMBERED: Final = 20_000


Crowds = dict[Key, tuple[UUID, ...]]
"""The first records of keys that too many share."""


class Lookup:
    """Looks for records of one type; `facets` are fetched with them. `crowds` is what was found out of crowds before:
    without it each look-up would read all of a crowd once."""

    def __init__(
        self, unit: UnitOfWork, type: RecordType, facets: Sequence[type[Facet]] = (), crowds: Crowds | None = None
    ) -> None:
        self._unit = unit
        self.type = type
        self._facets = tuple(facets)
        self._facet_types: tuple[FacetType, ...] = tuple(unit.catalogue.facet_of(cls, type) for cls in facets)
        self._keys_of = unit.kernel.plan(type).keys
        self._hides = bool(unit.rule(type).hidden)
        self._crowded: Crowds = {} if crowds is None else crowds
        self.name = name_field(type)
        self._names = _names_of(type)

    def by_id(self, ids: Iterable[UUID]) -> dict[UUID, Any]:
        """Those of these records that there are."""
        return {
            record.id: record for record in several(self._unit, self.type, sorted(set(ids)), self._facets, shown=False)
        }

    def by_external_id(self, texts: Collection[str], source: str | None) -> dict[str, list[Any]]:
        """Records by their external id in one system of origin; None: in that of records without any."""
        known_as, origin = self._field("external_id"), self._field("source")
        where: Bound = Test(origin, "=", (source,)) if source is not None else Not(Present(origin))
        return self.by_value(known_as, texts, where)

    def by_value(self, field: Field, values: Collection[Any], *where: Bound) -> dict[Any, list[Any]]:
        """Records by the exact value of an own field."""
        if not values:
            return {}
        found: dict[Any, list[Any]] = {}
        for record in self.select(every(*where, Test(field, "in", tuple(values)))):
            found.setdefault(getattr(record, field.name), []).append(record)
        return self.surviving(found)

    def select(self, where: Bound, limit: int | None = None) -> list[Any]:
        """The records that fit a bound predicate."""
        scope = self._unit.binder().scope(self.type)
        asked = BoundQuery(type=self.type, where=every(scope, where), limit=limit, facets=self._facet_types)
        return [hide(self._unit, self.type, found.record) for found in self._unit.transaction.select(asked)]

    def by_key(self, keys: Collection[Key]) -> dict[Key, list[Any]]:
        """Records by match key (e-mail, phone, code); of a crowd its first hundred."""
        ids = self._ids(keys)
        records = self.by_id(id for each in ids.values() for id in each)
        found = {key: [records[id] for id in each if id in records] for key, each in ids.items()}
        return self.surviving(_checked(found, self._has))

    def by_name(self, texts: Collection[str]) -> dict[str, list[Any]]:
        """Records by name as given or one of their other names, compared by the fold; in a crowd of such words only
        by the very text."""
        keys = {text: ("name", key) for text in texts if (key := search_key("name", text))}
        ids = self._ids(set(keys.values()))
        plain = {text: ids[key] for text, key in keys.items() if key in ids and key not in self._crowded}
        records = self.by_id(id for each in plain.values() for id in each)
        found = {text: [records[id] for id in each if id in records] for text, each in plain.items()}
        crowded = [text for text, key in keys.items() if key in self._crowded]
        if crowded and self.name is not None:
            found.update(self.by_value(self.name, crowded))
        return self.surviving(_checked(found, self._is_named))

    def by_contact(self, contacts: Collection[Contact]) -> dict[Contact, list[Any]]:
        """Records by an e-mail or phone key and the folded name together."""
        ids = self._ids({(kind, key) for kind, key, _ in contacts})
        wanted = {each: ids.get(each[:2], ()) for each in contacts}
        crowded = [each for each in contacts if each[:2] in self._crowded]
        wanted.update(self._in_crowds(crowded))
        records = self.by_id(id for each in wanted.values() for id in each)
        found = {each: [records[id] for id in held if id in records] for each, held in wanted.items()}
        fits = lambda each, record: self._has(each[:2], record) and self.folded_name(record) == each[2]  # noqa: E731
        return self.surviving(_checked(found, fits))

    def surviving(self, found: dict[Any, list[Any]]) -> dict[Any, list[Any]]:
        """What was found, with survivors in place of records that were merged."""
        merged = (r for each in found.values() for r in each if merged_into(self.type, r) is not None)
        if next(merged, None) is None:
            return found
        led = {key: surviving(self._unit, self.type, each, self._facets, shown=False) for key, each in found.items()}
        return {key: records for key, records in led.items() if records}

    def _in_crowds(self, contacts: Sequence[Contact]) -> dict[Contact, tuple[UUID, ...]]:
        """Of contact points that many share, the records that have the name too, by whichever is rarer."""
        keys = {each: ("name", search_key("name", each[2])) for each in contacts if each[2]}
        by_name = self._ids(set(keys.values()))
        both = {each for each, key in keys.items() if key in self._crowded}
        found = {each: by_name.get(key, ()) for each, key in keys.items() if each not in both}
        if both:
            held = self._all_ids({each[:2] for each in both} | {keys[each] for each in both})
            found.update((e, tuple(set(held.get(e[:2], ())) & set(held.get(keys[e], ())))) for e in both)
        return found

    def _ids(self, keys: Collection[Key]) -> dict[Key, tuple[UUID, ...]]:
        """The ids that have each key; of a crowd the first ones."""
        found = {key: self._crowded[key] for key in keys if key in self._crowded}
        for key, ids in self._all_ids([key for key in keys if key not in found]).items():
            found[key] = tuple(ids[:CROWD])
            if len(ids) > CROWD:
                if len(self._crowded) >= REMEMBERED:
                    self._crowded.clear()
                self._crowded[key] = found[key]
        return found

    def _all_ids(self, keys: Collection[Key]) -> dict[Key, list[UUID]]:
        found: dict[Key, list[UUID]] = {}
        for row in self._unit.transaction.keyed(self.type.name, sorted(keys)) if keys else ():
            found.setdefault((row.kind, row.key), []).append(row.id)
        return found

    def _has(self, key: Key, record: Record) -> bool:
        """Whether the record shows the key: not only has it, behind what is hidden."""
        return not self._hides or key in self._keys_of(record)

    def _is_named(self, text: str, record: Record) -> bool:
        folded = fold(text)
        return any(fold(name) == folded for name in self._names(record))

    def folded_name(self, record: Any) -> str:
        """The folded name of a record; empty if it has none."""
        name: str | None = getattr(record, self.name.name) if self.name is not None else None
        return fold(name) if name else ""

    def _field(self, name: str) -> Field:
        field = self.type.field(name)
        if field is None:
            raise UnknownName("field", name, (f.name for f in self.type.fields), self.type.name)
        return field


def name_field(type: RecordType) -> Field | None:
    """The field that holds the name of a record, by declaration; None for types without names."""
    return next((field for field in type.fields if field.search == "name"), None)


def _names_of(type: RecordType) -> Callable[[Any], list[str]]:
    """All names of a record, as they are searched for."""
    own = [f.name for f in type.fields if f.search == "name"]
    views = [(p.attribute, v) for v in type.options.flats if v.search == "name" for p in type.parts if p.name == v.part]

    def names(record: Any) -> list[str]:
        found = [getattr(record, name) for name in own]
        for attribute, view in views:
            found += [getattr(part, view.field) for part in getattr(record, attribute)]
        return [name for name in found if name]

    return names


def _checked(found: Mapping[Any, Iterable[Any]], fits: Callable[[Any, Any], bool]) -> dict[Any, list[Any]]:
    kept = {key: [record for record in records if fits(key, record)] for key, records in found.items()}
    return {key: records for key, records in kept.items() if records}
