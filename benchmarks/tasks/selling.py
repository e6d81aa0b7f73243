"""Figures over opportunities, and moving one.

The floor of the figures is SQL written by hand with the few lines of Python that put it together; both must give the
same. The floor of a move works on a twin database as in `single`: it reads the opportunity, updates the columns that
differ and adds the rows of the stage history and of the log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from uuid import UUID

from benchmarks.drivers import Row, insertion
from benchmarks.opportunities import PAST, STAGES
from benchmarks.report import Result, Target, per_unit
from benchmarks.rows import LOG, few, rows_by_id
from benchmarks.sales_floors import Figures, Floor
from benchmarks.stage import ACTOR, Stage, Twins
from benchmarks.tasks.asking import in_turns
from benchmarks.tasks.single import TARGET, State, read_and_send, state, updating
from benchmarks.timing import Times, each
from crmcore.application.sales.forecast import Forecast, forecast
from crmcore.application.sales.pipeline_report import PipelineReport, pipeline_report
from crmcore.application.unit import UnitOfWork
from crmcore.crm import Crm
from crmcore.domain.money import Money

FIGURES = Target(1.3, 1.3)
Ask = Callable[[UnitOfWork], Any]


def pipeline(stage: Stage) -> Iterator[Result]:
    """The pipeline report, and, to inform, as of a past time."""
    floor = Floor(stage.storage, stage.market.raw)
    yield _asked(stage, "pipeline", pipeline_report, _standing, floor.pipeline, FIGURES)
    past = partial(pipeline_report, as_of=PAST)
    yield _asked(stage, "pipeline, as of a past time", past, _standing, floor.past_pipeline)


def forecasts(stage: Stage) -> Iterator[Result]:
    """The forecast by month, by the probabilities of the stages and by what became of past opportunities."""
    floor = Floor(stage.storage, stage.market.raw)
    yield _asked(stage, "forecast, weighted", forecast, _expected, floor.forecast, FIGURES)
    by_history = partial(forecast, method="historical")
    yield _asked(stage, "forecast, historical", by_history, _expected, floor.historical, FIGURES)


def _asked(
    stage: Stage,
    name: str,
    ask: Ask,
    told: Callable[[Any], Figures],
    answer: Callable[[], Figures],
    target: Target | None = None,
) -> Result:
    database = stage.market
    with database.crm.work(actor=ACTOR) as work:
        ours, by_hand = told(ask(work)), answer()
    if ours != by_hand:
        raise RuntimeError(f"{name}: {ours} was computed, by hand {by_hand}")
    runs: list[Row] = [()] * max(1, stage.size.queries // 20)
    times = in_turns(stage, lambda work, _: ask(work), runs, lambda _: answer(), runs, database)
    aimed = None if target is None else target.on(stage.storage)
    return per_unit(name, stage.storage, times, aimed, stage.size.opportunities)


def _standing(report: PipelineReport) -> Figures:
    """A report as the floor tells it."""
    stages = {each.stage: _sums(each.count, each.amounts, each.weighted) for each in report.stages if each.count}
    return stages, (report.cycle_days, report.cycle_days_median, report.lost_cycle_days)


def _expected(found: Forecast) -> Figures:
    return ({each.period: _sums(each.count, each.amounts, each.expected) for each in found.periods},)


def _sums(count: int, amounts: tuple[Money, ...], weighted: Money | None) -> Figures:
    return count, {each.currency: each.amount for each in amounts}, None if weighted is None else weighted.amount


def move_one(stage: Stage) -> Iterator[Result]:
    """Move an opportunity to another stage, with its history."""
    twins, size, times = stage.sellers, stage.size, Times([], [])
    with twins.ours.crm.work(actor=ACTOR) as work:
        page = work.opportunities.query('status = "open"', sort="external_id", limit=size.singles)
    opportunities = {each.id: each for each in page.items}
    for number in range(size.rounds + 1):
        targets = {
            id: STAGES[(STAGES.index(found.stage or "") + number + 1) % len(STAGES)]
            for id, found in opportunities.items()
        }
        before = state(twins, "crm_opportunity", list(targets))
        ours = each(stage.clock, (partial(_move, twins.ours.crm, id, key) for id, key in targets.items()))
        floor = each(stage.clock, _moves(twins, before, state(twins, "crm_opportunity", list(targets))))
        if number:
            times.ours.extend(ours)
            times.floor.extend(floor)
    yield per_unit("move one", stage.storage, times, TARGET.on(stage.storage), len(times.ours))


def _move(crm: Crm, id: UUID, key: str) -> None:
    with crm.work(actor=ACTOR) as work:
        work.opportunities.move(id, key)


def _moves(twins: Twins, before: State, after: State) -> Iterator[Callable[[], None]]:
    """What moves each opportunity as ours has moved it."""
    ours, raw = twins.ours.raw, twins.floor.raw
    log = next(table for table in twins.tables if table.name == LOG)
    for id, (row, entries) in after.items():
        newest = f"SELECT id FROM crm_stage_change WHERE opportunity = {ours.mark} ORDER BY id DESC LIMIT 1"
        [(change,)] = ours.fetch(newest, (id,))
        *rows, logged = rows_by_id(ours, twins.tables, [change])[change]
        both = [entries[len(before[id][1])], *logged.rows]
        log_values = tuple(value for entry in both for value in entry)
        reading, update = updating(twins, "crm_opportunity", id, before[id][0], row)
        statements = [update, *few(raw, rows), (insertion(raw, LOG, log.columns, len(both)), log_values)]
        yield partial(read_and_send, raw, reading, statements)
