"""Jobs: each is run once for each period, by whichever worker comes first; what was missed is caught up with.

A run and the row that says that it was done are one transaction, so a crash repeats it and a second worker does not.
"""

from __future__ import annotations

import datetime as dt
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final

import attrs

from crmcore.application.hooks.calling import called
from crmcore.application.hooks.lending import lend
from crmcore.application.observing.desk import Desk, LeaseLost
from crmcore.application.observing.failing import busy_named, failure
from crmcore.application.observing.periods import Period, period_at, periods_after
from crmcore.domain.errors import CrmError, StorageBusy
from crmcore.plugins.contexts import JobRun
from crmcore.plugins.dispatch import Call
from crmcore.plugins.refusal import Origin
from crmcore.plugins.specs import Job
from crmcore.ports.consuming import Lease, Run

CAUGHT_UP_AT_ONCE: Final = 100
KEPT: Final = 400
"""Of so many periods the runs that were done are kept."""


@attrs.frozen(eq=False)
class PluginJob:
    """A job and the plugin whose it is."""

    origin: Origin
    job: Job

    @property
    def name(self) -> str:
        """The name of its lease and of its runs."""
        return f"job:{self.origin.plugin}.{self.job.name}"

    @property
    def call(self) -> Call:
        """What runs it, naming plugin and job."""
        return Call(self.origin, f"job {self.job.name}", self.job.run)


@attrs.define
class JobsDone:
    """How many runs were done, and how many were parked; `busy`: another writer was in the way."""

    done: int = 0
    parked: int = 0
    busy: StorageBusy | None = None


def round_of(desk: Desk, jobs: Sequence[PluginJob], until: float) -> JobsDone:
    """Run what is due, until nothing is left or time is up."""
    counted = JobsDone()
    for job in jobs:
        if desk.monotonic() >= until:
            break
        try:
            _work_off(desk, job, until, counted)
        except LeaseLost:
            continue
        except StorageBusy as error:
            counted.busy = error
    return counted


def _work_off(desk: Desk, job: PluginJob, until: float, counted: JobsDone) -> None:
    if not _due(desk, job):
        return
    lease = _taken(desk, job)
    if lease is None:
        return
    try:
        waiting = deque(_due(desk, job))  # as it is now that nobody else is at it
        while waiting and desk.monotonic() < until:
            lease = _run(desk, job, lease, *waiting.popleft(), counted)
    finally:
        _release(desk, job)


def _taken(desk: Desk, job: PluginJob) -> Lease | None:
    with desk.writing() as consuming:
        consuming.enroll(job.name, 0)
    return desk.take(job.name)


def _release(desk: Desk, job: PluginJob) -> None:
    try:
        desk.release(job.name)
    except StorageBusy:
        return  # it runs out by itself


def _due(desk: Desk, job: PluginJob) -> list[tuple[Period, int]]:
    """The periods that are to be run now, each with its attempts so far: what failed, then what is new, in order."""
    now, every = desk.clock.now(), job.job.every
    with desk.reading() as consuming:
        failed = [run for run in consuming.runs(job.name, ("retry",)) if run.due is not None and run.due <= now]
        last = consuming.last_start(job.name)
    again = [(attrs.evolve(period_at(every, run.start, desk.zone), key=run.key), run.attempts) for run in failed]
    return [*again, *((period, 0) for period in _new(job, last, now, desk.zone))]


def _new(job: PluginJob, last: dt.datetime | None, now: dt.datetime, zone: dt.tzinfo) -> Iterable[Period]:
    """The periods since the last run; for a job that never ran, the present one."""
    if last is None:
        return [period_at(job.job.every, now, zone)]
    if job.job.catch_up == "each":
        return islice(periods_after(job.job.every, last, now, zone), CAUGHT_UP_AT_ONCE)
    present = period_at(job.job.every, now, zone)
    return [present] if present.start > last else []


def _run(desk: Desk, job: PluginJob, lease: Lease, period: Period, attempts: int, counted: JobsDone) -> Lease:
    """Run one period and write that down; a failure is written down instead, and tried again later."""
    row = Run(
        job=job.name, key=period.key, start=period.start, at=desk.clock.now(), state="done", attempts=attempts + 1
    )
    try:
        moved = _do(desk, job, lease, period, row)
    except StorageBusy:
        raise
    except CrmError as error:
        return _failed(desk, lease, row, error, counted)
    counted.done += 1
    return moved


def _do(desk: Desk, job: PluginJob, lease: Lease, period: Period, row: Run) -> Lease:
    with desk.unit(job.origin.plugin, f"job:{job.job.name}") as unit:
        work = lend(unit, job.origin.plugin)
        with busy_named(job.call):
            called(unit, job.call, JobRun(work, period.key, period.start, period.end, row.at))
        consuming = unit.transaction.consuming
        moved = desk.move(consuming, lease, lease.position + 1)
        consuming.put_run(row)
        consuming.prune_runs(job.name, period.start - KEPT * (period.end - period.start))
    return moved


def _failed(desk: Desk, lease: Lease, row: Run, error: CrmError, counted: JobsDone) -> Lease:
    found = failure(error, row.attempts, row.at)
    with desk.writing() as consuming:
        moved = desk.move(consuming, lease, lease.position)
        consuming.put_run(
            attrs.evolve(row, state=found.state, due=found.due, error=found.error, traceback=found.traceback)
        )
    counted.parked += found.state == "parked"
    return moved
