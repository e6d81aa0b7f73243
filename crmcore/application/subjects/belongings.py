"""The records about persons, found in bulk: chunk by chunk, by the references that `domain.privacy.belonging` names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias
from uuid import UUID

import attrs

from crmcore.application.removing import pointing
from crmcore.application.session import Session
from crmcore.domain.binder import declared
from crmcore.domain.bound import Bound, BoundQuery, Const, Not, Some, SortKey, Test, every
from crmcore.domain.part import Part
from crmcore.domain.privacy.belonging import PERSON, Belonging, Route, belonging
from crmcore.domain.query import Cursor
from crmcore.domain.record import Record, RecordType

CHUNK: Final = 500
Belongings: TypeAlias = Iterator[tuple[RecordType, list[Record]]]


@attrs.frozen(eq=False)
class Passage:
    """What a record that is somebody else's, or nobody's, has about a person: some parts, or a facet. The record is
    whole; no more than its id and what is named here is to be handed out or wiped."""

    type: RecordType
    place: str
    record: Record
    parts: tuple[Part, ...] = ()


def family(unit: Session, customer: UUID) -> tuple[UUID, ...]:
    """The customer and all that were merged into it, whatever the actor may see; the survivor comes first, also where
    one of the others was named."""
    type = unit.catalogue.record(PERSON)
    found = unit.transaction.select(BoundQuery(type=type, where=_with_ids(type, [customer])))
    above = getattr(found[0].record, "merged_into", None) if found else None
    head: UUID = above or customer
    where = Test(declared(type, "merged_into"), "=", (head,))
    merged = unit.transaction.select(BoundQuery(type=type, where=where))
    return (head, *(each.record.id for each in merged))


def belongings(unit: Session, persons: Sequence[UUID], *, whole: bool) -> Belongings:
    """The records that are about these persons as a whole, each with all its facets, in chunks of at most 500: type by
    type, the customers first, each type after those that it refers to. No record comes twice.

    `whole`: everything, else what the actor may see by references that they may see."""
    search = Search(unit, tuple(persons), whole)
    for each in search.ways.values():
        for chunk in search.records(each):
            yield each.type, chunk


def passages(unit: Session, persons: Sequence[UUID], *, whole: bool) -> Iterator[Passage]:
    """What records that are not theirs have about these persons."""
    search = Search(unit, tuple(persons), whole)
    for each in search.ways.values():
        for route in each.passages:
            yield from search.passages(each, route)


class Search:
    """Looks for what belongs to certain persons in one unit of work."""

    def __init__(self, unit: Session, persons: tuple[UUID, ...], whole: bool) -> None:
        self.unit = unit
        self.persons = persons
        self.whole = whole
        self.ways = {each.type.name: each for each in belonging(unit.catalogue)}

    def records(self, way: Belonging) -> Iterator[list[Record]]:
        """The records of one type, in chunks."""
        if way.type.name == PERSON:
            yield from self._by_id(way.type, _with_ids(way.type, self.persons))
        elif way.routes and way.is_direct:
            yield from self._direct(way)
        elif way.routes:
            yield from self._indirect(way)

    def count(self, way: Belonging) -> int:
        """How many records of one type there are, without reading those that say themselves whose they are."""
        routes = [route for route in way.routes if self._is_open(way.type, route)]
        if way.type.name == PERSON:
            where = _with_ids(way.type, self.persons)
        elif routes and way.is_direct:
            where = self._theirs(way, routes)
        else:
            return sum(map(len, self.records(way)))
        return self.unit.transaction.count(BoundQuery(type=way.type, where=every(self._scope(way.type), where)))

    def passages(self, way: Belonging, route: Route) -> Iterator[Passage]:
        """What these persons, or what is theirs, is referred to by in one place of records that are not theirs."""
        if not self._is_open(way.type, route):
            return
        for ids in self._targets(route.target):
            where = self._pointing(way.type, route, ids)
            if way.routes and way.is_direct:
                where = every(where, Not(self._theirs(way, way.routes)))
            for record in (record for chunk in self._by_id(way.type, where) for record in chunk):
                part = way.type.part(route.place)
                held: tuple[Part, ...] = getattr(record, part.attribute) if part else ()
                named = tuple(each for each in held if getattr(each, route.field.name) in ids)
                yield Passage(way.type, route.place, record, named)

    def _direct(self, way: Belonging) -> Iterator[list[Record]]:
        """By references to the persons: where a timeline is kept for one of them, along that."""
        routes = [route for route in way.routes if self._is_open(way.type, route)]
        timeline = way.type.options.timeline
        if len(routes) == 1 and timeline and timeline[0] == routes[0].name:
            for person in self.persons:
                yield from self._along(way.type, self._pointing(way.type, routes[0], (person,)), timeline[1])
        elif routes:
            yield from self._by_id(way.type, self._theirs(way, routes))

    def _theirs(self, way: Belonging, routes: Sequence[Route]) -> Bound:
        tests = tuple(self._pointing(way.type, route, self.persons) for route in routes)
        return tests[0] if len(tests) == 1 else Some(tests)

    def _indirect(self, way: Belonging) -> Iterator[list[Record]]:
        """By references to what is theirs; what is found by two of them counts once."""
        routes = [route for route in way.routes if self._is_open(way.type, route)]
        seen: set[UUID] | None = set() if len(routes) > 1 else None
        for route in routes:
            for ids in self._targets(route.target):
                for chunk in self._by_id(way.type, self._pointing(way.type, route, ids)):
                    new = [record for record in chunk if seen is None or record.id not in seen]
                    if seen is not None:
                        seen.update(record.id for record in new)
                    if new:
                        yield new

    def _targets(self, name: str) -> Iterator[tuple[UUID, ...]]:
        """The ids of what is theirs of one type, in chunks."""
        if name == PERSON:
            yield self.persons
            return
        for chunk in self.records(self.ways[name]):
            yield tuple(record.id for record in chunk)

    def _pointing(self, type: RecordType, route: Route, ids: Sequence[UUID]) -> Bound:
        target = self.unit.catalogue.record(route.target)
        return pointing(self.unit, target, type, route.place, route.field, ids)

    def _is_open(self, type: RecordType, route: Route) -> bool:
        """Whether records may be looked for by this reference."""
        return self.whole or route.name in self.unit.binder().visible_names(type)

    def _scope(self, type: RecordType) -> Bound:
        return Const(True) if self.whole else self.unit.binder().scope(type)

    def _by_id(self, type: RecordType, where: Bound) -> Iterator[list[Record]]:
        return self._along(type, where, "")

    def _along(self, type: RecordType, where: Bound, name: str) -> Iterator[list[Record]]:
        """The records that fit in the order of a field, then of their ids."""
        sort = (SortKey(declared(type, name)),) if name else ()
        facets = self.unit.catalogue.facets.get(type.name, ())
        asked = BoundQuery(
            type=type, where=every(self._scope(type), where), sort=sort, order=name, limit=CHUNK, facets=tuple(facets)
        )
        while found := self.unit.transaction.select(asked):
            yield [each.record for each in found]
            if len(found) < CHUNK:
                return
            last = found[-1]
            asked = attrs.evolve(asked, cursor=Cursor(name, last.keys, last.record.id))


def _with_ids(type: RecordType, ids: Sequence[UUID]) -> Bound:
    return Test(declared(type, "id"), "in", tuple(ids))
