"""Writing facets: each has a version of its own, so that it never collides with an edit of the record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from crmcore.application import journal, reading, straying
from crmcore.application.dormancy import check_facet_awake
from crmcore.application.hooks.guarding import check
from crmcore.application.hooks.lending import lent
from crmcore.application.hooks.reacting import react
from crmcore.application.session import Session
from crmcore.application.validating import MISSING, check_facet
from crmcore.domain.change import Change, Operation
from crmcore.domain.copying import evolve
from crmcore.domain.errors import ConcurrentChange, InvalidRecord, NoFacet, UnknownName
from crmcore.domain.facet import Facet, FacetType
from crmcore.domain.record import Record, RecordType


def of_names(unit: Session, type: RecordType, dotted: dict[str, Any]) -> dict[FacetType, dict[str, Any]]:
    """The facets that dotted names mean, each with the values for its fields; `UnknownName` for hidden ones too."""
    if not dotted:
        return {}
    known = set(unit.binder().visible_names(type))
    found: dict[FacetType, dict[str, Any]] = {}
    for name, value in dotted.items():
        prefix, _, field = name.partition(".")
        facet = unit.catalogue.facet(type, prefix)
        if name not in known or facet is None or facet.field(field) is None:
            raise UnknownName("field", name, known, type.name)
        check_facet_awake(unit, facet)
        found.setdefault(facet, {})[field] = value
    return found


def change(unit: Session, type: RecordType, record: Record, facet: FacetType, values: dict[str, Any]) -> Facet:
    """The record's facet with these values, stored; made if it has none."""
    before = record.facets.get(facet.cls)
    if before is not None:
        return _store(unit, type, record, facet, before, evolve(before, **values))
    missing = {f"{facet.name}.{f.name}": MISSING for f in facet.fields if f.required and f.name not in values}
    if missing:
        raise InvalidRecord(f"{facet.cls.__name__} of {type.name}", missing)
    return _store(unit, type, record, facet, None, facet.cls(**values))


def put(unit: Session, type: RecordType, id: UUID, value: Facet) -> Facet:
    """Store a facet as a whole."""
    cls = value.__class__
    facet = unit.catalogue.facet_of(cls, type)
    of_names(unit, type, {facet.dotted(f): None for f in facet.fields})
    record = reading.unblanked(unit, type, id, (cls,))
    before = record.facets.get(cls)
    if value.version and value.version != (before.version if before else 0):
        raise _stale(type, record, facet, value.version, before.version if before else 0)
    return _store(unit, type, record, facet, before, value)


def amend(unit: Session, type: RecordType, id: UUID, value: Facet) -> None:
    """Store a facet that a guard of its plugin has set; that guard is not asked again."""
    facet = unit.catalogue.facet_of(value.__class__, type)
    own = lent(unit, facet.name).__enter__()
    record = reading.unblanked(own, type, id, (value.__class__,))
    _store(own, type, record, facet, record.facets.get(value.__class__), value, guarded=False)


def drop(unit: Session, type: RecordType, id: UUID, cls: type[Facet]) -> None:
    """Remove a facet; `NoFacet` if the record has none."""
    facet = unit.catalogue.facet_of(cls, type)
    of_names(unit, type, {facet.dotted(f): None for f in facet.fields})
    record = reading.unblanked(unit, type, id, (cls,))
    before = record.facets.get(cls)
    if before is None:
        raise NoFacet(f"{type.name} {id} has no {cls.__name__}", facet=cls.__name__, id=str(id))
    changes = _ask(unit, type, record, facet, before, None)
    _amend_others(unit, type, facet, changes)
    with unit.writing() as transaction:
        transaction.delete_facet(type, facet, record.id, before)
    _log(unit, type, record, facet, before, None)
    react(unit, unit.kernel.plan(type), changes)


def _amend_others(unit: Session, type: RecordType, facet: FacetType, changes: Sequence[Change]) -> Facet | None:
    """Ask the guards, and store the facets of others that they set; the one for this facet, if one was set."""
    amended = dict(check(unit, unit.kernel.plan(type), changes).get(changes[0].id, {}))
    own = amended.pop(facet.cls, None)
    for each in amended.values():
        amend(unit, type, changes[0].id, each)
    return own


def _store(
    unit: Session,
    type: RecordType,
    record: Record,
    facet: FacetType,
    before: Facet | None,
    after: Facet,
    *,
    guarded: bool = True,
) -> Facet:
    if type.merges and (erased := getattr(record, "erased_at", None)) is not None:
        problem = f"the data of this person was erased on {erased.date()}, and is not written again"
        raise InvalidRecord(f"{facet.cls.__name__} of {type.name}", {"erased_at": problem})
    after = evolve(after, version=before.version + 1 if before else 1)
    check_facet(facet, unit.kernel.facet_shape(facet), after)
    for workflow in unit.kernel.plan(type).workflows:
        prefix, _, name = workflow.field.rpartition(".")
        if prefix == facet.name:
            workflow.check_step(getattr(before, name, None), getattr(after, name), after)
    if before is not None and evolve(after, version=before.version) == before:
        return before
    changes = _ask(unit, type, record, facet, before, after)
    if guarded and (amended := _amend_others(unit, type, facet, changes)) is not None:
        return _store(unit, type, record, facet, before, amended, guarded=False)
    with unit.writing() as transaction:
        if before is None:
            transaction.insert_facets(type, facet, [(record.id, after)])
        else:
            transaction.update_facet(type, facet, record.id, before, after)
        after = straying.settle_facet(unit, type, facet, record.id, after, before)
    _log(unit, type, record, facet, before, after)
    react(unit, unit.kernel.plan(type), changes)
    return after


def _diff(unit: Session, facet: FacetType, before: Facet | None, after: Facet | None) -> journal.Diff:
    shape = unit.kernel.facet_shape(facet)
    return journal.difference(journal.plain_facet(facet, shape, before), journal.plain_facet(facet, shape, after))


def _ask(
    unit: Session, type: RecordType, record: Record, facet: FacetType, before: Facet | None, after: Facet | None
) -> list[Change]:
    fields = frozenset(_diff(unit, facet, before, after))
    now_held = evolve(record, facets={**record.facets, facet.cls: after})
    operation: Operation = "facet"
    changes = [Change(type, record.id, operation, record, now_held, fields)]
    unit.kernel.policy.write(unit.actor, changes)
    return changes


def _log(
    unit: Session, type: RecordType, record: Record, facet: FacetType, before: Facet | None, after: Facet | None
) -> None:
    kept = after or before
    with unit.writing() as transaction:
        transaction.append(
            [
                journal.entry(
                    at=unit.now(),
                    actor=str(unit.actor),
                    source=unit.source,
                    work=unit.id,
                    record=type.name,
                    id=record.id,
                    subject=journal.subject_of(type, record),
                    version=kept.version if kept else 0,
                    operation="facet",
                    diff=_diff(unit, facet, before, after),
                    salt=unit.kernel.ids.salt(),
                )
            ]
        )


def _stale(type: RecordType, record: Record, facet: FacetType, expected: int, found: int) -> ConcurrentChange:
    return ConcurrentChange(
        f"{facet.name} of {type.name} {record.id} is at version {found}, not {expected}: read it again and repeat",
        record=type.name,
        id=str(record.id),
        expected=expected,
        found=found,
    )
