"""Pages of a timeline, and counting by a predicate.

The floor of a page is the plain statement for each record type that stands on a timeline (interactions and orders),
which begins behind the last row of the page before, as an index allows. The floor of counting is SQL written by
hand, the faster of two ways to put it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from statistics import median

from benchmarks.drivers import Row, named
from benchmarks.floors import COUNTS, FILTER, Statements
from benchmarks.report import Result, Target, per_unit
from benchmarks.stage import ACTOR, Stage
from benchmarks.tasks.asking import in_turns
from benchmarks.timing import Times, each
from crmcore.application.timeline import timeline

PAGE = 50
PAGING, COUNTING = Target(1.5, 1.5), Target(1.2, 1.2)
EVEN = Target(1.15, 1.15)
"""How much a late page may differ from the first: "the same", as far as times can tell."""


def pages(stage: Stage) -> Iterator[Result]:
    """The first page of the customer with most interactions, the page near their end, and the one against the other."""
    first = _page(stage, None, None)
    cursor, last = _near_the_end(stage)
    late = _page(stage, cursor, last)
    start = stage.size.busy * 19 // 20
    for name, times in (("timeline, row 1", first), (f"timeline, row {start:,}", late)):
        yield per_unit(name, stage.storage, times, PAGING.on(stage.storage), len(times.ours))
    even = Times(late.ours, first.ours)
    name = f"timeline, row {start:,} against row 1"
    yield per_unit(name, stage.storage, even, EVEN.on(stage.storage), len(even.ours))


def _page(stage: Stage, cursor: str | None, last: Row | None) -> Times:
    raw, busy = stage.world.database.raw, stage.world.ids[0]
    statements = Statements(raw)
    interactions = statements.page("crm_interaction", "at", PAGE, last is not None)
    orders = statements.page("crm_order", "ordered_at", PAGE, last is not None)
    given = (raw.id(busy), *(last or ()))

    def both(values: Row) -> None:
        interactions(values)
        orders(values)

    count = stage.size.queries
    return in_turns(
        stage, lambda work, after: timeline(work, busy, PAGE, after), [cursor] * count, both, [given] * count
    )


def _near_the_end(stage: Stage) -> tuple[str | None, Row]:
    """The cursor after nineteen twentieths of the entries, and the stored time and id of the last entry before it."""
    database, busy = stage.world.database, stage.world.ids[0]
    cursor = None
    with database.crm.work(actor=ACTOR) as work:
        page = timeline(work, busy, PAGE)
        for _ in range(max(1, stage.size.busy * 19 // 20 // PAGE)):
            page = timeline(work, busy, PAGE, cursor)
            cursor = page.next
    id = database.raw.id(page.items[-1].id)
    at = named(database.raw, ["at"])
    [[when]] = database.raw.fetch(f"SELECT {at} FROM crm_interaction WHERE id = {database.raw.mark}", (id,))
    return cursor, (when, id)


def count(stage: Stage) -> Iterator[Result]:
    """Customers by a field of their own, a facet's field and the absence of related records."""
    database = stage.world.database
    with database.crm.work(actor=ACTOR) as work:
        counted = work.customers.count(FILTER)
    if not counted or any(rows != ((counted,),) for sql in COUNTS for rows in [tuple(database.raw.fetch(sql))]):
        raise RuntimeError(f"{counted} customers were counted, by hand other numbers")
    best = min(COUNTS, key=lambda sql: median(each(stage.clock, [partial(database.raw.fetch, sql)] * 5)))
    runs: list[Row] = [()] * max(1, stage.size.queries // 20)
    times = in_turns(stage, lambda work, _: work.customers.count(FILTER), runs, partial(database.raw.fetch, best), runs)
    yield per_unit("count by predicate", stage.storage, times, COUNTING.on(stage.storage), len(times.ours))
