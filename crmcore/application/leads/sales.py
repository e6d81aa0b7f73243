"""What counts as a sale, and how many there are."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from crmcore.application.repository import RecordRepository
from crmcore.application.session import Session
from crmcore.domain.order import Order
from crmcore.domain.predicate import Predicate, all_of, equals, one_of

SOLD: Final = frozenset({"paid", "shipped", "completed"})
"""Statuses of an order that is a sale. One without a status is not known to be one."""
PAGE: Final = 20


def is_sale(order: Order) -> bool:
    """Whether an order is a completed sale: paid, shipped or completed, and not only a return."""
    is_return = bool(order.lines) and all(line.quantity <= 0 for line in order.lines)
    return order.status in SOLD and not is_return


def count_sales(unit: Session, customer: UUID, business_line: str, enough: int) -> int:
    """How many sales there are to a customer, as far as the actor sees them, counted up to `enough`. In a line of
    business those with a product of that category."""
    wanted: list[Predicate] = [equals("customer", customer), one_of("status", sorted(SOLD))]
    if business_line:
        wanted.append(equals("line.product.category", business_line))
    orders: RecordRepository[Order] = RecordRepository(unit, unit.catalogue.of(Order))
    found, after = 0, None
    while True:
        page = orders.query(all_of(*wanted), limit=PAGE, after=after)
        found += sum(map(is_sale, page.items))
        after = page.next
        if found >= enough or after is None:
            return min(found, enough)
