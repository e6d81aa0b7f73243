"""What workers work with: storage, units of work in a plugin's name, and time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, Protocol
from uuid import uuid4

import attrs

from crmcore.application.session import Session
from crmcore.domain.change import Actor, LogEntry
from crmcore.ports.clock import Clock
from crmcore.ports.consuming import Consuming, Lease
from crmcore.ports.storage import Storage, Transaction

LEASE: Final = dt.timedelta(minutes=1)


class LeaseLost(Exception):
    """Another worker has gone on in the meantime: what was done here must not be committed, and is done already."""


class Begin(Protocol):
    """Begins a unit of work of an actor; `source` names in the log what led to it."""

    def __call__(self, actor: Actor, *, source: str) -> Session: ...


@attrs.frozen(eq=False)
class Desk:
    """One worker's place: `holder` is its name in the leases that it takes, and no other's."""

    storage: Storage
    begin: Begin
    clock: Clock
    zone: dt.tzinfo
    monotonic: Callable[[], float]
    holder: str = attrs.field(factory=lambda: uuid4().hex)

    def unit(self, plugin: str, source: str) -> Any:
        """A unit of work of a plugin's own."""
        return self.begin(Actor(plugin, "plugin"), source=source)

    @contextmanager
    def writing(self) -> Iterator[Consuming]:
        """The ledgers, in a transaction of their own."""
        with ended(self.storage.begin()) as transaction:
            yield transaction.consuming

    @contextmanager
    def reading(self) -> Iterator[Consuming]:
        """The ledgers as of one moment, in the way of nobody."""
        transaction = self.storage.begin(snapshot=True)
        try:
            yield transaction.consuming
        finally:
            transaction.rollback()

    def feed(self, after: int, limit: int) -> list[LogEntry]:
        """Numbered entries behind a position, in order."""
        transaction = self.storage.begin(snapshot=True)
        try:
            return transaction.feed(after, limit)
        finally:
            transaction.rollback()

    def take(self, name: str) -> Lease | None:
        """Hold a consumer or a job; None while somebody else does."""
        now = self.clock.now()
        with self.writing() as consuming:
            return consuming.take(name, self.holder, now, now + LEASE)

    def move(self, consuming: Consuming, lease: Lease, position: int) -> Lease:
        """Move on and hold it for longer; LeaseLost if somebody else has gone on with it."""
        moved = consuming.advance(lease, position, self.clock.now() + LEASE)
        if moved is None:
            raise LeaseLost(f"{lease.name} was taken over while this worker was at it")
        return moved

    def release(self, name: str) -> None:
        """Let others have it."""
        with self.writing() as consuming:
            consuming.release(name, self.holder)


@contextmanager
def ended(transaction: Transaction) -> Iterator[Transaction]:
    """Commit it, or roll it back on any exception."""
    try:
        yield transaction
    except BaseException:
        transaction.rollback()
        raise
    transaction.commit()
