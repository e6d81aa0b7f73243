"""The feed as observers see it: pages of events, read once and shared by all observers that stand at one place."""

from __future__ import annotations

import copy
import json
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Final

import attrs

from crmcore.domain.change import NO_FIELDS, LogEntry
from crmcore.plugins.contexts import Event

MARK: Final = "observed:"
SOURCE_LIMIT: Final = 100
_position: Final = attrgetter("position")
_read_json: Final = json.JSONDecoder().decode


@attrs.frozen
class Cause:
    """What led to a change: the observers that were called one after the other, how many and their names."""

    depth: int = 0
    chain: str = ""

    def then(self, plugin: str) -> Cause:
        """What leads to the changes of an observer that is called for this."""
        return Cause(self.depth + 1, f"{self.chain} > {plugin}" if self.chain else plugin)

    @property
    def source(self) -> str:
        """How the log has it; a chain that is too long for that is cut, its depth is not."""
        return f"{MARK}{self.depth}:{self.chain}"[:SOURCE_LIMIT]


NOBODY: Final = Cause()


def cause_of(entry: LogEntry) -> Cause:
    """What led to a change; NOBODY for one that no observer made."""
    if not (entry.source and entry.source.startswith(MARK) and entry.actor.startswith("plugin:")):
        return NOBODY
    depth, _, chain = entry.source.removeprefix(MARK).partition(":")
    return Cause(int(depth), chain) if depth.isdecimal() else NOBODY


class Fields(Mapping[str, tuple[Any, Any]]):
    """The values before and after, read when they are first asked for. Whoever alters what it gives alters a copy."""

    __slots__ = ("_read", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._read: dict[str, list[Any]] | None = None

    def __getitem__(self, name: str) -> tuple[Any, Any]:
        before, after = self._values()[name]
        return copy.deepcopy(before), copy.deepcopy(after)

    def __iter__(self) -> Iterator[str]:
        return iter(self._values())

    def __len__(self) -> int:
        return len(self._values())

    def __contains__(self, name: object) -> bool:
        return name in self._values()

    def __repr__(self) -> str:
        return f"Fields({self._text})"

    def _values(self) -> dict[str, list[Any]]:
        if self._read is None:
            self._read = _read_json(self._text) if self._text else {}
            for name in NO_FIELDS:
                self._read.pop(name, None)
        return self._read


def event_of(entry: LogEntry) -> Event:
    """A numbered entry as observers see it."""
    return Event(
        entry.position or 0,
        entry.at,
        entry.actor,
        entry.record,
        entry.id,
        entry.operation,
        entry.version,
        Fields(entry.changes),
    )


@attrs.frozen(eq=False)
class Page:
    """What follows in the feed after the position `first`, up to `last`; `causes` by position, where there is one."""

    first: int
    last: int
    events: Sequence[Event]
    causes: Mapping[int, Cause]

    def after(self, position: int) -> Sequence[Event]:
        """The events behind a position."""
        if position <= self.first:
            return self.events
        return self.events[bisect_right(self.events, position, key=_position) :]


def page_of(first: int, entries: Iterable[LogEntry]) -> Page:
    """The page of these entries, of which there is at least one. Reads are none of the observers' business."""
    events, causes, last = [], {}, first
    for entry in entries:
        last = entry.position or 0
        if entry.operation == "read":
            continue
        events.append(event_of(entry))
        if entry.source and (cause := cause_of(entry)).depth:
            causes[entry.position or 0] = cause
    return Page(first, last, tuple(events), MappingProxyType(causes))


class Pages:
    """The pages read last."""

    def __init__(self, read: Callable[[int, int], list[LogEntry]], size: int, kept: int = 4) -> None:
        self._read = read
        self._size = size
        self._kept: deque[Page] = deque(maxlen=kept)

    def after(self, position: int) -> Page | None:
        """A page with events behind a position; None at the end of the feed."""
        for page in self._kept:
            if page.first <= position < page.last:
                return page
        entries = self._read(position, self._size)
        if not entries:
            return None
        page = page_of(position, entries)
        self._kept.append(page)
        return page
