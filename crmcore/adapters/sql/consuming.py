"""What workers keep, in SQL. Leases are taken and moved on by one conditional UPDATE each: of two workers the database
lets one through, and the other sees that it met no row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from crmcore.adapters.sql import job_runs
from crmcore.adapters.sql.asking import Asking, limit, parameter
from crmcore.adapters.sql.compiled import at_most, constant
from crmcore.adapters.sql.log import LAST_POSITION
from crmcore.ports.consuming import Consumer, Delayed, Lease, Run

KEEP: Final = {
    "sqlite": " ON CONFLICT DO NOTHING",
    "postgresql": " ON CONFLICT DO NOTHING",
    "mariadb": " ON DUPLICATE KEY UPDATE name = name",
}


class SqlConsuming:
    """Implements `ports.consuming.Consuming`."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self._consumer = asking.model.tables.consumer
        self._backlog = asking.model.tables.backlog

    def last_position(self) -> int:
        """The position of the newest numbered entry."""
        table = self._asking.model.tables.setting

        def make() -> Any:
            return sa.select(table.c.value).where(table.c.key == parameter(0, table.c.key))

        rows = self._asking.rows("setting", make, LAST_POSITION)
        return int(rows[0][0]) if rows else 0

    def consumers(self) -> list[Consumer]:
        """Every consumer, by name."""
        c = self._consumer.c

        def make() -> Any:
            return sa.select(c.name, c.position, c.holder, self._asking.moment(c.until)).order_by(c.name)

        back = self._asking.moment_from
        rows = self._asking.rows("consumers", make)
        return [Consumer(name, position, holder, back(until)) for name, position, holder, until in rows]

    def enroll(self, name: str, position: int) -> None:
        """Make a consumer, unless it is there."""
        rows = [(name, position, 0, None, None)]
        self._asking.insert(self._consumer, rows, KEEP[self._asking.model.backend])

    def take(self, name: str, holder: str, now: dt.datetime, until: dt.datetime) -> Lease | None:
        """Hold a consumer, if nobody else does."""
        c = self._consumer.c

        def make() -> Any:
            free = sa.or_(c.holder.is_(None), c.holder == parameter(1, c.holder), c.until <= parameter(2, c.until))
            given = {"holder": parameter(1, c.holder), "until": parameter(3, c.until)}
            return sa.update(self._consumer).values(given).where(c.name == parameter(0, c.name), free)

        def look() -> Any:
            return sa.select(c.name, c.holder, c.position, c.turn).where(c.name == parameter(0, c.name))

        if not self._asking.run("take consumer", make, name, holder, now, until):
            return None
        return Lease(*self._asking.rows("taken consumer", look, name)[0])

    def advance(self, lease: Lease, position: int, until: dt.datetime) -> Lease | None:
        """Move on, unless somebody else has."""
        c = self._consumer.c

        def make() -> Any:
            given = {
                "position": parameter(2, c.position),
                "turn": c.turn + constant("1"),
                "holder": parameter(3, c.holder),
                "until": parameter(4, c.until),
            }
            same = (c.name == parameter(0, c.name), c.turn == parameter(1, c.turn))
            return sa.update(self._consumer).values(given).where(*same)

        values = (lease.name, lease.turn, position, lease.holder, until)
        moved = self._asking.run("advance consumer", make, *values)
        return Lease(lease.name, lease.holder, position, lease.turn + 1) if moved else None

    def release(self, name: str, holder: str) -> None:
        """Let others have it."""
        c = self._consumer.c

        def make() -> Any:
            same = (c.name == parameter(0, c.name), c.holder == parameter(1, c.holder))
            return sa.update(self._consumer).values(holder=sa.null(), until=sa.null()).where(*same)

        self._asking.run("release consumer", make, name, holder)

    def forget(self, name: str) -> None:
        """Remove a consumer or a job, with all that is kept for it."""
        columns = (self._consumer.c.name, self._backlog.c.consumer, self._asking.model.tables.run.c.job)
        for column in columns:
            self._delete(("forget", column.table.name), column, name)

    def _delete(self, shape: object, column: sa.Column[Any], name: str) -> None:
        self._asking.run(shape, lambda: sa.delete(column.table).where(column == parameter(0, column)), name)

    def put_aside(self, rows: Sequence[Delayed]) -> None:
        """Keep entries, in place of what is kept of them."""
        for row in rows:
            if row.attempts:  # those that wait behind another are new
                self._drop(row)
        self._asking.insert(self._backlog, [_stored(row) for row in rows])

    def _drop(self, row: Delayed) -> None:
        self._asking.run(
            "drop delayed", lambda: sa.delete(self._backlog).where(*self._at()), row.consumer, row.position
        )

    def _at(self) -> tuple[Any, Any]:
        c = self._backlog.c
        return c.consumer == parameter(0, c.consumer), c.position == parameter(1, c.position)

    def settle(self, row: Delayed, now: dt.datetime) -> bool:
        """Remove one; the next of its record is due then."""
        c = self._backlog.c

        def following() -> Any:
            same = (c.consumer == parameter(0, c.consumer), c.record == parameter(1, c.record))
            return sa.select(sa.func.min(c.position)).where(*same, c.id == parameter(2, c.id))

        def wake() -> Any:
            given = {"state": parameter(2, c.state), "due": parameter(3, c.due)}
            return sa.update(self._backlog).values(given).where(*self._at())

        self._drop(row)
        [(position,)] = self._asking.rows("next delayed", following, row.consumer, row.record, row.id)
        if position is None:
            return False
        self._asking.run("wake delayed", wake, row.consumer, position, "retry", now)
        return True

    def wake(self, consumer: str, now: dt.datetime) -> int:
        """Make all that failed or was parked due then."""
        c = self._backlog.c

        def make() -> Any:
            given = {
                "state": parameter(1, c.state),
                "due": parameter(2, c.due),
                "attempts": constant("0"),
            }
            held = (c.consumer == parameter(0, c.consumer), c.state != parameter(3, c.state))
            return sa.update(self._backlog).values(given).where(*held)

        return self._asking.run("wake all delayed", make, consumer, "retry", now, "behind")

    def delayed(self, consumer: str, due: dt.datetime, limit: int) -> list[Delayed]:
        """Those that are due, by position."""
        c = self._backlog.c

        def make() -> Any:
            held = (c.consumer == parameter(0, c.consumer), c.state == parameter(1, c.state))
            return self._rows().where(*held, c.due <= parameter(2, c.due)).order_by(c.position)

        return self._found(("delayed", "due"), make, limit, consumer, "retry", due)

    def set_aside(self, consumer: str | None = None, limit: int = 1_000) -> list[Delayed]:
        """What was put aside, by consumer and position."""
        c = self._backlog.c

        def make() -> Any:
            wanted = self._rows() if consumer is None else self._rows().where(c.consumer == parameter(0, c.consumer))
            return wanted.order_by(c.consumer, c.position)

        given = () if consumer is None else (consumer,)
        return self._found(("delayed", consumer is None), make, limit, *given)

    def held(self, consumer: str) -> set[tuple[str, UUID]]:
        """The records of which something was put aside."""
        c = self._backlog.c

        def make() -> Any:
            return sa.select(c.record, c.id).where(c.consumer == parameter(0, c.consumer)).distinct()

        back = self._asking.model.id_from
        return {(record, back(id)) for record, id in self._asking.rows("held records", make, consumer)}

    def put_run(self, run: Run) -> None:
        """Keep a run."""
        job_runs.put(self._asking, run)

    def last_start(self, job: str) -> dt.datetime | None:
        """The start of the newest period with a run."""
        return job_runs.last_start(self._asking, job)

    def runs(self, job: str | None = None, states: Sequence[str] = ("retry", "parked")) -> list[Run]:
        """The runs in these states."""
        return [run for state in states for run in job_runs.of_state(self._asking, job, state)]

    def prune_runs(self, job: str, before: dt.datetime) -> None:
        """Forget old runs that were done."""
        job_runs.prune(self._asking, job, before)

    def _rows(self) -> Any:
        c = self._backlog.c
        columns = [c.consumer, c.position, c.record, c.id, c.state, c.attempts, self._asking.moment(c.due)]
        return sa.select(*columns, c.error, c.traceback)

    def _found(self, shape: object, make: Any, most: int, *values: object) -> list[Delayed]:
        rows = self._asking.rows(shape, lambda: at_most(make(), limit(len(values))), *values, most)
        return [self._row(row) for row in rows]

    def _row(self, row: tuple[Any, ...]) -> Delayed:
        consumer, position, record, id, state, attempts, due, error, traceback = row
        return Delayed(
            consumer=consumer,
            position=position,
            record=record,
            id=self._asking.model.id_from(id),
            state=state,
            attempts=attempts,
            due=self._asking.moment_from(due),
            error=error,
            traceback=traceback,
        )


def _stored(row: Delayed) -> tuple[object, ...]:
    head = (row.consumer, row.position, row.record, row.id, row.state)
    return (*head, row.attempts, row.due, row.error, row.traceback)
