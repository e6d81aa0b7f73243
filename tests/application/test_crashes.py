"""CRA-01, CRA-02: a killed process or a full disk leaves whole units of work behind, and nothing else."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import pytest
import sqlalchemy as sa

import crmcore
from crmcore import Order, Person
from crmcore.application.searching import search
from crmcore.crm import Crm
from crmcore.domain.errors import StorageFailed
from crmcore.testing.contract.case import NOON
from crmcore.testing.crm import make_crm
from tests.databases import storages

WRITER: Final = """
import datetime, sys, time
import crmcore
from crmcore import Order, Person
crm = crmcore.open(sys.argv[1])
n = int(sys.argv[2])
while True:
    with crm.work("writer") as work:
        customer = work.customers.add(Person(f"person {n}", emails=[f"p{n}@x.com"])).id
        time.sleep(0.002)
        work.orders.add(crmcore.Order(datetime.datetime.now(datetime.UTC), customer=customer))
    print(n, flush=True)
    n += 1
"""
"""Writes pairs, each in a unit of work of its own, and says which it has committed."""


@pytest.mark.parametrize("fresh_url", storages(), indirect=True)
def test_killed_in_the_middle(fresh_url: str) -> None:
    """Half a unit of work would stay, or one that was acknowledged be lost."""
    with make_crm(fresh_url) as crm:
        acknowledged: list[str] = []
        for round in range(3):
            acknowledged += killed_after(fresh_url, 1_000 * round, enough=4 + 3 * round)
        with crm.work("root") as work:
            names = [c.name for c in work.customers.stream()]
            assert set(acknowledged) <= set(names)
            assert len(names) <= len(acknowledged) + 3
            assert work.customers.count("order") == work.orders.count() == len(names)
            assert len(search(work, "person", limit=1_000)) == len(names)
            assert all(work.customers.find(email=f"p{name.split()[1]}@x.com") for name in names if name)
        assert crm.pump()["events"] == 2 * len(names)


def killed_after(url: str, start: int, enough: int) -> list[str]:
    """Let a process write, kill it when it has said so much, and give what it said that it has committed."""
    process = subprocess.Popen([sys.executable, "-c", WRITER, url, str(start)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    said = [process.stdout.readline() for _ in range(enough)]
    time.sleep(0.003 * enough)
    os.kill(process.pid, signal.SIGKILL)
    said += process.stdout.readlines()
    process.stdout.close()
    assert process.wait() == -signal.SIGKILL
    return [f"person {line.strip()}" for line in said if line.endswith("\n")]


def test_a_full_disk(tmp_path: Path) -> None:
    """A full disk would leave half of a unit of work, a broken file, or an error that is not ours; or no way on."""
    path = tmp_path / "crm.db"
    engine = crmcore.prepare(sa.create_engine(f"sqlite:///{path}"))
    crm = Crm(engine=engine)
    crm.upgrade()
    with crm.work("root") as work:
        work.customers.add(Person("before"))
    pages = limited(engine, 60)
    with pytest.raises(StorageFailed), crm.work("root") as work:
        work.customers.add_many(Person(f"p{n}", note="x" * 5_000) for n in range(200))
    with pytest.raises(StorageFailed), crm.work("root") as work:
        for n in range(200):
            work.orders.add(Order(NOON, customer=work.customers.add(Person(f"q{n}", note="x" * 5_000)).id))
    assert integrity(path) == "ok"
    with crm.work("root") as work:
        assert [c.name for c in work.customers.query().items] == ["before"]
        assert (work.orders.count(), search(work, "p1")) == (0, [])
    limited(engine, pages + 10_000)
    with crm.work("root") as work:
        assert work.customers.add_many(Person(f"p{n}", note="x" * 5_000) for n in range(200)) == 200
    assert (integrity(path), crm.pump()["events"]) == ("ok", 201)
    engine.dispose()


def limited(engine: sa.Engine, more: int) -> int:
    """Let the file grow by so many pages only; gives how many it has."""

    def limit(connection: sqlite3.Connection, record: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages + more}")

    with engine.connect() as connection:
        pages = int(connection.exec_driver_sql("PRAGMA page_count").scalar_one())
    engine.dispose()
    sa.event.listen(engine, "connect", limit)
    return pages


def integrity(path: Path) -> str:
    """What SQLite finds wrong with the file."""
    connection = sqlite3.connect(path)
    try:
        found: str = connection.execute("PRAGMA integrity_check").fetchone()[0]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        return found
    finally:
        connection.close()
