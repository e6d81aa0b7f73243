"""`crm purchases`: what was bought when, by whom, with what complaint."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

import click

from crmcore.application.sales.purchases import MOST, Purchase
from crmcore.application.sales.purchases import purchases as purchases_of
from crmcore.cli import output, tables
from crmcore.cli.listing import after_option, where_option
from crmcore.cli.options import Command
from crmcore.cli.session import Session, pass_session
from crmcore.domain.interaction import Interaction
from crmcore.domain.kinds import plain_datetime, plain_decimal
from crmcore.domain.label import label_of
from crmcore.domain.money import Money
from crmcore.domain.query import DEFAULT_LIMIT
from crmcore.domain.record import Record
from crmcore.domain.sales.invoice import Invoice
from crmcore.domain.sales.settlement import days_overdue, open_balance

if TYPE_CHECKING:
    from crmcore.application.unit import UnitOfWork

SHOWN: Final = ("ordered_at", "order", "customer", "product", "quantity", "amount", "returned", "invoice", "complaint")
Item = dict[str, Any]


@click.command("purchases", cls=Command)
@where_option
@click.option(
    "--limit",
    type=click.IntRange(1, MOST),
    default=DEFAULT_LIMIT,
    show_default=True,
    metavar="N",
    help=f"At most so many lines, up to {MOST:,}.",
)
@after_option
@pass_session
def purchases(session: Session, where: str | None, limit: int, after: str | None) -> None:
    """List what was bought when, by whom, with its invoices and complaints, newest first.

    The filter is over orders: customer.city = "Cairo" and interaction where (kind = "complaint").
    """
    with session.work() as work:
        page = purchases_of(work, where, limit=limit, after=after)
        today = work.now().astimezone(work.kernel.zone).date()
        items = [_item(work, each, today) for each in page.items]
    session.emit(
        {"items": items, "next": page.next},
        lambda: tables.table([_row(each) for each in items], SHOWN, output.terminal_width()),
    )
    if not session.json:
        session.note(f"{len(items)} shown" + (f"; there are more: --after {page.next}" if page.next else ""))


def _item(work: UnitOfWork, purchase: Purchase, today: dt.date) -> Item:
    order: Any = purchase.order
    line: Any = purchase.line
    quantity = None if line is None else line.quantity
    return {
        "ordered_at": None if order.ordered_at is None else plain_datetime(order.ordered_at),
        "order": {**_named(work, order), "external_id": order.external_id, "status": order.status},
        "customer": _named(work, purchase.customer),
        "product": _named(work, purchase.product),
        "description": None if line is None else line.description,
        "quantity": None if quantity is None else plain_decimal(quantity),
        "unit_price": _money(None if line is None else line.unit_price),
        "discount": _money(None if line is None else line.discount),
        "amount": _money(purchase.amount),
        "returned": purchase.returned,
        "invoices": [_invoice(work, each, today) for each in purchase.invoices],
        "complaints": [_complaint(each) for each in purchase.complaints],
    }


def _named(work: UnitOfWork, record: Record | None) -> Item:
    if record is None:
        return {}
    return {"id": str(record.id), "label": label_of(work.catalogue.of(record.__class__), record)}


def _money(money: Money | None) -> dict[str, str] | None:
    return None if money is None else money.plain()


def _invoice(work: UnitOfWork, invoice: Invoice, today: dt.date) -> Item:
    return {
        **_named(work, invoice),
        "status": invoice.status,
        "total": _money(invoice.total),
        "due_on": None if invoice.due_on is None else invoice.due_on.isoformat(),
        "paid_on": None if invoice.paid_on is None else invoice.paid_on.isoformat(),
        "open": _money(open_balance(invoice)),
        "days_overdue": days_overdue(invoice, today),
    }


def _complaint(complaint: Interaction) -> Item:
    at: dt.datetime | None = getattr(complaint, "at", None)  # missing where it is hidden
    return {
        "id": str(complaint.id),
        "at": None if at is None else plain_datetime(at),
        "subject": complaint.subject,
        "outcome": complaint.outcome,
    }


def _row(item: Item) -> Item:
    """An item as one row for people."""
    return {
        **item,
        "order": item["order"]["label"],
        "customer": item["customer"].get("label"),
        "product": item["product"].get("label") or item["description"],
        "returned": "returned" if item["returned"] else None,
        "invoice": [_state(each) for each in item["invoices"]],
        "complaint": [each["subject"] or each["at"] for each in item["complaints"]],
    }


def _state(invoice: Item) -> str:
    """What a person wants to know of an invoice."""
    if invoice["status"] == "paid":
        return f"{invoice['label']} paid {invoice['paid_on']}"
    if invoice["status"] == "open" and invoice["due_on"]:
        late = f", {invoice['days_overdue']} days overdue" if invoice["days_overdue"] else ""
        return f"{invoice['label']} due {invoice['due_on']}{late}"
    return f"{invoice['label']} {invoice['status'] or ''}".rstrip()
