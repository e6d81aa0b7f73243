"""`crm cash-flow`: what comes in and goes out in the months to come."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

import click

from crmcore.adapters.serialization.scalars import SCALARS
from crmcore.application.sales.cash_flow import MOST_MONTHS, CashForecast, CashPeriod, cash_forecast
from crmcore.cli import charts, output, tables
from crmcore.cli.options import Command
from crmcore.cli.session import Session, pass_session
from crmcore.domain.field import Field
from crmcore.domain.money import Money
from crmcore.domain.reading import read_date
from crmcore.ports.codec import FieldRule, Rules

SHOWN: Final = ("period", "opening", "in", "out", "closing", "committed", "best_case")


@click.command("cash-flow", cls=Command)
@click.option("--from", "start", metavar="DATE", help="The first day; today if it is not given.")
@click.option(
    "--months",
    type=click.IntRange(1, MOST_MONTHS),
    default=3,
    show_default=True,
    metavar="N",
    help="How many calendar months.",
)
@click.option("--opening", metavar="MONEY", default="0", show_default=True, help='The balance then: "50000 EUR".')
@pass_session
def show_cash_flow(session: Session, start: str | None, months: int, opening: str) -> None:
    """Forecast the balance of cash: open invoices as late as customers pay, open opportunities by their terms, planned
    payments.

    Amounts are in the base currency. closing is what is expected, committed what is certain, best_case if every
    opportunity is won.
    """
    with session.work() as work:
        today = work.now().astimezone(work.kernel.zone).date()
        first = today if start is None else read_date(start)
        found = cash_forecast(work, start=first, months=months, opening=_money(opening, work.kernel.currency))
    session.emit(document(found), lambda: text(found))
    if not session.json:
        for note in notes(found):
            session.note(note)


def _money(text: str, currency: str) -> Money:
    read = SCALARS["money"](Field(kind="money"), FieldRule(), Rules(currency=currency))
    money: Money = read(text)
    return money


def document(found: CashForecast) -> dict[str, Any]:
    """The forecast as plain values."""
    return {
        "from": _day(found.start),
        "periods": [_period(each) for each in found.periods],
        "missing_rates": list(found.missing_rates),
        "undated": found.undated,
    }


def _day(day: dt.date) -> str:
    return day.isoformat()


def _period(period: CashPeriod) -> dict[str, Any]:
    amounts = {
        "opening": period.opening,
        "in": period.money_in,
        "out": period.money_out,
        "closing": period.closing,
        "committed": period.committed,
        "best_case": period.best_case,
    }
    return {
        "period": period.period,
        **{name: amount.plain() for name, amount in amounts.items()},
        "sources": {name: amount.plain() for name, amount in sorted(period.sources.items())},
    }


def text(found: CashForecast) -> str:
    """The months as a table, what each consists of, and a bar for what each closes with."""
    periods = [_period(each) for each in found.periods]
    names = sorted({name for each in found.periods for name in each.sources})
    sources = [{"period": each["period"], **{n: each["sources"].get(n) for n in names}} for each in periods]
    most = output.terminal_width()
    bars = charts.bars({each.period: each.closing.amount for each in found.periods}, found.periods[0].closing.currency)
    sections = [tables.table(periods, SHOWN, most), tables.table(sources, ("period", *names), most), bars]
    return "\n\n".join(section for section in sections if section)


def notes(found: CashForecast) -> list[str]:
    """What the forecast leaves out."""
    told = []
    if found.missing_rates:
        told.append(f"Left out, for want of an exchange rate: amounts in {', '.join(found.missing_rates)}.")
    if found.undated:
        told.append(
            f"Left out, as amount, day of closing or probability is missing: open opportunities, {found.undated}."
        )
    return told
