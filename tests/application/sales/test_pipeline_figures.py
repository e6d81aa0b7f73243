"""The pipeline and the forecast, now and as of any past time: value.md 12, EX-18, INV-18."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmcore import Money, Opportunity, Person, Pipeline, Stage
from crmcore.application.sales.forecast import Forecast, forecast
from crmcore.application.sales.pipeline_report import PipelineReport, pipeline_report
from crmcore.application.sales.track_record import track_record
from crmcore.application.unit import UnitOfWork
from crmcore.crm import Crm
from crmcore.domain.errors import InvalidRecord, InvalidSetting, InvalidValue, UnknownName
from crmcore.domain.sales.exchange_rate import ExchangeRate
from crmcore.testing.fakes import FrozenClock, Restricted
from tests.shared import SharedCrm

START = dt.datetime(2025, 1, 15, 10, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def eur(amount: str | int) -> Money:
    """An amount in the base currency."""
    return Money(Decimal(amount), "EUR")


def set_up(crm: Crm) -> Pipeline:
    """The pipeline of EX-18."""
    stages = (
        Stage("qualify", probability=Decimal("0.1")),
        Stage("develop", probability=Decimal("0.4")),
        Stage("propose", probability=Decimal("0.6")),
        Stage("negotiate", probability=Decimal("0.9")),
    )
    with crm.work("sara") as work:
        return work.pipelines.add(Pipeline("sales", stages=stages))


def test_ex_18_the_weighted_forecast(shared: SharedCrm) -> None:
    """EX-18: 10,000, 25,000, 40,000 and 15,000 at 10, 40, 60 and 90 percent are 48,500 of 90,000."""
    crm = shared.fresh(FrozenClock(START))
    set_up(crm)
    deals = {"qualify": 10_000, "develop": 25_000, "propose": 40_000, "negotiate": 15_000}
    with crm.work("sara") as work:
        for month, (stage, amount) in enumerate(deals.items(), 2):
            day = dt.date(2025, month, 1)
            work.opportunities.add(Opportunity(stage, stage=stage, amount=eur(amount), expected_close=day))
    with crm.work("sara") as work:
        report, months, quarters = pipeline_report(work), forecast(work), forecast(work, by="quarter")
    assert {each.stage: (each.amount, each.weighted) for each in report.stages[:4]} == {
        "qualify": (eur(10_000), eur(1_000)),
        "develop": (eur(25_000), eur(10_000)),
        "propose": (eur(40_000), eur(24_000)),
        "negotiate": (eur(15_000), eur(13_500)),
    }
    assert [(each.period, each.amount, each.expected) for each in quarters.periods] == [
        ("2025-Q1", eur(35_000), eur(11_000)),
        ("2025-Q2", eur(55_000), eur(37_500)),
    ]
    assert [each.period for each in months.periods] == ["2025-02", "2025-03", "2025-04", "2025-05"]
    assert sum((each.expected for each in months.periods if each.expected), eur(0)) == eur(48_500)


def test_ex_18_rates_of_the_past(shared: SharedCrm) -> None:
    """EX-18: 36 won, 84 lost and 20 open are won at 30 % of closed and 25.71 % of created, and a deal of a stage at
    the share of those that had entered it."""
    crm = shared.fresh(FrozenClock(START))
    set_up(crm)
    lost_at = {"qualify": 45, "develop": 25, "propose": 14}
    with crm.work("sara") as work:
        work.opportunities.add_many(Opportunity(f"W{n}", stage="won") for n in range(36))
        work.opportunities.add_many(Opportunity(f"O{n}", stage="propose", amount=eur(100)) for n in range(20))
        for stage, count in lost_at.items():
            for n in range(count):
                deal = work.opportunities.add(Opportunity(f"{stage} {n}", stage=stage))
                work.opportunities.lose(deal.id, "price")
    with crm.work("sara") as work:
        report, past = pipeline_report(work), forecast(work, method="historical")
    assert (report.won, report.lost, report.open) == (36, 84, 20)
    assert report.win_rate == Decimal("0.3")
    assert report.win_rate_created == Decimal("0.257143")
    [period] = past.periods
    assert (period.period, period.count, period.amount) == (None, 20, eur(2_000))
    assert period.expected == eur("1440.0")  # 36 of the 50 that had come to propose or further


def test_a_stage_that_nobody_has_left_has_no_past(shared_memory: SharedCrm) -> None:
    """Without any closed deal a probability would be made up."""
    crm = shared_memory.fresh(FrozenClock(START))
    set_up(crm)
    with crm.work("sara") as work:
        work.opportunities.add(Opportunity("First", amount=eur(5)))
        [period] = forecast(work, method="historical").periods
    assert (period.expected, period.unknown) == (eur(0), 1)


def test_a_skipped_stage_counts_only_where_it_is_wanted(shared: SharedCrm) -> None:
    """Whoever wants only stages that deals really stood in could not have it."""
    crm = shared.fresh(FrozenClock(START))
    set_up(crm)
    with crm.work("sara") as work:
        for path in (["propose", "won"], ["develop", "propose", "qualify", "propose", "lost"], ["develop", "lost"]):
            deal = work.opportunities.add(Opportunity("x"))
            for stage in path:
                work.opportunities.move(deal.id, stage)
        work.opportunities.add(Opportunity("open", stage="develop", amount=eur(600)))
    with crm.work("sara") as work:
        [with_skipped] = forecast(work, method="historical").periods
        [stood_in] = forecast(work, method="historical", count_skipped=False).periods
        [then] = forecast(work, method="historical", count_skipped=False, as_of=START).periods
    assert with_skipped.expected == eur(200)  # one of three: the won one skipped develop
    assert (stood_in.expected, then.expected) == (eur(0), eur(0))  # neither of the two that stood there was won


def test_a_stated_probability_stands_in_place_of_the_stage(shared: SharedCrm) -> None:
    """A seller who knows better could not say so."""
    crm = shared.fresh(FrozenClock(START))
    set_up(crm)
    with crm.work("sara") as work:
        work.opportunities.add(Opportunity("Sure", stage="qualify", amount=eur(100), probability=Decimal("0.95")))
        report = pipeline_report(work)
    assert report.stages[0].weighted == eur(95)


def test_cycles_and_velocity(shared: SharedCrm) -> None:
    """EX-18's velocity: open deals times average value times win rate, by the days that a sale takes."""
    crm = shared.fresh(FrozenClock(START))
    set_up(crm)
    opened, days = dt.date(2024, 1, 1), (30, 45, 60)
    with crm.work("sara") as work:
        for n, length in enumerate(days):
            closed = opened + dt.timedelta(length)
            work.opportunities.add(
                Opportunity(f"W{n}", stage="won", amount=eur(8_000), opened_on=opened, closed_on=closed)
            )
        for n in range(9):
            closed = opened + dt.timedelta(10)
            work.opportunities.add(Opportunity(f"L{n}", stage="lost", opened_on=opened, closed_on=closed))
        work.opportunities.add_many(Opportunity(f"O{n}") for n in range(60))
        report = pipeline_report(work)
    assert [report.cycle_days, report.cycle_days_median] == [45, 45]
    assert [report.lost_cycle_days, report.lost_cycle_days_median] == [10, 10]
    assert report.win_rate == Decimal("0.25")
    assert report.velocity == eur("2666.6667")


