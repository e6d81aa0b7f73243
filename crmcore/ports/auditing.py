"""What proves that nobody touched the history, and the little that may: part of the storage port."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

import attrs

from crmcore.domain.change import LogEntry


@attrs.frozen
class Link:
    """One link of the chain: the digest (hexadecimal, SHA-256) over the entry of the log at `position` and the link
    before it."""

    position: int
    digest: str


class Auditing(Protocol):
    """The chain over the numbered log, and the log as those who erase see it."""

    def last_link(self, *, hold: bool = False) -> Link | None:
        """The newest link. `hold`: nobody else adds one until the transaction ends."""

    def chain(self, links: Sequence[Link]) -> None:
        """Add links, in order of position."""

    def links(self, after: int, limit: int) -> list[Link]:
        """Links with a position above `after`, in order."""

    def texts(self, after: int, limit: int) -> list[tuple[int, str]]:
        """Numbered entries with a position above `after`, in order: the position, and the text that the chain has of
        the entry (`domain.audit`)."""

    def unnumbered(self, after: int, limit: int) -> list[LogEntry]:
        """Entries without a position with a seq above `after`, in order of seq: no link covers them yet."""

    def of_subjects(self, subjects: Sequence[UUID], after: int, limit: int) -> list[LogEntry]:
        """Entries about any of these persons with a seq above `after`, in order of seq."""

    def removals(self, records: Sequence[str], naming: Sequence[UUID], after: int, limit: int) -> list[LogEntry]:
        """Entries that removed records of these types and name any of these ids among the values that went, with a seq
        above `after`, in order of seq. The storage looks through the whole log."""

    def rewrite(self, changes: Sequence[tuple[int, str]]) -> None:
        """Give entries, by seq, another text of `changes`. Erasing alone may: every other column stays."""

    def blank_errors(self, records: Sequence[tuple[str, UUID]]) -> int:
        """Empty the errors and tracebacks that consumers put aside with entries of these records; how many."""
