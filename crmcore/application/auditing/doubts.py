"""Entries whose changes do not give their digest: an erasure left them so, which a later entry proves, or somebody
changed them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import attrs

from crmcore.application import journal
from crmcore.application.auditing.finding import Wrong
from crmcore.domain.audit import text_digest
from crmcore.domain.change import LogEntry

MOST: Final = 100_000
"""So many are held at a time. Where there are more, the log is read again for the rest of them."""

UNPROVEN: Final = "its changes are not those of its digest, and no erasure says that it rewrote them"
REWRITTEN: Final = "its changes were rewritten after the erasure that is said to have left them"


@attrs.define
class Doubt:
    """An entry that an erasure may have rewritten: where it stands, the digest of the text that it has now, and
    the one that the last erasure which names it left, with the seq of that one's entry."""

    position: int
    present: str
    left: str | None = None
    by: int = 0


@attrs.define
class Doubts:
    """The doubts of one reading of the log, by seq. `next`: the position of the first entry that found no room."""

    most: int = MOST
    next: int | None = None
    _held: dict[int, Doubt] = attrs.field(factory=dict)

    def look(self, entry: LogEntry) -> None:
        """Hold an entry that does not give its digest; take from an erasure's what it proves."""
        if not _is_whole(entry):
            self._doubt(entry)
        elif entry.operation == "erase":
            self.prove(entry)

    def prove(self, entry: LogEntry) -> None:
        """Take from an erasure's entry what it proves, if it is one and whole; the last one that names an entry
        counts."""
        if entry.operation != "erase" or not _is_whole(entry):
            return
        for seq, left in _proofs(entry):
            doubt = self._held.get(seq)
            if doubt is not None and entry.seq > doubt.by:
                doubt.left, doubt.by = left, entry.seq

    def _doubt(self, entry: LogEntry) -> None:
        if len(self._held) < self.most and self.next is None:
            self._held[entry.seq] = Doubt(entry.position or 0, text_digest(entry.changes))
        elif self.next is None:
            self.next = entry.position

    def settle(self, wrong: Wrong) -> int:
        """Tell of those that no erasure proves; how many are proven."""
        for doubt in self._held.values():
            if doubt.left != doubt.present:
                wrong.tell(doubt.position, UNPROVEN if doubt.left is None else REWRITTEN)
        return sum(doubt.left == doubt.present for doubt in self._held.values())


def _is_whole(entry: LogEntry) -> bool:
    made = journal.digest(entry.record, entry.id, entry.version, entry.operation, entry.changes)
    return made == entry.digest


def _proofs(entry: LogEntry) -> Iterator[tuple[int, str]]:
    """Which entries an erasure has rewritten, by seq, and the digest of what it left of each."""
    rows: Any = entry.values().get("rows")
    if rows:
        for seq, left in rows[1].items():
            yield int(seq), left
