"""What customers owe: in the whole view, now and as it was known."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from crmcore import Money, Order, OrderLine, Person
from crmcore.application.past_view import past_view
from crmcore.domain.sales.invoice import Invoice, InvoiceLine, Payment
from crmcore.testing.fakes import FrozenClock, Restricted
from tests.shared import SharedCrm

NOON = dt.datetime(2025, 3, 1, 12, tzinfo=dt.UTC)
DAY = NOON.date()


def eur(amount: int) -> Money:
    """Whole euros."""
    return Money(amount, "EUR")


def test_the_whole_view_has_invoices_and_what_is_open(shared: SharedCrm) -> None:
    """Whoever speaks with a customer would not know what they owe."""
    crm = shared.fresh()
    with crm.work("root") as work:
        leila, omar = (work.customers.add(Person(name)).id for name in ("Leila", "Omar"))
        paid = (Payment(DAY, eur(30)),)
        work.invoices.add(Invoice(DAY, 14, total=eur(100), customer=leila, number="1", payments=paid))
        lines = (InvoiceLine(quantity=Decimal(2), unit_price=eur(20), discount=eur(5)),)
        work.invoices.add(Invoice(DAY + dt.timedelta(1), 14, lines=lines, customer=leila, number="2"))
        work.invoices.add(Invoice(DAY + dt.timedelta(2), customer=leila, number="3", total=Money(9, "USD")))
        work.invoices.add(Invoice(DAY, customer=leila, number="4", total=eur(50), paid_on=DAY))
        work.invoices.add(Invoice(DAY, total=eur(999), customer=omar))
        view = work.whole_view(leila)
    assert [each.number for each in view.account.invoices] == ["3", "2", "4", "1"]
    assert view.account.open == (eur(105), Money(9, "USD"))


def test_the_past_view_knows_no_later_payment(shared: SharedCrm) -> None:
    """The balance of a past day would change with what is paid today."""
    clock = FrozenClock(NOON)
    crm = shared.fresh(clock=clock)
    with crm.work("root") as work:
        leila = work.customers.add(Person("Leila")).id
        bill = work.invoices.add(Invoice(DAY, 14, total=eur(100), customer=leila))
    clock.advance(days=5)
    with crm.work("root") as work:
        work.invoices.change(bill.id, payments=(Payment(DAY + dt.timedelta(5), eur(100)),))
        before = past_view(work, leila, NOON + dt.timedelta(days=1))
        assert (before.account.open, [each.status for each in before.account.invoices]) == ((eur(100),), ["open"])
        now = past_view(work, leila, work.now())
        assert (now.account.open, [each.status for each in now.account.invoices]) == ((), ["paid"])
        assert now.account == work.whole_view(leila).account


def test_hidden_amounts_are_not_told_by_balances(shared_sqlite: SharedCrm) -> None:
    """The sum of what is open would tell totals that the policy hides."""
    crm = shared_sqlite.fresh(policy=Restricted(hidden={"invoice": ("total",)}))
    with crm.work("root") as work:
        leila = work.customers.add(Person("Leila")).id
        work.invoices.add(Invoice(DAY, total=eur(100), customer=leila))
    with crm.work("sara") as work:
        for view in (work.whole_view(leila), past_view(work, leila, work.now())):
            assert view.account.open == ()
            assert [each.total for each in view.account.invoices] == [None]


def test_totals_of_orders_are_less_their_discounts(shared: SharedCrm) -> None:
    """What a customer has bought for would count what they did not pay."""
    crm = shared.fresh()
    with crm.work("root") as work:
        leila = work.customers.add(Person("Leila")).id
        lines = (OrderLine(quantity=Decimal(2), unit_price=eur(20), discount=eur(5)),)
        order = work.orders.add(Order(NOON, customer=leila, lines=lines, discount=eur(3)))
        assert order.total == eur(32)
        work.orders.add(Order(NOON, customer=leila, total=eur(7), discount=eur(1)))
        changed = work.orders.change(order.id, discount=None)
        assert changed.total == eur(35)
        view = work.whole_view(leila)
    assert (view.purchases.orders, view.purchases.totals) == (2, (eur(42),))
