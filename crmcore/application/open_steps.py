"""Which steps are open to a record from where it stands, and who refuses the others, with what reason."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from crmcore.application import reading, ruling
from crmcore.application.explaining import guard_name
from crmcore.application.hooks import guarding
from crmcore.application.hooks.batch import state
from crmcore.application.session import Session
from crmcore.application.validating import check_facet, check_record
from crmcore.domain.change import Change
from crmcore.domain.copying import evolve
from crmcore.domain.errors import CrmError, PluginFailed, StorageBusy, StorageFailed, UnknownName
from crmcore.domain.facet import FacetType
from crmcore.domain.guarding import owner
from crmcore.domain.record import Record, RecordType
from crmcore.domain.workflow import Transition, Workflow


def open_steps(unit: Session, workflow: Workflow, id: UUID) -> list[dict[str, Any]]:
    """The steps from where a record stands: each with `plugin` (whose it is; None: the core), `target`, `open`, and
    the `vetoes` of the others: plugin, guard (or hook) and reason. Everybody is asked; nothing is written, but as
    for the step itself records are held until the unit of work ends: let it be a dry one.

    NotFound for a record that is not there or that the actor may not see, UnknownName for a field that they may not.
    """
    type = unit.catalogue.record(workflow.record)
    if workflow.field in unit.rule(type).hidden:
        raise UnknownName("field", workflow.field, unit.binder().visible_names(type), type.name)
    facet = _facet(unit, type, workflow)
    loaded = tuple(each.cls for each in unit.catalogue.facets.get(type.name, ()))
    record = reading.unblanked(unit, type, id, loaded)
    source = state(unit, type, record, workflow.field)
    taken = (each for each in workflow.transitions if source in each.sources)
    return [_told(source, each, list(_vetoes(unit, workflow, type, facet, record, each))) for each in taken]


def _facet(unit: Session, type: RecordType, workflow: Workflow) -> FacetType | None:
    prefix = workflow.field.rpartition(".")[0]
    return unit.catalogue.facet(type, prefix) if prefix else None


def _told(source: str | None, step: Transition, vetoes: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "kind": "step",
        "name": step.name,
        "plugin": step.plugin or None,
        "source": source,
        "target": step.target,
        "open": not vetoes,
        "vetoes": vetoes,
    }


def _vetoes(
    unit: Session, workflow: Workflow, type: RecordType, facet: FacetType | None, record: Record, step: Transition
) -> Iterator[dict[str, Any]]:
    try:
        after = _after(unit, workflow, type, facet, record, step.target)
    except (StorageFailed, StorageBusy):
        raise
    except CrmError as error:
        yield _veto("", type.name, error.message)
        return
    held: Any = after if facet is None else after.facets[facet.cls]
    for guard in step.guards:
        try:
            reason = guard(held)
        except PluginFailed as error:
            reason = error.message
        if reason:
            yield _veto(owner(guard), guard_name(guard), reason)
    yield from _hooks(unit, type, _change(workflow, type, facet, record, after))


def _hooks(unit: Session, type: RecordType, change: Change) -> Iterator[dict[str, Any]]:
    plan, hooks = unit.kernel.plan(type), unit.kernel.hooks
    for call in (*hooks.of("check_changes", type.name), *hooks.of("check_steps", type.name)):
        try:
            reasons = [each.reason for each in guarding.vetoes(unit, plan, call, [change])]
        except PluginFailed as error:
            reasons = [error.message]
        yield from (_veto(call.plugin, call.hook, reason) for reason in reasons)


def _veto(plugin: str, guard: str, reason: str) -> dict[str, Any]:
    return {"plugin": plugin or None, "guard": guard, "reason": reason}


def _after(
    unit: Session, workflow: Workflow, type: RecordType, facet: FacetType | None, record: Record, target: str
) -> Record:
    """The record as it would be, settled by the rule of its type; raises what that refuses."""
    name = workflow.field.rpartition(".")[2]
    if facet is not None:
        changed: Any = evolve(record.facets[facet.cls], **{name: target})
        check_facet(facet, unit.kernel.facet_shape(facet), changed)
        return evolve(record, facets={**record.facets, facet.cls: changed})
    given: Record = evolve(record, **{name: target})
    if type.options.complete is not None:
        given = type.options.complete(record, given)
    settled: Record = ruling.prepared(unit, type, [(record, given)])[0]
    check_record(unit.kernel.plan(type), settled)
    made: Record = evolve(settled, version=record.version + 1, changed_at=unit.now())
    return made


def _change(workflow: Workflow, type: RecordType, facet: FacetType | None, before: Record, after: Record) -> Change:
    names = [f.name for f in type.own if getattr(before, f.name) != getattr(after, f.name)]
    fields = frozenset([workflow.field] if facet is not None else names)
    return Change(type, before.id, "change" if facet is None else "facet", before, after, fields)
