"""What customers owe by their open invoices, and how late they have paid so far."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any, Final
from uuid import UUID

import attrs

from crmcore.application import reading
from crmcore.application.repository import RecordRepository
from crmcore.application.session import Session
from crmcore.domain.bound import BoundQuery, SortKey, Test, every
from crmcore.domain.money import Money
from crmcore.domain.predicate import one_of
from crmcore.domain.sales.invoice import Invoice
from crmcore.domain.sales.settlement import open_balance

BALANCED: Final = ("status", "total", "paid_on", "payment", "payments", "payment.amount", "payment.paid_on")
"""What the open balance of an invoice is told by."""


@attrs.frozen
class Lateness:
    """The mean of days that paid invoices were paid after they were due: by customer, and of all (None: none is)."""

    by_customer: Mapping[UUID | None, Fraction]
    overall: Fraction | None

    def of(self, customer: UUID | None) -> int:
        """The days to reckon with, rounded half-even: the customer's own mean, else that of all, else 0. Nobody is
        reckoned to pay before it is due."""
        mean = self.by_customer.get(customer, self.overall) if customer is not None else self.overall
        return max(round(mean), 0) if mean is not None else 0


def lateness(unit: Session) -> Lateness:
    """How late customers have paid, as far as the actor may see it; one statement."""
    type = unit.catalogue.of(Invoice)
    status = type.field("status")
    if status is None or not unit.rule(type).hidden.isdisjoint(
        ("customer", "status", "due_on", "paid_on", "days_late")
    ):
        return Lateness({}, None)
    query = BoundQuery(type=type, where=every(Test(status, "=", ("paid",)), unit.binder().scope(type)))
    rows = unit.transaction.aggregate(query, ("customer",), (("count", "days_late"), ("sum", "days_late")))
    known = [(customer, count, days) for customer, count, days in rows if count]
    total = sum(count for _, count, _ in known)
    overall = Fraction(sum(days for _, _, days in known), total) if total else None
    return Lateness({customer: Fraction(days, count) for customer, count, days in known}, overall)


def open_invoices(unit: Session) -> Iterator[Invoice]:
    """Every open invoice that the actor may see, in constant memory; none where it is hidden which are open."""
    type = unit.catalogue.of(Invoice)
    if "status" in unit.rule(type).hidden:
        return iter(())
    repository: RecordRepository[Invoice] = RecordRepository(unit, type)
    return repository.stream(one_of("status", unpaid_statuses(unit)))


def unpaid_statuses(unit: Session) -> tuple[str, ...]:
    """The statuses of invoices that are to be paid: open, and those of plugins that count as that."""
    return unit.catalogue.workflows["invoice", "status"].counting_as("open")


@attrs.frozen
class Account:
    """A customer's newest invoices, and what is open of all of them in each currency."""

    invoices: tuple[Invoice, ...]
    open: tuple[Money, ...]


def account(unit: Session, customer: UUID, recent: int) -> Account:
    """What a customer was asked to pay, and still owes (below zero: is owed), as far as the actor may see it."""
    type = unit.catalogue.of(Invoice)
    who, issued, status = (type.field(name) for name in ("customer", "issued_on", "status"))
    hidden = unit.rule(type).hidden
    if who is None or issued is None or status is None or "customer" in hidden:
        return Account((), ())
    own = every(Test(who, "=", (customer,)), unit.binder().scope(type))
    sort = () if "issued_on" in hidden else (SortKey(issued, descending=True),)  # its order would tell
    newest = unit.transaction.select(BoundQuery(type=type, where=own, sort=sort, limit=recent))
    unpaid: list[Any] = []
    if hidden.isdisjoint(BALANCED):
        is_open = Test(status, "in", unpaid_statuses(unit))
        unpaid = [f.record for f in unit.transaction.select(BoundQuery(type=type, where=every(own, is_open)))]
    seen: list[Any] = [reading.blanked(unit, type, each.record) for each in newest]
    return Account(tuple(seen), balances(unpaid))


def balances(invoices: Iterable[Invoice]) -> tuple[Money, ...]:
    """What is open of these invoices, by currency; a currency of which nothing is open is left out."""
    sums: dict[str, Money] = {}
    for each in invoices:
        balance = open_balance(each)
        if balance is not None:
            sums[balance.currency] = sums.get(balance.currency, Money(0, balance.currency)) + balance
    return tuple(sums[currency] for currency in sorted(sums) if sums[currency].amount)
