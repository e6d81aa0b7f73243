"""References to customers: which follow a merge, how records that refer are found, and how they would stand then."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from crmcore.application import removing
from crmcore.application.session import Session
from crmcore.domain.bound import Bound, BoundQuery, Const, Some, every
from crmcore.domain.catalogue import Catalogue
from crmcore.domain.copying import evolve
from crmcore.domain.facet import Facet
from crmcore.domain.query import Cursor
from crmcore.domain.record import MERGING, Record, RecordType
from crmcore.ports.moving import Reference

AT_ONCE: Final = 500
"""Records that are read at once."""

References = Mapping[RecordType, Sequence[Reference]]


def references(catalogue: Catalogue) -> dict[RecordType, list[Reference]]:
    """By record type, the references that follow merges of customers."""
    found: dict[RecordType, list[Reference]] = {}
    for holder, place, field in catalogue.references_to(MERGING):
        if field.on_merge == "follow":
            found.setdefault(holder, []).append(Reference(holder, place, field))
    return found


def to_any(unit: Session, customers: RecordType, held: Sequence[Reference], ids: Sequence[UUID]) -> Bound:
    """What records fit that refer to one of these customers by one of these references."""
    tests = [removing.pointing(unit, customers, r.holder, r.place, r.field, ids) for r in held]
    return tests[0] if len(tests) == 1 else Some(tuple(tests))


def pages(unit: Session, holder: RecordType, where: Bound) -> Iterator[Record]:
    """The records that fit, with every facet, in order of their ids; read a few hundred at a time."""
    facets, cursor = tuple(unit.catalogue.facets.get(holder.name, ())), None
    while True:
        asked = BoundQuery(type=holder, where=where, limit=AT_ONCE, cursor=cursor, facets=facets)
        found = unit.transaction.select(asked)
        yield from (each.record for each in found)
        if len(found) < AT_ONCE:
            return
        cursor = Cursor("", found[-1].keys, found[-1].record.id)


def targets(unit: Session, reference: Reference, record: Record) -> list[UUID]:
    """The customers to whom a record, each of its parts, or its facet refers."""
    name, kind = reference.field.name, reference.field.target_field
    bound = reference.field.target == "*"
    led = (h for h in _holders(unit, reference, record) if not bound or getattr(h, kind) == MERGING)
    return [id for holder in led if (id := getattr(holder, name)) is not None]


def _holders(unit: Session, reference: Reference, record: Record) -> list[Any]:
    if part := reference.holder.part(reference.place):
        return list(getattr(record, part.attribute))
    if not reference.place:
        return [record]
    facet = _facet(unit, reference, record)
    return [] if facet is None else [facet]


def _facet(unit: Session, reference: Reference, record: Record) -> Facet | None:
    declared = unit.catalogue.facet(reference.holder, reference.place.removeprefix("facet:"))
    return record.facets.get(declared.cls) if declared else None


def pointed(unit: Session, reference: Reference, record: Record, to: Mapping[UUID, UUID]) -> Record:
    """The record as it stands when what it refers to is replaced."""
    name, held = reference.field.name, targets(unit, reference, record)
    if to.keys().isdisjoint(held):
        return record
    if part := reference.holder.part(reference.place):
        parts = (_pointed(reference, each, to) for each in getattr(record, part.attribute))
        return evolve(record, **{part.attribute: tuple(parts)})
    if not reference.place:
        own: Record = _pointed(reference, record, to)
        return own
    facet = _facet(unit, reference, record)
    changed = None if facet is None else evolve(facet, **{name: to[held[0]]})
    return evolve(record, facets={**record.facets, facet.__class__: changed})


def _pointed(reference: Reference, holder: Any, to: Mapping[UUID, UUID]) -> Any:
    name, kind = reference.field.name, reference.field.target_field
    led = reference.field.target != "*" or getattr(holder, kind) == MERGING
    id = getattr(holder, name)
    return evolve(holder, **{name: to[id]}) if led and id in to else holder


def counted(
    unit: Session, customers: RecordType, reference: Reference, ids: Sequence[UUID], stays: Collection[UUID] = ()
) -> int:
    """How many of these references the actor may see, but for those of the records `stays`."""
    holder = reference.holder
    if reference.name not in unit.binder().visible_names(holder):
        return 0
    where = every(unit.binder().scope(holder), to_any(unit, customers, [reference], ids))
    if not holder.part(reference.place) and not stays:
        return unit.transaction.count(BoundQuery(type=holder, where=where))
    wanted, passed = frozenset(ids), frozenset(stays)
    found = (record for record in pages(unit, holder, where) if record.id not in passed)
    return sum(id in wanted for record in found for id in targets(unit, reference, record))


def is_open(unit: Session, reference: Reference) -> bool:
    """Whether the actor sees all of these references."""
    if unit.binder().scope(reference.holder) != Const(True):
        return False
    return reference.name in unit.binder().visible_names(reference.holder)
