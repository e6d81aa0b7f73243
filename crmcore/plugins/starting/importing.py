"""From what the host names to imported plugins with their manifests; each step may take so long and no longer."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from importlib.metadata import EntryPoint
from types import ModuleType

import attrs

from crmcore.domain.errors import InvalidSetting, PluginConflict, PluginFailed
from crmcore.plugins.manifest import API, Plugin
from crmcore.plugins.refusal import Origin, Problem, text_of
from crmcore.plugins.starting.deadline import VARIABLE, Overdue, each_within
from crmcore.plugins.starting.discovery import Candidate, Installed, Offer, unknown

PATIENCE = f"Mend it or leave the plugin out; {VARIABLE} gives all plugins more seconds"
Tried = Candidate | Problem


def candidates(wanted: Iterable[str | object], offer: Offer, seconds: float) -> tuple[list[Candidate], list[Problem]]:
    """The plugins that are wanted, by name or as such, and what is wrong with those that cannot be had.

    Importing one and reading its manifest may take so many `seconds`. What is imported already is taken as it is.
    """
    if isinstance(wanted, str):
        raise InvalidSetting(f"plugins are a list of names, not one text: write [{wanted!r}]")
    each = list(wanted)
    named = {name: _found(name, offer()) for name in sorted({name for name in each if isinstance(name, str)})}
    tried = _brought({name: found for name, found in named.items() if isinstance(found, Installed)}, seconds)
    seen = {id(found.given) for found in tried if isinstance(found, Candidate)}
    objects = {id(given): given for given in each if not isinstance(given, str) and id(given) not in seen}
    tried += _handed_over(list(objects.values()), seconds)
    problems = [found for found in named.values() if isinstance(found, Problem)]
    return [c for c in tried if isinstance(c, Candidate)], problems + [p for p in tried if isinstance(p, Problem)]


def _found(name: str, offered: Sequence[Installed]) -> Installed | Problem:
    found = [each for each in offered if each.name == name]
    if not found:
        return unknown(name, offered, (Origin(name),), "no installed distribution offers it")
    origins = tuple(sorted(each.origin for each in found))
    if len(found) > 1:
        what, remedy = f"several distributions offer the plugin {name!r}", "Uninstall all but one"
        return Problem(error=PluginConflict, origins=origins, what=what, remedy=remedy)
    return found[0]


def _brought(installed: Mapping[str, Installed], seconds: float) -> list[Tried]:
    cold = {name: partial(_imported, each) for name, each in installed.items() if not _is_warm(each.entry)}
    tried: dict[str, Tried | Overdue] = {**each_within(seconds, cold)}
    found: list[Tried] = []
    for name, each in installed.items():
        result = tried[name] if name in tried else _imported(each)
        if isinstance(result, Overdue):
            result = _overdue(each.origin, f"importing {each.entry.value} {result}")
        found.append(result)
    return found


def _is_warm(entry: EntryPoint) -> bool:
    """Tell whether looking at the plugin runs none of its code: it is a module that is imported to its end."""
    module = sys.modules.get(entry.module)
    initializing = getattr(getattr(module, "__spec__", None), "_initializing", False)
    return not entry.attr and _is_plain(module) and not initializing


def _is_plain(given: object) -> bool:
    return type(given) is ModuleType and "plugin" in vars(given)


def _handed_over(objects: Sequence[object], seconds: float) -> list[Tried]:
    direct: dict[str, Callable[[], Tried]] = {}
    watched: dict[str, Callable[[], Tried]] = {}
    for number, given in enumerate(objects):
        (direct if _is_plain(given) else watched)[str(number)] = partial(_identified, given, None)
    tried: dict[str, Tried | Overdue] = {name: task() for name, task in direct.items()}
    tried |= each_within(seconds, watched)
    return [
        _overdue(Origin(type(objects[int(number)]).__name__), f"reading its manifest {result}")
        if isinstance(result, Overdue)
        else result
        for number, result in tried.items()
    ]


def _overdue(origin: Origin, what: str) -> Problem:
    return Problem(error=PluginFailed, origins=(origin,), what=what, remedy=PATIENCE)


def _imported(installed: Installed) -> Tried:
    origin, before = installed.origin, frozenset(sys.modules)
    try:
        given = installed.entry.load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        _forget(installed.entry.module, before)
        what = f"importing {installed.entry.value} raised {text_of(error)}"
        remedy = "Mend or upgrade the distribution, or leave the plugin out"
        return Problem(error=PluginFailed, origins=(origin,), what=what, remedy=remedy, cause=error)
    found = _identified(given, origin)
    if isinstance(found, Candidate) and found.manifest.name != installed.name:
        what = f"its manifest calls it {found.manifest.name!r}, its entry point {installed.name!r}"
        return Problem(error=PluginFailed, origins=(origin,), what=what, remedy="Give both the same name")
    return found


def _forget(module: str, before: frozenset[str]) -> None:
    """Python forgets a module that failed, but not those inside of it: they would not be bound to it at another try."""
    for name in [name for name in tuple(sys.modules) if name.startswith(f"{module}.") and name not in before]:
        sys.modules.pop(name, None)


def _identified(given: object, installed: Origin | None) -> Tried:
    who = installed or Origin(type(given).__name__)
    try:
        manifest = getattr(given, "plugin", None)
        who = installed or Origin(str(getattr(given, "__name__", who.plugin)))
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        what = f"reading its manifest raised {text_of(error)}"
        return Problem(error=PluginFailed, origins=(who,), what=what, remedy="Mend it", cause=error)
    if not isinstance(manifest, Plugin):
        what = f"it has no manifest, its attribute `plugin` is {type(manifest).__name__}"
        remedy = f'Write plugin = Plugin(name="{who.plugin}") in its module'
        return Problem(error=PluginFailed, origins=(who,), what=what, remedy=remedy)
    who = attrs.evolve(installed or Origin(manifest.name), version=manifest.version or who.version)
    if manifest.api > API:
        what = f"it needs version {manifest.api} of the plugin interface, this crmcore has {API}"
        remedy = "Upgrade crmcore, or take an older release of the plugin"
        return Problem(error=PluginFailed, origins=(who,), what=what, remedy=remedy)
    return Candidate(who, manifest, given)
