"""Money: an exact decimal amount in one currency; amounts of two currencies are never added or compared."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal, Inexact, InvalidOperation
from fractions import Fraction
from functools import total_ordering

from attrs import field, frozen

from crmcore.domain.errors import InvalidValue
from crmcore.domain.reading import shorten

__all__ = ["MAX_AMOUNT", "MONEY_SCALE", "Money", "minor_digits", "no_currency"]

MONEY_SCALE = 4
"""Decimal places that an amount can have; the storage keeps as many."""

MAX_AMOUNT = Decimal("100000000000000")
"""Amounts are smaller than this, whatever their sign."""

_MINOR_DIGITS = {
    **dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    **dict.fromkeys("CLF UYW".split(), 4),
}
_CURRENCY = re.compile("[A-Z]{3}")
_AMOUNT = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_LONGEST_AMOUNT = 64
_QUANTA = tuple(Decimal(1).scaleb(-places) for places in range(MONEY_SCALE + 1))

# The contexts are our own: a host may have set the thread's to any precision. Eighteen digits hold every
# amount, 120 every sum of two and every product with a factor of 60.
_LONGEST_FACTOR = 60
_EXACT = Context(prec=18, traps=[InvalidOperation, Inexact])
_WIDE = Context(prec=120, traps=[InvalidOperation, Inexact])
_ROUNDING = Context(prec=120, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation])


def minor_digits(currency: str) -> int:
    """Decimals of the currency's minor unit (ISO 4217): 2 for EUR, 0 for JPY, 3 for KWD, 2 if unlisted."""
    return _MINOR_DIGITS.get(currency, 2)


def no_currency(code: str) -> str | None:
    """What is wrong with a text that is to be the code of a currency; the validator of such fields."""
    return None if _CURRENCY.fullmatch(code) else f"{code!r} is no currency: give its code in capitals, such as EUR"


def _decimal(amount: Decimal | str | int) -> Decimal:
    """`amount` as a Decimal; its size and scale are seen to once the currency is known."""
    if isinstance(amount, Decimal):
        return amount
    if isinstance(amount, int) and not isinstance(amount, bool) and abs(amount) < MAX_AMOUNT:
        return Decimal(amount)
    if isinstance(amount, str) and len(amount) <= _LONGEST_AMOUNT and _AMOUNT.fullmatch(amount):
        return Decimal(amount)
    raise _refused(amount)


def _refused(amount: object) -> InvalidValue:
    return InvalidValue(
        f"{shorten(amount)} is not an amount of money; give a Decimal, a whole number or a text such as "
        f"'12000.00', with at most {MONEY_SCALE} decimals and below {MAX_AMOUNT}, never a float",
        value=amount,
    )


