"""What is open of an invoice, since when, and what is wrong with one: pure functions over what it states."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final, Protocol

from crmcore.domain.errors import InvalidValue
from crmcore.domain.money import Money
from crmcore.domain.sales.lines import Line, line_problems

MOST_DAYS: Final = 3_650
"""Net days are at most ten years."""


class PaymentLike(Protocol):
    """Money that came in on a day; negative: that went back."""

    @property
    def paid_on(self) -> dt.date: ...
    @property
    def amount(self) -> Money: ...


class InvoiceLike(Protocol):
    """What an invoice states."""

    @property
    def status(self) -> str: ...
    @property
    def issued_on(self) -> dt.date | None: ...
    @property
    def net_days(self) -> int | None: ...
    @property
    def due_on(self) -> dt.date | None: ...
    @property
    def paid_on(self) -> dt.date | None: ...
    @property
    def total(self) -> Money | None: ...
    @property
    def discount(self) -> Money | None: ...
    @property
    def lines(self) -> Sequence[Line]: ...
    @property
    def payments(self) -> Sequence[PaymentLike]: ...
    @property
    def corrects(self) -> object: ...


def due_after(issued_on: dt.date | None, net_days: int) -> dt.date | None:
    """The day so many days after the day of issue; None without one, or where no calendar has it."""
    try:
        return None if issued_on is None else issued_on + dt.timedelta(days=net_days)
    except OverflowError:
        return None


def paid_from(payments: Sequence[PaymentLike], total: Money | None) -> dt.date | None:
    """The day since which the payments reach the total; None while they do not (or are in another currency)."""
    if total is None or any(each.amount.currency != total.currency for each in payments):
        return None
    paid, since = Decimal(0), None
    for each in sorted(payments, key=lambda payment: payment.paid_on):
        paid += each.amount.amount
        if not _reaches(paid, total):
            since = None
        elif since is None:
            since = each.paid_on
    return since


def _reaches(paid: Decimal, total: Money) -> bool:
    return paid >= total.amount if total.amount >= 0 else paid <= total.amount


def open_balance(invoice: InvoiceLike, as_of: dt.date | None = None) -> Money | None:
    """What is still to be paid at the end of a day (None: by all that is known): the total less payments.

    Below zero the customer is owed it, as for a credit note. Nothing is open of a draft, of a void invoice, before the
    day of issue, or once `paid_on` has come where no payments are listed. None if there is no total.
    """
    total = invoice.total
    if total is None:
        return None
    nothing = Money(0, total.currency)
    if invoice.status in ("draft", "void") or _is_later(invoice.issued_on, as_of):
        return nothing
    if not invoice.payments:
        is_paid = invoice.paid_on is not None and not _is_later(invoice.paid_on, as_of)
        return nothing if is_paid else total
    return sum((-each.amount for each in invoice.payments if not _is_later(each.paid_on, as_of)), total)


def _is_later(day: dt.date | None, as_of: dt.date | None) -> bool:
    return day is not None and as_of is not None and day > as_of


def days_overdue(invoice: InvoiceLike, as_of: dt.date) -> int:
    """By how many days the due day of an invoice is past, if something above zero is open of it; else 0."""
    balance = open_balance(invoice, as_of)
    if balance is None or balance.amount <= 0 or invoice.due_on is None:
        return 0
    return max((as_of - invoice.due_on).days, 0)


def days_late(invoice: InvoiceLike) -> int | None:
    """How many days after its due day an invoice was paid (negative: before); None for one that is not paid."""
    return None if invoice.paid_on is None or invoice.due_on is None else (invoice.paid_on - invoice.due_on).days


def invoice_problems(invoice: InvoiceLike) -> dict[str, str]:
    """What is wrong with an invoice, by field."""
    problems = {name: problem for name, problem in _wrong(invoice) if problem}
    return problems if "lines" in problems else {**problems, **line_problems(invoice.lines, invoice.discount)}


def _wrong(invoice: InvoiceLike) -> Iterator[tuple[str, str | None]]:
    issued, due, days = invoice.issued_on, invoice.due_on, invoice.net_days
    if days is not None and not 0 <= days <= MOST_DAYS:
        yield "net_days", f"{days} is not from 0 to {MOST_DAYS:,}"
    if issued is not None and due is not None and due < issued:
        yield "due_on", f"{due} is before issued_on {issued}"
    yield from _foreign(invoice)
    if invoice.total is not None and invoice.total.amount > 0 and invoice.corrects is not None:
        yield "corrects", f"a credit note has a total of zero or less, not {invoice.total}"
    yield from _unsettled(invoice)


def _foreign(invoice: InvoiceLike) -> Iterator[tuple[str, str | None]]:
    """An invoice is in one currency: that of its total, else of its first line with a price."""
    prices = [money for line in invoice.lines for money in (line.unit_price, line.discount) if money is not None]
    paid = [each.amount for each in invoice.payments]
    known = [money for money in (invoice.total, *prices, invoice.discount, *paid) if money is not None]
    if not known:
        return
    currency = known[0].currency
    for name, group in (("lines", prices), ("discount", [invoice.discount]), ("payments", paid)):
        if foreign := next((money for money in group if money is not None and money.currency != currency), None):
            yield name, f"{foreign} on an invoice in {currency}: an invoice has one currency"


def _unsettled(invoice: InvoiceLike) -> Iterator[tuple[str, str | None]]:
    """Status, day of payment and payments agree."""
    if invoice.status == "paid" and invoice.paid_on is None:
        yield "status", "a paid invoice has the day of payment in paid_on, or payments that reach its total"
    if invoice.status in ("draft", "open") and invoice.paid_on is not None:
        yield "paid_on", f"an invoice that is {invoice.status} was not paid"
    is_stated = invoice.paid_on is not None and invoice.payments and invoice.total is not None
    if is_stated and paid_from(invoice.payments, invoice.total) is None:
        yield "paid_on", f"the payments do not reach the total of {invoice.total}"
    if invoice.status in ("draft", "void") and invoice.payments:
        try:
            left = sum((each.amount for each in invoice.payments[1:]), invoice.payments[0].amount)
        except InvalidValue:
            return
        if left.amount:
            yield "payments", f"{left} was paid on an invoice that is {invoice.status}: issue it, or record the refund"
