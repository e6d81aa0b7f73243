"""Those who are to become one: held, then read whole, with every facet."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final, cast
from uuid import UUID

import attrs

from crmcore.application import reading
from crmcore.application.session import Session
from crmcore.domain.bound import BoundQuery, Test, every
from crmcore.domain.customer import Customer
from crmcore.domain.errors import InvalidValue
from crmcore.domain.merging.outcome import refused
from crmcore.domain.record import RecordType

MOST: Final = 500
"""How many others at most are merged into one at a time."""


@attrs.frozen(eq=False)
class Members:
    """The survivor, and the others in the order given."""

    type: RecordType
    survivor: Customer
    others: tuple[Customer, ...]

    @property
    def losers(self) -> tuple[UUID, ...]:
        """The ids of the others."""
        return tuple(each.id for each in self.others)

    @property
    def everybody(self) -> tuple[Customer, ...]:
        """All of them, the survivor first."""
        return (self.survivor, *self.others)

    @property
    def ids(self) -> frozenset[UUID]:
        """The ids of all."""
        return frozenset(each.id for each in self.everybody)


def members(unit: Session, survivor: UUID, others: Sequence[UUID], *, hold: bool) -> Members:
    """The rows of these ids. `hold`: nobody changes them, or refers to them, until the unit of work ends.

    Raises MergeRefused for one with itself, none, or too many; NotFound for one that the actor may not see.
    """
    type = unit.catalogue.of(Customer)
    _check_ids(survivor, others)
    ids = [survivor, *others]
    if hold:
        held(unit, type, ids)
    found = rows(unit, type, ids)
    for id in ids:
        if id not in found:
            raise reading.not_found(type, id)
    return Members(type, found[survivor], tuple(found[id] for id in others))


def held(unit: Session, type: RecordType, ids: Sequence[UUID]) -> None:
    """Hold these rows, always in one order: two who merge at once wait for each other, and never for ever."""
    unit.check_writable()
    for id in sorted(ids):
        unit.transaction.lock(type, id, alone=True)


def rows(unit: Session, type: RecordType, ids: Sequence[UUID]) -> dict[UUID, Customer]:
    """Those of these rows that the actor may see, merged or not, with every facet, by id."""
    known = type.field("id")
    if known is None:
        return {}
    where = every(unit.binder().scope(type), Test(known, "in", tuple(dict.fromkeys(ids))))
    facets = tuple(unit.catalogue.facets.get(type.name, ()))
    found = unit.transaction.select(BoundQuery(type=type, where=where, facets=facets))
    return {each.record.id: cast(Customer, each.record) for each in found}


def listed(ids: Sequence[UUID]) -> Sequence[UUID]:
    """These ids; `InvalidValue` for one that is not in a list, as Python's types do not keep anybody from giving it."""
    if not isinstance(ids, Collection):
        raise InvalidValue(f"ids are given as a list, not as {ids!r}", value=repr(ids))
    return ids


def _check_ids(survivor: UUID, others: Sequence[UUID]) -> None:
    for id in (survivor, *listed(others)):
        if not isinstance(id, UUID):
            raise InvalidValue(f"an id is a UUID, not {id!r}", value=repr(id))
    reasons = []
    if not others:
        reasons.append("there is nobody to merge into the survivor")
    if len(others) > MOST:
        reasons.append(f"at most {MOST} are merged into one at a time, not {len(others):,}")
    if survivor in others:
        reasons.append(f"{survivor} cannot be merged with itself")
    if len(set(others)) < len(others):
        twice = next(id for id in others if list(others).count(id) > 1)
        reasons.append(f"{twice} is named twice")
    if reasons:
        raise refused(reasons)
