"""What plugins say of each other: requires, after, conflicts; and the one order that follows from it."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from itertools import combinations, groupby

from crmcore.domain.errors import MissingPlugin, PluginConflict, PluginFailed
from crmcore.plugins.manifest import squash
from crmcore.plugins.refusal import Origin, Problem
from crmcore.plugins.starting.discovery import Candidate, Offer, unknown

Known = Mapping[str, Candidate]


def same_names(found: Iterable[Candidate]) -> Iterator[Problem]:
    """Plugins of one name, or of names that a person would take for one."""

    def key(each: Candidate) -> str:
        return squash(each.manifest.name)

    for _, group in groupby(sorted(found, key=key), key):
        alike = list(group)
        if len(alike) > 1:
            names = sorted({each.manifest.name for each in alike})
            what = "have one name" if len(names) == 1 else "have names that differ only in case, width or underscores"
            yield _conflict([each.origin for each in alike], what, "Leave all but one out, or rename them")


def unmet(known: Known, failed: frozenset[str], offer: Offer) -> Iterator[Problem]:
    """Requirements that are not active; what has `failed` is reported already."""
    for each in known.values():
        for name in each.manifest.requires:
            if name in known or name in failed:
                continue
            what = f"it requires the plugin {name!r}, which is not "
            if any(other.name == name for other in offer()):
                remedy = f"Name {name!r} among the plugins too, or leave {each.manifest.name!r} out"
                yield Problem(error=MissingPlugin, origins=(each.origin,), what=what + "active", remedy=remedy)
            else:
                yield unknown(name, offer(), (each.origin,), what + "installed")


def conflicts(known: Known) -> Iterator[Problem]:
    """Pairs of active plugins of which one says that it cannot live with the other."""
    for one, other in combinations(known.values(), 2):
        said = other.manifest.name in one.manifest.conflicts, one.manifest.name in other.manifest.conflicts
        if any(said):
            who = " and ".join(repr(each.manifest.name) for each, says in zip((one, other), said, strict=True) if says)
            yield _conflict([one.origin, other.origin], f"cannot be active together, says {who}", "Leave one out")


def circles(known: Known) -> Iterator[Problem]:
    """Plugins that each want to come after the other, by `requires` or `after`."""
    graph = _graph(known)
    while True:
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            round_trip: list[str] = error.args[1][:-1]
            first = round_trip.index(min(round_trip))
            path = [*round_trip[first:], *round_trip[:first]]
            path = [path[0], *reversed(path[1:]), path[0]]
            what = f"require each other, or want to come after each other, in a circle: {' > '.join(path)}"
            origins = tuple(sorted(known[name].origin for name in round_trip))
            yield Problem(error=PluginFailed, origins=origins, what=what, remedy="Break the circle, or leave one out")
            graph = {name: after for name, after in graph.items() if name not in round_trip}
        else:
            return


def ordered(known: Known) -> tuple[Candidate, ...]:
    """Each after what it requires or names in `after`; where that leaves a choice, by name. No circles."""
    sorter = TopologicalSorter(_graph(known))
    sorter.prepare()
    ready, order = list(sorter.get_ready()), []
    heapq.heapify(ready)
    while ready:
        name = heapq.heappop(ready)
        order.append(known[name])
        sorter.done(name)
        for free in sorter.get_ready():
            heapq.heappush(ready, free)
    return tuple(order)


def requirements(known: Known, name: str) -> frozenset[str]:
    """All that a plugin requires, directly or not, without itself; also names that are not known."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        each = known.get(waiting.pop())
        new = set(each.manifest.requires) - found if each else set()
        found |= new
        waiting += new
    return frozenset(found - {name})


def _graph(known: Known) -> dict[str, list[str]]:
    return {
        name: sorted({*known[name].manifest.requires, *known[name].manifest.after} & set(known))
        for name in sorted(known)
    }


def _conflict(origins: Iterable[Origin], what: str, remedy: str) -> Problem:
    return Problem(error=PluginConflict, origins=tuple(sorted(origins)), what=what, remedy=remedy)
