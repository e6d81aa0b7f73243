"""Money is exact, keeps to its currency, and loses nothing when it is shared out."""

import decimal
import operator
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.domain.errors import InvalidValue
from crmcore.domain.money import Money, minor_digits

CURRENCIES = st.sampled_from(["EUR", "JPY", "KWD", "CLF"])
AMOUNTS = st.integers(-(10**18) + 1, 10**18 - 1).map(lambda units: Decimal(units).scaleb(-4))
MONEY = st.builds(Money, AMOUNTS, CURRENCIES)
WEIGHTS = st.lists(st.integers(0, 10**6) | st.decimals(0, 1000, places=3), min_size=1, max_size=12).filter(any)


@pytest.mark.parametrize(
    ("amount", "currency", "plain"),
    [
        ("12000", "EUR", "12000.00"),
        (12000, "EUR", "12000.00"),
        (Decimal("1.2E+4"), "EUR", "12000.00"),
        ("5.005", "EUR", "5.005"),
        ("0.1000", "EUR", "0.10"),
        ("1.00000000", "EUR", "1.00"),
        ("12000", "JPY", "12000"),
        ("1.5", "JPY", "1.5"),
        ("1", "KWD", "1.000"),
        ("1", "CLF", "1.0000"),
        ("-0.5", "EUR", "-0.50"),
        ("-0", "EUR", "0.00"),
        ("99999999999999.9999", "EUR", "99999999999999.9999"),
    ],
)
def test_plain_form(amount: str | int | Decimal, currency: str, plain: str) -> None:
    """Otherwise JSON shows another amount than was given, or one amount in several ways."""
    money = Money(amount, currency)
    assert money.plain() == {"amount": plain, "currency": currency}
    assert str(money) == f"{plain} {currency}"
    assert repr(money) == f"Money('{plain}', '{currency}')"
    assert money.amount == Decimal(amount)


@pytest.mark.parametrize(
    "amount",
    [
        1.5, True, None, "", " 1", "1,5", "1_000", "1e3", "+1", ".5", "5.", "NaN", "-", "١٢", "1" * 5000,
        Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"), Decimal("-Infinity"), Decimal("1E+999999"),
        Decimal("1E-999999"), "0.00001", "100000000000000", -(10**14),
    ],
)  # fmt: skip
@pytest.mark.parametrize("currency", ["EUR", "CLF"])
def test_amounts_that_are_refused(amount: str, currency: str) -> None:
    """CSV-24: otherwise a float, a text that is no number or an amount that no column holds becomes money."""
    with pytest.raises(InvalidValue, match="not an amount of money"):
        Money(amount, currency)


def test_a_number_too_long_to_print_is_refused() -> None:
    """Otherwise the refusal itself fails, with an error that is none of ours."""
    with pytest.raises(InvalidValue, match="a huge int"):
        Money(10**5000, "EUR")


@pytest.mark.parametrize("currency", ["", "eur", "EU", "EURO", "E1R", "ЕUR", "EUR ", "EUR\n", None, 978])
def test_currencies_that_are_refused(currency: str) -> None:
    """Otherwise amounts of one currency are kept apart because its code was written in two ways."""
    with pytest.raises(InvalidValue, match="not a currency code"):
        Money("1", currency)


def test_equal_money_is_one_value() -> None:
    """Otherwise a change from 1.0 to 1 enters the history, or a set holds one amount twice."""
    assert Money("1.0", "EUR") == Money(1, "EUR")
    assert len({Money("1.0", "EUR"), Money(1, "EUR"), Money(Decimal("1.0000"), "EUR")}) == 1
    assert Money(1, "EUR") != Money(1, "USD")
    assert Money("-0", "EUR") == Money(0, "EUR")


def test_arithmetic_is_exact() -> None:
    """CSV-24: otherwise 0.1 + 0.2 is not 0.30."""
    assert Money("0.1", "EUR") + Money("0.2", "EUR") == Money("0.30", "EUR")
    assert Money("0.3", "EUR") - Money("0.1", "EUR") == Money("0.20", "EUR")
    assert -Money("0.3", "EUR") == Money("-0.3", "EUR")
    assert abs(Money("-0.3", "EUR")) == Money("0.3", "EUR")


@pytest.mark.parametrize(
    ("amount", "factor", "product"),
    [
        ("19.99", 3, "59.97"),
        ("1", Decimal("0.00005"), "0.0000"),  # a tie goes to the even neighbour
        ("1", Decimal("0.00015"), "0.0002"),
        ("-1", Decimal("0.00015"), "-0.0002"),
        ("1", Decimal("0.00005000000000000000000000000000000001"), "0.0001"),  # more than a tie
        ("10", Decimal("0.19"), "1.90"),
        ("10", Decimal("1E-60"), "0"),
    ],
)
def test_multiplication_rounds_half_to_even(amount: str, factor: int | Decimal, product: str) -> None:
    """Otherwise sums of rounded amounts drift, or a long factor is rounded twice."""
    assert Money(amount, "EUR") * factor == Money(product, "EUR")
    assert factor * Money(amount, "EUR") == Money(product, "EUR")


@pytest.mark.parametrize("factor", [0.5, "2", True, None, Decimal("NaN"), Decimal("1E+99"), 10**14])
def test_factors_that_are_refused(factor: int) -> None:
    """Otherwise a float sneaks into an exact amount, or a product leaves the range."""
    with pytest.raises(InvalidValue):
        Money("1", "EUR") * factor


