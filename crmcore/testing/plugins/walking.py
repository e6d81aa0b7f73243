"""Part of the contract of plugins: the steps of workflows to which a plugin contributes, taken with its hooks."""

from __future__ import annotations

from collections import deque
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.crm import Crm
from crmcore.domain.errors import CrmError, IllegalTransition, Vetoed
from crmcore.domain.workflow import Transition, Workflow
from crmcore.testing.plugins.case import PluginCase, drawn
from crmcore.testing.plugins.drawing import REFUSALS, Drawing


class WalkingContract(PluginCase):
    """Workflows on each storage."""

    @pytest.fixture
    def found(self) -> dict[tuple[str, str, str], str]:
        """What became of each step (workflow, transition, source): "" if it was ever taken or vetoed."""
        return {}

    def test_every_step_can_be_taken(self, crm: Crm, found: dict[tuple[str, str, str], str]) -> None:
        """A step of a workflow of the plugin is refused whatever the record, and by no guard: a validator or a rule
        forbids what the workflow allows, so its state is there and nobody gets to it. Name values with which it can be
        taken in `given`, or leave the step out."""
        if not self.workflows_of(crm):
            pytest.skip(f"{self.name} contributes to no workflow")
        self._walk(crm, found)
        assert {step: reason for step, reason in found.items() if reason} == {}

    def _walk(self, crm: Crm, found: dict[tuple[str, str, str], str]) -> None:
        @drawn
        @given(data=st.data())
        def walk(data: st.DataObject) -> None:
            with crm.work("author", dry=True) as work:
                drawing = self.drawing(work, data)
                for workflow in self.workflows_of(crm):
                    for step in workflow.transitions:
                        for source in step.sources if step.plugin == self.name else ():
                            reason, key = (
                                _taken(work, drawing, workflow, step, source),
                                (workflow.name, step.name, source),
                            )
                            found[key] = found.get(key, reason) and reason

        walk()


def _taken(work: Any, drawing: Drawing, workflow: Workflow, step: Transition, source: str) -> str:
    """Take a step by a record that is drawn for it: "" if it was taken or a guard stood in the way, else why not."""
    try:
        with work.savepoint():
            id, at = _begun(drawing, work, workflow)
            for target in [*_path(workflow, at, source), step.target]:
                work.records(workflow.record).change(id, {workflow.field: target})
    except REFUSALS as error:
        return "" if _is_veto(error) else str(error)
    return ""


def _is_veto(error: CrmError) -> bool:
    return isinstance(error, Vetoed) or (isinstance(error, IllegalTransition) and "reason" in error.details)


def _begun(drawing: Drawing, work: Any, workflow: Workflow) -> tuple[UUID, str | None]:
    """A record that stands in the workflow, and where."""
    prefix, _, field = workflow.field.rpartition(".")
    holder = drawing.stored(workflow.record)
    if not prefix:
        return holder.id, getattr(holder, field)
    type = drawing.catalogue.facet(drawing.catalogue.record(workflow.record), prefix)
    assert type is not None
    held = work.records(workflow.record).put_facet(holder.id, drawing.facet(type))
    return holder.id, getattr(held, field)


def _path(workflow: Workflow, start: str | None, goal: str) -> list[str]:
    """The states after `start` on the shortest way to `goal`; from nowhere, a beginning comes first."""
    begun = [[]] if start is not None else [[each] for each in workflow.initial]
    waiting: deque[list[str]] = deque(begun)
    seen = {start}
    while waiting:
        path = waiting.popleft()
        at = path[-1] if path else start
        if at == goal:
            return path
        for step in workflow.transitions:
            if at in step.sources and step.target not in seen:
                seen.add(step.target)
                waiting.append([*path, step.target])
    return [goal]
