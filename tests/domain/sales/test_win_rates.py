"""Win rates, conversion, cycle and velocity are those of value.md 12."""

import statistics
from collections import Counter
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.domain.errors import InvalidValue
from crmcore.domain.ratio import rounded
from crmcore.domain.sales.win_rates import conversion, cycle_time, sales_velocity, win_rate_closed, win_rate_created

COUNTS = st.integers(0, 10**6)


def test_ex_18_win_rates() -> None:
    """EX-18: otherwise 36 won, 84 lost and 20 open give another rate than the reference."""
    assert win_rate_closed(36, 84) == Fraction(30, 100)
    created = win_rate_created(36, 140)
    assert created is not None
    assert rounded(created) == Decimal("0.2571")


def test_win_rate_of_the_maven_sample() -> None:
    """Otherwise the report over real deals is not the 0.621266 that its data set states."""
    rate = win_rate_closed(1040, 634)
    assert rate is not None
    assert rounded(rate, 6) == Decimal("0.621266")


def test_ex_18_sales_velocity() -> None:
    """EX-18: otherwise 60 deals of 8,000 at 25 percent in 45 days do not earn 2,666.67 per day."""
    velocity = sales_velocity(60, 8000, Decimal("0.25"), 45)
    assert velocity is not None
    assert rounded(velocity, 2) == Decimal("2666.67")


def test_rates_over_nothing_are_unknown() -> None:
    """Otherwise a seller with no closed deals is listed as one who loses all of them."""
    assert win_rate_closed(0, 0) is None
    assert win_rate_created(0, 0) is None
    assert conversion(0, 0) is None
    assert sales_velocity(10, 100, None, 45) is None
    assert sales_velocity(10, 100, Decimal("0.5"), None) is None
    assert sales_velocity(10, 100, Decimal("0.5"), 0) is None
    assert sales_velocity(0, 100, Decimal("0.5"), 45) == 0


def test_rates_by_amount() -> None:
    """Otherwise large deals count no more than small ones when the rate by amount is asked for."""
    assert win_rate_closed(Decimal("750.50"), Decimal("750.50")) == Fraction(1, 2)
    assert win_rate_created(Decimal("10"), Decimal("40")) == Fraction(1, 4)
    assert win_rate_closed(Decimal("99999999999999.9999"), 0) == 1


def test_impossible_numbers_are_refused() -> None:
    """Otherwise a rate above 1, or of deals that were counted wrongly, is shown as a fact."""
    for rate in (win_rate_closed, win_rate_created, conversion):
        with pytest.raises(InvalidValue, match="give 0 or more"):
            rate(-1, 2)
    for rate in (win_rate_created, conversion):
        with pytest.raises(InvalidValue, match="count both over the same deals"):
            rate(3, 2)
    with pytest.raises(InvalidValue, match="of 0 or more"):
        sales_velocity(-1, 1, 1, 1)


@given(COUNTS, COUNTS, COUNTS)
def test_rates_are_shares(won: int, lost: int, still_open: int) -> None:
    """Otherwise a rate leaves 0 to 1, or open deals make the rate of created deals higher than that of closed ones."""
    closed, created = win_rate_closed(won, lost), win_rate_created(won, won + lost + still_open)
    if closed is not None:
        assert created is not None
        assert 0 <= created <= closed <= 1
        assert win_rate_closed(lost, won) == 1 - closed


@given(st.lists(st.integers(0, 400), min_size=1))
def test_cycle_of_a_histogram_is_that_of_the_deals(days: list[int]) -> None:
    """Otherwise the mean or the median of counted days differs from that of the days themselves."""
    cycle = cycle_time(Counter(days))
    assert cycle.count == len(days)
    assert cycle.mean == Fraction(sum(days), len(days))
    assert cycle.median == Fraction(statistics.median(days))


def test_the_order_of_days_does_not_matter() -> None:
    """Otherwise the median depends on the order in which a database gives its groups."""
    assert cycle_time({137: 1, 1: 1, 57: 3, 60: 0}) == cycle_time({57: 3, 1: 1, 137: 1})
    assert cycle_time({137: 1, 1: 1, 57: 3}).median == 57


def test_cycle_of_one_deal_of_none_and_of_many() -> None:
    """Otherwise a team without closed deals breaks the report, or 20,000 deals are averaged by floats."""
    none = cycle_time({})
    assert (none.count, none.mean, none.median) == (0, None, None)
    assert cycle_time({5: 0}) == none
    assert cycle_time({12: 1}).median == cycle_time({12: 1}).mean == 12
    many = cycle_time({1: 10_000, 2: 10_000})
    assert (many.count, many.mean, many.median) == (20_000, Fraction(3, 2), Fraction(3, 2))


@pytest.mark.parametrize("histogram", [{-1: 1}, {1: -1}, {1: 2.5}, {1.5: 1}])
def test_impossible_cycles_are_refused(histogram: dict[int, int]) -> None:
    """Otherwise a deal that closed before it began makes the team look fast."""
    with pytest.raises(InvalidValue):
        cycle_time(histogram)