@total_ordering
@frozen(repr=False)
class Money:
    """An amount with at most 4 decimals, below 10**14 either way, and the ISO 4217 code of its currency.

    `amount` takes a Decimal, an int or a text such as "12000.00", and always keeps at least the decimals of
    the currency's minor unit. Money("1.0", "EUR") equals Money(1, "EUR"). A float, NaN, an infinity, an
    excess of decimals or a malformed code raises InvalidValue; so does ordering, adding or subtracting across
    currencies.
    """

    amount: Decimal = field(converter=_decimal)
    currency: str = field()

    def __attrs_post_init__(self) -> None:
        _check_currency(self.currency)
        object.__setattr__(self, "amount", _settled(self.amount, minor_digits(self.currency)))

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Money):
            return NotImplemented
        return self.amount < _amount_in(self.currency, other)

    def __add__(self, other: Money) -> Money:
        return Money(_WIDE.add(self.amount, _amount_in(self.currency, other)), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(_WIDE.subtract(self.amount, _amount_in(self.currency, other)), self.currency)

    def __neg__(self) -> Money:
        return Money(self.amount.copy_negate(), self.currency)

    def __abs__(self) -> Money:
        return Money(self.amount.copy_abs(), self.currency)

    def __mul__(self, factor: int | Decimal) -> Money:
        """Times a whole number or a Decimal, rounded half to even at the fourth decimal."""
        product = _WIDE.multiply(self.amount, _number(factor, "a factor"))
        return Money(_ROUNDING.quantize(product, _QUANTA[MONEY_SCALE]), self.currency)

    __rmul__ = __mul__

    def allocate(self, weights: Sequence[int | Decimal]) -> tuple[Money, ...]:
        """Parts in proportion to `weights` that add up to this amount exactly, by largest remainders.

        Parts are whole minor units of the currency; of an amount with more decimals than that, whole units of
        its last decimal. Of equal remainders the earlier weight comes first; a weight of 0 gets 0. Raises
        InvalidValue for a negative weight, for none at all and for a sum of 0.
        """
        shares = _shares(weights)
        places = max(minor_digits(self.currency), -int(self.amount.as_tuple().exponent))
        units = int(self.amount.copy_abs().scaleb(places, _WIDE))
        quotas = [units * share for share in shares]
        parts = [quota.numerator // quota.denominator for quota in quotas]
        by_remainder = sorted(range(len(parts)), key=lambda index: parts[index] - quotas[index])
        for index in by_remainder[: units - sum(parts)]:
            parts[index] += 1
        sign = -1 if self.amount < 0 else 1
        return tuple(Money(Decimal(sign * part).scaleb(-places, _WIDE), self.currency) for part in parts)

    def plain(self) -> dict[str, str]:
        """`{"amount": "12000.00", "currency": "EUR"}`: the minor unit's decimals, more if they count."""
        return {"amount": format(self.amount, "f"), "currency": self.currency}

    @classmethod
    def from_plain(cls, plain: object) -> Money:
        """The money that `plain` gave. Raises InvalidValue for all but a mapping of just those two texts."""
        if not isinstance(plain, Mapping) or plain.keys() != {"amount", "currency"}:
            raise InvalidValue(
                f"{shorten(plain)} is not money; give {{'amount': '12000.00', 'currency': 'EUR'}}",
                value=plain,
            )
        amount, currency = plain["amount"], plain["currency"]
        if not isinstance(amount, str):
            raise InvalidValue(f"the amount {shorten(amount)} is not a text; quote it: '12000.00'", value=amount)
        return cls(amount, currency)

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency}"

    def __repr__(self) -> str:
        return f"Money('{self.amount:f}', {self.currency!r})"


def _check_currency(code: object) -> None:
    if not isinstance(code, str) or not _CURRENCY.fullmatch(code):
        raise InvalidValue(f"{shorten(code)} is not a currency code; give three capitals, such as 'EUR'", value=code)


def _amount_in(currency: str, money: object) -> Decimal:
    if not isinstance(money, Money):
        raise InvalidValue(f"{shorten(money)} is not money and cannot be added to money", value=money)
    if money.currency != currency:
        raise InvalidValue(
            f"{money} cannot be added to or compared with {currency}; convert one of them first",
            value=money.plain(),
        )
    return money.amount


def _settled(amount: Decimal, places: int) -> Decimal:
    """`amount` with `places` decimals, or as many more up to 4 as it needs; never as -0."""
    for quantum in _QUANTA[places:]:
        try:
            settled = _EXACT.quantize(amount, quantum)
        except Inexact:
            continue
        except InvalidOperation:
            break
        if not settled:
            return settled.copy_abs()
        if settled.is_finite() and -MAX_AMOUNT < settled < MAX_AMOUNT:
            return settled
        break
    raise _refused(amount)


def _number(value: object, what: str) -> Decimal:
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        number = Decimal(value)
        if number.is_finite() and len(number.as_tuple().digits) <= _LONGEST_FACTOR >= abs(number.adjusted()):
            return number
    raise InvalidValue(f"{shorten(value)} is not {what}; give a whole number or a Decimal of usual size", value=value)


def _shares(weights: Sequence[int | Decimal]) -> list[Fraction]:
    exact = [Fraction(_number(weight, "a weight")) for weight in weights]
    total = sum(exact)
    if total <= 0 or any(weight < 0 for weight in exact):
        raise InvalidValue(
            f"{shorten(list(weights))} cannot share out money; give weights of 0 or more, one above 0",
            value=list(weights),
        )
    return [weight / total for weight in exact]
