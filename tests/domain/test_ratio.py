"""Figures stay exact until they are rounded, once."""

import decimal
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.domain.errors import InvalidValue
from crmcore.domain.ratio import exact, nonnegative, number, probability, rounded, share, square_root


@pytest.mark.parametrize(
    "value",
    [0.5, True, "1", None, Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"), Decimal("1E+999999")],
)
def test_what_is_no_exact_number_is_refused(value: int) -> None:
    """Otherwise a float makes a figure that another machine does not repeat, or 1E+999999 eats the memory."""
    for read in (exact, number, nonnegative):
        with pytest.raises(InvalidValue, match="is not an amount"):
            read(value, "an amount")
    with pytest.raises(InvalidValue, match="is not a probability"):
        probability(value)


@pytest.mark.parametrize("value", [-1, Decimal("1.0001"), 60])
def test_probabilities_are_between_nothing_and_certainty(value: int) -> None:
    """Otherwise 60 percent written as 60 makes a forecast a hundred times too high."""
    with pytest.raises(InvalidValue, match=r"0\.6 for 60 percent"):
        probability(value)


def test_a_share_of_nothing_is_unknown() -> None:
    """Otherwise a seller without deals has a win rate of 0, or the report divides by zero."""
    assert share(0, 0) is None
    assert share(1, -1) is None
    assert share(1, 3) == Fraction(1, 3)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(Fraction(1, 3), "0.3333"), (Fraction(-2, 3), "-0.6667"), (Fraction(5, 10**5), "0.0000"), (Fraction(7), "7.0000")],
)
def test_rounding_is_half_to_even(value: Fraction, expected: str) -> None:
    """Otherwise figures creep upwards, or differ from those of the rest of the house."""
    assert str(rounded(value)) == expected


def test_the_precision_of_the_host_does_not_matter() -> None:
    """Otherwise a host that computes with 6 digits gets totals of 6 digits."""
    with decimal.localcontext(prec=3):
        assert str(rounded(Fraction(10**20, 3))) == "33333333333333333333.3333"
        assert str(square_root(Fraction(2 * 10**20))) == "14142135623.7310"


@given(st.fractions(0, 10**30), st.integers(0, 6))
def test_the_root_is_the_nearest(value: Fraction, places: int) -> None:
    """Otherwise a deviation is off by a unit of its last decimal."""
    root, half = Fraction(square_root(value, places)), Fraction(1, 2 * 10**places)
    assert max(root - half, Fraction()) ** 2 <= value <= (root + half) ** 2
