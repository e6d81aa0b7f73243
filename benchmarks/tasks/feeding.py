"""The feed, handed to observers of plugins.

The floor is the raw driver inserting as many rows of the log as there are changes, in one transaction. Ours is the
pump: it numbers the changes and hands them to five observers, each of which looks at every one of them, in units of
work of its own. The values of a change are read when somebody asks for them, which nobody does here.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, Final

from benchmarks import data
from benchmarks.report import Result, Target, per_unit
from benchmarks.rows import LOG, Written, all_rows
from benchmarks.stage import ACTOR, Stage, replay
from benchmarks.timing import Seconds, alternate, timed
from crmcore.plugins import Observed, Plugin, hookimpl, on

OBSERVERS: Final = 5
MOST: Final = 100_000
TARGET: Final = Target(3, 3)


def observers(seen: list[int]) -> list[Any]:
    """Plugins that count the changes that they were handed."""
    return [_observer(f"observer{number}", seen) for number in range(OBSERVERS)]


def _observer(name: str, seen: list[int]) -> Any:
    @hookimpl
    @on("*", from_start=True)
    def observe_changes(context: Observed) -> None:
        seen.append(sum(event.operation == "add" and event.id is not None for event in context.events))

    return SimpleNamespace(plugin=Plugin(name), observe_changes=observe_changes)


def feed(stage: Stage) -> Iterator[Result]:
    """As many changes as the storage is measured with, but at most 100,000, to five observers."""
    size = min(stage.size.interactions, MOST)
    written = log_of(stage, size)

    def ours(_: int) -> Seconds:
        seen: list[int] = []
        with stage.fresh(plugins=observers(seen)) as database:
            replay(database.raw, written)
            taken = timed(stage.clock, lambda: database.crm.pump(3_600, jobs=False))
            assert sum(seen) == OBSERVERS * size
        return [taken / size]

    def floor(_: int) -> Seconds:
        with stage.fresh() as database:
            return [timed(stage.clock, lambda: replay(database.raw, written)) / size]

    times = alternate(ours, floor, min(stage.size.rounds, 3))
    yield per_unit("feed to 5 observers", stage.storage, times, TARGET.on(stage.storage), size)


def log_of(stage: Stage, size: int) -> list[Written]:
    """The rows that so many changes leave in the log."""
    with stage.fresh() as database:
        with database.crm.work(actor=ACTOR) as work:
            ids = [work.customers.add(each).id for each in data.customers(10)]
        with database.crm.work(actor=ACTOR) as work:
            work.interactions.add_many(data.interactions(ids, size, size // 10))
        [log] = [each for each in all_rows(database.raw, database.tables()) if each.table == LOG]
    return [Written(log.table, log.columns, log.rows[-size:])]
