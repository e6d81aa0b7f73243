"""Moving records out of states that a plugin contributed, before nobody knows these states any more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs

from crmcore.application import changing, facets
from crmcore.application.kernel import Kernel
from crmcore.application.session import Session
from crmcore.domain.bound import Bound, BoundQuery, Test, ToFacet, Via
from crmcore.domain.catalogue import Catalogue
from crmcore.domain.errors import IllegalTransition, StillReferenced
from crmcore.domain.extension import NewState, WorkflowExtension
from crmcore.domain.facet import FacetType
from crmcore.domain.field import Field
from crmcore.domain.growing import grow
from crmcore.domain.record import RecordType
from crmcore.domain.workflow import Transition, Workflow
from crmcore.plugins.routing import NO_HOOKS

CHUNK: Final = 200
Counts = dict[str, dict[str, int]]
"""How many records stand in each state, by workflow (`opportunity:status`)."""


@attrs.frozen(eq=False)
class Place:
    """Where the states of one workflow are kept: a field of a record type, or of a facet of it."""

    workflow: Workflow
    type: RecordType
    facet: FacetType | None
    field: Field
    leaving: Mapping[str, str]
    """The states that are to be left, each with the one as which it counts."""

    def standing(self, *states: str) -> Bound:
        """What fits records in one of these states."""
        test = Test(self.field, "in", states)
        return Via(ToFacet(self.facet), test) if self.facet else test


def places(catalogue: Catalogue, described: Mapping[str, Any]) -> list[Place]:
    """The workflows of others to which a plugin contributes states, as its description tells them."""
    found = []
    for workflow in catalogue.workflows.values():
        if leaving := described.get("states", {}).get(workflow.name):
            type = catalogue.record(workflow.record)
            prefix, _, name = workflow.field.rpartition(".")
            facet = catalogue.facet(type, prefix) if prefix else None
            field = (facet or type).field(name)
            if field is not None:
                found.append(Place(workflow, type, facet, field, leaving))
    return found


def counted(unit: Session, found: list[Place]) -> Counts:
    """How many records stand in these states; states in which none stands are left out."""
    counts: Counts = {}
    for place in found:
        for state in place.leaving:
            number = unit.transaction.count(BoundQuery(type=place.type, where=place.standing(state)))
            if number:
                counts.setdefault(place.workflow.name, {})[state] = number
    return counts


def targets(plugin: str, found: list[Place], counts: Counts, given: Sequence[str]) -> list[tuple[Place, str]]:
    """Where the records of each workflow go: into the first of the `given` states that it has without the plugin.

    `StillReferenced` while records stand in states of the plugin and no state is given, IllegalTransition for states
    that are none of such a workflow.
    """
    if counts and not given:
        listed = ", ".join(f"{n} {w} {state!r}" for w, states in counts.items() for state, n in states.items())
        raise StillReferenced(
            f"the plugin {plugin!r} cannot be disabled while records stand in states that it contributed ({listed}): "
            f"say into which state they are to go, `crm plugins disable {plugin} --move-to STATE`",
            plugin=plugin,
            standing=counts,
        )
    return [(place, _target(place, given)) for place in found if place.workflow.name in counts]


def _target(place: Place, given: Sequence[str]) -> str:
    staying = [each for each in place.workflow.states if each not in place.leaving]
    chosen = next((each for each in given if each in staying), None)
    if chosen is None:
        raise IllegalTransition(
            f"records of {place.workflow.name} cannot be moved to {' or '.join(map(repr, given))}: it has "
            f"{', '.join(staying)} (--move-to can be given once for each workflow)",
            workflow=place.workflow.name,
            target=given[0],
            allowed=staying,
        )
    return chosen


def move(unit: Session, plugin: str, place: Place, state: str) -> int:
    """Bring every record in a state that is to be left into another one; how many. Each move is in the history of its
    record; plugins are not asked, as the one that goes could forbid to leave."""
    unit.kernel = _permitting(unit.kernel, plugin, place, state)
    type = unit.catalogue.record(place.type.name)
    facet = unit.catalogue.facet(type, place.facet.name) if place.facet else None
    where, total = place.standing(*place.leaving), 0
    while found := unit.transaction.select(
        BoundQuery(type=type, where=where, limit=CHUNK, facets=(facet,) if facet else ())
    ):
        for each in found:
            if facet:
                facets.change(unit, type, each.record, facet, {place.field.name: state})
            else:
                changing.write(unit, type, each.record, {place.field.name: state}, by_rule=True)
        total += len(found)
    return total


def _permitting(kernel: Kernel, plugin: str, place: Place, state: str) -> Kernel:
    """The kernel with a workflow that knows the states which are left, and a way from each to the other one."""
    catalogue = kernel.catalogue
    records, workflows = dict(catalogue.records), dict(catalogue.workflows)
    others = {name: list(each) for name, each in catalogue.facets.items()}
    known = tuple(NewState(name=name, counts_as=counts) for name, counts in place.leaving.items())
    way = Transition(name=f"leave_{plugin}", sources=tuple(place.leaving), target=state)
    back = WorkflowExtension(workflow=place.workflow.name, states=known, transitions=(way,))
    grow(records, others, workflows, [(plugin, back)])
    wider = attrs.evolve(
        catalogue,
        records=records,
        facets={name: tuple(each) for name, each in others.items()},
        workflows=workflows,
        by_class={t.cls: t for t in records.values()},
        facet_by_class={f.cls: f for each in others.values() for f in each},
    )
    return attrs.evolve(kernel, catalogue=wider, hooks=NO_HOOKS)