def test_currencies_are_told_in_one_and_listed_apart(shared: SharedCrm) -> None:
    """Amounts of two currencies would be added as they stand, or one be left out in silence."""
    crm = shared.fresh(FrozenClock(START))
    set_up(crm)
    with crm.work("sara") as work:
        for amount in (Money(100, "EUR"), Money(300, "USD"), Money(5, "GBP")):
            work.opportunities.add(Opportunity("x", stage="develop", amount=amount))
        work[ExchangeRate].add(ExchangeRate("USD", "EUR", START.date() - DAY, Decimal("0.9")))
        without = pipeline_report(work)
        work[ExchangeRate].add(ExchangeRate("EUR", "GBP", START.date(), Decimal("0.8")))
        work[ExchangeRate].add(ExchangeRate("USD", "EUR", START.date() + DAY, Decimal("0.5")))
        told = pipeline_report(work)
    assert (without.stages[1].amount, without.missing_rates) == (None, ("GBP",))
    assert without.stages[1].amounts == told.stages[1].amounts == (eur(100), Money(5, "GBP"), Money(300, "USD"))
    assert told.stages[1].amount == eur("376.25")
    assert told.stages[1].weighted == eur("150.5")


def test_a_single_foreign_currency_needs_no_rate(shared_memory: SharedCrm) -> None:
    """A team that sells in dollars alone would see nothing until somebody types in a rate."""
    crm = shared_memory.fresh(FrozenClock(START))
    set_up(crm)
    with crm.work("sara") as work:
        work.opportunities.add(Opportunity("x", stage="propose", amount=Money(10, "USD")))
        report = pipeline_report(work)
    assert (report.currency, report.stages[2].amount, report.missing_rates) == ("USD", Money(10, "USD"), ())


