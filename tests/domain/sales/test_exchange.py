"""Money is converted by the rate of its day, exactly, and never by a rate that nobody stated."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from crmcore.domain.errors import InvalidValue
from crmcore.domain.money import Money
from crmcore.domain.sales.exchange import ExchangeRates


@frozen
class Stated:
    """A rate as it may stand in a file."""

    from_currency: str
    to_currency: str
    day: dt.date
    rate: Decimal


def stated(source: str, target: str, day: str, rate: str) -> Stated:
    """A rate from texts."""
    return Stated(source, target, dt.date.fromisoformat(day), Decimal(rate))


RATES = ExchangeRates(
    [
        stated("EUR", "USD", "2025-02-01", "1.25"),
        stated("EUR", "USD", "2025-01-01", "1.00"),
        stated("USD", "EUR", "2025-03-01", "0.5"),
        stated("EUR", "JPY", "2025-01-01", "160"),
        stated("GBP", "EUR", "2025-01-01", "1.2"),
        stated("EUR", "GBP", "2025-01-01", "0.8"),
    ],
    base="EUR",
)


@pytest.mark.parametrize(
    ("source", "target", "day", "rate"),
    [
        ("EUR", "USD", "2025-01-01", Fraction(1)),
        ("EUR", "USD", "2025-01-31", Fraction(1)),  # the latest before
        ("EUR", "USD", "2025-02-01", Fraction(5, 4)),
        ("USD", "EUR", "2025-02-15", Fraction(4, 5)),  # inverse
        ("EUR", "USD", "2025-03-02", Fraction(2)),  # the inverse is newer
        ("GBP", "JPY", "2025-01-01", Fraction(192)),  # through the base
        ("JPY", "USD", "2025-02-02", Fraction(1, 128)),
        ("EUR", "GBP", "2025-01-01", Fraction(4, 5)),  # stated both ways on one day: the direct one
        ("CHF", "CHF", "1990-01-01", Fraction(1)),
    ],
)
def test_the_rate_of_a_day(source: str, target: str, day: str, rate: Fraction) -> None:
    """Otherwise a past sale is worth something else each time that a new rate comes in."""
    assert RATES.rate(source, target, dt.date.fromisoformat(day)) == rate


def test_a_missing_rate_says_what_to_do() -> None:
    """Otherwise a report guesses, or fails without telling which rate it needs."""
    with pytest.raises(InvalidValue, match=r"no rate from USD to EUR on 2024-12-31 or before.*add one") as caught:
        RATES.convert(Money(1, "USD"), "EUR", dt.date(2024, 12, 31))
    assert caught.value.details == {"source": "USD", "target": "EUR", "day": "2024-12-31", "base": "EUR"}
    with pytest.raises(InvalidValue, match="no rate from CHF to USD"):
        RATES.rate("CHF", "USD", dt.date(2025, 6, 1))
    with pytest.raises(InvalidValue):
        ExchangeRates([], base="EUR").rate("EUR", "USD", dt.date(2025, 6, 1))


@pytest.mark.parametrize(
    ("money", "currency", "expected"),
    [
        (Money("0.05", "EUR"), "USD", Money("0.06", "USD")),  # 0.0625
        (Money("0.10", "EUR"), "USD", Money("0.12", "USD")),  # 0.125, to even
        (Money("0.30", "EUR"), "USD", Money("0.38", "USD")),  # 0.375, to even
        (Money("-0.10", "EUR"), "USD", Money("-0.12", "USD")),
        (Money("1.005", "EUR"), "EUR", Money("1.005", "EUR")),
        (Money("10", "EUR"), "JPY", Money("1600", "JPY")),
        (Money("0.01", "EUR"), "JPY", Money("2", "JPY")),  # 1.6
    ],
)
def test_conversion_rounds_to_what_can_be_paid(money: Money, currency: str, expected: Money) -> None:
    """Otherwise an amount has parts of a cent, yen get decimals, or sums creep upwards."""
    assert RATES.convert(money, currency, dt.date(2025, 2, 1)) == expected


def test_more_than_money_can_hold_is_refused() -> None:
    """Otherwise the database refuses it later, or cuts it."""
    with pytest.raises(InvalidValue, match="not an amount of money"):
        RATES.convert(Money("99999999999999", "EUR"), "JPY", dt.date(2025, 2, 1))


@pytest.mark.parametrize(
    ("quotes", "problem"),
    [
        ([stated("EUR", "USD", "2025-01-01", "0")], "not above 0"),
        ([stated("EUR", "USD", "2025-01-01", "-1")], "not above 0"),
        ([stated("EUR", "USD", "2025-01-01", "NaN")], "not a rate"),
        ([stated("EUR", "EUR", "2025-01-01", "1")], "to itself"),
        ([stated("EUR", "USD", "2025-01-01", "1"), stated("EUR", "USD", "2025-01-01", "2")], "twice"),
    ],
)
def test_rates_that_are_refused(quotes: list[Stated], problem: str) -> None:
    """Otherwise the result depends on which of two rates was read last, or money turns to nothing."""
    with pytest.raises(InvalidValue, match=problem):
        ExchangeRates(quotes, base="EUR")


def test_the_same_rate_twice_is_one() -> None:
    """Otherwise reading a file of rates again is refused."""
    again = ExchangeRates([stated("EUR", "USD", "2025-01-01", rate) for rate in ("1.2", "1.20")], base="EUR")
    assert again.rate("EUR", "USD", dt.date(2025, 1, 1)) == Fraction(6, 5)


DAYS = st.dates(dt.date(2025, 1, 1), dt.date(2025, 12, 31))
QUOTES = st.lists(
    st.builds(
        Stated,
        from_currency=st.sampled_from(["EUR", "USD"]),
        to_currency=st.sampled_from(["GBP", "JPY"]),
        day=DAYS,
        rate=st.decimals("0.0001", 1000, places=4),
    ),
    min_size=1,
    unique_by=lambda quote: (quote.from_currency, quote.to_currency, quote.day),
)


@given(QUOTES)
def test_there_and_back_is_the_same(quotes: list[Stated]) -> None:
    """Otherwise buying and selling at one rate makes money."""
    rates, last = ExchangeRates(quotes, base="EUR"), max(quote.day for quote in quotes)
    for quote in quotes:
        there = rates.rate(quote.from_currency, quote.to_currency, last)
        assert there * rates.rate(quote.to_currency, quote.from_currency, last) == 1


@given(QUOTES, DAYS)
def test_later_rates_change_nothing(quotes: list[Stated], day: dt.date) -> None:
    """INV-18: otherwise a figure as of a past day moves when a rate of a later day is added."""
    known = [quote for quote in quotes if quote.day <= day]
    for quote in known:
        pair = quote.from_currency, quote.to_currency
        assert ExchangeRates(quotes, "EUR").rate(*pair, day) == ExchangeRates(known, "EUR").rate(*pair, day)
