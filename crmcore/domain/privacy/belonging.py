"""What belongs to a person, from the declarations alone: by which references records are about a customer.

A record that refers to a customer belongs to that customer; one that refers to none belongs, by the shortest way, as
what it refers to does (an assignment as its lead). A record that is somebody else's, or nobody's, and has a part or a
facet that refers to a person has a passage about that person: no more of it belongs to them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any, Final
from uuid import UUID

import attrs

from crmcore.domain.catalogue import Catalogue
from crmcore.domain.field import Field
from crmcore.domain.part import PartType
from crmcore.domain.record import Record, RecordType

PERSON: Final = "customer"


@attrs.frozen(eq=False)
class Route:
    """A reference by which records belong: `field` in `place` ("": the record itself, the name of a part, or
    `facet:NAME`) points at the record type `target`, which belongs itself or is the customer."""

    place: str
    field: Field
    target: str

    @property
    def name(self) -> str:
        """The name of the field in its record type: `customer`, `party.customer`, `loyalty.sponsor`."""
        return f"{self.place.removeprefix('facet:')}.{self.field.name}" if self.place else self.field.name


@attrs.frozen(eq=False)
class Belonging:
    """How the records of one type belong to persons: as a whole by `routes`, in `passages` only by a part or a facet.
    `distance`: over how many references the person is reached (0: the customer)."""

    type: RecordType
    routes: tuple[Route, ...]
    passages: tuple[Route, ...]
    distance: int

    @property
    def is_direct(self) -> bool:
        """Whether the records themselves say whose they are."""
        return self.distance < 2


def belonging(catalogue: Catalogue) -> tuple[Belonging, ...]:
    """Every record type of which something can belong to a person: customers first, each after what it refers to."""
    distances = _distances(catalogue)
    found = []
    for type in catalogue.records.values():
        distance = distances.get(type.name, 0)
        routes = tuple(_routes(catalogue, type, _at(distances, distance - 1), "")) if distance else ()
        passages = () if type.name == PERSON else tuple(_passages(catalogue, type, distances))
        if type.name == PERSON or routes or passages:
            far = distance or max((distances[each.target] + 1 for each in passages), default=0)
            found.append(Belonging(type, routes, passages, far))
    return tuple(sorted(found, key=lambda each: each.distance))


def _distances(catalogue: Catalogue) -> dict[str, int]:
    """Over how many references the records of each type, as a whole, reach a customer."""
    found, step = {PERSON: 0}, 0
    while near := _at(found, step):
        step += 1
        left = [type for type in catalogue.records.values() if type.name not in found]
        found.update({type.name: step for type in left if any(_routes(catalogue, type, near, ""))})
    return found


def _at(distances: dict[str, int], distance: int) -> set[str]:
    return {name for name, found in distances.items() if found == distance}


def _passages(catalogue: Catalogue, type: RecordType, distances: dict[str, int]) -> Iterator[Route]:
    """A facet of a record that is somebody's own says nothing more of another who is named in it."""
    for place in _places(catalogue, type):
        if place.startswith("facet:") and type.name in distances:
            continue
        for distance in range(1 if type.name in distances else max(distances.values()) + 1):
            if found := tuple(_routes(catalogue, type, _at(distances, distance), place)):
                yield from found
                break


def _routes(catalogue: Catalogue, type: RecordType, targets: Collection[str], place: str) -> Iterator[Route]:
    """The references in one place to any of these record types."""
    for field in _fields(catalogue, type, place):
        if field.kind != "reference" or field.name == "id":
            continue
        for target in sorted(targets) if field.target == "*" else (field.target,):
            if target in targets:
                yield Route(place, field, target)


def _places(catalogue: Catalogue, type: RecordType) -> list[str]:
    """The parts and facets of a record type."""
    return [p.name for p in type.parts] + [f"facet:{f.name}" for f in catalogue.facets.get(type.name, ())]


def _fields(catalogue: Catalogue, type: RecordType, place: str) -> Iterable[Field]:
    if not place:
        return type.fields
    if part := type.part(place):
        return part.fields
    facet = catalogue.facet(type, place.removeprefix("facet:"))
    return facet.fields if facet else ()


def is_of_another(part: PartType, held: Any, persons: Collection[UUID]) -> bool:
    """Whether a part of a person's record is about somebody else: it refers to customers, and to none of `persons`."""
    named = [getattr(held, f.name) for f in part.fields if f.kind == "reference" and f.target == PERSON]
    return any(each is not None for each in named) and not any(each in persons for each in named)


def is_theirs(way: Belonging, record: Record, persons: Collection[UUID]) -> bool:
    """Whether a record is one of these persons, or says by its own references that it is theirs. Of types that do not
    say whose they are: always."""
    if way.type.name == PERSON:
        return record.id in persons
    return not way.is_direct or any(getattr(record, route.field.name) in persons for route in way.routes)
