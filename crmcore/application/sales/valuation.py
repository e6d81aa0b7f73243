"""Sums of several currencies told in one: the base currency, at the rates of one named day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Context, Decimal, Inexact, InvalidOperation
from fractions import Fraction
from functools import reduce
from typing import Final

import attrs

from crmcore.application.sales.rates import Rates
from crmcore.application.session import Session
from crmcore.domain.money import MONEY_SCALE, Money
from crmcore.domain.ratio import Number, rounded

NOTHING: Final = Fraction()
EXACT: Final = Context(prec=400, traps=[InvalidOperation, Inexact])
"""Holds the sum of any amounts times any probabilities, whatever precision the host has set."""


@attrs.frozen(eq=False)
class Valuation:
    """How sums are told in one `currency`, at the rates of a day; `missing` names currencies without a rate."""

    currency: str
    missing: tuple[str, ...]
    _rates: Rates
    _on: dt.date

    def told(self, sums: Iterable[Money]) -> Money | None:
        """The sum in the one currency; None if a rate is missing for a part of it."""
        total = Money(0, self.currency)
        for own in sums:
            worth = own if own.currency == self.currency else self._rates.convert(own, self._on)
            if worth is None:
                return None
            total += worth
        return total


def valuation(unit: Session, currencies: Iterable[str], on: dt.date) -> Valuation:
    """The valuation of these currencies at the rates of a day: in the base currency, or where there is but one
    currency and no rate for it, in that."""
    codes, base, rates = sorted(set(currencies)), unit.kernel.currency, Rates(unit)
    missing = tuple(code for code in codes if code != base and rates.convert(Money(1, code), on) is None)
    if missing == tuple(codes) and len(codes) == 1:
        return Valuation(codes[0], (), rates, on)
    return Valuation(base, missing, rates, on)


def money(amount: Fraction, currency: str) -> Money:
    """An amount rounded half-even to 4 decimals."""
    return Money(rounded(amount, MONEY_SCALE), currency)


def by_currency(amounts: Iterable[Money]) -> tuple[Money, ...]:
    """Amounts added up by currency, in the order of its code."""
    sums: dict[str, Money] = {}
    for each in amounts:
        sums[each.currency] = sums[each.currency] + each if each.currency in sums else each
    return tuple(sums[code] for code in sorted(sums))


@attrs.define
class Tally:
    """Amounts as they are added up: exactly, by currency and by the probability that they come."""

    count: int = 0
    _held: dict[str, dict[Number, Decimal]] = attrs.field(factory=dict)

    def add(self, count: int, amounts: Iterable[Money], probability: Number) -> None:
        """`count` more, with these amounts."""
        self.count += count
        for each in amounts:
            held = self._held.setdefault(each.currency, {})
            so_far = held.get(probability)
            held[probability] = each.amount if so_far is None else EXACT.add(so_far, each.amount)

    @property
    def currencies(self) -> set[str]:
        """The currencies of the amounts."""
        return set(self._held)

    @property
    def amounts(self) -> tuple[Money, ...]:
        """The sums by currency, in the order of its code."""
        return tuple(Money(reduce(EXACT.add, self._held[code].values()), code) for code in sorted(self._held))

    @property
    def weighted(self) -> tuple[Money, ...]:
        """The same of the amounts times their probabilities, rounded half-even to 4 decimals."""
        return tuple(money(_weighted(self._held[code]), code) for code in sorted(self._held))


def _weighted(held: Mapping[Number, Decimal]) -> Fraction:
    """Decimals are multiplied as such, which is exact as well and a good deal faster."""
    plain, parts = Decimal(), NOTHING
    for probability, amount in held.items():
        if isinstance(probability, Fraction):
            parts += probability * Fraction(amount)
        else:
            plain = EXACT.fma(amount, Decimal(probability), plain)
    return Fraction(plain) + parts
