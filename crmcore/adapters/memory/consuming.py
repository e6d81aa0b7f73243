"""What workers keep, in memory."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import attrs

from crmcore.adapters.memory.change_log import ChangeLog
from crmcore.ports.consuming import Consumer, Delayed, Lease, Run

K = TypeVar("K")
V = TypeVar("V")
MOST = 1_000


@attrs.define(eq=False)
class Ledgers:
    """Consumers with their turns, what they put aside by (consumer, position), and runs by (job, key)."""

    consumers: dict[str, tuple[Consumer, int]] = attrs.field(factory=dict)
    backlog: dict[tuple[str, int], Delayed] = attrs.field(factory=dict)
    runs: dict[tuple[str, str], Run] = attrs.field(factory=dict)


class MemoryConsuming:
    """Implements `ports.consuming.Consuming`."""

    def __init__(self, ledgers: Ledgers, log: ChangeLog, undo: list[Any]) -> None:
        self._ledgers = ledgers
        self._log = log
        self._undo = undo

    def last_position(self) -> int:
        """How many entries are numbered."""
        return self._log.numbered

    def consumers(self) -> list[Consumer]:
        """Every consumer, by name."""
        return [consumer for _, (consumer, _) in sorted(self._ledgers.consumers.items())]

    def enroll(self, name: str, position: int) -> None:
        """Make a consumer, unless it is there."""
        if name not in self._ledgers.consumers:
            self._put(self._ledgers.consumers, name, (Consumer(name, position, None, None), 0))

    def take(self, name: str, holder: str, now: dt.datetime, until: dt.datetime) -> Lease | None:
        """Hold a consumer, if nobody else does."""
        if name not in self._ledgers.consumers:
            return None
        held, turn = self._ledgers.consumers[name]
        if held.holder not in (None, holder) and held.until is not None and held.until > now:
            return None
        self._put(self._ledgers.consumers, name, (Consumer(name, held.position, holder, until), turn))
        return Lease(name, holder, held.position, turn)

    def advance(self, lease: Lease, position: int, until: dt.datetime) -> Lease | None:
        """Move on, unless somebody else has."""
        if self._ledgers.consumers.get(lease.name, (None, None))[1] != lease.turn:
            return None
        moved = Consumer(lease.name, position, lease.holder, until)
        self._put(self._ledgers.consumers, lease.name, (moved, lease.turn + 1))
        return Lease(lease.name, lease.holder, position, lease.turn + 1)

    def release(self, name: str, holder: str) -> None:
        """Let others have it."""
        if name in self._ledgers.consumers:
            held, turn = self._ledgers.consumers[name]
            if held.holder == holder:
                self._put(self._ledgers.consumers, name, (attrs.evolve(held, holder=None, until=None), turn))

    def forget(self, name: str) -> None:
        """Remove a consumer or a job, with all that is kept for it."""
        self._drop(self._ledgers.consumers, name)
        for kept in (self._ledgers.backlog, self._ledgers.runs):
            ledger: dict[Any, Any] = kept
            for key in [key for key in ledger if key[0] == name]:
                self._drop(ledger, key)

    def put_aside(self, rows: Sequence[Delayed]) -> None:
        """Keep entries, in place of what is kept of them."""
        for row in rows:
            self._put(self._ledgers.backlog, (row.consumer, row.position), row)

    def settle(self, row: Delayed, now: dt.datetime) -> bool:
        """Remove one; the next of its record is due then."""
        self._drop(self._ledgers.backlog, (row.consumer, row.position))
        behind = [each for each in self._of(row.consumer) if (each.record, each.id) == (row.record, row.id)]
        if behind:
            self.put_aside([attrs.evolve(behind[0], state="retry", due=now)])
        return bool(behind)

    def wake(self, consumer: str, now: dt.datetime) -> int:
        """Make all that failed or was parked due then."""
        failed = [row for row in self._of(consumer) if row.state != "behind"]
        self.put_aside([attrs.evolve(row, state="retry", due=now, attempts=0) for row in failed])
        return len(failed)

    def delayed(self, consumer: str, due: dt.datetime, limit: int) -> list[Delayed]:
        """Those that are due, by position."""
        found = [each for each in self._of(consumer) if each.state == "retry" and each.due and each.due <= due]
        return found[:limit]

    def set_aside(self, consumer: str | None = None, limit: int = 1_000) -> list[Delayed]:
        """What was put aside, by consumer and position."""
        return self._of(consumer)[:limit]

    def held(self, consumer: str) -> set[tuple[str, UUID]]:
        """The records of which something was put aside."""
        return {(each.record, each.id) for each in self._of(consumer)}

    def put_run(self, run: Run) -> None:
        """Keep a run, in place of what is kept of it."""
        self._put(self._ledgers.runs, (run.job, run.key), run)

    def last_start(self, job: str) -> dt.datetime | None:
        """The start of the newest period with a run."""
        return max((run.start for run in self._ledgers.runs.values() if run.job == job), default=None)

    def runs(self, job: str | None = None, states: Sequence[str] = ("retry", "parked")) -> list[Run]:
        """The runs in these states."""
        found = [run for run in self._ledgers.runs.values() if job in (None, run.job) and run.state in states]
        return sorted(found, key=lambda run: (states.index(run.state), run.job, run.start))[:MOST]

    def prune_runs(self, job: str, before: dt.datetime) -> None:
        """Forget old runs that were done."""
        for run in self.runs(job, ("done",)):
            if run.start < before:
                self._drop(self._ledgers.runs, (run.job, run.key))

    def _of(self, consumer: str | None) -> list[Delayed]:
        return [row for (name, _), row in sorted(self._ledgers.backlog.items()) if consumer in (None, name)]

    def _put(self, held: dict[K, V], key: K, value: V) -> None:
        self._undo.append(partial(held.__setitem__, key, held[key]) if key in held else partial(held.pop, key))
        held[key] = value

    def _drop(self, held: dict[K, V], key: K) -> None:
        if key in held:
            self._undo.append(partial(held.__setitem__, key, held.pop(key)))
