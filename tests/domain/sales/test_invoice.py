"""Invoices: what follows from what they state, what is open, what is refused."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.domain.copying import evolve
from crmcore.domain.errors import IllegalTransition
from crmcore.domain.money import Money
from crmcore.domain.sales.invoice import (
    INVOICE_STATUS,
    Invoice,
    InvoiceLine,
    Payment,
    complete_invoice,
    sound_invoice,
)
from crmcore.domain.sales.settlement import days_late, days_overdue, open_balance, paid_from
from crmcore.domain.workflow import check_workflow

JAN = dt.date(2025, 1, 31)
OTHER = UUID(int=7)


def eur(amount: str) -> Money:
    """Euros."""
    return Money(amount, "EUR")


def day(number: int) -> dt.date:
    """A day of March 2025."""
    return dt.date(2025, 3, number)


def made(invoice: Invoice) -> Invoice:
    """The invoice as it is stored."""
    return complete_invoice(None, invoice)


def test_the_total_follows_from_lines_discounts_and_returns() -> None:
    """A bill would not be the sum of what is on it."""
    lines = (
        InvoiceLine(quantity=Decimal(3), unit_price=eur("10"), discount=eur("5")),
        InvoiceLine(quantity=Decimal(-1), unit_price=eur("10"), discount=eur("-2")),
        InvoiceLine(description="with our compliments"),
    )
    assert made(Invoice(JAN, lines=lines)).total == eur("17")
    assert made(Invoice(JAN, lines=lines, discount=eur("1.70"))).total == eur("15.30")
    assert made(Invoice(JAN, lines=lines, total=eur("16"))).total == eur("16")


def test_a_total_that_followed_goes_on_following() -> None:
    """A line added later would not be billed; a total that somebody stated would be overwritten."""
    before = made(Invoice(JAN, lines=(InvoiceLine(unit_price=eur("10")),)))
    more = (*before.lines, InvoiceLine(unit_price=eur("4")))
    assert complete_invoice(before, evolve(before, lines=more)).total == eur("14")
    assert complete_invoice(before, evolve(before, lines=more, total=eur("12"))).total == eur("12")
    assert complete_invoice(before, evolve(before, note="call first")).total == eur("10")


def test_the_due_day_follows_from_the_net_days() -> None:
    """Terms would be written on the invoice and reckoned by hand."""
    invoice = made(Invoice(JAN, 30))
    assert invoice.due_on == dt.date(2025, 3, 2)
    assert made(Invoice(JAN, 30, dt.date(2025, 2, 28))).due_on == dt.date(2025, 2, 28)
    assert complete_invoice(invoice, evolve(invoice, net_days=14)).due_on == dt.date(2025, 2, 14)
    assert made(Invoice(None, 30)).due_on is None
    assert made(Invoice(dt.date(9999, 12, 1), 60)).due_on is None


def test_payments_settle_an_invoice_and_a_refund_opens_it_again() -> None:
    """An invoice would count as paid while something is open, or as open when it is paid."""
    half = Payment(day(3), eur("50"), "transfer")
    invoice = made(Invoice(day(1), 14, total=eur("100"), payments=(half,)))
    assert (invoice.status, invoice.paid_on, open_balance(invoice)) == ("open", None, eur("50"))
    rest = Payment(day(10), eur("50"))
    paid = complete_invoice(invoice, evolve(invoice, payments=(rest, half)))
    assert (paid.status, paid.paid_on, open_balance(paid)) == ("paid", day(10), eur("0"))
    back = complete_invoice(paid, evolve(paid, payments=(*paid.payments, Payment(day(12), eur("-20")))))
    assert (back.status, back.paid_on, open_balance(back)) == ("open", None, eur("20"))


def test_a_credit_note_is_settled_by_money_that_goes_back() -> None:
    """What is owed to a customer would count as owed by them."""
    note = made(Invoice(day(5), total=eur("-30"), corrects=OTHER))
    assert open_balance(note) == eur("-30")
    settled = complete_invoice(note, evolve(note, payments=(Payment(day(6), eur("-30")),)))
    assert (settled.status, settled.paid_on) == ("paid", day(6))


def test_the_day_counts_for_what_is_open_and_overdue() -> None:
    """A balance as of a past day would know of later payments, or of an invoice that was not issued yet."""
    payments = (Payment(day(20), eur("40")), Payment(day(25), eur("60")))
    invoice = made(Invoice(day(1), 14, total=eur("100"), payments=payments))
    assert invoice.due_on == day(15)
    open_on = {n: open_balance(invoice, day(n)) for n in (15, 20, 24, 25)}
    assert open_on == {15: eur("100"), 20: eur("60"), 24: eur("60"), 25: eur("0")}
    assert open_balance(invoice, dt.date(2025, 2, 28)) == eur("0")
    assert [days_overdue(invoice, day(n)) for n in (10, 15, 16, 24, 25)] == [0, 0, 1, 9, 0]
    assert days_late(invoice) == 10


def test_what_was_stated_as_paid_is_paid_from_that_day() -> None:
    """Invoices of another system, which come without payments, would all be open."""
    invoice = made(Invoice(day(1), due_on=day(15), total=eur("100"), paid_on=day(12)))
    assert invoice.status == "paid"
    assert (open_balance(invoice, day(11)), open_balance(invoice, day(12))) == (eur("100"), eur("0"))
    assert days_late(invoice) == -3


def test_nothing_is_open_of_drafts_and_void_invoices() -> None:
    """Money would be expected that nobody was asked for."""
    for status in ("draft", "void"):
        assert open_balance(made(Invoice(day(1), total=eur("9"), status=status))) == eur("0")
    assert open_balance(made(Invoice(day(1)))) is None
    assert days_overdue(made(Invoice(day(1), due_on=day(2))), day(9)) == 0


@pytest.mark.parametrize(
    ("invoice", "problems"),
    [
        (Invoice(day(2), due_on=day(1)), {"due_on": "before issued_on"}),
        (Invoice(day(2), -1), {"net_days": "not from 0 to 3,650"}),
        (Invoice(day(2), total=eur("5"), corrects=OTHER), {"corrects": "total of zero or less"}),
        (
            Invoice(day(2), total=eur("5"), lines=(InvoiceLine(unit_price=Money("5", "USD")),)),
            {"lines": "one currency"},
        ),
        (Invoice(day(2), total=eur("5"), discount=Money("1", "USD")), {"discount": "one currency"}),
        (Invoice(day(2), total=eur("5"), payments=(Payment(day(3), Money("1", "USD")),)), {"payments": "one currency"}),
        (Invoice(day(2), status="paid", total=eur("5")), {"status": "day of payment"}),
        (Invoice(day(2), status="draft", paid_on=day(3)), {"paid_on": "was not paid"}),
        (
            Invoice(day(2), status="paid", paid_on=day(3), total=eur("5"), payments=(Payment(day(3), eur("1")),)),
            {"paid_on": "do not reach"},
        ),
        (Invoice(day(2), status="void", payments=(Payment(day(3), eur("1")),)), {"payments": "record the refund"}),
        (
            Invoice(day(2), lines=(InvoiceLine(unit_price=eur("5"), discount=eur("6")),)),
            {"lines": "line 1: .* more than"},
        ),
        (
            Invoice(day(2), lines=(InvoiceLine(unit_price=eur("5"), discount=eur("-1")),)),
            {"lines": "sign of the amount"},
        ),
        (Invoice(day(2), lines=(InvoiceLine(unit_price=eur("5")),), discount=eur("6")), {"discount": "more than"}),
        (
            Invoice(day(2), lines=(InvoiceLine(unit_price=eur("9" * 14), quantity=Decimal(2)),)),
            {"lines": "more than money can be"},
        ),
        (Invoice(day(2), status="void", payments=(Payment(day(3), eur("1")), Payment(day(4), eur("-1")))), {}),
        (Invoice(day(2), due_on=day(2), total=eur("0"), corrects=OTHER), {}),
    ],
)
def test_what_cannot_be_is_refused(invoice: Invoice, problems: Mapping[str, str]) -> None:
    """An invoice that contradicts itself would be stored, or a sound one refused."""
    found = sound_invoice(invoice)
    assert found.keys() == problems.keys()
    assert all(re.search(problems[name], found[name]) for name in problems)


def test_the_workflow_of_the_status() -> None:
    """A paid invoice could be made void, or a draft be paid without being issued."""
    check_workflow(INVOICE_STATUS)
    for source, target in (("draft", "open"), ("open", "paid"), ("paid", "open"), ("open", "void")):
        INVOICE_STATUS.check_step(source, target, None)
    for source, target in (("paid", "void"), ("draft", "paid"), ("void", "open")):
        with pytest.raises(IllegalTransition):
            INVOICE_STATUS.check_step(source, target, None)


AMOUNTS = st.integers(-500, 500).map(lambda cents: Money(Decimal(cents).scaleb(-2), "EUR"))
PAYMENTS = st.lists(st.builds(Payment, st.dates(day(1), day(28)), AMOUNTS), max_size=6)


@given(PAYMENTS, AMOUNTS)
def test_paid_since_agrees_with_the_open_balance(payments: list[Payment], total: Money) -> None:
    """An invoice would be paid on a day at whose end something is open, or stay open though nothing is."""
    invoice = Invoice(day(1), total=total, payments=tuple(payments))
    since = paid_from(payments, total)

    def is_settled(number: int) -> bool:
        balance = open_balance(invoice, day(number))
        assert balance is not None
        return balance.amount <= 0 if total.amount >= 0 else balance.amount >= 0

    if since is None:
        assert not payments or not is_settled(28)
    else:
        assert all(is_settled(n) for n in range(since.day, 29))
