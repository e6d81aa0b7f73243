"""The cash-flow forecast: open invoices, open opportunities and planned payments, month by month.

Source: domain reference value.md 12, EX-19 and INV-19. Invoices come in as late as their customers have paid so far,
opportunities by the payment terms of the opportunity, else of the customer, else at once when they close. All is told
in the base currency, at the rates of the first day.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

import attrs

from crmcore.application.sales.cash_items import Collecting
from crmcore.application.sales.rates import Rates
from crmcore.application.sales.receivables import lateness
from crmcore.application.session import Session
from crmcore.domain.errors import InvalidSetting
from crmcore.domain.money import Money
from crmcore.domain.sales.cash_flow import View, cash_flow

MOST_MONTHS: Final = 120


@attrs.frozen(kw_only=True)
class CashPeriod:
    """One month (2025-03): `closing` = `opening` + `money_in` - `money_out`, as expected; `sources` add up to closing
    less opening. `committed` and `best_case` are what the month closes with if only what is certain comes in, and if
    all does."""

    period: str
    opening: Money
    money_in: Money
    money_out: Money
    closing: Money
    committed: Money
    best_case: Money
    sources: Mapping[str, Money]


@attrs.frozen(kw_only=True)
class CashForecast:
    """Months in order. `missing_rates`: currencies whose amounts are left out; `undated`: open opportunities that say
    no amount, no day of closing or no probability, and are left out too."""

    start: dt.date
    periods: tuple[CashPeriod, ...]
    missing_rates: tuple[str, ...]
    undated: int


def cash_forecast(unit: Session, *, start: dt.date, months: int, opening: Money) -> CashForecast:
    """The forecast of `months` calendar months from `start`, when the balance was `opening`, by what is known now and
    the actor may see. `InvalidSetting` for a number of months that is not from 1 to 120, or an opening balance in a
    currency without a rate."""
    if type(months) is not int or not 1 <= months <= MOST_MONTHS:
        raise InvalidSetting(f"a cash-flow forecast is of 1 to {MOST_MONTHS} months, not {months!r}")
    rates = Rates(unit)
    balance = rates.convert(opening, start)
    if balance is None:
        raise InvalidSetting(f"there is no rate from {opening.currency} to {rates.base} on {start}: state one first")
    collecting = Collecting(unit, start, _last_day(start, months), rates, lateness(unit))
    items = [*collecting.invoices(), *collecting.opportunities(), *collecting.planned()]
    views = (cash_flow(items, opening=balance, opens_on=start, months=months, view=view) for view in View)
    by_month = zip(*views, strict=True)
    return CashForecast(
        start=start,
        periods=tuple(_period(*each) for each in by_month),
        missing_rates=tuple(sorted(rates.missing)),
        undated=collecting.undated,
    )


def _period(expected: Any, committed: Any, best_case: Any) -> CashPeriod:
    return CashPeriod(
        period=f"{expected.month:%Y-%m}",
        opening=expected.opening,
        money_in=expected.money_in,
        money_out=expected.money_out,
        closing=expected.closing,
        committed=committed.closing,
        best_case=best_case.closing,
        sources=expected.by_source,
    )


def _last_day(start: dt.date, months: int) -> dt.date:
    years, month = divmod(start.month - 1 + months - 1, 12)
    if start.year + years > dt.MAXYEAR:
        raise InvalidSetting(f"{months} months after {start} are on no calendar")
    year = start.year + years
    return dt.date(year, month + 1, calendar.monthrange(year, month + 1)[1])
