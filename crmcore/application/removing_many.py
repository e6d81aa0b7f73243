"""Removing many records of one type: together where nothing stands in the way, singly where something does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from crmcore.application import removing
from crmcore.application.dormancy import check_awake
from crmcore.application.hooks.guarding import check
from crmcore.application.hooks.reacting import react
from crmcore.application.session import Session
from crmcore.domain.bound import Bound, BoundQuery, Not, Test, every
from crmcore.domain.change import Change
from crmcore.domain.errors import ConcurrentChange, CrmError, Denied, InvalidRecord, NotFound, StillReferenced
from crmcore.domain.record import Record, RecordType
from crmcore.ports.storage import KeyRow

REFUSALS: Final = (StillReferenced, Denied, NotFound, InvalidRecord, ConcurrentChange)
"""What keeps one record; everything else ends the unit of work."""


def remove_many(unit: Session, type: RecordType, records: Sequence[Record]) -> dict[UUID, CrmError]:
    """Remove these records, which were read whole, with all their facets; each stands after those that refer to it.

    Gives why the ones that stay could not be removed, by id. Checks and history are those of `removing.remove`.
    """
    if not records:
        return {}
    check_awake(unit, type)
    try:
        with unit.savepoint():
            if len(records) == 1:
                removing.remove(unit, type, records[0].id, records[0].version)
            else:
                _together(unit, type, records)
    except REFUSALS as error:
        if len(records) == 1:
            return {records[0].id: error}
        middle = len(records) // 2
        return {**remove_many(unit, type, records[:middle]), **remove_many(unit, type, records[middle:])}
    return {}


def _together(unit: Session, type: RecordType, records: Sequence[Record]) -> None:
    """All of them; `StillReferenced` if anything else refers to one of them, but for what goes with it."""
    changes = [Change(type, r.id, "remove", r, None, frozenset()) for r in records]
    unit.kernel.policy.write(unit.actor, changes)
    plan, ids = unit.kernel.plan(type), [record.id for record in records]
    check(unit, plan, changes)
    anywhere = []
    with unit.writing() as transaction:
        for holder, place, field in unit.catalogue.references_to(type.name):
            where = _from_others(type, holder, removing.pointing(unit, type, holder, place, field, ids), ids)
            if field.target == "*":
                anywhere.append((holder, where))
            elif field.on_remove == "follow" and not place:
                _follow(unit, holder, where)
            else:
                _check_free(unit, type, holder, where)
        transaction.drop_keys([KeyRow(kind, key, type.name, r.id) for r in records for kind, key in plan.keys(r)])
        transaction.delete_many(type, records)
        for holder, where in anywhere:  # no foreign key holds these: from here on nobody adds one
            _check_free(unit, type, holder, where)
        transaction.append([removing.entry_of(unit, type, record) for record in records])
        react(unit, plan, changes)


def _from_others(type: RecordType, holder: RecordType, where: Bound, ids: Sequence[UUID]) -> Bound:
    """References among the records themselves do not count."""
    known = type.field("id")
    return where if holder.name != type.name or known is None else every(where, Not(Test(known, "in", tuple(ids))))


def _follow(unit: Session, holder: RecordType, where: Bound) -> None:
    facets = unit.catalogue.facets.get(holder.name, ())
    while found := unit.transaction.select(
        BoundQuery(type=holder, where=where, limit=removing.FOLLOWERS, facets=tuple(facets))
    ):
        _together(unit, holder, [each.record for each in reversed(found)])


def _check_free(unit: Session, type: RecordType, holder: RecordType, where: Bound) -> None:
    if unit.transaction.count(BoundQuery(type=holder, where=where)):
        raise StillReferenced(f"some of these are referred to by {holder.name}", record=type.name)
