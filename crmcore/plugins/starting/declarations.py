"""What plugins declare: their declare hooks called once, the answers checked one by one and frozen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import attrs

from crmcore.domain.errors import PluginFailed
from crmcore.domain.extension import NewState, WorkflowExtension
from crmcore.domain.facet import Facet
from crmcore.domain.record import Record
from crmcore.domain.records import CORE, WORKFLOWS
from crmcore.domain.workflow import Transition, Workflow
from crmcore.plugins.dispatch import Call
from crmcore.plugins.refusal import Origin, Problem, text_of
from crmcore.plugins.specs import Channel, Command, Format, Job, Metric, Report, Template


@attrs.frozen(eq=False)
class Declared:
    """What one plugin declares. The core's own declarations have the same form, with no plugin's name."""

    origin: Origin
    records: tuple[type[Record], ...] = ()
    facets: tuple[type[Facet], ...] = ()
    workflows: tuple[Workflow, ...] = ()
    extensions: tuple[WorkflowExtension, ...] = ()
    jobs: tuple[Job, ...] = ()
    commands: tuple[Command, ...] = ()
    formats: tuple[Format, ...] = ()
    reports: tuple[Report, ...] = ()
    metrics: tuple[Metric, ...] = ()
    channels: tuple[Channel, ...] = ()
    templates: tuple[Template, ...] = ()
    calls: Mapping[str, Call] = attrs.field(factory=dict, repr=False)

    @property
    def plugin(self) -> str | None:
        """The plugin's name, None for the core."""
        return self.origin.plugin or None

    def qualified(self, cls: type[Record]) -> str:
        """The full name of a record type of this plugin: `loyalty.entry`."""
        name = cls.__crm__.name if cls.__crm__ else cls.__name__
        return f"{self.plugin}.{name}" if self.plugin else name


CORE_DECLARED: Final = Declared(Origin(""), CORE, workflows=WORKFLOWS)


def gather(origin: Origin, calls: Mapping[str, Call], begun: list[str] | None = None) -> tuple[Declared, list[Problem]]:
    """Call the declare hooks of one plugin: what it declares, and what is wrong with that. The name of each hook is
    added to `begun` before it is called, for those who wait no longer."""
    problems: list[Problem] = []
    found: dict[str, tuple[Any, ...]] = {}
    for hook, freeze in FREEZE.items():
        if call := calls.get(hook):
            if begun is not None:
                begun.append(hook)
            found[hook.removeprefix("declare_")] = _answer(call, freeze, problems)
    return Declared(origin, calls=calls, **found), problems


def _answer(call: Call, freeze: Callable[[Any], Any], problems: list[Problem]) -> tuple[Any, ...]:
    try:
        answer = call()
    except PluginFailed as failed:
        problems.append(call.raised(failed.__cause__ or failed))
        return ()
    if type(answer) not in (list, tuple):  # of another class, it might hold something else each time it is looked at
        problems.append(call.problem(f"it returned {_text(answer)}", "Return a list or a tuple, if need be empty"))
        return ()
    frozen = []
    for each in tuple(answer):
        try:
            frozen.append(freeze(each))
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            what = str(error) if isinstance(error, _Unfit) else f"it cannot be read: {text_of(error)}"
            problems.append(call.problem(f"it returned {_text(each)}: {what}", "Mend its declaration"))
    return tuple(frozen)


class _Unfit(Exception):
    """A declaration is not what its hook asks for; it becomes a Problem at once."""


def _record(cls: Any) -> type[Record]:
    if not (isinstance(cls, type) and issubclass(cls, Record) and vars(cls).get("__crm__")):
        raise _Unfit("a record type is a class that inherits from Record and is decorated with @record(...)")
    return cls


def _facet(cls: Any) -> type[Facet]:
    if not (isinstance(cls, type) and issubclass(cls, Facet) and "__crm_facet__" in vars(cls)) or cls is Facet:
        raise _Unfit("a facet is a class that inherits from Facet and is decorated with @facet(...)")
    return cls


def _workflow(given: Any) -> Workflow:
    if not isinstance(given, Workflow):
        raise _Unfit("a workflow is a Workflow(...)")
    return attrs.evolve(
        given,
        states=_texts(given.states),
        initial=_texts(given.initial),
        transitions=tuple(_transition(each) for each in given.transitions),
    )


def _transition(given: Any) -> Transition:
    if not isinstance(given, Transition):
        raise _Unfit("its transitions are Transition(...)")
    guards = _guards(given.name, given.guards)
    label = MappingProxyType(dict(given.label))
    return attrs.evolve(given, sources=_texts(given.sources), guards=guards, label=label)


def _guards(name: object, given: Any) -> tuple[Any, ...]:
    guards = (given,) if callable(given) else tuple(given)
    if not all(callable(guard) for guard in guards):
        raise _Unfit(f"the guards of {name!r} are functions")
    return guards


def _extension(given: Any) -> WorkflowExtension:
    if not isinstance(given, WorkflowExtension):
        raise _Unfit("what is added to a workflow is a WorkflowExtension(...)")
    _texts((given.workflow, *given.guards))
    return WorkflowExtension(
        workflow=given.workflow,
        states=tuple(_state(each) for each in given.states),
        initial=_texts(given.initial),
        transitions=tuple(_transition(each) for each in given.transitions),
        guards=MappingProxyType({name: _guards(name, each) for name, each in given.guards.items()}),
    )


def _state(given: Any) -> NewState:
    if not isinstance(given, NewState):
        raise _Unfit("its states are NewState(...)")
    _texts((given.name, given.counts_as))
    return attrs.evolve(given, label=MappingProxyType(dict(given.label)))


def _texts(given: Any) -> tuple[str, ...]:
    if isinstance(given, str) or not all(isinstance(each, str) for each in given):
        raise _Unfit(f"states, initial and sources are tuples of texts, not {given!r}")
    return tuple(given)


def _spec(cls: type[Any]) -> Callable[[Any], Any]:
    """A subclass could be changed after it was checked."""

    def freeze(given: Any) -> Any:
        if type(given) is not cls:
            raise _Unfit(f"what is declared here is a {cls.__name__}(...)")
        return given

    return freeze


def _text(answer: object) -> str:
    return answer.__name__ if isinstance(answer, type) else f"a value of type {type(answer).__name__}"


FREEZE: Final[Mapping[str, Callable[[Any], Any]]] = {
    "declare_records": _record,
    "declare_facets": _facet,
    "declare_workflows": _workflow,
    "declare_extensions": _extension,
    "declare_jobs": _spec(Job),
    "declare_commands": _spec(Command),
    "declare_formats": _spec(Format),
    "declare_reports": _spec(Report),
    "declare_metrics": _spec(Metric),
    "declare_channels": _spec(Channel),
    "declare_templates": _spec(Template),
}
