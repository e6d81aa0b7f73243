"""Amounts in the base currency, by the exchange rates that are stored."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from crmcore.application.session import Session
from crmcore.domain.bound import BoundQuery, Some, Test, every
from crmcore.domain.errors import InvalidValue
from crmcore.domain.money import Money
from crmcore.domain.sales.exchange import ExchangeRates
from crmcore.domain.sales.exchange_rate import ExchangeRate

STATED: Final = frozenset(("from_currency", "to_currency", "day", "rate"))


class Rates:
    """The rates between each currency and the base currency of the Crm, read when they are first asked for, in one
    statement for each currency. `missing`: currencies of which some amount could not be converted.
    """

    def __init__(self, unit: Session) -> None:
        self.base = unit.kernel.currency
        self.missing: set[str] = set()
        self._unit = unit
        self._known: dict[str, ExchangeRates] = {}

    def convert(self, money: Money, on: dt.date) -> Money | None:
        """The amount in the base currency, by the newest rate of that day or before, rounded at its minor unit; None
        where no rate is known. Of many amounts of one day convert the sum: rounding each adds up."""
        if money.currency == self.base:
            return money
        try:
            return self._rates(money.currency).convert(money, self.base, on)
        except InvalidValue:
            self.missing.add(money.currency)
            return None

    def _rates(self, currency: str) -> ExchangeRates:
        found = self._known.get(currency)
        if found is None:
            found = self._known[currency] = ExchangeRates(self._read(currency), self.base)
        return found

    def _read(self, currency: str) -> list[Any]:
        """What is stated of the two currencies, either way round, as far as the actor may see it."""
        unit, type = self._unit, self._unit.catalogue.of(ExchangeRate)
        source, target = type.field("from_currency"), type.field("to_currency")
        if source is None or target is None or not STATED.isdisjoint(unit.rule(type).hidden):
            return []
        ways = (
            every(Test(source, "=", (one,)), Test(target, "=", (other,)))
            for one, other in ((currency, self.base), (self.base, currency))
        )
        query = BoundQuery(type=type, where=every(Some(tuple(ways)), unit.binder().scope(type)))
        return [each.record for each in unit.transaction.select(query)]
