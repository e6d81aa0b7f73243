"""The runs of jobs, in SQL."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

import sqlalchemy as sa

from crmcore.adapters.sql.asking import Asking, limit, parameter
from crmcore.adapters.sql.compiled import at_most
from crmcore.ports.consuming import Run

MOST: Final = 1_000


def put(asking: Asking, run: Run) -> None:
    """Keep a run, in place of what is kept of it."""
    table = asking.model.tables.run

    def make() -> Any:
        return sa.delete(table).where(
            table.c.job == parameter(0, table.c.job), table.c.key == parameter(1, table.c.key)
        )

    asking.run("drop run", make, run.job, run.key)
    head = (run.job, run.key, run.start, run.at, run.state)
    asking.insert(table, [(*head, run.attempts, run.due, run.error, run.traceback)])


def last_start(asking: Asking, job: str) -> dt.datetime | None:
    """The start of the newest period with a run."""
    c = asking.model.tables.run.c

    def make() -> Any:
        found = sa.select(asking.moment(c.start)).where(c.job == parameter(0, c.job)).order_by(c.start.desc())
        return at_most(found, limit(1))

    rows = asking.rows("last run", make, job, 1)
    return asking.moment_from(rows[0][0]) if rows else None


def of_state(asking: Asking, job: str | None, state: str) -> list[Run]:
    """The runs of a job, or of every one, in one state."""
    c = asking.model.tables.run.c

    def make() -> Any:
        times = [asking.moment(column) for column in (c.start, c.at, c.due)]
        found = sa.select(c.job, c.key, *times, c.state, c.attempts, c.error, c.traceback)
        found = found.where(c.state == parameter(0, c.state)).order_by(c.job, c.start)
        return at_most(found if job is None else found.where(c.job == parameter(2, c.job)), limit(1))

    given = (state, MOST) if job is None else (state, MOST, job)
    return [_run(asking, row) for row in asking.rows(("runs", job is None), make, *given)]


def prune(asking: Asking, job: str, before: dt.datetime) -> None:
    """Forget old runs that were done."""
    table = asking.model.tables.run
    c = table.c

    def make() -> Any:
        held = (c.job == parameter(0, c.job), c.state == parameter(1, c.state), c.start < parameter(2, c.start))
        return sa.delete(table).where(*held)

    asking.run("prune runs", make, job, "done", before)


def _run(asking: Asking, row: tuple[Any, ...]) -> Run:
    job, key, start, at, due, state, attempts, error, traceback = row
    begun, written = asking.moment_from(start), asking.moment_from(at)
    assert begun is not None and written is not None  # noqa: S101  # neither column can be null
    return Run(
        job=job,
        key=key,
        start=begun,
        at=written,
        state=state,
        attempts=attempts,
        due=asking.moment_from(due),
        error=error,
        traceback=traceback,
    )
