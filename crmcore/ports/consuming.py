"""What workers keep in the database: how far each consumer of the feed has come, who is at it now, what it has put
aside, and which runs of jobs were done. Part of the storage port."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Literal, Protocol
from uuid import UUID

import attrs

DelayState = Literal["retry", "behind", "parked"]
"""Of an event put aside: tried again when it is due, waiting behind an earlier one of its record, or given up until
somebody asks for it again."""

RunState = Literal["done", "retry", "parked"]
"""Of a job's run: done, tried again when it is due, or given up until somebody asks for it again."""


@attrs.frozen
class Lease:
    """A consumer as its worker holds it: `position` of the last entry of the feed that it is done with. `turn` grows
    with each of its transactions, so that of two workers at one place only the first can commit."""

    name: str
    holder: str
    position: int
    turn: int


@attrs.frozen
class Consumer:
    """A consumer as anybody sees it; `holder` and `until` say whose it is and until when, if anybody's."""

    name: str
    position: int
    holder: str | None
    until: dt.datetime | None


@attrs.frozen(kw_only=True)
class Delayed:
    """An entry of the feed that a consumer has put aside. `due` is set for those to be tried again; `error` is one
    line, `traceback` the whole of it."""

    consumer: str
    position: int
    record: str
    id: UUID
    state: DelayState
    attempts: int = 0
    due: dt.datetime | None = None
    error: str = ""
    traceback: str = ""


@attrs.frozen(kw_only=True)
class Run:
    """A job's run for one period, which begins at `start`; `at` is when this was written."""

    job: str
    key: str
    start: dt.datetime
    at: dt.datetime
    state: RunState
    attempts: int = 1
    due: dt.datetime | None = None
    error: str = ""
    traceback: str = ""


class Consuming(Protocol):
    """Within one transaction, and as lasting as that; errors are those of `Transaction`."""

    def last_position(self) -> int:
        """The position of the newest numbered entry of the feed; 0 if there is none."""

    def consumers(self) -> list[Consumer]:
        """Every consumer that was ever enrolled, by name."""

    def enroll(self, name: str, position: int) -> None:
        """Make a consumer that is done with everything up to `position`; one that is there stays as it is."""

    def take(self, name: str, holder: str, now: dt.datetime, until: dt.datetime) -> Lease | None:
        """Hold a consumer until then, if nobody else does; None if somebody does, or if there is no such consumer."""

    def advance(self, lease: Lease, position: int, until: dt.datetime) -> Lease | None:
        """Move on and hold it for longer; None if somebody else has moved it on since: then nothing that was done
        beside this may be committed."""

    def release(self, name: str, holder: str) -> None:
        """Let others have it; nothing happens if somebody else holds it."""

    def forget(self, name: str) -> None:
        """Remove a consumer with all that it put aside, or a job with its runs."""

    def put_aside(self, rows: Sequence[Delayed]) -> None:
        """Keep entries to be tried again, or changed ones in place of those that are kept."""

    def settle(self, row: Delayed, now: dt.datetime) -> bool:
        """Remove one; the next of the same record, if there is one, is then due `now`. Whether there is one."""

    def wake(self, consumer: str, now: dt.datetime) -> int:
        """Make all that failed or was parked due `now`, with no attempts made yet; how many."""

    def delayed(self, consumer: str, due: dt.datetime, limit: int) -> list[Delayed]:
        """Those of a consumer that are due to be tried again, by position."""

    def set_aside(self, consumer: str | None = None, limit: int = 1_000) -> list[Delayed]:
        """What a consumer, or every one, has put aside: by consumer and position."""

    def held(self, consumer: str) -> set[tuple[str, UUID]]:
        """The records (type, id) of which a consumer has put something aside."""

    def put_run(self, run: Run) -> None:
        """Keep a run, in place of what is kept for the same job and key."""

    def last_start(self, job: str) -> dt.datetime | None:
        """The start of the newest period for which a run of this job is kept."""

    def runs(self, job: str | None = None, states: Sequence[str] = ("retry", "parked")) -> list[Run]:
        """The runs of a job, or of every one, in these states: by job and start, at most 1,000."""

    def prune_runs(self, job: str, before: dt.datetime) -> None:
        """Forget the done runs for periods that began before that."""
