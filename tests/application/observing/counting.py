"""A plugin that writes a line of its ledger for every change of a customer, and a note for every period; run as a
program, a worker that does nothing but that, until it is killed."""

from __future__ import annotations

import datetime as dt
import os
import sys
import time
from types import SimpleNamespace

import crmcore
from crmcore.application.observing import desk, observers
from crmcore.domain.errors import StorageBusy
from crmcore.plugins import JobRun, Observed, hookimpl, on
from crmcore.plugins.specs import Job
from crmcore.testing import specimens
from crmcore.testing.contract.case import NOON
from crmcore.testing.specimens import Entry, Sample

PAGE = 10


@hookimpl
@on("customer")
def observe_changes(context: Observed) -> None:
    """Write a line for each change, slowly, and say so."""
    sys.stdout.write(f"{os.getpid()}\n")
    sys.stdout.flush()
    context.work[Entry].add_many(Entry(event.id, NOON, event.position) for event in context.events)
    time.sleep(0.005)


def note(context: JobRun) -> None:
    """Write a note for the period."""
    context.work[Sample].add(Sample(context.key, context.now))
    time.sleep(0.02)


@hookimpl
def declare_jobs() -> list[Job]:
    """A job of every month: no test lasts from one to the next but by bad luck."""
    return [Job("note", "month", note)]


plugin = SimpleNamespace(
    plugin=specimens.plugin,
    declare_records=specimens.declare_records,
    declare_facets=specimens.declare_facets,
    observe_changes=observe_changes,
    declare_jobs=declare_jobs,
)


def work_until_killed(url: str) -> None:
    """Pump again and again, with leases that run out soon."""
    desk.LEASE = dt.timedelta(seconds=0.2)  # type: ignore[misc]  # so that nobody waits for the dead
    observers.PAGE = PAGE
    crm = crmcore.open(url, plugins=[plugin])
    while True:
        try:
            crm.pump(1)
        except StorageBusy:
            time.sleep(0.01)


if __name__ == "__main__":
    work_until_killed(sys.argv[1])