def test_a_filter_chooses_and_a_pipeline_is_named(shared: SharedCrm) -> None:
    """A manager could not look at the own team alone, or at one pipeline."""
    crm = shared.fresh(FrozenClock(START))
    set_up(crm)
    with crm.work("sara") as work:
        other = work.pipelines.add(Pipeline("renewals", stages=(Stage("notice"),)))
        leila = work.customers.add(Person("Leila"))
        work.opportunities.add(Opportunity("a", customer=leila.id, amount=eur(1)))
        work.opportunities.add(Opportunity("b", amount=eur(2)))
        work.opportunities.add(Opportunity("c", pipeline=other.id, amount=eur(4)))
        chosen = pipeline_report(work, where='customer.name = "Leila"')
        assert (chosen.open, chosen.stages[3].stage) == (1, "qualify")  # renewals come first, by name
        named = pipeline_report(work, "renewals")
        assert [(each.stage, each.count) for each in named.stages] == [("notice", 1), ("won", 0), ("lost", 0)]
        assert pipeline_report(work).open == 3
        with pytest.raises(UnknownName, match="renewals"):
            pipeline_report(work, "renewal")
        with pytest.raises(InvalidSetting, match="not both"):
            pipeline_report(work, where='name = "a"', as_of=START)
        with pytest.raises(InvalidValue, match="needs its zone"):
            forecast(work, as_of=dt.datetime(2025, 1, 1))
        with pytest.raises(InvalidSetting, match="by month or quarter"):
            forecast(work, by="week")  # type: ignore[arg-type]


def test_only_what_the_actor_may_see_is_counted(shared: SharedCrm) -> None:
    """A report would tell amounts of deals that nobody would show to its reader; the past one as well."""
    policy = Restricted(rows={"opportunity": 'name = "Mine"'})
    crm = shared.fresh(FrozenClock(START), policy=policy)
    with crm.work("sara") as work:
        work.opportunities.add(Opportunity("Mine", amount=eur(1)))
        work.opportunities.add(Opportunity("Theirs", amount=eur(100)))
    with crm.work("sara") as work:
        for report in (pipeline_report(work), pipeline_report(work, as_of=START)):
            assert (report.open, report.stages[0].amount) == (1, eur(1))


def test_hidden_pipelines_are_not_told(shared_memory: SharedCrm) -> None:
    """A report, or the hint of an error, would name what somebody plans that its reader may not know of."""
    crm = shared_memory.fresh(FrozenClock(START), policy=Restricted(rows={"pipeline": 'name != "secret"'}))
    with crm.work("sara") as work:
        for name in ("known", "other", "secret"):
            work.pipelines.add(Pipeline(name, stages=(Stage("first"),)))
        for at in (None, START):
            assert {each.pipeline for each in pipeline_report(work, as_of=at).stages} == {"known", "other"}
        for name in ("secret", "secrets"):
            with pytest.raises(UnknownName) as unknown:
                pipeline_report(work, name)
            assert unknown.value.details["nearest"] == []
    with pytest.raises(InvalidRecord, match=r"there are known, other$"), crm.work("sara") as work:
        work.opportunities.add(Opportunity("Which"))


def test_amounts_that_are_hidden_in_the_history_are_not_told_by_a_past_sum(shared_memory: SharedCrm) -> None:
    """Somebody who may not see what a sale once was expected to bring would read it as a total."""
    crm = shared_memory.fresh(FrozenClock(START), policy=Restricted(hidden={"stage_change": ["amount"]}))
    with crm.work("sara") as work:
        work.opportunities.add(Opportunity("x", amount=eur(7)))
        assert pipeline_report(work).stages[0].amounts == (eur(7),)
        assert pipeline_report(work, as_of=START).stages[0].amounts == ()


