"""The order with its lines; a line of negative quantity is a return."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from uuid import UUID

from crmcore.domain import field
from crmcore.domain.copying import evolve
from crmcore.domain.money import Money
from crmcore.domain.part import Part, part, parts
from crmcore.domain.record import Record, record


@part("line", label={"en": "Line", "fa": "سطر", "ar": "بند"})
class OrderLine(Part):
    """`quantity` of a product at `unit_price`; negative: that many came back."""

    product: UUID | None = field.reference("product", default=None, index=True)
    quantity: Decimal = field.decimal(scale=4, default=Decimal(1))
    unit_price: Money | None = field.money(default=None)
    description: str | None = field.text(default=None, length=500)


def lines_total(lines: tuple[OrderLine, ...]) -> Money | None:
    """The sum of quantity times unit price; None if no line has a price or currencies differ.

    Each line is rounded half-even to four places, the scale of money.
    """
    amounts = [line.unit_price * line.quantity for line in lines if line.unit_price is not None]
    if not amounts or len({amount.currency for amount in amounts}) > 1:
        return None
    return sum(amounts[1:], amounts[0])


def complete_order(before: Order | None, after: Order) -> Order:
    """A total that was not stated follows from the lines, and follows them when they change."""
    if before is None:
        return after if after.total is not None else evolve(after, total=lines_total(after.lines))
    if after.lines != before.lines and after.total == before.total:
        return evolve(after, total=lines_total(after.lines))
    return after


@record(
    "order",
    label={"en": "Order", "fa": "سفارش", "ar": "طلب"},
    title=("external_id", "ordered_at"),
    subject="customer",
    timeline=("customer", "ordered_at"),
    complete=complete_order,
)
class Order(Record):
    """What was bought, when and by whom. `total` is as stated, or the sum of the lines."""

    customer: UUID | None = field.reference("customer", default=None, kw_only=True)
    ordered_at: dt.datetime = field.datetime(index=True)
    status: str | None = field.choice(
        "draft", "open", "confirmed", "paid", "shipped", "completed", "cancelled", "returned", default=None
    )
    total: Money | None = field.money(default=None)
    lines: tuple[OrderLine, ...] = parts(OrderLine, default=())
