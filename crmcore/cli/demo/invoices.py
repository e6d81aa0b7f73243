"""Example invoices of `crm demo` for what was won, and the cash that is to be expected with them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from crmcore.application.sales.cash_flow import CashForecast, cash_forecast
from crmcore.cli import cash_flow, tables
from crmcore.cli.demo.examples import ACTOR, SOURCE
from crmcore.domain.money import Money
from crmcore.domain.sales.invoice import Invoice, InvoiceLine, Payment
from crmcore.domain.sales.settlement import days_overdue, open_balance
from crmcore.domain.sales.terms import PlannedPayment

if TYPE_CHECKING:
    from crmcore.application.unit import UnitOfWork
    from crmcore.crm import Crm
    from crmcore.domain.sales.opportunity import Opportunity

NET_DAYS: Final = 30
HALF: Final = Decimal("0.5")
MONTHS: Final = 3
OPENING: Final = Money("10000", "USD")
RENT: Final = Money("2500", "USD")


def bill(crm: Crm) -> tuple[dict[str, Any], CashForecast]:
    """Invoice what was won, let half of the first be paid, plan the rent; the invoices, and the cash forecast."""
    with crm.work(actor=ACTOR) as work:
        today = work.now().date()
        won = work.opportunities.stream(f'status = "won" and source = "{SOURCE}"', sort="closed_on")
        for number, each in enumerate(won, 1):
            work.invoices.add(_invoice(each, number, today))
        rent = PlannedPayment("Rent", today, RENT, "rent", "monthly", source=SOURCE, external_id="rent")
        work[PlannedPayment].add(rent)
    with crm.work(actor=ACTOR) as work:
        found = cash_forecast(work, start=today, months=MONTHS, opening=OPENING)
        return {"items": _listed(work, today), "opening": OPENING.plain(), **cash_flow.document(found)}, found


def _invoice(won: Opportunity, number: int, today: dt.date) -> Invoice:
    paid = won.amount is not None and number == 1
    return Invoice(
        customer=won.customer,
        opportunity=won.id,
        number=f"EXAMPLE-{number}",
        issued_on=won.closed_on,
        net_days=NET_DAYS,
        lines=(InvoiceLine(unit_price=won.amount, description=won.name),),
        payments=(Payment(today - dt.timedelta(days=2), won.amount * HALF),) if paid and won.amount else (),
        source=SOURCE,
        external_id=str(number),
    )


def _listed(work: UnitOfWork, today: dt.date) -> list[dict[str, Any]]:
    items = []
    for each in work.invoices.stream(f'source = "{SOURCE}"', sort="number"):
        balance = open_balance(each)
        items.append(
            {
                "number": each.number,
                "due_on": each.due_on and each.due_on.isoformat(),
                "total": each.total and each.total.plain(),
                "open": balance and balance.plain(),
                "days_overdue": days_overdue(each, today),
            }
        )
    return items


def text(found: dict[str, Any], forecast: CashForecast) -> str:
    """The invoices, and the cash of the months to come."""
    return f"{tables.table(found['items'])}\n\n{cash_flow.text(forecast)}"
