"""Extensions: what a plugin adds to a workflow that is not its own, and the workflow that comes of it.

Whatever the order in which plugins are found, the same ones give the same workflow: what they add stands in the order
of their names, after what the workflow has of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

import attrs

from crmcore.domain.errors import InvalidDeclaration, nearest
from crmcore.domain.guarding import Guard, PluginGuard
from crmcore.domain.workflow import AddedState, Transition, Workflow


@attrs.frozen(kw_only=True)
class NewState:
    """A state, of at most 40 characters. Where only the workflow's own states are known (in reports, say),
    it counts as the one that `counts_as` names; "": as the one that the field has by default."""

    name: str
    label: Mapping[str, str] = attrs.field(factory=dict)
    counts_as: str = ""


@attrs.frozen(kw_only=True)
class WorkflowExtension:
    """What a plugin adds to `workflow` (`opportunity:status`) of the core or of a plugin that it requires.

    `initial`: states in which a record may begin too. `transitions` lead from and to any state that the workflow has
    then. `guards` are added to transitions by their names, whoever contributed those.
    """

    workflow: str
    states: tuple[NewState, ...] = ()
    initial: tuple[str, ...] = ()
    transitions: tuple[Transition, ...] = ()
    guards: Mapping[str, tuple[Guard, ...]] = attrs.field(factory=dict)


Added: TypeAlias = tuple[str, WorkflowExtension]
"""A plugin's name and what it adds."""


def owned(workflow: Workflow, plugin: str) -> Workflow:
    """The workflow that a plugin declares, with its name on every transition and guard."""
    steps = tuple(_owned(workflow.name, each, plugin) for each in workflow.transitions)
    return attrs.evolve(workflow, plugin=plugin, transitions=steps)


def extended(workflow: Workflow, extensions: Iterable[Added], default: str | None = None) -> Workflow:
    """The workflow with all that plugins add to it. `default`: as which of its own states new ones count that do not
    say; by default its first.

    Raises InvalidDeclaration, naming the plugin, for a state or transition that is there already, for a second way
    between the same two states, and for names of states or transitions that are not there.
    """
    ordered = sorted(extensions, key=lambda each: each[0])
    _check_once(workflow, [plugin for plugin, _ in ordered])
    usual = default if default in workflow.states else workflow.states[0]
    added = tuple(_states(workflow, ordered, usual))
    states = (*workflow.states, *(each.name for each in added))
    _check_states(workflow, added, states)
    initial = [*workflow.initial, *(s for _, each in ordered for s in each.initial)]
    steps = [*workflow.transitions]
    for plugin, each in ordered:
        _check_references(workflow, plugin, each, states)
        steps += [_owned(workflow.name, step, plugin) for step in each.transitions]
    _check_steps(workflow, steps)
    return attrs.evolve(
        workflow,
        states=states,
        initial=tuple(dict.fromkeys(initial)),
        transitions=tuple(_guarded(workflow, steps, ordered)),
        added=added,
    )


def _owned(workflow: str, step: Transition, plugin: str) -> Transition:
    guards = tuple(PluginGuard(plugin, workflow, step.name, each) for each in step.guards)
    return attrs.evolve(step, plugin=plugin, guards=guards)


def _states(workflow: Workflow, ordered: Sequence[Added], usual: str) -> Iterator[AddedState]:
    for plugin, extension in ordered:
        for each in extension.states:
            counts_as = each.counts_as or usual
            if counts_as not in workflow.states:
                raise _unknown(workflow, plugin, f"its state {each.name!r} counts as", counts_as, workflow.states)
            yield AddedState(name=each.name, plugin=plugin, counts_as=counts_as, label=each.label)


def _guarded(workflow: Workflow, steps: Sequence[Transition], ordered: Sequence[Added]) -> Iterator[Transition]:
    names = {step.name for step in steps}
    for plugin, extension in ordered:
        if unknown := sorted(extension.guards.keys() - names):
            raise _unknown(workflow, plugin, "it guards the transition", unknown[0], names)
    for step in steps:
        more = (
            PluginGuard(plugin, workflow.name, step.name, guard)
            for plugin, extension in ordered
            for guard in extension.guards.get(step.name, ())
        )
        yield attrs.evolve(step, guards=(*step.guards, *more))


def _check_once(workflow: Workflow, plugins: Sequence[str]) -> None:
    if twice := sorted({each for each in plugins if plugins.count(each) > 1}):
        raise InvalidDeclaration(f"plugin {twice[0]!r} extends the workflow {workflow.name} twice: put that into one")


def _check_states(workflow: Workflow, added: Sequence[AddedState], states: Sequence[str]) -> None:
    for each in added:
        if states.count(each.name) > 1:
            raise InvalidDeclaration(
                f"plugin {each.plugin!r} adds the state {each.name!r} to the workflow {workflow.name}, "
                "which has one of that name"
            )


def _check_references(workflow: Workflow, plugin: str, extension: WorkflowExtension, states: Sequence[str]) -> None:
    named = [*extension.initial, *(s for t in extension.transitions for s in (*t.sources, t.target))]
    for each in named:
        if each not in states:
            raise _unknown(workflow, plugin, "it names the state", each, states)


def _check_steps(workflow: Workflow, steps: Sequence[Transition]) -> None:
    """From one state no two steps of one name, and no two to the same state if a plugin added one of them: a change
    of the field could not tell which is meant, and the guards of one would get round those of the other."""
    seen: dict[tuple[str, str, str], Transition] = {}
    for step in steps:
        for source in step.sources:
            for kind, what in (("name", step.name), ("target", step.target)):
                other = seen.setdefault((kind, source, what), step)
                if other is not step and other.plugin != step.plugin:
                    raise InvalidDeclaration(_twice(workflow, source, other, step))


def _twice(workflow: Workflow, source: str, one: Transition, other: Transition) -> str:
    steps = " and ".join(f"{each.name!r} of {_who(each.plugin)} to {each.target!r}" for each in (one, other))
    return f"the workflow {workflow.name} has two steps from {source!r} of one name or to one state: {steps}"


def _who(plugin: str) -> str:
    return f"plugin {plugin!r}" if plugin else "the core"


def _unknown(workflow: Workflow, plugin: str, what: str, name: str, known: Iterable[str]) -> InvalidDeclaration:
    names = sorted(known)
    close = nearest(name, names)
    hint = f"did you mean {' or '.join(close)}?" if close else f"there are {', '.join(names)}"
    return InvalidDeclaration(f"plugin {plugin!r} extends the workflow {workflow.name}: {what} {name!r}; {hint}")
