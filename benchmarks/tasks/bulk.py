"""Bulk loading: `add_many` with history and keys, and the import of a CSV file or a workbook.

The floor of the first two is the raw driver moving the rows that they wrote (customer, contact points, facet, match
keys, log) into the same tables of an empty database, in one transaction: `executemany`, on PostgreSQL COPY. Checking,
typing, key making and JSON are ours alone; the rows of the floor are ready. A workbook is held against the same rows as
CSV.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import command, data
from benchmarks.report import Result, Target, per_unit
from benchmarks.rows import Written, all_rows
from benchmarks.stage import Database, Stage, add_customers, replay
from benchmarks.timing import Seconds, Times, alternate, timed

ADDING, IMPORTING, WORKBOOK = Target(2, 2.5), Target(4, 4), Target(3, 3)


def add_many(stage: Stage) -> Iterator[Result]:
    """`add_many` of some customers, several times."""
    count = stage.size.bulk
    customers = list(data.customers(count))
    times = _against_replay(stage, lambda database: add_customers(database.crm, customers), count)
    yield per_unit("add_many", stage.storage, times, ADDING.on(stage.storage), count)


def add_all(stage: Stage) -> Iterator[Result]:
    """The load of all customers of the filled database, once."""
    world, count = stage.world, stage.size.customers
    yield per_unit("add_many, all", stage.storage, world.loading, ADDING.on(stage.storage), count)


def import_file(stage: Stage) -> Iterator[Result]:
    """`crm import customer FILE.csv`, in this process."""
    count = stage.size.bulk
    path = data.write_csv(stage.scratch / f"{stage.storage}.csv", count)
    times = _against_replay(stage, lambda database: command.import_file(database.url, path, count), count)
    yield per_unit("import csv", stage.storage, times, IMPORTING.on(stage.storage), count)


def import_workbook(stage: Stage) -> Iterator[Result]:
    """`crm import customer FILE.xlsx`, against the import of the same rows as CSV."""
    count = stage.size.file
    plain = data.write_csv(stage.scratch / f"{stage.storage}-plain.csv", count)
    book = data.write_xlsx(stage.scratch / f"{stage.storage}.xlsx", count)

    def taken(path: Path) -> Seconds:
        with stage.fresh() as database:
            return [timed(stage.clock, lambda: command.import_file(database.url, path, count)) / count]

    times = Times(taken(book), taken(plain))
    yield per_unit("import xlsx, against csv", stage.storage, times, WORKBOOK.on(stage.storage), count)


def _against_replay(stage: Stage, action: Callable[[Database], None], count: int) -> Times:
    """The times for one record of filling an empty database by `action`, and by the rows that it wrote first."""
    written: list[Written] = []

    def ours(_: int) -> Seconds:
        with stage.fresh() as database:
            seconds = timed(stage.clock, lambda: action(database))
            if not written:
                written.extend(all_rows(database.raw, database.tables()))
        return [seconds / count]

    def floor(_: int) -> Seconds:
        with stage.fresh() as database:
            return [timed(stage.clock, lambda: replay(database.raw, written)) / count]

    return alternate(ours, floor, min(stage.size.rounds, 3))
