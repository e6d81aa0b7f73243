"""Databases for the tests of backups: filled, damaged, and told apart."""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import crmcore
from crmcore import Order, Person
from crmcore.adapters.sql.source import SqlSource
from crmcore.crm import Crm
from crmcore.ports.backup import Backup
from crmcore.testing.contract.case import NOON

NOTE = "x" * 2_000
"""So long that a few hundred records take more than one step to copy."""


def url_of(path: Path) -> str:
    """The URL of a SQLite file."""
    return f"sqlite:///{path}"


def fill(crm: Crm, count: int, first: int = 0) -> None:
    """Add customers with an order each, change one of them, and number all that."""
    with crm.work("filler") as work:
        for n in range(first, first + count):
            customer = work.customers.add(Person(f"person {n}", emails=[f"p{n}@x.com"], note=NOTE)).id
            work.orders.add(Order(NOON, customer=customer))
        work.customers.change(customer, city="Cairo")
    crm.pump()


def filled(path: Path, count: int = 20) -> Path:
    """A SQLite file with so many customers."""
    with closing(crmcore.open(url_of(path))) as crm:
        fill(crm, count)
    return path


def contents(url: str) -> dict[str, Any]:
    """Every record of a database, and its feed with all that it says."""
    with closing(crmcore.open(url)) as crm, crm.work("reader", snapshot=True) as work:
        found: dict[str, Any] = {name: list(work.records(name).stream()) for name in crm.catalogue.records}
        return {**found, "feed": [(e, e.values()) for e in crm.feed(limit=10_000)]}


def names(path: Path) -> list[str]:
    """The names of the customers in a SQLite file."""
    with closing(crmcore.open(url_of(path))) as crm, crm.work("reader", snapshot=True) as work:
        return sorted(each.name or "" for each in work.customers.stream())


def back_up(database: Path, path: Path, **options: Any) -> Backup:
    """A backup of a SQLite file, without opening a Crm."""
    with closing(SqlSource.own(url_of(database))) as source:
        return source.back_up(path, **options)


def damaged(path: Path) -> Path:
    """The file with its middle pages overwritten, as by a disk that fails."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        for page in range(size // 4096 // 4, size // 4096 * 3 // 4):
            file.seek(page * 4096)
            file.write(b"\xa5" * 512)
    return path


@contextmanager
def full_at(size: int) -> Iterator[None]:
    """While this lasts no file can grow beyond so many bytes: the system refuses as if there were no space."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def execute(path: Path, *statements: str) -> None:
    """Do something to a SQLite file behind crmcore's back, foreign keys unchecked."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def listing(folder: Path) -> set[str]:
    """The names in a folder."""
    return {path.name for path in folder.iterdir()}
