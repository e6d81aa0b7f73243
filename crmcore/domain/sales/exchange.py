"""What money was worth in another currency on a day, by dated rates.

A rate holds from its day until a later one is stated. Between two currencies the newest rate on or before the day
counts, stated either way round (on the same day the direct one); if there is none, both ways to and from the base
currency are put together.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Protocol

from crmcore.domain.errors import InvalidValue
from crmcore.domain.money import Money, minor_digits
from crmcore.domain.ratio import exact, rounded

__all__ = ["ExchangeRates", "Quote"]


class Quote(Protocol):
    """From `day` on one unit of `from_currency` was worth `rate` of `to_currency`."""

    @property
    def from_currency(self) -> str: ...
    @property
    def to_currency(self) -> str: ...
    @property
    def day(self) -> dt.date: ...
    @property
    def rate(self) -> Decimal: ...


class ExchangeRates:
    """Rates by pair of currencies and day.

    Raises `InvalidValue` for a rate that is not above 0, of a currency to itself, or stated twice for one day with
    different values.
    """

    def __init__(self, quotes: Iterable[Quote], base: str) -> None:
        self.base = base
        rates: dict[tuple[str, str], dict[dt.date, Fraction]] = defaultdict(dict)
        for quote in quotes:
            rate = _sound(quote)
            if rates[quote.from_currency, quote.to_currency].setdefault(quote.day, rate) != rate:
                raise _refused(quote, "is stated twice with different rates; keep the right one")
        self._days = {pair: sorted(by_day) for pair, by_day in rates.items()}
        self._rates = dict(rates)

    def rate(self, source: str, target: str, day: dt.date) -> Fraction:
        """How much of `target` one unit of `source` was worth on `day`, exactly; `InvalidValue` if no rate says so."""
        found = self._between(source, target, day)
        if found is None:
            to_base, from_base = self._between(source, self.base, day), self._between(self.base, target, day)
            found = to_base * from_base if to_base is not None and from_base is not None else None
        if found is None:
            raise InvalidValue(
                f"there is no rate from {source} to {target} on {day} or before, neither between the two nor through "
                f"{self.base}; add one with that day or an earlier one",
                source=source,
                target=target,
                day=day.isoformat(),
                base=self.base,
            )
        return found

    def convert(self, money: Money, currency: str, day: dt.date) -> Money:
        """`money` in `currency` by the rate of `day`, rounded once, half to even, at the minor unit of `currency`.

        Money of that currency comes back as it is. Of many amounts convert the sum: rounding each adds up. Raises
        `InvalidValue` if there is no rate, and if the result is more than money can hold.
        """
        if money.currency == currency:
            return money
        worth = Fraction(money.amount) * self.rate(money.currency, currency, day)
        return Money(rounded(worth, minor_digits(currency)), currency)

    def _between(self, source: str, target: str, day: dt.date) -> Fraction | None:
        if source == target:
            return Fraction(1)
        direct, inverse = self._latest(source, target, day), self._latest(target, source, day)
        if direct is not None and (inverse is None or direct >= inverse):
            return self._rates[source, target][direct]
        return 1 / self._rates[target, source][inverse] if inverse is not None else None

    def _latest(self, source: str, target: str, day: dt.date) -> dt.date | None:
        days = self._days.get((source, target), [])
        position = bisect_right(days, day)
        return days[position - 1] if position else None


def _sound(quote: Quote) -> Fraction:
    rate = exact(quote.rate, "a rate")
    if rate <= 0:
        raise _refused(quote, "is not above 0; give what one unit is worth")
    if quote.from_currency == quote.to_currency:
        raise _refused(quote, "is of a currency to itself; leave it out")
    return rate


def _refused(quote: Quote, problem: str) -> InvalidValue:
    return InvalidValue(
        f"the rate {quote.rate} from {quote.from_currency} to {quote.to_currency} of {quote.day} {problem}",
        value=quote.rate,
        source=quote.from_currency,
        target=quote.to_currency,
        day=quote.day.isoformat(),
    )
