"""What observers and jobs have put aside, told and asked for again."""

from __future__ import annotations

import datetime as dt
from typing import Any

import attrs

from crmcore.application.observing.desk import Desk
from crmcore.ports.consuming import Consuming, Delayed, Run

MOST = 1_000


def put_aside(desk: Desk, plugin: str | None = None) -> list[dict[str, Any]]:
    """What failed and waits to be tried again, what waits behind it, and what was parked, as plain values: of one
    plugin or of all, at most 1,000 events and 1,000 runs."""
    with desk.reading() as consuming:
        events = consuming.set_aside(f"observer:{plugin}" if plugin else None, MOST)
        runs = consuming.runs()
    items = [*map(_event, events), *map(_run, runs)]
    return [item for item in items if plugin in (None, item["plugin"])]


def retry(desk: Desk, plugin: str | None = None) -> int:
    """Make everything that failed due now, with all its attempts before it again: of one plugin or of all. How much."""
    now = desk.clock.now()
    with desk.writing() as consuming:
        return _retry_events(consuming, plugin, now) + _retry_runs(consuming, plugin, now)


def _retry_events(consuming: Consuming, plugin: str | None, now: dt.datetime) -> int:
    names = [each.name for each in consuming.consumers() if plugin in (None, _plugin(each.name))]
    return sum(consuming.wake(name, now) for name in names)


def _retry_runs(consuming: Consuming, plugin: str | None, now: dt.datetime) -> int:
    runs = [run for run in consuming.runs() if plugin in (None, _plugin(run.job))]
    for run in runs:
        consuming.put_run(attrs.evolve(run, state="retry", due=now, attempts=0))
    return len(runs)


def _plugin(name: str) -> str:
    """The plugin of an observer or a job, by the name of its lease."""
    return name.partition(":")[2].partition(".")[0]


def _event(row: Delayed) -> dict[str, Any]:
    return {
        "plugin": _plugin(row.consumer),
        "hook": "observe_changes",
        "state": row.state,
        "position": row.position,
        "record": row.record,
        "id": str(row.id),
        **_tried(row),
    }


def _run(row: Run) -> dict[str, Any]:
    return {
        "plugin": _plugin(row.job),
        "hook": f"job {row.job.rpartition('.')[2]}",
        "state": row.state,
        "period": row.key,
        **_tried(row),
    }


def _tried(row: Delayed | Run) -> dict[str, Any]:
    due = None if row.due is None else row.due.isoformat()
    return {"attempts": row.attempts, "due": due, "error": row.error, "traceback": row.traceback}
