"""Removing a record: refused while something refers to it; its before-image stays in the log.

Rows of logs about it, declared `on_remove="follow"`, go with it, each with its own before-image.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from crmcore.application import changing, journal, reading
from crmcore.application.dormancy import check_awake
from crmcore.application.hooks.guarding import check
from crmcore.application.hooks.reacting import react
from crmcore.application.session import Session
from crmcore.domain.bound import Bound, BoundQuery, Test, ToFacet, ToPart, Via, every
from crmcore.domain.change import Change, LogEntry
from crmcore.domain.errors import InvalidRecord, StillReferenced
from crmcore.domain.field import Field
from crmcore.domain.record import Record, RecordType
from crmcore.ports.storage import KeyRow

FOLLOWERS = 500


def remove(unit: Session, type: RecordType, id: UUID, version: int | None) -> None:
    """Remove the row with its parts and facets; references declared `on_remove="clear"` are emptied first, records
    that refer to it by one declared `on_remove="follow"` are removed first: those go in no other way (`InvalidRecord`),
    or a history would have holes."""
    check_awake(unit, type)
    if type.options.system:
        raise InvalidRecord(type.name, {"record": "is written by crmcore alone, and stays"})
    if (followed := type.followed) is not None:
        problem = f"a row of a log goes only together with the {followed.target} that it is about"
        raise InvalidRecord(type.name, {followed.name: problem})
    _remove(unit, type, id, version)


def _remove(unit: Session, type: RecordType, id: UUID, version: int | None) -> None:
    facets = unit.catalogue.facets.get(type.name, ())
    record = reading.raw(unit, type, id, tuple(f.cls for f in facets))
    if (into := reading.merged_into(type, record)) is not None:
        problem = f"it is a part of {into} since they were merged: undo the merge first, or remove that one"
        raise InvalidRecord(type.name, {"merged_into": problem})
    changing.check_version(type, record, version)
    plan, changes = unit.kernel.plan(type), [Change(type, id, "remove", record, None, frozenset())]
    unit.kernel.policy.write(unit.actor, changes)
    check(unit, plan, changes)
    if not unit.transaction.lock(type, id):  # so that nobody links to it from here on
        raise reading.not_found(type, id)
    referring = _references(unit, type, id)
    with unit.writing():
        for holder, field, where in referring:
            if field.on_remove == "follow":
                _follow(unit, holder, where)
            else:
                _clear(unit, holder, field, where)
        if referring:  # a reference to itself was cleared, or a reaction to what was cleared changed it
            record = reading.unblanked(unit, type, id, tuple(f.cls for f in facets))
        _erase(unit, type, record)
        react(unit, plan, changes)


def _follow(unit: Session, holder: RecordType, where: Bound) -> None:
    while found := unit.transaction.select(BoundQuery(type=holder, where=where, limit=FOLLOWERS)):
        for each in found:
            _remove(unit, holder, each.record.id, None)


def _erase(unit: Session, type: RecordType, record: Record) -> None:
    """Take the row out, and log what it was."""
    plan = unit.kernel.plan(type)
    with unit.writing() as transaction:
        transaction.drop_keys([KeyRow(kind, key, type.name, record.id) for kind, key in plan.keys(record)])
        transaction.delete(type, record)
        transaction.append([entry_of(unit, type, record)])


def entry_of(unit: Session, type: RecordType, record: Record) -> LogEntry:
    """What the log says of a removal; the record has all its facets."""
    plain = journal.plain_record(unit.kernel.plan(type), record)
    for facet in unit.catalogue.facets.get(type.name, ()):
        plain.update(journal.plain_facet(facet, unit.kernel.facet_shape(facet), record.facets.get(facet.cls)))
    return journal.entry(
        at=unit.now(),
        actor=str(unit.actor),
        source=unit.source,
        work=unit.id,
        record=type.name,
        id=record.id,
        subject=journal.subject_of(type, record),
        version=record.version + 1,
        operation="remove",
        diff=journal.difference(plain, {}),
        salt=unit.kernel.ids.salt(),
    )


def _references(unit: Session, type: RecordType, id: UUID) -> list[tuple[RecordType, Field, Bound]]:
    """What refers to the record and is to be cleared or to follow; `StillReferenced` if anything else refers to it."""
    standing: dict[str, int] = {}
    yielding = []
    for holder, place, field in unit.catalogue.references_to(type.name):
        where = pointing(unit, type, holder, place, field, [id])
        if not unit.transaction.count(BoundQuery(type=holder, where=where)):
            continue
        if field.on_remove != "refuse" and not place:
            yielding.append((holder, field, where))
            continue
        seen = 0
        if _is_seen(unit, holder, place, field):
            seen = unit.transaction.count(BoundQuery(type=holder, where=every(unit.binder().scope(holder), where)))
        standing[holder.name] = standing.get(holder.name, 0) + seen
    if standing:
        raise _still_referenced(type, id, {name: count for name, count in standing.items() if count})
    return yielding


def _is_seen(unit: Session, holder: RecordType, place: str, field: Field) -> bool:
    """Whether the actor could find the holders by this reference."""
    path = f"{place.removeprefix('facet:')}.{field.name}" if place else field.name
    return path in unit.binder().visible_names(holder)


def _still_referenced(type: RecordType, id: UUID, seen: dict[str, int]) -> StillReferenced:
    """Names only what the actor may see; that something refers to it cannot be kept from them."""
    listed = " and ".join(f"{count} {name}" for name, count in sorted(seen.items())) or "other records"
    return StillReferenced(
        f"{type.name} {id} cannot be removed while {listed} refer to it: remove or change them first, or set its "
        "field `archived` if it has one",
        record=type.name,
        id=str(id),
        references=seen,
    )


def pointing(
    unit: Session, type: RecordType, holder: RecordType, place: str, field: Field, ids: Sequence[UUID]
) -> Bound:
    """What fits records that refer by this field to one of these."""
    test: Bound = Test(field, "in", tuple(ids)) if len(ids) > 1 else Test(field, "=", tuple(ids))
    if field.target == "*" and (type_field := holder.field(field.target_field)):
        test = every(test, Test(type_field, "=", (type.name,)))
    if place.startswith("facet:") and (facet := unit.catalogue.facet(holder, place.removeprefix("facet:"))):
        return Via(ToFacet(facet), test)
    part = holder.part(place) if place else None
    return Via(ToPart(part), test) if part else test


def _clear(unit: Session, holder: RecordType, field: Field, where: Bound) -> None:
    for found in unit.transaction.select(BoundQuery(type=holder, where=where)):
        record: Record = found.record
        changing.write(unit, holder, record, {field.name: None})
