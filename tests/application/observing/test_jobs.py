"""Jobs run once for each period, catch up with what was missed, and are tried again when they fail."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from typing import Any

import attrs

from crmcore import Person
from crmcore.application.observing.workers import Workers
from crmcore.crm import Crm
from crmcore.plugins import JobRun, Plugin
from crmcore.plugins.registry import Active
from crmcore.plugins.specs import Job
from crmcore.testing.fakes import FrozenClock
from crmcore.testing.specimens import Sample
from tests.application.observing.watching import aside
from tests.shared import SharedCrm

MONDAY = dt.datetime(2026, 11, 16, 9, 0, tzinfo=dt.UTC)
Runs = Callable[[JobRun], object]


def workers(crm: Crm, *jobs: Job) -> Workers:
    """The workers of a Crm whose plugin has these jobs."""
    registry = attrs.evolve(crm.registry, plugins=(Active(Plugin("specimen"), "", "", jobs=jobs),))
    return Workers(lambda: crm.kernel, lambda: crm.storage, lambda: registry, crm.work, time.monotonic)


def noting(context: JobRun) -> None:
    """Writes down that it was run."""
    context.work[Sample].add(Sample(context.key, context.now))


def notes(crm: Crm) -> list[str]:
    """The periods for which it was run, in order."""
    with crm.work("sara") as work:
        return [each.label for each in work[Sample].query(sort="id", limit=1_000).items]


def daily(run: Runs = noting, **options: Any) -> Job:
    """A job of every day."""
    return Job("tidy", "day", run, **options)


def test_a_job_runs_once_for_each_period(shared: SharedCrm) -> None:
    """Points would expire twice on one day, or not at all."""
    clock = FrozenClock(MONDAY)
    crm = shared.fresh(clock)
    at_work = workers(crm, daily())
    assert at_work.pump(10) == {"events": 1, "jobs": 1, "sent": 0, "parked": 0}
    clock.advance(hours=13)
    assert workers(crm, daily()).pump(10)["jobs"] == 0
    clock.advance(hours=2)
    assert at_work.pump(10)["jobs"] == 1
    assert notes(crm) == ["2026-11-16", "2026-11-17"]


def test_it_knows_its_period(shared: SharedCrm) -> None:
    """A job could not tell which day it is run for."""
    seen: list[tuple[Any, ...]] = []
    crm = shared.fresh(FrozenClock(MONDAY))

    def look(context: JobRun) -> None:
        seen.append((context.key, context.start, context.end, context.now, str(context.work.actor)))

    workers(crm, daily(look)).pump(10)
    start = dt.datetime(2026, 11, 15, 23, tzinfo=dt.UTC)  # midnight in Berlin
    assert seen == [("2026-11-16", start, start + dt.timedelta(days=1), MONDAY, "plugin:specimen")]


def test_after_a_standstill_each_or_the_latest_is_run(shared: SharedCrm) -> None:
    """A month of invoices would be left out, or thirty greetings be sent on one day."""
    clock = FrozenClock(MONDAY)
    crm = shared.fresh(clock)
    each, latest = daily(catch_up="each"), Job("greet", "day", noting)
    workers(crm, each, latest).pump(10)
    clock.advance(days=4)
    assert workers(crm, each).pump(10)["jobs"] == 4
    assert workers(crm, latest).pump(10)["jobs"] == 1
    days = [f"2026-11-{day}" for day in (17, 18, 19, 20)]
    assert notes(crm) == ["2026-11-16", "2026-11-16", *days, "2026-11-20"]


def test_a_long_standstill_is_caught_up_with_in_parts(shared_memory: SharedCrm) -> None:
    """A worker would be lost in one job for hours; or never come to its end."""
    clock = FrozenClock(MONDAY)
    crm = shared_memory.fresh(clock)
    hourly = Job("tidy", "hour", noting, catch_up="each")
    workers(crm, hourly).pump(10)
    clock.advance(days=10)
    assert workers(crm, hourly).pump(30)["jobs"] == 240
    assert len(set(notes(crm))) == 241


def test_a_job_that_fails_is_tried_again_and_then_parked(shared: SharedCrm) -> None:
    """A job would fail in silence, be tried without end, or keep the next period from its run."""
    clock = FrozenClock(MONDAY)
    crm = shared.fresh(clock)

    def fails(context: JobRun) -> None:
        noting(context)
        if context.key == "2026-11-16":
            raise SystemExit("no")

    at_work = workers(crm, daily(fails))
    assert at_work.pump(10)["jobs"] == 0
    assert (notes(crm), aside(crm)) == ([], [("2026-11-16", "retry", 1, "SystemExit: no")])
    clock.advance(seconds=59)
    at_work.pump(10)
    assert aside(crm)[0][2] == 1
    clock.advance(seconds=1)
    at_work.pump(10)
    assert aside(crm)[0][2] == 2
    clock.advance(days=1)
    assert at_work.pump(10)["jobs"] == 1
    parked = 0
    for _ in range(8):
        clock.advance(hours=1)
        parked += at_work.pump(10)["parked"]
    assert (parked, notes(crm)) == (1, ["2026-11-17"])
    [item] = crm.workers.put_aside("specimen")
    assert (item["hook"], item["period"], item["state"], item["attempts"]) == ("job tidy", "2026-11-16", "parked", 8)
    assert 'raise SystemExit("no")' in item["traceback"]
    assert crm.workers.retry() == 1
    assert workers(crm, daily()).pump(10)["jobs"] == 1
    assert (notes(crm), aside(crm)) == (["2026-11-17", "2026-11-16"], [])


def test_a_job_writes_what_it_may_and_no_more(shared: SharedCrm) -> None:
    """A plugin could write anything, as long as it does so at night."""
    crm = shared.fresh(FrozenClock(MONDAY))
    workers(crm, daily(lambda context: context.work.customers.add(Person("Eve")))).pump(10)
    assert aside(crm)[0][3].startswith("Denied: plugin 'specimen' may not add customer")


def test_a_job_that_another_worker_is_at_is_left_to_it(shared: SharedCrm) -> None:
    """Two workers would run one job at the same time; or a worker that died would hold it for ever."""
    clock = FrozenClock(MONDAY)
    crm = shared.fresh(clock)
    transaction = crm.storage.begin()
    transaction.consuming.enroll("job:specimen.tidy", 0)
    transaction.consuming.take("job:specimen.tidy", "another", MONDAY, MONDAY + dt.timedelta(minutes=1))
    transaction.commit()
    assert workers(crm, daily()).pump(10)["jobs"] == 0
    clock.advance(minutes=1)
    assert workers(crm, daily()).pump(10)["jobs"] == 1


def test_of_two_runs_at_once_one_stays(shared: SharedCrm) -> None:
    """A worker that was slower than its lease would do again what another has done since."""
    clock = FrozenClock(MONDAY)
    crm = shared.fresh(clock)

    def overtaken(context: JobRun) -> None:
        noting(context)
        ledgers = context.work._unit.transaction.consuming  # type: ignore[attr-defined]  # as if another had done it
        lease = ledgers.take("job:specimen.tidy", "another", MONDAY + dt.timedelta(hours=1), MONDAY)
        ledgers.advance(lease, lease.position, MONDAY)

    assert workers(crm, daily(overtaken)).pump(10)["jobs"] == 0
    assert (notes(crm), aside(crm)) == ([], [])
    assert workers(crm, daily()).pump(10)["jobs"] == 1


def test_old_runs_are_forgotten(shared_memory: SharedCrm) -> None:
    """The table of runs would grow for ever."""
    clock = FrozenClock(MONDAY)
    crm = shared_memory.fresh(clock)
    at_work = workers(crm, Job("tidy", dt.timedelta(minutes=1), lambda context: None))
    for _ in range(410):
        at_work.pump(10)
        clock.advance(minutes=1)
    transaction = crm.storage.begin()
    assert len(transaction.consuming.runs("job:specimen.tidy", ("done",))) == 401
    transaction.rollback()
