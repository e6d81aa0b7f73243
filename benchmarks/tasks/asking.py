"""The same questions put to crmcore and to the raw driver, each in one open transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from benchmarks.stage import ACTOR, Database, Stage
from benchmarks.timing import Seconds, Times, alternate, each
from crmcore.application.unit import UnitOfWork

Question = Callable[[UnitOfWork, Any], object]
Answer = Callable[[Any], object]


def in_turns(
    stage: Stage,
    ask: Question,
    values: Sequence[Any],
    answer: Answer,
    stored: Sequence[Any],
    database: Database | None = None,
) -> Times:
    """`ask(work, value)` for each value, `answer(value)` for each of those that the driver takes in their place; in
    the world's database unless another is given."""
    database = database or stage.world.database

    def ours(_: int) -> Seconds:
        with database.crm.work(actor=ACTOR) as work:
            return each(stage.clock, (partial(ask, work, value) for value in values))

    def floor(_: int) -> Seconds:
        database.raw.run("BEGIN")
        try:
            return each(stage.clock, (partial(answer, value) for value in stored))
        finally:
            database.raw.commit()

    return alternate(ours, floor, stage.size.rounds)
