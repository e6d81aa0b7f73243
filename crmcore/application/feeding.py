"""The feed: committed changes, numbered once and for all by the pump and chained as they are, read by position."""

from __future__ import annotations

from collections.abc import Callable

from crmcore.application.auditing.chaining import chain
from crmcore.domain.change import LogEntry
from crmcore.domain.query import checked_limit
from crmcore.ports.storage import Storage

BATCH = 5_000


def pump(storage: Storage, seconds: float, monotonic: Callable[[], float]) -> int:
    """Number what is committed and has no position yet, batch by batch, until none is left or time is up; how many.

    Each batch gets its links in the same transaction, so that an entry with a position has a link too; entries that
    have none, since an older release numbered them, get theirs as well."""
    until, total = monotonic() + seconds, 0
    while True:
        transaction = storage.begin()
        try:
            numbered = transaction.number(BATCH)
            chained = chain(transaction, BATCH)
            transaction.commit()
        except BaseException:
            transaction.rollback()
            raise
        total += numbered
        if max(numbered, chained) < BATCH or monotonic() >= until:
            return total


def feed(storage: Storage, after: int, limit: int) -> list[LogEntry]:
    """Numbered entries with a position above `after`, in order."""
    transaction = storage.begin()
    try:
        return transaction.feed(after, checked_limit(limit))
    finally:
        transaction.rollback()
