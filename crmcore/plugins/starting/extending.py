"""What plugins add to one workflow and cannot both add: states, steps, and ways from one state to another."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator

import attrs

from crmcore.domain.workflow import Transition
from crmcore.plugins.manifest import squash
from crmcore.plugins.refusal import Origin, Problem
from crmcore.plugins.starting.clashing import clash
from crmcore.plugins.starting.declarations import Declared


@attrs.frozen
class Addition:
    """A state or step of a workflow: as a key, in words, and whether an extension adds it."""

    key: Hashable
    text: str
    origin: Origin
    added: bool
    subject: object = attrs.field(eq=False)


def collisions(declared: Iterable[Declared]) -> Iterator[Problem]:
    """What is in one workflow twice, if an extension adds it: exactly, or by names that a person would take for one."""
    held: dict[Hashable, list[Addition]] = {}
    for each in declared:
        for addition in (*_own(each), *_added(each)):
            held.setdefault(addition.key, []).append(addition)
    found: dict[str, Problem] = {}
    for same in held.values():
        if len({id(each.subject) for each in same}) > 1 and any(each.added for each in same):
            problem = clash(same, "use what is there, or another name")
            found.setdefault(str(problem), problem)
    yield from found.values()


def _own(each: Declared) -> Iterator[Addition]:
    for workflow in each.workflows:
        for state in workflow.states:
            yield _state(workflow.name, state, each.origin, False, workflow)
        for step in workflow.transitions:
            yield from _steps(workflow.name, step, each.origin, False)


def _added(each: Declared) -> Iterator[Addition]:
    for extension in each.extensions:
        for state in extension.states:
            yield _state(extension.workflow, state.name, each.origin, True, state)
        for step in extension.transitions:
            yield from _steps(extension.workflow, step, each.origin, True)


def _state(workflow: str, state: str, origin: Origin, added: bool, subject: object) -> Addition:
    return Addition(("state", workflow, squash(state)), f"the state {state!r} of {workflow}", origin, added, subject)


def _steps(workflow: str, step: Transition, origin: Origin, added: bool) -> Iterator[Addition]:
    for source in step.sources:
        named = f"the transition {step.name!r} from {source!r} in {workflow}"
        yield Addition(("name", workflow, squash(step.name), source), named, origin, added, step)
        way = f"the way from {source!r} to {step.target!r} in {workflow}"
        yield Addition(("way", workflow, source, step.target), way, origin, added, step)
