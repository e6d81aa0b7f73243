"""A batch as hooks see it: frozen changes of one record type, and the steps in workflows that they take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from types import MappingProxyType
from typing import Any

import attrs

from crmcore.application.kernel import Plan
from crmcore.application.session import Session
from crmcore.domain.change import Change
from crmcore.domain.copying import evolve
from crmcore.domain.customer import Customer
from crmcore.domain.facet import Facet
from crmcore.domain.record import Record, RecordType
from crmcore.domain.step import steps
from crmcore.plugins.contexts import Step


def wanted(unit: Session, type: RecordType) -> bool:
    """Whether any plugin wants to see changes of this record type, for which it may be worth making some."""
    return type.name in unit.kernel.hooks.records


def frozen(plan: Plan[Any], changes: Sequence[Change]) -> tuple[Change, ...]:
    """The changes with nothing in them that a plugin could alter."""
    return tuple(_frozen(plan, each) for each in changes)


def for_each(plan: Plan[Any], shown: tuple[Change, ...]) -> tuple[Change, ...]:
    """Frozen changes for the next plugin: with copies of JSON of its own, if this record type has any."""
    return frozen(plan, shown) if plan.loose or plan.loose_facets else shown


def _frozen(plan: Plan[Any], change: Change) -> Change:
    before, after = shown(plan, change.before), shown(plan, change.after)
    same = before is change.before and after is change.after
    return change if same else attrs.evolve(change, before=before, after=after)


def shown(plan: Plan[Any], record: Record | None) -> Record | None:
    """The record with nothing in it that a plugin could alter."""
    if record is None:
        return None
    copies = {name: deepcopy(held) for name in plan.loose if (held := getattr(record, name)) not in (None, ())}
    facets = record.facets
    if plan.loose_facets.intersection(facets):
        facets = {cls: deepcopy(each) if cls in plan.loose_facets else each for cls, each in facets.items()}
    if type(facets) is MappingProxyType and not copies:
        return record
    return evolve(record, facets=MappingProxyType(dict(facets)), **copies)


def held_apart(unit: Session, customer: Customer) -> Customer:
    """The customer with nothing in them that a plugin could alter for others."""
    facets = MappingProxyType({cls: deepcopy(facet) for cls, facet in customer.facets.items()})
    held = shown(unit.kernel.plan(unit.catalogue.of(Customer)), evolve(customer, facets=facets))
    return held if isinstance(held, Customer) else customer


def steps_of(unit: Session, plan: Plan[Any], changes: Sequence[Change]) -> Iterator[Step]:
    """The steps that these changes take, in the order of the changes."""
    for change in changes:
        for workflow in plan.workflows:
            if change.operation == "remove" or (change.operation != "add" and workflow.field not in change.fields):
                continue
            before, after = (state(unit, plan.type, each, workflow.field) for each in (change.before, change.after))
            if (step := steps(workflow, before, after)) is not None:
                yield Step(
                    change=change,
                    workflow=step.workflow,
                    transition=step.transition,
                    source=step.source,
                    target=step.target,
                )


def state(unit: Session, type: RecordType, record: Record | None, field: str) -> str | None:
    """The state in which a record stands in a workflow over this field, its own or a facet's."""
    prefix, _, name = field.rpartition(".")
    if record is None or not prefix:
        return getattr(record, name, None)
    facet = unit.catalogue.facet(type, prefix)
    held: Facet | None = record.facets.get(facet.cls) if facet else None
    return getattr(held, name, None)
