"""Workflows: which values a choice field may go through, and what must hold for a step to be taken."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

import attrs

from crmcore.domain.errors import IllegalTransition, InvalidDeclaration
from crmcore.domain.guarding import Guard, owner

__all__ = ["AddedState", "Guard", "Transition", "Workflow", "check_workflow", "reachable"]


@attrs.frozen(kw_only=True)
class Transition:
    """A named step from any of `sources` to `target`, allowed if every guard is content. `plugin` is set when plugins
    are composed: who contributed it ("": the core)."""

    name: str
    sources: tuple[str, ...]
    target: str
    guards: tuple[Guard, ...] = ()
    label: Mapping[str, str] = attrs.field(factory=dict)
    plugin: str = ""


@attrs.frozen(kw_only=True)
class AddedState:
    """A state that `plugin` added to somebody else's workflow; where only the workflow's own states are known, it
    counts as the one of them that `counts_as` names."""

    name: str
    plugin: str
    counts_as: str
    label: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Workflow:
    """The states of one choice field (dotted for a facet's: `loyalty.tier`) and the steps between them.

    `initial` are the states in which a record may begin. The guards of its steps get what holds the field, as it
    would be after the step: the record, or for a facet's field the facet. `logged` names choice fields of logs
    (`lead_change.to_stage`) that hold its states too. `plugin` (who declared it, "" for the core) and `added` are set
    when plugins are composed.
    """

    record: str
    field: str
    states: tuple[str, ...]
    initial: tuple[str, ...]
    transitions: tuple[Transition, ...]
    logged: tuple[str, ...] = ()
    plugin: str = ""
    added: tuple[AddedState, ...] = ()

    @property
    def name(self) -> str:
        """How it is known: `opportunity:status`."""
        return f"{self.record}:{self.field}"

    def owner(self, state: str) -> str:
        """The plugin that contributed a state, "" for the core."""
        return next((each.plugin for each in self.added if each.name == state), self.plugin)

    def counted(self, state: str) -> str:
        """The state of its own as which a state counts: itself, but for those that plugins added."""
        return next((each.counts_as for each in self.added if each.name == state), state)

    def counting_as(self, *states: str) -> tuple[str, ...]:
        """These states of its own, and those that plugins added which count as one of them."""
        return (*states, *(each.name for each in self.added if each.counts_as in states))

    def between(self, source: str, target: str) -> Transition | None:
        """The step from one state to another, or None."""
        return next((t for t in self.transitions if source in t.sources and t.target == target), None)

    def check_start(self, state: str | None) -> None:
        """`IllegalTransition` unless a record may begin in this state (or without one)."""
        if state is not None and state not in self.initial:
            raise IllegalTransition(
                f"{self.name} may not begin as {state!r}; it begins as {' or '.join(self.initial)}",
                workflow=self.name,
                target=state,
                allowed=list(self.initial),
            )

    def check_step(self, source: str | None, target: str | None, after: Any) -> None:
        """`IllegalTransition` unless there is such a step and all its guards are content with `after`."""
        if source is None or source == target:
            return self.check_start(target) if source is None else None
        step = None if target is None else self.between(source, target)
        if step is None:
            allowed = sorted({t.target for t in self.transitions if source in t.sources})
            raise IllegalTransition(
                f"{self.name} cannot go from {source!r} to {target!r}; from there it goes to "
                + (" or ".join(allowed) or "nothing"),
                workflow=self.name,
                source=source,
                target=target,
                allowed=allowed,
            )
        for guard in step.guards:
            if problem := guard(after):
                raise self._vetoed(step, owner(guard), problem)

    def _vetoed(self, step: Transition, plugin: str, reason: str) -> IllegalTransition:
        by = f" by plugin {plugin!r}" if plugin else ""
        return IllegalTransition(
            f"{self.name}: {step.name} is refused{by}: {reason}",
            workflow=self.name,
            transition=step.name,
            plugin=plugin or None,
            reason=reason,
        )


def check_workflow(workflow: Workflow) -> None:
    """`InvalidDeclaration` for unknown states, two steps of one name, or states that no step reaches."""
    known = set(workflow.states)
    named = [*workflow.initial, *(s for t in workflow.transitions for s in (*t.sources, t.target))]
    if unknown := sorted(set(named) - known):
        raise InvalidDeclaration(f"workflow {workflow.name} names states that it does not declare: {unknown}")
    seen: set[tuple[str, str]] = set()
    for step in workflow.transitions:
        for source in step.sources:
            if (step.name, source) in seen:
                raise InvalidDeclaration(f"workflow {workflow.name} has two steps {step.name!r} from {source!r}")
            seen.add((step.name, source))
    if lost := sorted(known - reachable(workflow)):
        raise InvalidDeclaration(f"workflow {workflow.name} has states that no step reaches: {lost}")


def reachable(workflow: Workflow) -> set[str]:
    """The states that can be reached from the initial ones."""
    found, waiting = set(workflow.initial), deque(workflow.initial)
    while waiting:
        state = waiting.popleft()
        for step in workflow.transitions:
            if state in step.sources and step.target not in found:
                found.add(step.target)
                waiting.append(step.target)
    return found
