"""The pipeline at a glance: how much stands in each stage, how often and how fast opportunities are won.

Source of the formulas: domain reference value.md 12.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final
from uuid import UUID

import attrs

from crmcore.application.sales.pipelines import seen
from crmcore.application.sales.standing import Standing, standing
from crmcore.application.sales.valuation import Tally, Valuation, money, valuation
from crmcore.application.session import Session
from crmcore.domain.money import Money
from crmcore.domain.ratio import rounded
from crmcore.domain.sales.pipeline import Pipeline, Stage
from crmcore.domain.sales.win_rates import CycleTime, cycle_time, sales_velocity, win_rate_closed, win_rate_created
from crmcore.ports.work import Where

RATE_PLACES: Final = 6
DAY_PLACES: Final = 4


@attrs.frozen(kw_only=True)
class StageFigures:
    """What stands in one stage. `amount` and `weighted` (times its probability) are in the report's currency, None
    where a rate is missing; `amounts` are the same by currency."""

    pipeline: str
    stage: str
    label: str
    kind: str
    count: int
    amount: Money | None
    weighted: Money | None
    amounts: tuple[Money, ...]


@attrs.frozen(kw_only=True)
class PipelineReport:
    """Stages in order, and what became of the opportunities.

    `currency` is that of all sums, at the rates of the day `on`; `missing_rates` names currencies that none of them
    brings there. Rates are shares of 1 to 6 decimals: `win_rate` won of closed by count, `win_rate_amount` by amount,
    `win_rate_created` won of all. Days are from opening to closing: of won ones `cycle_days` (mean) and
    `cycle_days_median`, of lost ones likewise. `velocity` is what the open ones are expected to bring in a
    day. None: there is nothing to make the figure of.
    """

    stages: tuple[StageFigures, ...]
    currency: str
    on: dt.date
    missing_rates: tuple[str, ...]
    won: int
    lost: int
    open: int
    win_rate: Decimal | None
    win_rate_amount: Decimal | None
    win_rate_created: Decimal | None
    cycle_days: Decimal | None
    cycle_days_median: Decimal | None
    lost_cycle_days: Decimal | None
    lost_cycle_days_median: Decimal | None
    velocity: Money | None


@attrs.define
class _Heap:
    """What is added up for one stage or status."""

    status: str
    tally: Tally = attrs.field(factory=Tally)


def pipeline_report(
    unit: Session, pipeline: str | None = None, where: Where = None, as_of: dt.datetime | None = None
) -> PipelineReport:
    """The report over what fits, of one pipeline (by name or id) or all, now or as of a past time; errors as of
    `standing`. A past report is the same whenever it is asked for, whatever happens later."""
    asked = standing(unit, pipeline, where, as_of)
    heaps: dict[tuple[UUID, str], _Heap] = {}
    by_status = {status: Tally() for status in ("open", "won", "lost")}
    for id, stage, status, stated, count, amounts in asked.groups(("pipeline", "stage", "status", "probability")):
        probability = likelihood(asked.pipelines, id, stage, status, stated)
        heaps.setdefault((id, stage), _Heap(status)).tally.add(count, amounts, probability)
        by_status[status].add(count, amounts, probability)
    on = (as_of or unit.now()).astimezone(unit.kernel.zone).date()
    worth = valuation(unit, {code for tally in by_status.values() for code in tally.currencies}, on)
    stages = tuple(
        _figures(worth, each, stage, heaps) for each in _ordered(asked, heaps) for stage in _stages(each, heaps)
    )
    return _report(asked, stages, by_status, worth, on)


def likelihood(known: Mapping[UUID, Pipeline], id: UUID, stage: str, status: str, stated: Decimal | None) -> Decimal:
    """The probability that it is won: what an open opportunity states, else its stage's; a closed one is certain."""
    if status != "open":
        return Decimal(status == "won")
    held = known[id].by_key().get(stage)
    of_stage = Decimal(0) if held is None or held.probability is None else held.probability
    return of_stage if stated is None else stated


