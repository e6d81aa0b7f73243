"""Holds the log against its chain, and the chain against an anchor, in one reading of both in order of position."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Final
from uuid import UUID

import attrs

from crmcore.application.auditing.doubts import MOST, Doubts
from crmcore.application.auditing.finding import Finding, Wrong
from crmcore.application.auditing.moved import moves_digest
from crmcore.application.auditing.pages import Pages
from crmcore.application.auditing.places import Places
from crmcore.domain.audit import Anchor
from crmcore.domain.change import LogEntry
from crmcore.domain.errors import StorageFailed
from crmcore.ports.auditing import Link
from crmcore.ports.storage import Storage, Transaction

_position: Final = attrgetter("position")

MOVED: Final = "what is kept of its merge, which references it moved, was changed"

Progress = Callable[[int], None]


@attrs.frozen
class Limits:
    """How many rows are read at a time, and how many doubts are held."""

    page: int = 5_000
    doubts: int = MOST


def verify(storage: Storage, anchors: Sequence[Anchor], progress: Progress, limits: Limits | None = None) -> Finding:
    """Verify the log as of one moment, in memory that does not grow with it; `progress` is told how many entries more
    were read."""
    transaction = storage.begin(snapshot=True)
    try:
        return _Verification(transaction, progress, limits or Limits()).run(anchors)
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

    def run(self, anchors: Sequence[Anchor]) -> Finding:
        doubts, places, pages = self._doubts(), Places(self.wrong, anchors), self._pages()
        streams: tuple[Iterator[LogEntry | Link], ...] = (self._first_reading(pages, doubts), pages.links())
        for position, found in groupby(heapq.merge(*streams, key=_position), key=_position):
            entries, links = _parted(found)
            places.pass_by(position, entries, links[0] if links else None)
        places.end(self.transaction.consuming.last_position())
        waiting = self._settle(doubts)
        return Finding(self.checked, places.covered, self.erased, waiting, self.wrong.count, self.wrong.lowest())

    def _first_reading(self, pages: Pages, doubts: Doubts) -> Iterator[LogEntry]:
        for page in pages.numbered():
            for entry in page:
                doubts.look(entry)
                self._hold_moves(entry)
                yield entry
            self.checked += len(page)
            self.progress(len(page))

    def _hold_moves(self, entry: LogEntry) -> None:
        """What a merge has moved stands in a table of its own: hold that against what its entry proves."""
        merge, proof = entry.moves() or (None, "")
        if merge is None:
            return
        try:
            changed = moves_digest(self.transaction.moving, UUID(merge), self.limits.page) != proof
        except StorageFailed:
            changed = True
        if changed:
            self.wrong.tell(entry.position or 0, MOVED)

    def _settle(self, doubts: Doubts) -> int:
        """Tell of what no erasure proves; how many entries have no position yet. Erasures may be among these."""
        while True:
            waiting = 0
            for entry in self._pages().unnumbered():
                doubts.prove(entry)
                waiting += 1
            self.erased += doubts.settle(self.wrong)
            if doubts.next is None:
                return waiting
            doubts = self._again(doubts.next)

    def _again(self, first: int) -> Doubts:
        """The doubts from a position on, for which there was no room."""
        doubts = self._doubts()
        for page in Pages(self.transaction, self.limits.page, Wrong()).numbered(first - 1):
            for entry in page:
                doubts.look(entry)
        return doubts

    def _doubts(self) -> Doubts:
        return Doubts(self.limits.doubts)

    def _pages(self) -> Pages:
        return Pages(self.transaction, self.limits.page, self.wrong)


def _parted(found: Iterator[LogEntry | Link]) -> tuple[list[LogEntry], list[Link]]:
    """The entries at one position, and the links."""
    entries: list[LogEntry] = []
    links: list[Link] = []
    for each in found:
        if isinstance(each, Link):
            links.append(each)
        else:
            entries.append(each)
    return entries, links
