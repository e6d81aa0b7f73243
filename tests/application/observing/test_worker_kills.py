"""Workers that are killed in the middle lose nothing and double nothing."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO
from uuid import UUID

import pytest

from crmcore import Person
from crmcore.adapters.clock import Uuid7Ids
from crmcore.crm import Crm
from crmcore.testing.crm import make_crm
from crmcore.testing.fakes import FrozenClock
from crmcore.testing.specimens import Entry, Sample
from tests.application.observing.counting import plugin
from tests.databases import storages
from tests.docs.pages import ROOT

WORKERS = 3
PEOPLE = 60
CHANGES = 5


@contextmanager
def at_work(url: str) -> Iterator[TextIO]:
    """Three workers, each a process of its own; what is given is where each says its number before each batch. Whoever
    is still there at the end is killed."""
    said, says = os.pipe()
    command = [sys.executable, "-m", "tests.application.observing.counting", url]
    processes = [subprocess.Popen(command, cwd=ROOT, stdout=says) for _ in range(WORKERS)]
    os.close(says)
    try:
        with os.fdopen(said) as lines:
            yield lines
    finally:
        for each in processes:
            each.kill()
            each.wait()


def kill_in_a_batch(lines: TextIO, batch: int) -> None:
    """Kill a worker while it has a batch in its hands."""
    said = [lines.readline() for _ in range(batch)]
    time.sleep(0.002)
    os.kill(int(said[-1]), signal.SIGKILL)


@pytest.mark.parametrize("fresh_url", storages(), indirect=True)
def test_killed_workers_lose_and_double_nothing(fresh_url: str) -> None:
    """A change would have its effect twice, or never, or before an earlier one of its record."""
    clock = FrozenClock(dt.datetime.now(dt.UTC) + dt.timedelta(hours=1))  # when every lease has run out
    with make_crm(fresh_url, plugins=[plugin], clock=clock, ids=Uuid7Ids()) as crm:
        write(crm)
        with at_work(fresh_url) as lines:
            for batch in (1, 3, 2):
                kill_in_a_batch(lines, batch)
        done = written(crm)
        assert 0 < len(done) < PEOPLE * (CHANGES + 1)
        crm.pump(60)
        entries = [each for each in crm.feed(0, 10_000) if each.record == "customer"]
        done = written(crm)
        assert sorted(position for _, position in done) == [each.position for each in entries]
        for id in {each.id for each in entries}:
            own = [position for customer, position in done if customer == id]
            assert own == sorted(own)
        with crm.work("root") as work:
            labels = [sample.label for sample in work[Sample].query().items]
        assert len(labels) == len(set(labels)) > 0
        assert crm.workers.put_aside() == []


def write(crm: Crm) -> None:
    """People who change, in several units of work."""
    with crm.work("root") as work:
        ids = [work.customers.add(Person(str(n))).id for n in range(PEOPLE)]
    for number in range(CHANGES):
        with crm.work("root") as work:
            for id in ids:
                work.customers.change(id, note=str(number))


def written(crm: Crm) -> list[tuple[UUID, int]]:
    """The customers and positions of the lines that the plugin has written, in the order in which it did."""
    with crm.work("root") as work:
        entries = list(work[Entry].stream(sort="id"))
    return [(entry.customer, entry.points) for entry in sorted(entries, key=lambda each: each.id)]
