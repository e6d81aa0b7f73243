"""From a plugin's functions to calls that know whose they are: pluggy checks, then we keep plain tuples."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Final

import attrs
import pluggy

from crmcore.domain.errors import ConcurrentChange, PluginFailed, StorageBusy, StorageFailed, nearest
from crmcore.plugins import watch
from crmcore.plugins.hookspecs import PROJECT, RECORDS, ROUTED, Hooks
from crmcore.plugins.refusal import Origin, Problem, refuse, text_of
from crmcore.plugins.starting.discovery import Candidate

REFUSED: Final = ("tryfirst", "trylast", "wrapper", "hookwrapper", "specname")
"""Options of pluggy that would hide a conflict between plugins, or which hook a function is."""

OF_CUSTOMERS: Final[Mapping[str, str]] = {"check_merges": "merges", "check_erasures": "erasures"}
"""Guards of what is done to customers alone, and what that is."""

REPEATABLE: Final = (ConcurrentChange, StorageBusy, StorageFailed)
"""What a hook raises for reasons of the database, which are not its fault: a host repeats for some of them."""


@attrs.frozen
class Call:
    """One hook of one plugin. `records` are the record types that it asked for, if hooks of its kind are to ask."""

    origin: Origin
    hook: str
    function: Callable[..., Any] = attrs.field(repr=False)
    records: tuple[str, ...] = ()

    @property
    def plugin(self) -> str:
        """The plugin's name."""
        return self.origin.plugin

    def __call__(self, *context: object) -> Any:
        """What the hook returns; PluginFailed, naming plugin and hook, for all that it raises but Ctrl-C and errors of
        the database."""
        try:
            return self.function(*context)
        except REPEATABLE:
            raise
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            refuse([self.raised(error)])

    def watched(self, *context: object) -> Any:
        """The same, in sight of whoever watches for hooks that are slow or hang: in a transaction, others wait."""
        mark = watch.entered(self)
        try:
            return self(*context)
        finally:
            watch.left(self, mark)

    def raised(self, error: BaseException) -> Problem:
        """What is wrong after it raised."""
        return self.problem(f"it raised {text_of(error)}", "Mend it, or leave the plugin out", error)

    def problem(self, what: str, remedy: str, cause: BaseException | None = None) -> Problem:
        """Something that is wrong with this hook."""
        return Problem(
            error=PluginFailed, origins=(self.origin,), hook=self.hook, what=what, remedy=remedy, cause=cause
        )


_MANAGERS: Final = threading.local()


def bind(candidate: Candidate) -> tuple[Mapping[str, Call], tuple[Problem, ...]]:
    """The hooks of a plugin by name, or what is wrong with them. Nothing of it stays with pluggy."""
    manager = _manager()
    try:
        problems = tuple(_misfits(candidate, manager))
        if problems:
            return {}, problems
        manager.register(candidate.given, candidate.manifest.name)
        manager.check_pending()
        found = _frozen(candidate, manager)
        manager.unregister(candidate.given)
    except KeyboardInterrupt:
        raise
    except pluggy.PluginValidationError as error:
        text = " ".join(str(error).split())
        remedy = "A hook takes `context`, under that name; one that declares takes nothing"
        return {}, (_problem(candidate, "", f"a hook does not fit its specification: {text}", remedy, error),)
    except BaseException as error:
        return {}, (_problem(candidate, "", f"looking for its hooks raised {text_of(error)}", "Mend it", error),)
    _MANAGERS.empty = manager
    return found, ()


def _manager() -> pluggy.PluginManager:
    """A manager without plugins. Making one is slow, so each thread keeps one; but pluggy leaves a plugin that it
    rejects half registered, so that it is put back only if nothing went wrong."""
    manager: pluggy.PluginManager | None = vars(_MANAGERS).pop("empty", None)
    if manager is None:
        manager = _Manager(PROJECT)
        manager.add_hookspecs(Hooks)
    return manager


class _Manager(pluggy.PluginManager):
    """What Python itself puts into a module or an object is no hook: nobody has to look."""

    def parse_hookimpl_opts(self, plugin: object, name: str) -> pluggy.HookimplOpts | None:
        return None if name.startswith("__") else super().parse_hookimpl_opts(plugin, name)


@cache
def _hooks() -> tuple[str, ...]:
    return specified(pluggy.PluginManager(PROJECT))


def specified(manager: pluggy.PluginManager) -> tuple[str, ...]:
    """The names of all hooks."""
    return tuple(name for name in dir(Hooks) if manager.parse_hookspec_opts(Hooks, name) is not None)


def _frozen(candidate: Candidate, manager: pluggy.PluginManager) -> Mapping[str, Call]:
    found = {}
    for name in _hooks():
        for implementation in getattr(manager.hook, name).get_hookimpls():
            found[name] = Call(candidate.origin, name, *_asked(implementation))
    return found


def _asked(implementation: pluggy.HookImpl) -> tuple[Callable[..., Any], tuple[str, ...]]:
    """The function, to be called by position, and the record types for which it is to be called."""
    function = implementation.function
    records: tuple[str, ...] = getattr(function, RECORDS, ())
    return (function if implementation.argnames else lambda *context: function()), records


def _misfits(candidate: Candidate, manager: pluggy.PluginManager) -> Iterator[Problem]:
    known = _hooks()
    for name in dir(candidate.given):
        options = manager.parse_hookimpl_opts(candidate.given, name)
        if options is None:
            if name in known:
                yield _problem(candidate, name, "it has a hook's name but no mark", "Mark it with @hookimpl")
            continue
        if refused := [each for each in REFUSED if options.get(each)]:
            what = f"it sets {', '.join(refused)}, which would hide conflicts between plugins"
            yield _problem(candidate, name, what, "Leave that out; order goes by requires and after")
        if name not in known and not options.get("optionalhook"):
            close = nearest(name, known)
            hint = f"Did you mean {' or '.join(close)}? Else leave it out" if close else f"There are {', '.join(known)}"
            yield _problem(candidate, name, "there is no such hook", hint)
        function = getattr(candidate.given, name)
        if _is_lazy(function):
            yield _problem(candidate, name, "it is async or a generator", "Write a plain function")
        if problem := _misrouted(name, getattr(function, RECORDS, None)):
            yield _problem(candidate, name, *problem)


def _misrouted(hook: str, records: object) -> tuple[str, str] | None:
    """What is wrong with the record types that a hook asks for, and how to mend it."""
    if hook.partition("_")[0] not in ROUTED:
        what = "it asks for record types, which a hook of its kind is not called by"
        return None if records is None else (what, "Leave @on(...) out")
    if not records or not isinstance(records, tuple) or not all(isinstance(each, str) for each in records):
        remedy = 'Mark it with @on("customer"), with all that it wants to be called for, or with @on("*")'
        return "it does not say for which record types it is to be called", remedy
    if hook in OF_CUSTOMERS and (strange := sorted(set(records) - {"customer", "*"})):
        what = (
            f"it asks for {OF_CUSTOMERS[hook]} of {', '.join(map(repr, strange))}, and there are none but of customers"
        )
        return what, 'Mark it with @on("customer")'
    return None


def _is_lazy(function: object) -> bool:
    kinds = (inspect.iscoroutinefunction, inspect.isgeneratorfunction, inspect.isasyncgenfunction)
    return any(is_kind(function) for is_kind in kinds)


def _problem(candidate: Candidate, hook: str, what: str, remedy: str, cause: BaseException | None = None) -> Problem:
    return Problem(error=PluginFailed, origins=(candidate.origin,), hook=hook, what=what, remedy=remedy, cause=cause)
