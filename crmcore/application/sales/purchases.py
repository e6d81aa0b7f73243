"""What was bought when, by whom, and with what complaint: lines of orders with all that belongs to them.

A page costs the same number of statements however many rows it has: the orders, and of all of them at once their
customers, products, invoices and complaints.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import attrs

from crmcore.application import reading
from crmcore.application.session import Session
from crmcore.domain.bound import Bound, BoundQuery, SortKey, Test, every
from crmcore.domain.customer import Customer
from crmcore.domain.errors import InvalidValue
from crmcore.domain.interaction import Interaction
from crmcore.domain.money import Money
from crmcore.domain.order import Order, OrderLine
from crmcore.domain.product import Product
from crmcore.domain.query import DEFAULT_LIMIT, Cursor, decode_cursor
from crmcore.domain.record import Record
from crmcore.domain.sales.invoice import Invoice
from crmcore.domain.sales.lines import line_amount
from crmcore.ports.storage import Found
from crmcore.ports.work import Where

ORDER: Final = "-purchases"
MOST: Final = 1_000


@attrs.frozen
class Purchase:
    """One line of an order (None: an order that lists none), newest order first, with what belongs to the order.

    `amount` is the line's after its discount, or the total of an order without lines.
    """

    order: Order
    line: OrderLine | None
    customer: Customer | None
    product: Product | None
    amount: Money | None
    invoices: tuple[Invoice, ...]
    complaints: tuple[Interaction, ...]

    @property
    def returned(self) -> bool:
        """Whether it came back rather than went out."""
        quantity: Decimal | None = getattr(self.line, "quantity", None)  # missing also where it is hidden
        return quantity is not None and quantity < 0


@attrs.frozen
class PurchasePage:
    """Lines of one page and the cursor of the next (None: this was the last)."""

    items: tuple[Purchase, ...]
    next: str | None


@attrs.frozen
class _Place:
    """A line within its order, and where the order stands in the query."""

    found: Found
    index: int
    line: OrderLine | None


def purchases(
    unit: Session, where: Where = None, *, limit: int = DEFAULT_LIMIT, after: str | None = None
) -> PurchasePage:
    """One page of what was bought, of the orders that `where` fits (`customer.city = "Cairo" and interaction where
    (kind = "complaint")`), as far as the actor may see it.

    Raises PredicateError, UnknownName, and InvalidValue for a limit that is not from 1 to 1,000.
    """
    if type(limit) is not int or not 1 <= limit <= MOST:
        raise InvalidValue(f"a page of purchases has from 1 to {MOST:,} lines, not {limit!r}", value=repr(limit))
    query = _query(unit, where)
    places = _places(unit, query, limit, decode_cursor(after, ORDER) if after else None)
    kept = places[:limit]
    more = len(places) > limit
    items = tuple(_purchases(unit, kept))
    return PurchasePage(items, _cursor(kept[-1]) if more else None)


def _query(unit: Session, where: Where) -> BoundQuery:
    type = unit.catalogue.of(Order)
    tree, text = reading.parsed(where)
    time = type.field("ordered_at")
    is_hidden = time is None or time.name in unit.rule(type).hidden  # its order would tell
    sort = () if is_hidden or time is None else (SortKey(time, descending=True),)
    return BoundQuery(type=type, where=unit.binder(text).read(type, tree), sort=sort, order=ORDER)


def _places(unit: Session, query: BoundQuery, limit: int, cursor: Cursor | None) -> list[_Place]:
    """The lines from the cursor on, one more than asked for if there are as many."""
    begun: list[_Place] = []
    if cursor is not None:
        *keys, index = cursor.keys
        cursor = attrs.evolve(cursor, keys=tuple(keys))
        begun = [each for each in _of_order(unit, query, cursor.id) if each.index > int(index or 0)]
    found = unit.transaction.select(attrs.evolve(query, cursor=cursor, limit=limit + 1))
    lines = (place for each in found for place in _lines(unit, query, each))
    return [*begun, *(place for place, _ in zip(lines, range(limit + 1), strict=False))]


def _of_order(unit: Session, query: BoundQuery, id: UUID) -> Iterator[_Place]:
    """The lines of the order in which the page before ended, if it still fits."""
    for each in unit.transaction.select(attrs.evolve(query, where=every(query.where, _one_of(query, "id", {id})))):
        yield from _lines(unit, query, each)


def _lines(unit: Session, query: BoundQuery, found: Found) -> Iterator[_Place]:
    order: Any = reading.blanked(unit, query.type, found.record)
    seen = attrs.evolve(found, record=order)
    return iter([_Place(seen, index, line) for index, line in enumerate(order.lines)] or [_Place(seen, 0, None)])


def _cursor(place: _Place) -> str:
    return Cursor(ORDER, (*place.found.keys, place.index), place.found.record.id).encode()


def _one_of(query: BoundQuery, name: str, ids: Iterable[UUID]) -> Bound:
    field = query.type.field(name)
    if field is None:
        raise InvalidValue(f"{query.type.name} has no field {name}")
    return Test(field, "in", tuple(sorted(ids)))


def _purchases(unit: Session, places: list[_Place]) -> Iterator[Purchase]:
    orders: list[Any] = [place.found.record for place in places]
    lines = [place.line for place in places if place.line is not None]
    ids = {order.id for order in orders}
    customers = _by_id(unit, Customer, {order.customer for order in orders})
    products = _by_id(unit, Product, {line.product for line in lines})
    invoices = _by_order(unit, Invoice, ids, "issued_on")
    complaints = _by_order(unit, Interaction, ids, "at", kind="complaint")
    for order, place in zip(orders, places, strict=True):
        line = place.line
        yield Purchase(
            order=order,
            line=line,
            customer=customers.get(order.customer),
            product=None if line is None else products.get(line.product),
            amount=order.total if line is None else _amount(line),
            invoices=invoices.get(order.id, ()),
            complaints=complaints.get(order.id, ()),
        )


def _amount(line: OrderLine) -> Money | None:
    return None if getattr(line, "quantity", None) is None else line_amount(line)


def _by_id(unit: Session, cls: type[Record], ids: Iterable[UUID | None]) -> dict[UUID | None, Any]:
    wanted = sorted(id for id in ids if id is not None)
    return {record.id: record for record in reading.several(unit, unit.catalogue.of(cls), wanted)}


def _by_order(
    unit: Session, cls: type[Record], orders: Iterable[UUID], sort: str, **fixed: str
) -> dict[UUID, tuple[Any, ...]]:
    """The records that refer to these orders, as far as the actor may know that they do, oldest first."""
    type, wanted = unit.catalogue.of(cls), set(orders)
    if not wanted or not unit.rule(type).hidden.isdisjoint(("order", *fixed)):
        return {}
    query = BoundQuery(type=type)
    tests = [Test(field, "=", (value,)) for name, value in fixed.items() if (field := type.field(name))]
    where = every(_one_of(query, "order", wanted), *tests, unit.binder().scope(type))
    found: dict[UUID, list[Any]] = {}
    for each in unit.transaction.select(attrs.evolve(query, where=where)):
        record: Any = each.record
        found.setdefault(record.order, []).append(reading.blanked(unit, type, record))
    missing = dt.date.min if sort == "issued_on" else dt.datetime.min.replace(tzinfo=dt.UTC)
    return {
        id: tuple(sorted(each, key=lambda record: (getattr(record, sort) or missing, record.id)))
        for id, each in found.items()
    }
