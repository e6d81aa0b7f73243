"""Finding plugins: what is installed, without importing it, and what the host names, imported and identified."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import Distribution, EntryPoint, EntryPoints, distributions, entry_points
from typing import Final

import attrs

from crmcore.domain.errors import InvalidSetting, MissingPlugin, PluginConflict, PluginFailed, nearest
from crmcore.plugins.manifest import API, Plugin
from crmcore.plugins.refusal import Origin, Problem, text_of

GROUP: Final = "crmcore.plugins"


@attrs.frozen(order=True)
class Installed:
    """A plugin that some installed distribution offers; nothing of it is imported."""

    name: str
    distribution: str
    version: str
    entry: EntryPoint = attrs.field(eq=False, repr=False)

    @property
    def origin(self) -> Origin:
        """Where it comes from, for messages."""
        return Origin(self.name, self.distribution, self.version)


@attrs.frozen(eq=False)
class Candidate:
    """An imported plugin whose manifest is in order; `given` holds its hooks, which nobody has looked at yet."""

    origin: Origin
    manifest: Plugin
    given: object


Offer = Callable[[], Sequence[Installed]]
"""What is installed, looked up only when it is asked for."""


def discover() -> tuple[Installed, ...]:
    """Every installed plugin, sorted by name. Raises PluginFailed if a distribution's metadata cannot be read."""
    found = []
    for entry in _entry_points():
        distribution = (entry.dist and entry.dist.name) or "a distribution without a name"
        found.append(Installed(entry.name, distribution, (entry.dist and entry.dist.version) or "", entry))
    return tuple(sorted(found))


def _entry_points() -> EntryPoints:
    try:
        return entry_points(group=GROUP)
    except Exception as error:
        broken = sorted(each.name for each in distributions() if not _readable(each))
        raise PluginFailed(
            f"the entry points of {' and '.join(broken)} cannot be read ({text_of(error)}): install it anew",
            distributions=broken,
        ) from error


def _readable(distribution: Distribution) -> bool:
    try:
        return distribution.entry_points is not None
    except Exception:
        return False


def candidates(wanted: Iterable[str | object], offer: Offer) -> tuple[list[Candidate], list[Problem]]:
    """The plugins that are wanted, by name or as such, and what is wrong with those that cannot be had."""
    if isinstance(wanted, str):
        raise InvalidSetting(f"plugins are a list of names, not one text: write [{wanted!r}]")
    each = list(wanted)
    names = sorted({name for name in each if isinstance(name, str)})
    tried = [_named(name, offer()) for name in names]
    seen = {id(found.given) for found in tried if isinstance(found, Candidate)}
    handed_over = {id(given): given for given in each if not isinstance(given, str) and id(given) not in seen}
    tried += [_identified(given, None) for given in handed_over.values()]
    return [c for c in tried if isinstance(c, Candidate)], [p for p in tried if isinstance(p, Problem)]


def _named(name: str, offered: Sequence[Installed]) -> Candidate | Problem:
    found = [each for each in offered if each.name == name]
    if not found:
        return unknown(name, offered, (Origin(name),), "no installed distribution offers it")
    origins = tuple(sorted(each.origin for each in found))
    if len(found) > 1:
        what, remedy = f"several distributions offer the plugin {name!r}", "Uninstall all but one"
        return Problem(error=PluginConflict, origins=origins, what=what, remedy=remedy)
    return _imported(found[0])


def unknown(name: str, offered: Sequence[Installed], origins: tuple[Origin, ...], what: str) -> Problem:
    """The problem that a plugin is not installed, with the nearest that are."""
    close = nearest(name, {each.name for each in offered})
    hint = f"Did you mean {' or '.join(map(repr, close))}? Else install it" if close else "Install it"
    remedy = f"{hint}, or leave it out; installed: {', '.join(sorted({o.name for o in offered})) or 'none'}"
    return Problem(error=MissingPlugin, origins=origins, what=what, remedy=remedy)


def _imported(installed: Installed) -> Candidate | Problem:
    origin = installed.origin
    try:
        given = installed.entry.load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        what = f"importing {installed.entry.value} raised {text_of(error)}"
        remedy = "Mend or upgrade the distribution, or leave the plugin out"
        return Problem(error=PluginFailed, origins=(origin,), what=what, remedy=remedy, cause=error)
    found = _identified(given, origin)
    if isinstance(found, Candidate) and found.manifest.name != installed.name:
        what = f"its manifest calls it {found.manifest.name!r}, its entry point {installed.name!r}"
        return Problem(error=PluginFailed, origins=(origin,), what=what, remedy="Give both the same name")
    return found


def _identified(given: object, installed: Origin | None) -> Candidate | Problem:
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
