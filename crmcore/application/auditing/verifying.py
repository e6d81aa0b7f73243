"""Holds the log against its chain, and the chain against an anchor, in one reading of both in order of position."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Final

import attrs

from crmcore.application.auditing.doubts import MOST, Doubts
from crmcore.application.auditing.finding import Finding, Wrong
from crmcore.application.auditing.places import Places
from crmcore.domain.audit import Anchor
from crmcore.domain.change import LogEntry
from crmcore.ports.auditing import Link
from crmcore.ports.storage import Storage, Transaction

LOWEST: Final = -(2**63)
"""Before every position that a database can hold: whoever tampers need not begin at 1."""

_position: Final = attrgetter("position")

Progress = Callable[[int], None]


@attrs.frozen
class Limits:
    """How many rows are read at a time, and how many doubts are held."""

    page: int = 5_000
    doubts: int = MOST


def verify(storage: Storage, anchor: Anchor | None, progress: Progress, limits: Limits | None = None) -> Finding:
    """Verify the log as of one moment, in memory that does not grow with it; `progress` is told how many entries more
    were read."""
    transaction = storage.begin(snapshot=True)
    try:
        return _Verification(transaction, progress, limits or Limits()).run(anchor)
    finally:
        transaction.rollback()


@attrs.define(eq=False)
class _Verification:
    transaction: Transaction
    progress: Progress
    limits: Limits
    wrong: Wrong = attrs.field(factory=Wrong)
    checked: int = 0
    erased: int = 0

    def run(self, anchor: Anchor | None) -> Finding:
        doubts, places = Doubts(self.limits.doubts), Places(self.wrong, anchor)
        streams: tuple[Iterator[LogEntry | Link], ...] = (self._first_reading(doubts), self._links())
        both = heapq.merge(*streams, key=_position)
        for position, found in groupby(both, key=_position):
            entries, links = _parted(found)
            places.pass_by(position, entries, links[0] if links else None)
        places.end(self.transaction.consuming.last_position())
        waiting = self._settle(doubts)
        return Finding(self.checked, places.covered, self.erased, waiting, self.wrong.count, self.wrong.lowest())

    def _first_reading(self, doubts: Doubts) -> Iterator[LogEntry]:
        for page in self._pages(LOWEST):
            for entry in page:
                doubts.look(entry)
                yield entry
            self.checked += len(page)
            self.progress(len(page))

    def _settle(self, doubts: Doubts) -> int:
        """Tell of what no erasure proves; how many entries have no position yet. Erasures may be among these."""
        while True:
            waiting = 0
            for entry in self._unnumbered():
                doubts.prove(entry)
                waiting += 1
            self.erased += doubts.settle(self.wrong)
            if (again := doubts.next) is None:
                return waiting
            doubts = Doubts(self.limits.doubts)
            for page in self._pages(again - 1):
                for entry in page:
                    doubts.look(entry)

    def _pages(self, after: int) -> Iterator[Sequence[LogEntry]]:
        """Pages of the feed, none of which ends amid entries of one position."""
        while True:
            page = self.transaction.feed(after, self.limits.page)
            if len(page) < self.limits.page:
                yield page
                return
            last = page[-1].position
            whole = [entry for entry in page if entry.position != last] or page
            yield whole
            after = whole[-1].position or 0

    def _links(self) -> Iterator[Link]:
        after, page = LOWEST, self.transaction.auditing.links(LOWEST, self.limits.page)
        while page:
            yield from page
            after = page[-1].position
            page = self.transaction.auditing.links(after, self.limits.page)

    def _unnumbered(self) -> Iterator[LogEntry]:
        after, page = LOWEST, self.transaction.auditing.unnumbered(LOWEST, self.limits.page)
        while page:
            yield from page
            after = page[-1].seq
            page = self.transaction.auditing.unnumbered(after, self.limits.page)


def _parted(found: Iterator[LogEntry | Link]) -> tuple[list[LogEntry], list[Link]]:
    entries: list[LogEntry] = []
    links: list[Link] = []
    for each in found:
        if isinstance(each, Link):
            links.append(each)
        else:
            entries.append(each)
    return entries, links
