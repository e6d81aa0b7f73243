"""What is installed: the plugins that distributions offer, found without importing any of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import EntryPoint, distributions, entry_points
from typing import Final

import attrs

from crmcore.domain.errors import MissingPlugin, PluginFailed, nearest
from crmcore.plugins.manifest import Plugin
from crmcore.plugins.refusal import Origin, Problem, refuse, text_of

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
    found, problems = survey()
    refuse(problems)
    return found


def survey() -> tuple[tuple[Installed, ...], tuple[Problem, ...]]:
    """Every installed plugin, sorted by name, and the distributions whose metadata cannot be read."""
    try:
        entries: Iterable[EntryPoint] = entry_points(group=GROUP)
        problems: tuple[Problem, ...] = ()
    except Exception:
        entries, problems = _one_by_one()
    return tuple(sorted(map(_installed, entries))), problems


def _installed(entry: EntryPoint) -> Installed:
    distribution = (entry.dist and entry.dist.name) or "a distribution without a name"
    return Installed(entry.name, distribution, (entry.dist and entry.dist.version) or "", entry)


def _one_by_one() -> tuple[list[EntryPoint], tuple[Problem, ...]]:
    """One rotten distribution is not to hide the others. Of several on the path with one name, the first counts."""
    entries: list[EntryPoint] = []
    problems = []
    for name, distribution in {each.name: each for each in reversed(list(distributions()))}.items():
        try:
            entries += distribution.entry_points.select(group=GROUP)
        except Exception as error:
            what = f"the entry points of {name} cannot be read ({text_of(error)})"
            origin = Origin("", str(name), distribution.version or "")
            problems.append(
                Problem(error=PluginFailed, origins=(origin,), what=what, remedy="Install it anew", cause=error)
            )
    return entries, tuple(problems)


def unknown(name: str, offered: Sequence[Installed], origins: tuple[Origin, ...], what: str) -> Problem:
    """The problem that a plugin is not installed, with the nearest that are."""
    close = nearest(name, {each.name for each in offered})
    hint = f"Did you mean {' or '.join(map(repr, close))}? Else install it" if close else "Install it"
    asking = origins[0].plugin == name
    out = (
        f"; where a database has it active, `crm plugins disable {name}` leaves it out"
        if asking
        else ", or leave it out"
    )
    remedy = f"{hint}{out}; installed: {', '.join(sorted({o.name for o in offered})) or 'none'}"
    return Problem(error=MissingPlugin, origins=origins, what=what, remedy=remedy)
