"""The invoice: what a customer is asked to pay, by when, and what was paid of it.

A credit note is an invoice whose total is not above zero; `corrects` names the invoice that it takes back.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Final
from uuid import UUID

from crmcore.domain import field
from crmcore.domain.copying import evolve
from crmcore.domain.money import Money
from crmcore.domain.part import Part, part, parts
from crmcore.domain.record import Record, record
from crmcore.domain.sales.lines import lines_total
from crmcore.domain.sales.settlement import days_late, due_after, invoice_problems, paid_from
from crmcore.domain.workflow import Transition, Workflow

STATES: Final = ("draft", "open", "paid", "void")


@part("line", label={"en": "Line", "fa": "سطر", "ar": "بند"})
class InvoiceLine(Part):
    """`quantity` of a product at `unit_price`, less `discount`; a negative quantity is a return."""

    product: UUID | None = field.reference("product", default=None, index=True)
    quantity: Decimal = field.decimal(scale=4, default=Decimal(1))
    unit_price: Money | None = field.money(default=None)
    description: str | None = field.text(default=None, length=500)
    discount: Money | None = field.money(default=None)


@part("payment", label={"en": "Payment", "fa": "پرداخت", "ar": "دفعة"})
class Payment(Part):
    """Money that came in on a day, or if negative went back; `reference` is the bank's or the till's."""

    paid_on: dt.date = field.date()
    amount: Money = field.money()
    method: str | None = field.text(default=None, length=40, fold=False)
    reference: str | None = field.text(default=None, length=100, fold=False, personal=True)


def complete_invoice(before: Invoice | None, after: Invoice) -> Invoice:
    """What was not stated follows from the rest, and follows it when it changes: the total from lines and discount,
    the due day from the day of issue and the net days, the day of payment and the status from payments and total."""
    total = lines_total(after.lines, after.discount)
    if _follows(before, after, "total", ("lines", "discount")) and (total is not None or before is not None):
        after = evolve(after, total=total)
    if _follows(before, after, "due_on", ("issued_on", "net_days")) and after.net_days is not None:
        after = evolve(after, due_on=due_after(after.issued_on, after.net_days))
    is_due = bool(after.payments) and after.status in ("open", "paid")
    if is_due and _follows(before, after, "paid_on", ("payments", "total", "status")):
        after = evolve(after, paid_on=paid_from(after.payments, after.total))
    late = days_late(after)
    if late != after.days_late:
        after = evolve(after, days_late=late)
    if after.status == "open" and after.paid_on is not None:
        return evolve(after, status="paid")
    taken_back = before is not None and before.paid_on is not None and after.paid_on is None
    return evolve(after, status="open") if taken_back and after.status == "paid" else after


def _follows(before: Invoice | None, after: Invoice, name: str, causes: tuple[str, ...]) -> bool:
    """Whether a field is to be worked out: it is missing in a new invoice, or what it follows from has changed and the
    field itself has not."""
    if before is None:
        return getattr(after, name) is None
    changed = any(getattr(before, cause) != getattr(after, cause) for cause in causes)
    return changed and getattr(before, name) == getattr(after, name)


def sound_invoice(invoice: Invoice) -> Mapping[str, str]:
    """Dates in order, one currency, discounts no more than amounts, payments only where something is asked for."""
    return invoice_problems(invoice)


@record(
    "invoice",
    label={"en": "Invoice", "fa": "صورت‌حساب", "ar": "فاتورة"},
    title=("number", "external_id", "issued_on"),
    subject="customer",
    timeline=("customer", "issued_on"),
    complete=complete_invoice,
    validators=(sound_invoice,),
    indexes=(("status", "due_on"),),
    since="0.2",
)
class Invoice(Record):
    """What a customer is asked to pay until `due_on`, for an order or for what an opportunity has brought.

    `discount` is taken off the sum of the lines.

    `total`, `due_on`, `paid_on` and the status `paid` are as stated, or follow: see `complete_invoice`. crmcore sets
    `days_late`, the days from `due_on` to `paid_on`, below 0 for what was paid early.
    """

    customer: UUID | None = field.reference("customer", default=None, kw_only=True)
    order: UUID | None = field.reference("order", default=None, kw_only=True, index=True)
    opportunity: UUID | None = field.reference("opportunity", default=None, kw_only=True, index=True)
    number: str | None = field.text(default=None, kw_only=True, length=100, fold=False, unique=True)
    status: str = field.choice(*STATES, default="open", kw_only=True)
    issued_on: dt.date | None = field.date(default=None, index=True)
    net_days: int | None = field.integer(default=None)
    due_on: dt.date | None = field.date(default=None)
    total: Money | None = field.money(default=None)
    discount: Money | None = field.money(default=None)
    paid_on: dt.date | None = field.date(default=None, index=True)
    days_late: int | None = field.integer(default=None)
    corrects: UUID | None = field.reference("invoice", default=None, kw_only=True, index=True)
    note: str | None = field.text(default=None, kw_only=True, length=2_000, personal=True)
    lines: tuple[InvoiceLine, ...] = parts(InvoiceLine, default=())
    payments: tuple[Payment, ...] = parts(Payment, default=())


INVOICE_STATUS: Final = Workflow(
    record="invoice",
    field="status",
    states=STATES,
    initial=STATES,
    transitions=(
        Transition(name="issue", sources=("draft",), target="open"),
        Transition(name="settle", sources=("open",), target="paid"),
        Transition(name="reopen", sources=("paid",), target="open"),
        Transition(name="void", sources=("draft", "open"), target="void"),
    ),
)
"""A paid invoice is not made void: a credit note takes it back. Any state may come from another system."""
