"""Decisions that two customers who look alike are two."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from crmcore.application import adding, reading
from crmcore.application.session import Session
from crmcore.domain.bound import BoundQuery, Some, Test, every
from crmcore.domain.change import Change
from crmcore.domain.customer import Customer
from crmcore.domain.errors import InvalidRecord
from crmcore.domain.field import Field
from crmcore.domain.merging.not_duplicate import NotDuplicate
from crmcore.domain.record import RecordType


def set_apart(unit: Session, one: UUID, other: UUID, reason: str | None = None) -> NotDuplicate:
    """Remember that two customers are two; what was decided already stands as it is.

    Raises NotFound for one that the actor may not see, InvalidRecord for one and the same, Denied.
    """
    customers, type = unit.catalogue.of(Customer), unit.catalogue.of(NotDuplicate)
    pair = sorted(reading.unblanked(unit, customers, id).id for id in (one, other))
    if pair[0] == pair[1]:
        raise InvalidRecord(type.name, {"other": f"{other} is {one}: a customer is no duplicate of itself"})
    if known := _between(unit, type, pair):
        return known[0]
    made = NotDuplicate(pair[0], pair[1], unit.now(), str(unit.actor), reason, id=unit.kernel.ids.new())
    given = frozenset(f.name for f in type.own if getattr(made, f.name) is not None)
    unit.kernel.policy.write(unit.actor, [Change(type, made.id, "add", None, made, given)])
    return adding.add(unit, type, [made], by_rule=True)[0]


def apart(unit: Session, one: UUID) -> tuple[UUID, ...]:
    """Those customers of whom it was decided that they are not this one, as far as the actor may see them."""
    customers, type = unit.catalogue.of(Customer), unit.catalogue.of(NotDuplicate)
    id = reading.unblanked(unit, customers, one).id
    where = every(unit.binder().scope(type), Some(tuple(Test(f, "=", (id,)) for f in _ends(type))))
    found = [each.record for each in unit.transaction.select(BoundQuery(type=type, where=where))]
    pairs = [each for each in found if isinstance(each, NotDuplicate)]
    others = sorted({pair.other if pair.one == id else pair.one for pair in pairs})
    return tuple(each.id for each in reading.several(unit, customers, others, shown=False))


def decided(unit: Session, ids: Collection[UUID]) -> list[tuple[UUID, UUID]]:
    """The pairs among these customers that are two, by somebody's decision."""
    return [(each.one, each.other) for each in _between(unit, unit.catalogue.of(NotDuplicate), ids)]


def _between(unit: Session, type: RecordType, ids: Collection[UUID]) -> list[NotDuplicate]:
    tests = [Test(field, "in", tuple(sorted(ids))) for field in _ends(type)]
    found = unit.transaction.select(BoundQuery(type=type, where=every(*tests)))
    return [each.record for each in found if isinstance(each.record, NotDuplicate)]


def _ends(type: RecordType) -> list[Field]:
    return [field for name in ("one", "other") if (field := type.field(name))]
