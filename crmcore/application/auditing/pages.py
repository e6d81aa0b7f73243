"""The log page by page, as somebody reads it who trusts nothing in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Final

import attrs

from crmcore.application.auditing.finding import Wrong
from crmcore.domain.change import LogEntry
from crmcore.domain.errors import StorageFailed
from crmcore.ports.auditing import Link
from crmcore.ports.storage import Transaction

LOWEST: Final = -(2**63)
"""Before every position that a database can hold: whoever tampers need not begin at 1."""

MOST_UNREADABLE: Final = 1_000
"""After so many entries that cannot be read it is the database that cannot be read."""


@attrs.define(eq=False)
class Pages:
    """Pages of at most so many rows."""

    transaction: Transaction
    size: int
    wrong: Wrong
    _unreadable: int = 0

    def numbered(self, after: int = LOWEST) -> Iterator[Sequence[LogEntry]]:
        """Entries in order of position; no page ends amid those that stand at one position."""
        while True:
            size, page = self._page(after)
            if len(page) < size:
                yield page
                return
            last = page[-1].position if page else None
            whole = [entry for entry in page if entry.position != last] or page
            yield whole
            after = _number(whole[-1]) if whole else max(after, 0) + 1

    def links(self) -> Iterator[Link]:
        """All links in order of position."""
        auditing = self.transaction.auditing
        page = auditing.links(LOWEST, self.size)
        while page:
            yield from page
            page = auditing.links(page[-1].position, self.size)

    def unnumbered(self) -> Iterator[LogEntry]:
        """Entries without a position, in order of seq."""
        auditing = self.transaction.auditing
        page = auditing.unnumbered(LOWEST, self.size)
        while page:
            yield from page
            page = auditing.unnumbered(page[-1].seq, self.size)

    def _page(self, after: int) -> tuple[int, Sequence[LogEntry]]:
        """The next page, and how many entries were asked for: none, where the very next one cannot be read."""
        for size in (self.size, min(self.size, 100)):
            with suppress(StorageFailed):
                return size, self.transaction.feed(after, size)
        try:
            return 1, self.transaction.feed(after, 1)
        except StorageFailed as error:
            self._unreadable += 1
            if self._unreadable > MOST_UNREADABLE:
                raise
            self.wrong.tell(max(after, 0) + 1, f"the entry cannot be read: {error.message}")
            return 0, ()


def _number(entry: LogEntry) -> int:
    return entry.position or 0
