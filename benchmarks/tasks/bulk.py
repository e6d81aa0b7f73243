"""Bulk loading: `add_many` with history and keys, and the import of a CSV file.

The floor of both is the raw driver moving the rows that they wrote (customer, contact points, facet, match keys, log)
into the same tables of an empty database, in one transaction: `executemany`, on PostgreSQL COPY. Checking, typing,
key making and JSON are ours alone; the rows of the floor are ready.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from benchmarks import data
from benchmarks.command import import_csv
from benchmarks.report import Result, Target, per_unit
from benchmarks.rows import Written, all_rows
from benchmarks.stage import Database, Stage, add_customers, replay
from benchmarks.timing import Seconds, Times, alternate, timed

ADDING, IMPORTING = Target(2, 2.5), Target(4, 4)


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
    times = _against_replay(stage, lambda database: import_csv(database.url, path, count), count)
    yield per_unit("import csv", stage.storage, times, IMPORTING.on(stage.storage), count)


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
