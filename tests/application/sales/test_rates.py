"""Amounts in the base currency, by stored rates."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from crmcore import Money
from crmcore.application.sales.rates import Rates
from crmcore.crm import Crm
from crmcore.domain.bound import BoundQuery
from crmcore.domain.errors import DuplicateValue, InvalidRecord
from crmcore.domain.sales.exchange_rate import ExchangeRate
from crmcore.ports.storage import Found
from crmcore.testing.fakes import Restricted
from tests.shared import SharedCrm

MARCH = dt.date(2025, 3, 1)


def quoted(crm: Crm) -> None:
    """Dollars by the day, pounds the other way round, dinars once."""
    rates = (
        ExchangeRate("USD", "EUR", MARCH, Decimal("0.95")),
        ExchangeRate("USD", "EUR", dt.date(2025, 3, 10), Decimal("0.90")),
        ExchangeRate("EUR", "GBP", MARCH, Decimal("0.8")),
        ExchangeRate("USD", "JPY", MARCH, Decimal("150")),
    )
    with crm.work("treasurer") as work:
        work[ExchangeRate].add_many(rates)


def test_amounts_are_converted_by_the_rate_of_their_day(shared: SharedCrm) -> None:
    """An amount would be worth what it was worth on another day, or a rate stated the other way round be lost."""
    crm = shared.fresh()
    quoted(crm)
    with crm.work("sara") as work:
        rates = Rates(work)
        assert rates.convert(Money("100", "USD"), dt.date(2025, 3, 9)) == Money("95", "EUR")
        assert rates.convert(Money("100", "USD"), dt.date(2025, 3, 10)) == Money("90", "EUR")
        assert rates.convert(Money("100", "GBP"), MARCH) == Money("125", "EUR")
        assert rates.convert(Money("100", "EUR"), dt.date(1999, 1, 1)) == Money("100", "EUR")
        assert rates.missing == set()


def test_an_unknown_rate_is_told_and_not_guessed(shared: SharedCrm) -> None:
    """An amount without a rate would count as something else than missing."""
    crm = shared.fresh()
    quoted(crm)
    with crm.work("sara") as work:
        rates = Rates(work)
        assert rates.convert(Money("100", "USD"), dt.date(2025, 2, 28)) is None
        assert rates.convert(Money("100", "JPY"), MARCH) is None
        assert rates.missing == {"USD", "JPY"}


def test_each_currency_is_read_once(shared_memory: SharedCrm, monkeypatch: pytest.MonkeyPatch) -> None:
    """A report over thousands of amounts would ask for a rate as often."""
    crm = shared_memory.fresh()
    quoted(crm)
    with crm.work("sara") as work:
        rates, transaction = work.rates, work.transaction
        select = transaction.select
        asked: list[BoundQuery] = []

        def counted(query: BoundQuery) -> list[Found]:
            asked.append(query)
            return select(query)

        monkeypatch.setattr(transaction, "select", counted)
        for day in range(1, 29):
            rates.convert(Money(day, "USD"), dt.date(2025, 3, day))
            rates.convert(Money(day, "GBP"), dt.date(2025, 3, day))
        assert len(asked) == 2


def test_hidden_rates_convert_nothing(shared_memory: SharedCrm) -> None:
    """A rate that an actor may not see would be told by an amount that it converts."""
    crm = shared_memory.fresh(policy=Restricted(hidden={"exchange_rate": ("rate",)}))
    quoted(crm)
    with crm.work("sara") as work:
        assert Rates(work).convert(Money("100", "USD"), MARCH) is None


def test_rates_are_sound_and_stated_once(shared: SharedCrm) -> None:
    """Two rates of one day would make every conversion a matter of luck."""
    crm = shared.fresh()
    quoted(crm)
    with pytest.raises(DuplicateValue), crm.work("sara") as work:
        work[ExchangeRate].add(ExchangeRate("USD", "EUR", MARCH, Decimal("0.7")))
    for wrong in (("USD", "USD", "1"), ("USD", "EUR", "0"), ("usd", "EUR", "1"), ("USD", "EURO", "1")):
        with pytest.raises(InvalidRecord), crm.work("sara") as work:
            work[ExchangeRate].add(ExchangeRate(wrong[0], wrong[1], MARCH, Decimal(wrong[2])))