def _ordered(asked: Standing, heaps: Iterable[tuple[UUID, str]]) -> list[Pipeline]:
    """By name, without those that the actor may not see and that hold nothing that they may."""
    told = seen(asked.unit, asked.pipelines) | {id for id, _ in heaps}
    return sorted((each for id, each in asked.pipelines.items() if id in told), key=lambda each: (each.name, each.id))


def _stages(of: Pipeline, heaps: Mapping[tuple[UUID, str], _Heap]) -> list[Stage]:
    """The stages of a pipeline, and those that it did not have then, where something stood in one all the same."""
    known = of.by_key()
    later = {stage: heap.status for (id, stage), heap in heaps.items() if id == of.id and stage not in known}
    return [*of.stages, *(Stage(stage, kind=status) for stage, status in sorted(later.items()))]


def _figures(worth: Valuation, of: Pipeline, stage: Stage, heaps: Mapping[tuple[UUID, str], _Heap]) -> StageFigures:
    tally = heaps.get((of.id, stage.stage), _Heap(stage.kind)).tally
    amounts = tally.amounts
    return StageFigures(
        pipeline=of.name,
        stage=stage.stage,
        label=stage.label or stage.stage,
        kind=stage.kind,
        count=tally.count,
        amount=worth.told(amounts),
        weighted=worth.told(tally.weighted),
        amounts=amounts,
    )


def _report(
    asked: Standing,
    stages: tuple[StageFigures, ...],
    by_status: Mapping[str, Tally],
    worth: Valuation,
    on: dt.date,
) -> PipelineReport:
    won, lost, still = by_status["won"], by_status["lost"], by_status["open"]
    cycles = _cycles(asked)
    rate = win_rate_closed(won.count, lost.count)
    return PipelineReport(
        stages=stages,
        currency=worth.currency,
        on=on,
        missing_rates=worth.missing,
        won=won.count,
        lost=lost.count,
        open=still.count,
        win_rate=_share(rate),
        win_rate_amount=_share(_rate_by_amount(worth, won, lost)),
        win_rate_created=_share(win_rate_created(won.count, won.count + lost.count + still.count)),
        cycle_days=_days(cycles["won"].mean),
        cycle_days_median=_days(cycles["won"].median),
        lost_cycle_days=_days(cycles["lost"].mean),
        lost_cycle_days_median=_days(cycles["lost"].median),
        velocity=_velocity(worth, won, still.count, rate, cycles["won"].mean),
    )


def _cycles(asked: Standing) -> dict[str, CycleTime]:
    held: dict[str, dict[int, int]] = {"won": {}, "lost": {}}
    for status, days, count in asked.counts(("status", "cycle_days"), *held):
        if days is not None:
            held[status][days] = count
    return {status: cycle_time(days) for status, days in held.items()}


def _rate_by_amount(worth: Valuation, won: Tally, lost: Tally) -> Fraction | None:
    ours, theirs = worth.told(won.amounts), worth.told(lost.amounts)
    if ours is None or theirs is None or min(ours.amount, theirs.amount) < 0:
        return None
    return win_rate_closed(ours.amount, theirs.amount)


def _velocity(worth: Valuation, won: Tally, still: int, rate: Fraction | None, cycle: Fraction | None) -> Money | None:
    total: Any = worth.told(won.amounts)
    if total is None or not won.count or total.amount < 0:
        return None
    found = sales_velocity(still, Fraction(total.amount) / won.count, rate, cycle)
    return None if found is None else money(found, worth.currency)


def _share(rate: Fraction | None) -> Decimal | None:
    return None if rate is None else rounded(rate, RATE_PLACES)


def _days(days: Fraction | None) -> Decimal | None:
    return None if days is None else rounded(days, DAY_PLACES)
