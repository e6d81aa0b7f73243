"""The feed under concurrent writers: nothing is skipped, and what happened to a record comes in order."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise
from threading import Event
from uuid import UUID

import pytest

import crmcore
from crmcore.crm import Crm
from crmcore.domain.change import LogEntry
from crmcore.domain.customer import Person
from crmcore.domain.errors import StorageBusy

WRITERS = 8
CHANGES = 12
RECORDS = 5


@pytest.fixture
def crm(fresh_url: str) -> Iterator[Crm]:
    """A Crm whose ids and clock stand several threads."""
    made = crmcore.open(fresh_url)
    made.upgrade()
    yield made
    made.close()


def write(crm: Crm, ids: list[UUID], seed: int) -> None:
    """One writer: changes shared records and adds its own, and takes its time before it commits."""
    dice = random.Random(seed)
    for number in range(CHANGES):
        chosen = sorted(dice.sample(ids, 2))
        with crm.work(f"writer{seed}") as work:
            work.customers.add(Person(f"{seed}.{number}"))
            for id in chosen:
                work.lock(type(work.customers.get(id)), id)
                work.customers.change(id, note=f"{seed}.{number}")
            time.sleep(dice.uniform(0, 0.02))


def patiently(write: Callable[[], object]) -> None:
    """Repeat what another writer got in the way of."""
    for _ in range(50):
        try:
            write()
            return
        except StorageBusy:
            time.sleep(0.01)
    raise AssertionError("the database stayed busy")


def follow(crm: Crm, stop: Event) -> list[LogEntry]:
    """A consumer that keeps its place: what it has seen once never comes before what it sees later."""
    seen: list[LogEntry] = []
    while not stop.is_set():
        patiently(lambda: crm.pump(0.1))
        seen += crm.feed(seen[-1].position or 0 if seen else 0, 7)
        time.sleep(0.005)
    while found := crm.feed(seen[-1].position or 0 if seen else 0, 7):
        seen += found
    return seen


def test_eight_writers_and_a_follower(crm: Crm) -> None:
    """A change that committed late, with an early number, would never reach a consumer that had gone past it."""
    with crm.work("test") as work:
        ids = [work.customers.add(Person(f"shared {n}")).id for n in range(RECORDS)]
    stop = Event()
    with ThreadPoolExecutor(WRITERS + 1) as threads:
        follower: Future[list[LogEntry]] = threads.submit(follow, crm, stop)
        writers = [threads.submit(write, crm, ids, seed) for seed in range(WRITERS)]
        for each in writers:
            each.result()
        crm.pump(10)
        stop.set()
        seen = follower.result()
    expected = RECORDS + WRITERS * CHANGES * 3
    assert [entry.position for entry in seen] == list(range(1, expected + 1))
    assert len({entry.seq for entry in seen}) == expected
    for id in ids:
        own = [entry for entry in seen if entry.id == id]
        assert [entry.version for entry in own] == list(range(1, len(own) + 1))
        assert all(before.seq < after.seq for before, after in pairwise(own))


def test_two_pumps_at_once_give_each_position_once(crm: Crm) -> None:
    """Two workers would give two changes one position, or one change two."""
    with crm.work("test") as work:
        work.customers.add_many(Person(str(n)) for n in range(400))

    def pump() -> int:
        total = 0
        for _ in range(30):
            transaction = crm.storage.begin()
            try:
                total += transaction.number(20)
                transaction.commit()
            except BaseException:
                transaction.rollback()
                raise
        return total

    with ThreadPoolExecutor(4) as threads:
        assert sum(each.result() for each in [threads.submit(pump) for _ in range(4)]) == 400
    assert [entry.position for entry in crm.feed(0, 1_000)] == list(range(1, 401))


def test_a_pump_that_is_rolled_back_numbers_nothing(crm: Crm) -> None:
    """A worker that dies half-way would leave a gap, or give numbers that are given again."""
    with crm.work("test") as work:
        work.customers.add_many(Person(str(n)) for n in range(3))
    transaction = crm.storage.begin()
    assert transaction.number(10) == 3
    transaction.rollback()
    assert crm.feed() == []
    assert crm.pump()["events"] == 3
    assert [entry.position for entry in crm.feed()] == [1, 2, 3]


def test_an_emptied_log_is_numbered_on(crm: Crm) -> None:
    """After old changes were removed, new ones would get positions that consumers have passed."""
    with crm.work("test") as work:
        work.customers.add_many(Person(str(n)) for n in range(3))
    crm.pump()
    with crm.storage._engine.begin() as connection:  # type: ignore[attr-defined]  # of SqlStorage
        connection.exec_driver_sql("DELETE FROM crm_change").close()
    with crm.work("test") as work:
        work.customers.add(Person("late"))
    crm.pump()
    [entry] = crm.feed(3)
    assert entry.position == 4
    assert entry.seq > 3
