"""The change log in memory."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Sequence
from itertools import islice
from operator import attrgetter
from uuid import UUID

import attrs

from crmcore.domain.change import LogEntry


class ChangeLog:
    """Entries in order of seq. As there is one writer at a time, that is the order of their commits too; so the
    numbered ones are the first `numbered`, and the position of an entry is its place among them."""

    def __init__(self) -> None:
        self.entries: list[LogEntry] = []
        self.committed = 0
        self.numbered = 0
        self._seq = 0
        self._of_record: dict[tuple[str, UUID], list[int]] = {}

    def append(self, entries: Sequence[LogEntry]) -> int:
        """Write entries; gives the length before. Numbers of seq are not taken back by a rollback."""
        before = len(self.entries)
        for entry in entries:
            self._seq += 1
            self._of_record.setdefault((entry.record, entry.id), []).append(len(self.entries))
            self.entries.append(attrs.evolve(entry, seq=self._seq, position=None))
        return before

    def cut(self, length: int) -> None:
        """Take back what was written after the log had this length."""
        while len(self.entries) > length:
            entry = self.entries.pop()
            self._of_record[entry.record, entry.id].pop()

    def number(self, limit: int) -> int:
        """Give positions to committed entries; how many."""
        last = min(self.numbered + max(limit, 0), self.committed)
        count = last - self.numbered
        for index in range(self.numbered, last):
            self.entries[index] = attrs.evolve(self.entries[index], position=index + 1)
        self.numbered = last
        return count

    def unnumber(self, count: int) -> None:
        """Take the last positions back."""
        first = self.numbered - count
        for index in range(first, self.numbered):
            self.entries[index] = attrs.evolve(self.entries[index], position=None)
        self.numbered = first

    def history(self, record: str, id: UUID, until: dt.datetime | None) -> list[LogEntry]:
        """The entries of one record, oldest first."""
        found = [self.entries[index] for index in self._of_record.get((record, id), ())]
        return [entry for entry in found if until is None or entry.at <= until]

    def last_seq(self) -> int:
        """The seq of the last entry."""
        return self.entries[-1].seq if self.entries else 0

    def of_work(self, work: UUID, low: int, high: int, limit: int) -> list[LogEntry]:
        """The entries of one unit of work in a range of seq, newest first."""
        first, end = (bisect_right(self.entries, seq, key=attrgetter("seq")) for seq in (low, high))
        found = (self.entries[index] for index in range(end - 1, first - 1, -1))
        return list(islice((entry for entry in found if entry.work == work), max(limit, 0)))

    def of_subjects(self, subjects: Collection[UUID], after: int, limit: int) -> list[LogEntry]:
        """Entries about any of these persons above a seq, in order of seq."""
        first = bisect_right(self.entries, after, key=attrgetter("seq"))
        about = (entry for entry in islice(self.entries, first, None) if entry.subject in subjects)
        return list(islice(about, max(limit, 0)))

    def removals(self, records: Collection[str], texts: Collection[str], after: int, limit: int) -> list[LogEntry]:
        """Removals of records of these types above a seq in whose changes any of these texts stands."""
        first = bisect_right(self.entries, after, key=attrgetter("seq"))
        gone = (e for e in islice(self.entries, first, None) if e.operation == "remove" and e.record in records)
        return list(islice((e for e in gone if any(text in e.changes for text in texts)), max(limit, 0)))

    def unnumbered(self, after: int, limit: int) -> list[LogEntry]:
        """Entries without a position above a seq, in order of seq."""
        first = max(self.numbered, bisect_right(self.entries, after, key=attrgetter("seq")))
        return self.entries[first : first + max(limit, 0)]

    def rewrite(self, seq: int, changes: str) -> str | None:
        """Give an entry another text of its changes; the one it had, None if there is no such entry."""
        index = bisect_left(self.entries, seq, key=attrgetter("seq"))
        if index == len(self.entries) or self.entries[index].seq != seq:
            return None
        before = self.entries[index]
        self.entries[index] = attrs.evolve(before, changes=changes)
        return before.changes

    def feed(self, after: int, limit: int) -> list[LogEntry]:
        """Numbered entries above a position, in order of position."""
        first = max(after, 0)
        return self.entries[first : min(first + max(limit, 0), self.numbered)]
