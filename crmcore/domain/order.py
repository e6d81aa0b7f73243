"""The order with its lines; a line of negative quantity is a return."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from uuid import UUID

from crmcore.domain import field
from crmcore.domain.copying import evolve
from crmcore.domain.money import Money
from crmcore.domain.part import Part, part, parts
from crmcore.domain.record import Record, record
from crmcore.domain.sales.lines import line_problems
from crmcore.domain.sales.lines import lines_total as lines_total


@part("line", label={"en": "Line", "fa": "سطر", "ar": "بند"})
class OrderLine(Part):
    """`quantity` of a product at `unit_price`, less `discount`; a negative quantity: that many came back."""

    product: UUID | None = field.reference("product", default=None, index=True)
    quantity: Decimal = field.decimal(scale=4, default=Decimal(1))
    unit_price: Money | None = field.money(default=None)
    description: str | None = field.text(default=None, length=500, personal=True)
    discount: Money | None = field.money(default=None)


def complete_order(before: Order | None, after: Order) -> Order:
    """A total that was not stated follows from lines and discount, and follows them when they change."""
    if before is None:
        return after if after.total is not None else evolve(after, total=lines_total(after.lines, after.discount))
    changed = (after.lines, after.discount) != (before.lines, before.discount)
    if changed and after.total == before.total:
        return evolve(after, total=lines_total(after.lines, after.discount))
    return after


def sound_order(order: Order) -> Mapping[str, str]:
    """Discounts are no more than what they are taken off, and the lines come to an amount of money."""
    unsure = order.total is None or order.discount is not None or any(line.discount is not None for line in order.lines)
    return line_problems(order.lines, order.discount) if unsure else {}


@record(
    "order",
    label={"en": "Order", "fa": "سفارش", "ar": "طلب"},
    title=("external_id", "ordered_at"),
    subject="customer",
    timeline=("customer", "ordered_at"),
    complete=complete_order,
    validators=(sound_order,),
)
class Order(Record):
    """What was bought, when and by whom. `total` is as stated, or the sum of the lines less `discount`."""

    customer: UUID | None = field.reference("customer", default=None, kw_only=True)
    ordered_at: dt.datetime = field.datetime(index=True)
    status: str | None = field.choice(
        "draft", "open", "confirmed", "paid", "shipped", "completed", "cancelled", "returned", default=None
    )
    total: Money | None = field.money(default=None)
    discount: Money | None = field.money(default=None)
    lines: tuple[OrderLine, ...] = parts(OrderLine, default=())
