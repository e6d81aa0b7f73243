"""Sums of several currencies told in one: the base currency, at the rates of one named day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Final

import attrs

from crmcore.application.sales.rates import Rates
from crmcore.application.session import Session
from crmcore.domain.money import MONEY_SCALE, Money
from crmcore.domain.ratio import rounded

Sums = Mapping[str, Fraction]
"""An amount for each currency that has one."""
NOTHING: Final = Fraction()


@attrs.frozen(eq=False)
class Valuation:
    """How sums are told in one `currency`, at the rates of a day; `missing` names currencies without a rate."""

    currency: str
    missing: tuple[str, ...]
    _rates: Rates
    _on: dt.date

    def told(self, sums: Sums) -> Money | None:
        """The sum in the one currency; None if a rate is missing for a part of it."""
        total = Money(0, self.currency)
        for code, amount in sums.items():
            own = money(amount, code)
            worth = own if code == self.currency else self._rates.convert(own, self._on)
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


def by_currency(amounts: Iterable[Money], weight: Fraction = Fraction(1)) -> dict[str, Fraction]:
    """Amounts, each times `weight`, added up by currency."""
    sums: dict[str, Fraction] = {}
    for each in amounts:
        sums[each.currency] = sums.get(each.currency, NOTHING) + Fraction(each.amount) * weight
    return sums


def added(some: Iterable[Sums]) -> dict[str, Fraction]:
    """Several sums in one."""
    total: dict[str, Fraction] = {}
    for sums in some:
        for code, amount in sums.items():
            total[code] = total.get(code, NOTHING) + amount
    return total


def listed(sums: Sums) -> tuple[Money, ...]:
    """The sums as money, by currency."""
    return tuple(money(amount, code) for code, amount in sorted(sums.items()))
