"""What was bought when, by whom, with what complaint."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from crmcore import Interaction, Money, Order, OrderLine, Person, Product
from crmcore.application.sales.purchases import Purchase, PurchasePage
from crmcore.crm import Crm
from crmcore.domain.errors import InvalidValue, PredicateError
from crmcore.domain.sales.invoice import Invoice, Payment
from crmcore.testing.fakes import Restricted
from tests.shared import SharedCrm

NOON = dt.datetime(2025, 3, 1, 12, tzinfo=dt.UTC)


def eur(amount: int) -> Money:
    """Whole euros."""
    return Money(amount, "EUR")


def shop(crm: Crm) -> None:
    """Leila of Cairo bought twice, complained of the first and returned a cup; Omar of Tehran bought once."""
    with crm.work("root") as work:
        leila = work.customers.add(Person("Leila"))
        omar = work.customers.add(Person("Omar"))
        work.customers.change(leila.id, city="Cairo")
        work.customers.change(omar.id, city="Tehran")
        tea, cup = (work.products.add(Product(name, code=name.lower())).id for name in ("Tea", "Cup"))
        lines = (OrderLine(tea, Decimal(2), eur(10)), OrderLine(cup, Decimal(3), eur(4), discount=eur(2)))
        first = work.orders.add(Order(NOON, customer=leila.id, external_id="A1", lines=lines))
        back = OrderLine(cup, Decimal(-1), eur(4))
        work.orders.add(Order(NOON + dt.timedelta(2), customer=leila.id, external_id="A2", lines=(back,)))
        work.orders.add(Order(NOON + dt.timedelta(1), customer=omar.id, external_id="B1", total=eur(7)))
        day = NOON.date()
        paid = Invoice(day, 14, total=eur(10), order=first.id, number="1", payments=(Payment(day, eur(10)),))
        work.invoices.add(paid)
        work.invoices.add(Invoice(day + dt.timedelta(3), 14, total=eur(20), order=first.id, number="2"))
        for at, kind, order in ((NOON, "complaint", first.id), (NOON, "inquiry", first.id), (NOON, "complaint", None)):
            work.interactions.add(Interaction(at, "email", customer=leila.id, kind=kind, order=order, subject="broken"))


def told(page: PurchasePage) -> list[tuple[Any, ...]]:
    """A page in short."""
    return [short(each) for each in page.items]


def short(each: Purchase) -> tuple[Any, ...]:
    """Order, customer, product, amount, returned, numbers of invoices, how many complaints."""
    return (
        each.order.external_id,
        each.customer and each.customer.name,
        each.product and each.product.name,
        each.amount and each.amount.amount,
        each.returned,
        [invoice.number for invoice in each.invoices],
        len(each.complaints),
    )


ALL = [
    ("A2", "Leila", "Cup", -4, True, [], 0),
    ("B1", "Omar", None, 7, False, [], 0),
    ("A1", "Leila", "Tea", 20, False, ["1", "2"], 1),
    ("A1", "Leila", "Cup", 10, False, ["1", "2"], 1),
]


def test_what_was_bought_when_by_whom_with_what_complaint(shared: SharedCrm) -> None:
    """Somebody would have to put orders, customers, invoices and complaints together by hand."""
    crm = shared.fresh()
    shop(crm)
    with crm.work("sara") as work:
        assert told(work.purchases()) == ALL
        complaint = 'customer.city = "Cairo" and interaction where (kind = "complaint")'
        assert told(work.purchases(complaint)) == ALL[2:]
        assert told(work.purchases("line where (quantity < 0)")) == ALL[:1]
        assert told(work.purchases("invoice where (paid_on is missing and due_on < 2025-04-01)")) == ALL[2:]
        assert told(work.purchases('customer.name = "Nobody"')) == []
        with pytest.raises(PredicateError):
            work.purchases("colour = 'red'")


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 50])
def test_pages_hold_every_line_once(shared: SharedCrm, limit: int) -> None:
    """A page that ends within an order would lose the rest of its lines, or show them twice."""
    crm = shared.fresh()
    shop(crm)
    found, after = [], None
    with crm.work("sara") as work:
        while True:
            page = work.purchases(limit=limit, after=after)
            assert len(page.items) <= limit
            found += told(page)
            if (after := page.next) is None:
                break
    assert found == ALL


def test_a_page_has_a_limit(shared_memory: SharedCrm) -> None:
    """A page without end would be read into memory."""
    with shared_memory.fresh().work("sara") as work:
        for limit in (0, 1_001):
            with pytest.raises(InvalidValue, match="from 1 to 1,000"):
                work.purchases(limit=limit)
        with pytest.raises(InvalidValue, match="cursor"):
            work.purchases(after="nonsense")


def test_what_is_hidden_stays_hidden(shared_sqlite: SharedCrm) -> None:
    """A way around the policy: rows, or which order a complaint is about, would be told from the side."""
    rows = {"invoice": 'number = "1"', "customer": 'name = "Omar"'}
    crm = shared_sqlite.fresh(policy=Restricted(rows=rows, hidden={"interaction": ("kind",), "order": ("total",)}))
    shop(crm)
    with crm.work("sara") as work:
        seen = told(work.purchases())
    assert [(each[1], each[5], each[6]) for each in seen] == [
        (None, [], 0),
        ("Omar", [], 0),
        (None, ["1"], 0),
        (None, ["1"], 0),
    ]
    assert seen[1][3] is None


def test_hidden_lines_and_times(shared_sqlite: SharedCrm) -> None:
    """What was bought, or in what order of time, would be told although the order hides it."""
    crm = shared_sqlite.fresh(policy=Restricted(hidden={"order": ("lines", "ordered_at")}))
    shop(crm)
    with crm.work("sara") as work:
        page = work.purchases()
    assert [(each.order.external_id, each.line) for each in page.items] == [("A1", None), ("A2", None), ("B1", None)]
