"""Forecasts say what value.md 12 says, to the last decimal."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.domain.errors import InvalidValue, UnknownName
from crmcore.domain.ratio import rounded
from crmcore.domain.sales.forecasting import (
    CATEGORIES,
    commit_forecast,
    furthest_stage,
    historical_rates,
    totals_by_category,
    weighted_forecast,
)

AMOUNTS = st.decimals(0, 10**13, places=2)
PROBABILITIES = st.decimals(0, 1, places=4)
DEALS = st.lists(st.tuples(AMOUNTS, PROBABILITIES), max_size=20)
STAGES = ("Qualify", "Proposal", "Negotiate")


def test_ex_18_weighted_forecast() -> None:
    """EX-18: otherwise the weighted forecast or its deviation is another than the reference gives."""
    deals = [(10000, "0.1"), (25000, "0.4"), (40000, "0.6"), (15000, "0.9")]
    forecast = weighted_forecast((amount, Decimal(p)) for amount, p in deals)
    assert forecast.count == 4
    assert forecast.total == 90_000
    assert forecast.weighted == 48_500
    assert rounded(Fraction(forecast.standard_deviation), 2) == Decimal("23732.89")
    assert forecast.concentration == Fraction(24_000, 48_500)


def test_ex_18_historical_rates() -> None:
    """EX-18: otherwise a stage is given another probability or step rate than its past deals had."""
    rates = historical_rates(STAGES, won=36, lost_at={"Qualify": 90, "Proposal": 50, "Negotiate": 24})
    assert [rate.stage for rate in rates] == list(STAGES)
    assert [rate.entered for rate in rates] == [200, 110, 60]
    assert [rounded(rate.probability or Fraction()) for rate in rates] == [
        Decimal("0.1800"),
        Decimal("0.3273"),
        Decimal("0.6000"),
    ]
    assert [rounded(rate.step_rate or Fraction()) for rate in rates] == [
        Decimal("0.5500"),
        Decimal("0.5455"),
        Decimal("0.6000"),
    ]


def test_a_pipeline_without_deals() -> None:
    """Otherwise the first day of a sales team ends in a division by zero."""
    forecast = weighted_forecast([])
    assert forecast.count == forecast.total == forecast.weighted == 0
    assert forecast.concentration is None
    assert forecast.standard_deviation == 0
    assert {rate.probability for rate in historical_rates(STAGES, won=0, lost_at={})} == {None}
    assert historical_rates((), won=3, lost_at={}) == ()


def test_huge_amounts_stay_exact() -> None:
    """Otherwise a sum of large amounts loses its cents."""
    forecast = weighted_forecast([(Decimal("99999999999999.9999"), Decimal("0.5"))] * 20_000)
    assert forecast.total == Decimal("1999999999999999998.0000")
    assert forecast.weighted == Decimal("999999999999999999.0000")


@pytest.mark.parametrize("deal", [(1.5, Decimal(1)), (Decimal(1), 0.5), (1, 60), (Decimal("NaN"), Decimal(1))])
def test_a_deal_that_is_no_deal_is_refused(deal: tuple[Decimal, Decimal]) -> None:
    """Otherwise a float or 60 for 60 percent gets into the forecast, even beside a good deal of that value."""
    with pytest.raises(InvalidValue):
        weighted_forecast([(1, Decimal("0.5")), deal])


@given(DEALS, DEALS, st.integers(1, 1000))
def test_the_weighted_forecast_is_linear(
    deals: list[tuple[Decimal, Decimal]], more: list[tuple[Decimal, Decimal]], times: int
) -> None:
    """Otherwise teams do not add up to the company, or cents do not come out as euros."""
    whole, first, second = weighted_forecast(deals + more), weighted_forecast(deals), weighted_forecast(more)
    assert whole.weighted == first.weighted + second.weighted
    assert whole.total == first.total + second.total
    scaled = weighted_forecast((amount * times, p) for amount, p in deals)
    assert scaled.weighted == times * first.weighted


@given(DEALS)
def test_the_weighted_forecast_is_the_sum_over_deals(deals: list[tuple[Decimal, Decimal]]) -> None:
    """Otherwise adding up by probability changes the sum, or the deviation is not that of independent deals."""
    forecast = weighted_forecast(deals)
    assert forecast.weighted == sum(Fraction(amount) * Fraction(p) for amount, p in deals)
    variance = sum(Fraction(amount) ** 2 * Fraction(p) * (1 - Fraction(p)) for amount, p in deals)
    deviation, step = Fraction(forecast.standard_deviation), Fraction(1, 10_000)
    assert max(deviation - step, Fraction()) ** 2 <= variance <= (deviation + step) ** 2
    assert 0 <= forecast.weighted <= forecast.total


@given(st.lists(st.tuples(AMOUNTS, st.sampled_from([Decimal(0), Decimal(1)]))))
def test_certain_deals_do_not_deviate(deals: list[tuple[Decimal, Decimal]]) -> None:
    """Otherwise what is won or lost still makes the forecast uncertain."""
    assert weighted_forecast(deals).standard_deviation == 0


@given(st.integers(0, 500), st.lists(st.integers(0, 500), min_size=3, max_size=3))
def test_step_rates_multiply_to_probabilities(won: int, lost: list[int]) -> None:
    """Otherwise the two columns of the same report contradict each other, or a later stage is entered by more."""
    rates = historical_rates(STAGES, won=won, lost_at=dict(zip(STAGES, lost, strict=True)))
    onward = Fraction(1)
    for rate in reversed(rates):
        if rate.step_rate is None:
            break
        onward *= rate.step_rate
        assert rate.probability == onward
    assert rates[0].entered == won + sum(lost)
    assert [rate.entered for rate in rates] == sorted((rate.entered for rate in rates), reverse=True)


def test_unknown_stages_and_counts_are_refused() -> None:
    """Otherwise deals lost in a misspelt stage vanish from the rates and make them too high."""
    with pytest.raises(UnknownName, match="did you mean 'Proposal'"):
        historical_rates(STAGES, won=1, lost_at={"Propsal": 1})
    with pytest.raises(InvalidValue, match="of 0 or more"):
        historical_rates(STAGES, won=1, lost_at={"Proposal": -1})
    with pytest.raises(InvalidValue, match="of 0 or more"):
        historical_rates(STAGES, won=-1, lost_at={})
    with pytest.raises(UnknownName):
        furthest_stage(STAGES, ["Won"])


@pytest.mark.parametrize(
    ("visited", "furthest"),
    [
        ([], None),
        (["Qualify"], "Qualify"),
        (["Qualify", "Negotiate"], "Negotiate"),  # skipped one
        (["Qualify", "Negotiate", "Proposal", "Qualify"], "Negotiate"),  # moved back
    ],
)
def test_the_furthest_stage(visited: list[str], furthest: str | None) -> None:
    """Otherwise a deal that moved back is counted where it ended, and not where it had got to."""
    assert furthest_stage(STAGES, visited) == furthest


def test_categories() -> None:
    """Otherwise the commit forecast takes in what nobody has committed to."""
    deals: list[tuple[str, int | Decimal]] = [
        ("closed", 100),
        ("commit", Decimal("50.50")),
        ("best_case", 7),
        ("pipeline", 3),
        ("commit", 1),
    ]
    totals = totals_by_category(deals)
    assert totals == {"omitted": 0, "pipeline": 3, "best_case": 7, "commit": Decimal("51.50"), "closed": 100}
    assert tuple(totals) == CATEGORIES
    assert commit_forecast(totals) == Decimal("151.50")
    assert commit_forecast(totals_by_category([])) == 0
    with pytest.raises(InvalidValue, match="'won' is no forecast category"):
        totals_by_category([("won", 1)])
