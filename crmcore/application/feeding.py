"""The feed: committed changes, numbered once and for all by the pump, read by position."""

from __future__ import annotations

from collections.abc import Callable

from crmcore.domain.change import LogEntry
from crmcore.domain.query import checked_limit
from crmcore.ports.storage import Storage

BATCH = 5_000


def pump(storage: Storage, seconds: float, monotonic: Callable[[], float]) -> int:
    """Number what is committed and has no position yet, batch by batch, until none is left or time is up."""
    until, total = monotonic() + seconds, 0
    while True:
        transaction = storage.begin()
        try:
            numbered = transaction.number(BATCH)
            transaction.commit()
        except BaseException:
            transaction.rollback()
            raise
        total += numbered
        if numbered < BATCH or monotonic() >= until:
            return total


def feed(storage: Storage, after: int, limit: int) -> list[LogEntry]:
    """Numbered entries with a position above `after`, in order."""
    transaction = storage.begin()
    try:
        return transaction.feed(after, checked_limit(limit))
    finally:
        transaction.rollback()
