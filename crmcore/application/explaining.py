"""Explaining: who contributed what to a record type, a field, a workflow or a shared slot. Nothing is called for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import attrs

from crmcore.domain.catalogue import Catalogue
from crmcore.domain.errors import UnknownName
from crmcore.domain.field import Field
from crmcore.domain.guarding import Guard, PluginGuard, owner
from crmcore.domain.record import RecordType
from crmcore.domain.workflow import Workflow
from crmcore.plugins.routing import Hooks
from crmcore.plugins.slots import NO_SLOTS, Slots

Item: TypeAlias = dict[str, Any]
"""`kind`, `name` and `plugin` (None: the core), and what else is to be said of a thing of this kind."""


@attrs.frozen(eq=False)
class Explaining:
    """Explains by the declarations of one Crm, its hooks, and the slots that plugins share, by kind and name."""

    catalogue: Catalogue
    hooks: Hooks
    slots: Slots = NO_SLOTS

    def explain(self, target: str) -> list[Item]:
        """All that is contributed to a workflow (`opportunity:status`), record type (`customer`), field
        (`customer.loyalty.tier`) or slot (`format:x`); UnknownName suggests the nearest."""
        if (workflow := self.workflow(target)) is not None:
            return [*_states(workflow), *_transitions(workflow), *_guards(workflow), *self._steps(workflow)]
        if (type := self.catalogue.records.get(target)) is not None:
            return [*self._record(type)]
        if (found := self._field(target)) is not None:
            return [*self._of_field(*found)]
        if found_slots := list(self._slots(target)):
            return found_slots
        raise UnknownName("target", target, self._targets())

    def workflow(self, target: str) -> Workflow | None:
        """The workflow of that name, or None."""
        record, _, field = target.partition(":")
        return self.catalogue.workflows.get((record, field))

    def _targets(self) -> Iterator[str]:
        yield from self.catalogue.records
        yield from (each.name for each in self.catalogue.workflows.values())
        yield from (f"{kind}:{name}" for kind, held in self.slots.items() for name in held)
        for name, type in self.catalogue.records.items():
            yield from (f"{name}.{each}" for each in self.catalogue.names(type))

    def _slots(self, target: str) -> Iterator[Item]:
        """The slot of that name (`command:legal`: all commands of that plugin), and whose it was before it was taken
        over."""
        kind, _, name = target.partition(":")
        for each in self.slots.get(kind, {}).values():
            if name in (each.name, each.name.partition(".")[0]):
                replaced = each.replaced
                yield _item(kind, each.name, each.plugin, **({"replaces": replaced.plugin} if replaced else {}))

    def _steps(self, workflow: Workflow) -> Iterator[Item]:
        for hook in ("check_steps", "react_steps"):
            yield from self._calls(hook, workflow.record)

    def _calls(self, hook: str, record: str) -> Iterator[Item]:
        for place, call in enumerate(self.hooks.of(hook, record), 1):
            yield _item("hook", hook, call.plugin, order=place)

    def _record(self, type: RecordType) -> Iterator[Item]:
        yield _item("record", type.name, type.plugin)
        for facet in self.catalogue.facets.get(type.name, ()):
            yield _item("facet", facet.name, facet.name, fields=[facet.dotted(each) for each in facet.fields])
        for workflow in self._workflows(type):
            yield _item("workflow", workflow.name, workflow.plugin)
            yield from _added(workflow)
        for hook in sorted({hook for hook, record in self.hooks.routed if record == type.name}):
            yield from self._calls(hook, type.name)
        if type.name == "customer":
            yield from self._contributions()

    def _contributions(self) -> Iterator[Item]:
        """Panels, timeline entries and metrics: all of them are about a customer."""
        for hook in sorted(name for name in self.hooks.by_name if name.startswith("contribute_")):
            for place, call in enumerate(self.hooks.all(hook), 1):
                yield _item("hook", hook, call.plugin, order=place)

    def _workflows(self, type: RecordType) -> list[Workflow]:
        return [each for (record, _), each in sorted(self.catalogue.workflows.items()) if record == type.name]

    def _field(self, target: str) -> tuple[RecordType, str, Field, str | None] | None:
        """The record type, the field's name in it, the field, and whose it is."""
        for name, type in self.catalogue.records.items():
            path = target.removeprefix(f"{name}.")
            if path == target:
                continue
            prefix, _, inner = path.rpartition(".")
            facet = self.catalogue.facet(type, prefix) if prefix else None
            holder = facet if prefix else type
            field = holder.field(inner) if holder is not None else None
            if field is not None:
                return type, path, field, facet.name if facet else type.plugin
        return None

    def _of_field(self, type: RecordType, path: str, field: Field, plugin: str | None) -> Iterator[Item]:
        yield _item("field", f"{type.name}.{path}", plugin, type=field.kind)
        workflow = self.catalogue.workflows.get((type.name, path))
        if workflow is not None:
            yield _item("workflow", workflow.name, workflow.plugin)
            yield from _added(workflow)
        for hook in ("check_changes", "react_changes", "observe_changes"):
            yield from self._calls(hook, type.name)


def _item(kind: str, name: str, plugin: str | None, **more: object) -> Item:
    return {"kind": kind, "name": name, "plugin": plugin or None, **more}


def _states(workflow: Workflow) -> Iterator[Item]:
    for name in workflow.states:
        counts_as = workflow.counted(name)
        more = {} if counts_as == name else {"counts_as": counts_as}
        yield _item("state", name, workflow.owner(name), initial=name in workflow.initial, **more)


def _transitions(workflow: Workflow) -> Iterator[Item]:
    for step in workflow.transitions:
        yield _item("transition", step.name, step.plugin, sources=list(step.sources), target=step.target)


def _guards(workflow: Workflow) -> Iterator[Item]:
    for step in workflow.transitions:
        for guard in step.guards:
            yield _item("guard", guard_name(guard), owner(guard), transition=step.name)


def _added(workflow: Workflow) -> Iterator[Item]:
    """What plugins added to a workflow that is not theirs."""
    for each in (*_states(workflow), *_transitions(workflow), *_guards(workflow)):
        if each["plugin"] != (workflow.plugin or None):
            yield {**each, "workflow": workflow.name}


def guard_name(guard: Guard) -> str:
    """What its author called a guard."""
    function = guard.function if isinstance(guard, PluginGuard) else guard
    return str(getattr(function, "__name__", type(function).__name__)).strip("_")
