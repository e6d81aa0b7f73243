"""What `crm demo` shows of CDNOW: real orders of 18 months, as they were written down, zeros and repetitions too."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from crmcore.cli import charts, tables
from crmcore.domain.customer import Customer
from crmcore.domain.order import Order

if TYPE_CHECKING:
    from uuid import UUID

    from crmcore.application.unit import UnitOfWork

SOURCE: Final = "cdnow"
OURS: Final = f'source = "{SOURCE}"'
BEST: Final = 5


def facts(work: UnitOfWork, currency: str) -> dict[str, Any]:
    """Customers and orders in figures: the sum, units, who came back, quarters and the best customers."""
    spent: dict[UUID | None, Decimal] = defaultdict(Decimal)
    quarters: dict[str, Decimal] = defaultdict(Decimal)
    orders: Counter[UUID | None] = Counter()
    units, zero = Decimal(0), 0
    for order in work.orders.stream(OURS, sort="ordered_at"):
        amount = Decimal(0) if order.total is None else order.total.amount
        spent[order.customer] += amount
        quarters[_quarter(order)] += amount
        orders[order.customer] += 1
        units += sum((line.quantity for line in order.lines), Decimal(0))
        zero += not amount
    return {
        "customers": work[Customer].count(OURS),
        "orders": orders.total(),
        "units": int(units),
        "total": _money(sum(spent.values(), Decimal(0)), currency),
        "orders_of_nothing": zero,
        "customers_with_several_orders": sum(count > 1 for count in orders.values()),
        "quarters": [{"quarter": name, "total": _money(amount, currency)} for name, amount in quarters.items()],
        "best": _best(work, spent, orders, currency),
    }


def _quarter(order: Order) -> str:
    return f"{order.ordered_at.year}-Q{(order.ordered_at.month + 2) // 3}"


def _money(amount: Decimal, currency: str) -> dict[str, str]:
    return {"amount": f"{amount:.2f}", "currency": currency}


def _best(
    work: UnitOfWork, spent: Mapping[UUID | None, Decimal], orders: Mapping[UUID | None, int], currency: str
) -> list[dict[str, Any]]:
    known = [id for id in spent if id is not None]
    first: Iterable[UUID] = sorted(known, key=lambda id: (-spent[id], id))[:BEST]
    return [
        {
            "customer": work.customers.get(id).external_id,
            "orders": orders[id],
            "total": _money(spent[id], currency),
        }
        for id in first
    ]


def text(found: Mapping[str, Any]) -> str:
    """The figures, a bar for each quarter and the best customers."""
    total = found["total"]
    head = (
        f"{found['customers']:,} customers, {found['orders']:,} orders of {found['units']:,} discs, "
        f"{Decimal(total['amount']):,.2f} {total['currency']}\n"
        f"{found['customers_with_several_orders']:,} came back; {found['orders_of_nothing']} orders of 0.00 are kept"
    )
    bars = charts.bars({e["quarter"]: Decimal(e["total"]["amount"]) for e in found["quarters"]}, total["currency"])
    return f"{head}\n\n{bars}\n\n{tables.table(found['best'])}"