def test_hidden_amounts_are_not_told_by_a_sum(shared_memory: SharedCrm) -> None:
    """Somebody who may not see amounts would read them as a total of one."""
    crm = shared_memory.fresh(FrozenClock(START), policy=Restricted(hidden={"opportunity": ["amount"]}))
    with crm.work("sara") as work:
        work.opportunities.add(Opportunity("x"))
        report = pipeline_report(work)
        assert (report.open, report.stages[0].amounts) == (1, ())
    crm = shared_memory.fresh(FrozenClock(START), policy=Restricted(hidden={"opportunity": ["stage"]}))
    with crm.work("sara") as work, pytest.raises(UnknownName):
        pipeline_report(work)


def test_forecasts_are_held_against_what_came(shared: SharedCrm) -> None:
    """Nobody could tell whether forecasts are worth anything: wape and bias as in EX-18, from the CRM's own past."""
    clock = FrozenClock(dt.datetime(2025, 1, 1, 10, tzinfo=dt.UTC))
    crm = shared.fresh(clock)
    set_up(crm)
    plans = {2: (1000, 120), 3: (800, 70), 4: (1500, 130), 5: (600, 0)}  # forecast at 10 percent, actual
    deals = {}
    with crm.work("sara") as work:
        for month, (amount, _) in plans.items():
            day = dt.date(2025, month, 20)
            deals[month] = work.opportunities.add(Opportunity("x", amount=eur(amount), expected_close=day)).id
    for month, (_, actual) in plans.items():
        clock.set(dt.datetime(2025, month, 15, tzinfo=dt.UTC))
        with crm.work("sara") as work:
            work.opportunities.change(deals[month], amount=eur(actual), status="won" if actual else "lost")
    clock.set(dt.datetime(2025, 6, 2, tzinfo=dt.UTC))
    with crm.work("sara") as work:
        found = track_record(work, 4)
        assert [(p.period, p.expected, p.actual) for p in found.periods] == [
            (f"2025-{month:02}", eur(amount // 10), eur(actual)) for month, (amount, actual) in plans.items()
        ]
        assert [found.wape, found.bias, found.mape] == [Decimal("0.34375"), Decimal("0.21875"), None]
        assert [p.period for p in track_record(work, 2, "quarter").periods] == ["2024-Q4", "2025-Q1"]
        with pytest.raises(InvalidSetting):
            track_record(work, 0)


# INV-18 over everything that may happen

STAGES = ("qualify", "develop", "propose", "negotiate", "won", "lost")
EVENTS = st.one_of(
    st.tuples(st.just("add"), st.integers(1, 9), st.sampled_from([None, 2, 5])),
    st.tuples(st.just("move"), st.integers(0, 5), st.sampled_from(STAGES)),
    st.tuples(st.just("amount"), st.integers(0, 5), st.integers(0, 9)),
    st.tuples(st.just("expect"), st.integers(0, 5), st.integers(1, 12)),
    st.tuples(st.just("probability"), st.integers(0, 5), st.sampled_from([None, 3, 10])),
    st.tuples(st.just("closed"), st.integers(0, 5), st.integers(1, 9)),
    st.tuples(st.just("stages"), st.integers(0, 3), st.integers(0, 10)),
    st.tuples(st.just("imported"), st.integers(1, 400), st.sampled_from(STAGES)),
)


def happen(work: UnitOfWork, deals: list[UUID], pipeline: UUID, event: tuple[str, Any, Any], now: dt.datetime) -> None:
    """One of the things that may happen."""
    what, which, value = event
    if what == "add":
        close = None if value is None else dt.date(2025, value, 1)
        deals.append(work.opportunities.add(Opportunity("x", amount=eur(which), expected_close=close)).id)
    elif what == "imported":
        opened = now.date() + DAY * 2  # facts about days that are still to come change nothing before them
        ended = value in ("won", "lost")
        came = Opportunity("i", source="s", external_id=f"{which}-{len(deals)}", stage=value, amount=eur(which),
                           opened_on=opened, closed_on=opened if ended else None)  # fmt: skip
        deals.append(work.opportunities.add(came).id)
    elif what == "stages":
        held = list(work.pipelines.get(pipeline).stages)
        held[which] = Stage(held[which].stage, probability=Decimal(value) / 10, no=held[which].no)
        work.pipelines.change(pipeline, stages=tuple(held))
    elif deals:
        id = deals[which % len(deals)]
        deal = work.opportunities.get(id)
        ends = value in ("won", "lost") and deal.status != value
        early = deal.opened_on is not None and deal.opened_on > now.date()
        if what == "move" and not (ends and (early or deal.status != "open")):
            work.opportunities.move(id, value)
        elif what == "amount":
            work.opportunities.change(id, amount=eur(value))
        elif what == "expect":
            work.opportunities.change(id, expected_close=dt.date(2025, value, 1))
        elif what == "closed" and deal.closed_on is not None:
            work.opportunities.change(id, closed_on=deal.closed_on + DAY * value)
        elif what == "probability":
            work.opportunities.change(id, probability=None if value is None else Decimal(value) / 10)


def seen(work: UnitOfWork, at: dt.datetime | None) -> tuple[Any, ...]:
    """Every figure, now or as of a time, without the day of its exchange rates."""
    reports: list[PipelineReport] = [pipeline_report(work, as_of=at)]
    forecasts: list[Forecast] = [forecast(work, as_of=at), forecast(work, method="historical", as_of=at)]
    return (
        [(r.stages, r.win_rate, r.cycle_days, r.cycle_days_median, r.velocity, r.won, r.lost, r.open) for r in reports],
        [f.periods for f in forecasts],
    )


def check_inv_18(shared: SharedCrm, events: list[tuple[str, Any, Any]]) -> None:
    """After each event all that was seen before is seen again as of then."""
    clock = FrozenClock(START)
    crm = shared.fresh(clock)
    pipeline = set_up(crm).id
    deals: list[UUID] = []
    shown: dict[dt.datetime, tuple[Any, ...]] = {}
    for event in events:
        clock.advance(days=1)
        with crm.work("sara") as work:
            happen(work, deals, pipeline, event, clock.now())
        clock.advance(hours=1)
        with crm.work("sara") as work:
            shown[clock.now()] = seen(work, None)
            assert seen(work, clock.now()) == shown[clock.now()]
    with crm.work("sara") as work:
        for at, then in shown.items():
            assert seen(work, at) == then, at


@given(st.lists(EVENTS, max_size=14))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_inv_18_the_past_never_changes(shared_memory: SharedCrm, events: list[tuple[str, Any, Any]]) -> None:
    """INV-18: a forecast as of a past date would change with what happens later."""
    check_inv_18(shared_memory, events)


@given(st.lists(EVENTS, min_size=5, max_size=12))
@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_inv_18_on_every_storage(shared: SharedCrm, events: list[tuple[str, Any, Any]]) -> None:
    """INV-18, where the newest row of each is found by SQL."""
    check_inv_18(shared, events)


@given(st.lists(EVENTS, max_size=14))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_figures_are_those_of_the_records(shared_memory: SharedCrm, events: list[tuple[str, Any, Any]]) -> None:
    """A report would count a deal twice, in the wrong stage, or not at all."""
    clock = FrozenClock(START)
    crm = shared_memory.fresh(clock)
    pipeline = set_up(crm).id
    deals: list[UUID] = []
    for event in events:
        clock.advance(days=1)
        with crm.work("sara") as work:
            happen(work, deals, pipeline, event, clock.now())
    with crm.work("sara") as work:
        held = list(work.opportunities.stream())
        stages = work.pipelines.get(pipeline).by_key()
        report, months = pipeline_report(work), forecast(work)
    counted = Counter(each.stage for each in held)
    assert {each.stage: each.count for each in report.stages if each.count} == dict(counted)
    expected = Decimal(0)
    for each in held:
        if each.status == "open" and each.amount is not None:
            stated = stages[each.stage or ""].probability if each.probability is None else each.probability
            expected += each.amount.amount * (stated or Decimal(0))
    assert sum(p.expected.amount for p in months.periods if p.expected) == expected
    assert sum(p.count for p in months.periods) == counted.total() - report.won - report.lost