def test_two_currencies_do_not_mix() -> None:
    """Otherwise euros and dollars are added, or compared as if they were worth the same."""
    euro, dollar = Money(1, "EUR"), Money(2, "USD")
    with pytest.raises(InvalidValue, match="convert"):
        euro + dollar
    with pytest.raises(InvalidValue, match="convert"):
        euro - dollar
    for compare in (Money.__lt__, Money.__le__, Money.__gt__, Money.__ge__):
        with pytest.raises(InvalidValue, match="convert"):
            compare(euro, dollar)


def test_money_does_not_mix_with_numbers() -> None:
    """Otherwise a bare number takes on whatever currency stands beside it."""
    with pytest.raises(InvalidValue, match="not money"):
        operator.add(Money(1, "EUR"), 1)
    with pytest.raises(TypeError):
        operator.lt(Money(1, "EUR"), 1)
    assert operator.ne(Money(1, "EUR"), 1)


@given(AMOUNTS, AMOUNTS, CURRENCIES)
def test_money_is_ordered_by_amount(one: Decimal, other: Decimal, currency: str) -> None:
    """Otherwise lists sorted by money are wrong."""
    left, right = Money(one, currency), Money(other, currency)
    assert (left < right) == (one < other)
    assert (left <= right) == (one <= other)
    assert (left > right) == (one > other)
    assert (left >= right) == (one >= other)


@given(MONEY)
def test_the_plain_form_comes_back(money: Money) -> None:
    """Otherwise an export that is imported again changes amounts."""
    assert Money.from_plain(money.plain()) == money
    assert Money.from_plain(money.plain()).plain() == money.plain()


@pytest.mark.parametrize(
    "plain",
    [
        None,
        "12000.00 EUR",
        {"amount": "1"},
        {"amount": "1", "currency": "EUR", "rate": "2"},
        {"amount": 1, "currency": "EUR"},
        {"amount": 1.0, "currency": "EUR"},
        {"amount": "1e3", "currency": "EUR"},
        {"amount": "1", "currency": "eur"},
        {"amount": "1", "currency": None},
    ],
)
def test_plain_forms_that_are_refused(plain: object) -> None:
    """Otherwise data of another shape is taken for money, with parts of it dropped."""
    with pytest.raises(InvalidValue):
        Money.from_plain(plain)


@given(MONEY, WEIGHTS)
def test_parts_add_up_exactly(money: Money, weights: list[int | Decimal]) -> None:
    """Otherwise sharing out an invoice loses or makes a cent."""
    parts = money.allocate(weights)
    assert len(parts) == len(weights)
    assert sum((part.amount for part in parts), Decimal(0)) == money.amount
    assert {part.currency for part in parts} == {money.currency}
    assert all(not part.amount for part, weight in zip(parts, weights, strict=True) if not weight)


@given(MONEY, WEIGHTS)
def test_no_part_is_off_by_a_whole_unit(money: Money, weights: list[int | Decimal]) -> None:
    """Otherwise the rounding of all parts lands on one of them."""
    places = max(minor_digits(money.currency), -int(money.amount.as_tuple().exponent))
    unit = Decimal(1).scaleb(-places)
    with decimal.localcontext(prec=60):
        total = sum(map(Decimal, weights))
        for part, weight in zip(money.allocate(weights), weights, strict=True):
            assert abs(part.amount - money.amount * weight / total) < unit


@pytest.mark.parametrize(
    ("amount", "currency", "weights", "parts"),
    [
        ("100", "EUR", [1, 1, 1], ["33.34", "33.33", "33.33"]),
        ("-100", "EUR", [1, 1, 1], ["-33.34", "-33.33", "-33.33"]),
        ("100", "JPY", [1, 1, 1], ["34", "33", "33"]),
        ("1", "KWD", [1, 1, 1], ["0.334", "0.333", "0.333"]),
        ("0.05", "EUR", [Decimal("0.3"), Decimal("0.7")], ["0.02", "0.03"]),  # 0.015 and 0.035: the earlier
        ("0.05", "EUR", [3, 0, 7], ["0.02", "0", "0.03"]),
        ("5.005", "EUR", [1, 1], ["2.503", "2.502"]),  # finer than a cent
        ("0", "EUR", [1, 2], ["0", "0"]),
    ],
)
def test_allocate(amount: str, currency: str, weights: list[int | Decimal], parts: list[str]) -> None:
    """Otherwise the cent that is left over goes to the wrong part."""
    assert Money(amount, currency).allocate(weights) == tuple(Money(part, currency) for part in parts)


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1], [2, -1], [0.5], ["1"], [Decimal("NaN")], [True]])
def test_weights_that_are_refused(weights: list[int | Decimal]) -> None:
    """Otherwise money is shared out among nobody, or a part is larger than the whole."""
    with pytest.raises(InvalidValue):
        Money(1, "EUR").allocate(weights)


@pytest.mark.parametrize(("currency", "digits"), [("EUR", 2), ("JPY", 0), ("IRR", 2), ("KWD", 3), ("UYW", 4)])
def test_minor_digits(currency: str, digits: int) -> None:
    """Otherwise amounts in that currency are shared out in units that nobody can pay."""
    assert minor_digits(currency) == digits


def test_the_thread_context_does_not_matter() -> None:
    """Otherwise a host that works with six digits rounds our amounts."""
    with decimal.localcontext(prec=3):
        money = Money("12345678.91", "EUR") + Money("0.01", "EUR")
        assert money == Money("12345678.92", "EUR")
        assert (money * 2).plain()["amount"] == "24691357.84"
        assert [str(part) for part in money.allocate([1])] == ["12345678.92 EUR"]
        assert str(-money) == "-12345678.92 EUR"
