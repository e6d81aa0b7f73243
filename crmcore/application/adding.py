"""Adding records, one or many: checked, keyed, logged, in as few statements as the storage can."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Final, TypeVar
from uuid import UUID

from crmcore.application import hierarchy, journal, ruling, straying
from crmcore.application.dormancy import check_awake, check_facet_awake
from crmcore.application.hooks import batch
from crmcore.application.hooks.guarding import check
from crmcore.application.hooks.reacting import react
from crmcore.application.kernel import PartShape, Plan, following
from crmcore.application.session import Session
from crmcore.application.validating import check_facet, check_record
from crmcore.domain.change import Change, LogEntry
from crmcore.domain.copying import evolve
from crmcore.domain.errors import DanglingReference, InvalidRecord
from crmcore.domain.facet import Facet, FacetType
from crmcore.domain.field import Field
from crmcore.domain.part import Part
from crmcore.domain.record import NIL, Record, RecordType
from crmcore.ports.storage import KeyRow

R = TypeVar("R", bound=Record)
FacetRows = dict[FacetType, list[tuple[UUID, Facet]]]
BY_US: Final = "is written by crmcore alone"
NO_FACETS: Final[Mapping[type[Facet], Facet | None]] = MappingProxyType({})


def add(unit: Session, type: RecordType, records: Sequence[R], *, by_rule: bool = False) -> list[R]:
    """Store a batch of new records with their facets; all or none of it holds. `by_rule`: they follow from what the
    actor was allowed to write, so the policy is not asked again, and rows of a log stand as they are."""
    plan: Plan[R] = unit.kernel.plan(type)
    check_awake(unit, type)
    if type.options.system and not by_rule:
        raise InvalidRecord(type.name, {"record": BY_US})
    for record in records:
        _check_kind(type, record)
    unit.check_writable()  # rules read, which a database refuses after an error, in words that nobody understands
    now = unit.now()
    is_log = by_rule and type.followed is not None
    settled: Sequence[R] = records if is_log else ruling.prepared(unit, type, [(None, record) for record in records])
    stamped = [_stamp(unit, plan, record, now) for record in settled]
    facets, changes = _facets_of(unit, type, stamped), None
    if batch.wanted(unit, type) or not (unit.kernel.open or by_rule):
        changes = [_intent(unit, plan, record) for record in stamped]
        if not by_rule:
            unit.kernel.policy.write(unit.actor, changes)
        if amended := check(unit, plan, changes):
            stamped = [_amended(record, amended.get(record.id)) for record in stamped]
            facets, changes = _facets_of(unit, type, stamped), [_intent(unit, plan, record) for record in stamped]
    with unit.writing() as transaction:
        for field in plan.anywhere:
            check_anywhere(unit, field, stamped)
        transaction.insert(type, stamped)
        for facet, rows in facets.items():
            transaction.insert_facets(type, facet, rows)
        stamped = _redirected(unit, plan, stamped, facets)
        transaction.add_keys([KeyRow(kind, key, type.name, r.id) for r in stamped for kind, key in plan.keys(r)])
        transaction.append([_entry(unit, plan, record, now) for record in stamped])
        hierarchy.check(unit, type, stamped)
        ruling.followed(unit, type, [None] * len(stamped), stamped)
        react(unit, plan, changes or ())
    return stamped


def _redirected(unit: Session, plan: Plan[R], stored: list[R], facets: FacetRows) -> list[R]:
    """The records with survivors in place of customers who were merged."""
    settled = straying.settle(unit, plan, stored)
    for facet, rows in facets.items():
        if not following(facet.fields):
            continue
        kept = {id: straying.settle_facet(unit, plan.type, facet, id, each) for id, each in rows}
        settled = [r if r.id not in kept else evolve(r, facets={**r.facets, facet.cls: kept[r.id]}) for r in settled]
    return settled


def _amended(record: R, facets: Mapping[type[Facet], Facet] | None) -> R:
    """The record with the facets that guards set."""
    if not facets:
        return record
    first = {cls: evolve(each, version=1) for cls, each in facets.items()}
    return evolve(record, facets=MappingProxyType({**record.facets, **first}))


def _check_kind(type: RecordType, record: object) -> None:
    if not isinstance(record, type.cls):
        raise InvalidRecord(type.name, {"record": f"expected {type.cls.__name__}, got {record.__class__.__name__}"})
    if not isinstance(record.id, UUID):
        raise InvalidRecord(type.name, {"id": f"expected an id (UUID), got {record.id!r}"})


def _stamp(unit: Session, plan: Plan[R], record: R, now: dt.datetime) -> R:
    if plan.type.options.complete is not None:
        record = plan.type.options.complete(None, record)
    id = unit.kernel.ids.new() if record.id == NIL else record.id
    new = plan.copier.copy(record, id=id, version=1, created_at=now, changed_at=now, facets=_first(record))
    for part in plan.parts:
        if held := getattr(new, part.attribute):
            # Nobody has seen this copy yet: numbering its parts in place saves another one.
            object.__setattr__(new, part.attribute, numbered(part, held))
    check_record(plan, new)
    for workflow in plan.workflows:
        workflow.check_start(batch.state(unit, plan.type, new, workflow.field))
    return new


def _first(record: Record) -> Mapping[type[Facet], Facet | None]:
    facets = record.facets
    if not facets:
        return NO_FACETS
    return MappingProxyType({cls: evolve(f, version=1) for cls, f in facets.items() if f is not None})


def numbered(part: PartShape, held: tuple[Part, ...]) -> tuple[Part, ...]:
    """The parts with a number each, in order of the numbers; what has one keeps it, and none is given twice. What is
    no part of this type, or has a number that is none, is left as it is, for the check to name."""
    copy = part.copier.copy
    if any(type(each) is not part.cls or type(each.no) is not int for each in held):
        return held
    highest = given_before = max(each.no for each in held)
    given = []
    for each in held:
        if not each.no:
            highest += 1
            each = copy(each, no=highest)
        given.append(each)
    return tuple(sorted(given, key=attrgetter("no"))) if given_before else tuple(given)


def _facets_of(unit: Session, type: RecordType, records: Sequence[Record]) -> FacetRows:
    rows: FacetRows = {}
    for record in records:
        for cls, value in record.facets.items():
            facet = unit.catalogue.facet_of(cls, type)
            if value is not None:
                check_facet_awake(unit, facet)
                check_facet(facet, unit.kernel.facet_shape(facet), value)
                rows.setdefault(facet, []).append((record.id, value))
    return rows


def _plain(unit: Session, plan: Plan[Any], record: Record) -> dict[str, Any]:
    plain = journal.plain_record(plan, record)
    for cls, value in record.facets.items():
        facet = unit.catalogue.facet_of(cls, plan.type)
        plain.update(journal.plain_facet(facet, unit.kernel.facet_shape(facet), value))
    return plain


def _intent(unit: Session, plan: Plan[Any], record: Record) -> Change:
    return Change(plan.type, record.id, "add", None, record, frozenset(_plain(unit, plan, record)))


def _entry(unit: Session, plan: Plan[Any], record: Record, now: dt.datetime) -> LogEntry:
    logged = {} if plan.type.options.append_only else journal.addition(_plain(unit, plan, record))
    return journal.entry(
        at=now,
        actor=str(unit.actor),
        source=unit.source,
        work=unit.id,
        record=plan.type.name,
        id=record.id,
        subject=journal.subject_of(plan.type, record),
        version=1,
        operation="add",
        diff=logged,
        salt=unit.kernel.ids.salt(),
    )


def check_anywhere(unit: Session, field: Field, records: Sequence[Record]) -> None:
    """References to a record of any type have no foreign key: each target is held until the unit of work ends, so that
    nobody removes it meanwhile; `DanglingReference` if it is not there."""
    targets = {
        (getattr(record, field.target_field), id)
        for record in records
        if (id := getattr(record, field.name)) is not None
    }
    for name, id in sorted(targets):
        if not unit.transaction.lock(unit.catalogue.record(name), id):
            raise DanglingReference(
                f"{field.name}: there is no {name} {id}", field=field.name, target=name, value=str(id)
            )
