"""The accuracy of forecasts is measured as value.md 12 says."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.domain.errors import InvalidValue
from crmcore.domain.sales.accuracy import forecast_accuracy

PERIODS = st.lists(st.tuples(st.integers(0, 10**9), st.integers(1, 10**9)), min_size=1, max_size=24)


def test_ex_18_accuracy() -> None:
    """EX-18: otherwise WAPE is not 34.375 percent or the bias not +21.875, or a zero actual gives an infinite MAPE."""
    accuracy = forecast_accuracy([(100, 120), (80, 70), (150, 130), (60, 0)])
    assert accuracy.count == 4
    assert accuracy.wape == Decimal("0.34375")
    assert accuracy.bias == Decimal("0.21875")
    assert accuracy.mape is None


def test_mape_without_zero_actuals() -> None:
    """Otherwise the percentages are weighted by amount, which is what WAPE is for."""
    assert forecast_accuracy([(100, 200), (30, 10)]).mape == Fraction(5, 4)


@pytest.mark.parametrize("periods", [[], [(5, 0)], [(5, 0), (0, 0)]])
def test_nothing_came_of_it(periods: list[tuple[int, int]]) -> None:
    """Otherwise a period without sales divides by zero."""
    accuracy = forecast_accuracy(periods)
    assert (accuracy.count, accuracy.wape, accuracy.bias, accuracy.mape) == (len(periods), None, None, None)


def test_floats_are_refused() -> None:
    """Otherwise two machines measure the same forecast differently."""
    with pytest.raises(InvalidValue, match="is not a forecast"):
        forecast_accuracy([(0.1, 1)])  # type: ignore[list-item]


@given(PERIODS)
def test_errors_bound_each_other(periods: list[tuple[int, int]]) -> None:
    """Otherwise errors that cancel out in the bias cancel out in WAPE too, or the sign of the bias is turned."""
    accuracy = forecast_accuracy(periods)
    assert accuracy.wape is not None and accuracy.bias is not None and accuracy.mape is not None
    assert abs(accuracy.bias) <= accuracy.wape
    assert accuracy.mape >= 0
    too_high = forecast_accuracy([(actual + 1, actual) for _, actual in periods])
    assert too_high.bias == too_high.wape
    assert too_high.bias is not None and too_high.bias > 0


@given(PERIODS)
def test_a_perfect_forecast_has_no_error(periods: list[tuple[int, int]]) -> None:
    """Otherwise nobody can reach 0."""
    accuracy = forecast_accuracy([(actual, actual) for _, actual in periods])
    assert accuracy.wape == accuracy.bias == accuracy.mape == 0
