"""The whole view of a customer as it was known at a time.

What has been removed since, or belongs to another customer today, is not in it: only what stands with the customer now
is looked up in the log.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from uuid import UUID

import attrs

from crmcore.application import reading, relationships
from crmcore.application.repository import RecordRepository
from crmcore.application.sales import receivables
from crmcore.application.session import Session
from crmcore.application.timeline import Entry, TimelinePage, moment
from crmcore.application.whole_view import RECENT, Purchases, WholeView
from crmcore.domain.bound import BoundQuery, Test, every
from crmcore.domain.customer import Customer
from crmcore.domain.money import Money
from crmcore.domain.order import Order
from crmcore.domain.record import Record, RecordType
from crmcore.domain.relationship import INVERSES, Relationship
from crmcore.domain.sales.invoice import Invoice
from crmcore.domain.sales.opportunity import Opportunity


def past_view(unit: Session, customer: UUID, at: dt.datetime, recent: int = RECENT) -> WholeView:
    """Everything at a glance, as it was known then; `NotFound` where the customer was not there, or is hidden."""
    customers: RecordRepository[Customer] = RecordRepository(unit, unit.catalogue.of(Customer))
    found = customers.get(customer, as_of=at)
    type = unit.catalogue.of(Order)
    orders = [each for each in _known(unit, type, "customer", customer, at) if isinstance(each, Order)]
    orders.sort(key=lambda each: (each.ordered_at is not None, each.ordered_at, each.id), reverse=True)
    return WholeView(
        found,
        tuple(_relationships(unit, customer, at)),
        TimelinePage(tuple(_timeline(unit, customer, at)[:recent]), None),
        tuple(orders[:recent]),
        Purchases(len(orders), _totals(orders)),
        _account(unit, customer, at, recent),
        _opportunities(unit, customer, at)[:recent],
    )


def _opportunities(unit: Session, customer: UUID, at: dt.datetime) -> tuple[Opportunity, ...]:
    known = _known(unit, unit.catalogue.of(Opportunity), "customer", customer, at)
    found = [each for each in known if isinstance(each, Opportunity)]
    return tuple(sorted(found, key=lambda each: each.id, reverse=True))


def _account(unit: Session, customer: UUID, at: dt.datetime, recent: int) -> receivables.Account:
    """The invoices as they were known; of one whose day of issue is hidden nothing tells its place."""
    type = unit.catalogue.of(Invoice)
    known = [each for each in _known(unit, type, "customer", customer, at) if isinstance(each, Invoice)]
    known.sort(key=lambda each: (each.issued_on is not None, each.issued_on or dt.date.min, each.id), reverse=True)
    told = unit.rule(type).hidden.isdisjoint(receivables.BALANCED)
    due = receivables.unpaid_statuses(unit)
    unpaid = [each for each in known if each.status in due] if told else []
    return receivables.Account(tuple(known[:recent]), receivables.balances(unpaid))


def _known(unit: Session, type: RecordType, who: str, customer: UUID, at: dt.datetime) -> Iterator[Record]:
    """The records about the customer that were there, as they were."""
    about, made = type.field(who), type.field("created_at")
    if about is None or made is None or who in unit.rule(type).hidden:
        return
    where = every(Test(about, "=", (customer,)), Test(made, "<=", (at,)), unit.binder().scope(type))
    for each in unit.transaction.select(BoundQuery(type=type, where=where)):
        record = _as_it_was(unit, type, each.record, at)
        if getattr(record, who) == customer:
            yield record


def _as_it_was(unit: Session, type: RecordType, record: Record, at: dt.datetime) -> Record:
    unchanged = record.changed_at is not None and record.changed_at <= at
    return reading.blanked(unit, type, record) if unchanged else reading.as_of(unit, type, record.id, at)


def _timeline(unit: Session, customer: UUID, at: dt.datetime) -> list[Entry]:
    entries = []
    for type in unit.catalogue.records.values():
        who, when = type.options.timeline or ("", "")
        if who and when not in unit.rule(type).hidden:
            known = _known(unit, type, who, customer, at)
            entries += [Entry(type, moment(each, when), each) for each in known if getattr(each, when) is not None]
    return sorted(entries, key=lambda entry: (entry.at, entry.record.id), reverse=True)


def _totals(orders: Sequence[Order]) -> tuple[Money, ...]:
    """The sum in each currency, in the order of the currencies' names."""
    sums: dict[str, Money] = {}
    for total in (each.total for each in orders if each.total is not None):
        before = sums.get(total.currency)
        sums[total.currency] = total if before is None else before + total
    return tuple(sums[currency] for currency in sorted(sums))


def _relationships(unit: Session, customer: UUID, at: dt.datetime) -> Iterator[relationships.Seen]:
    type = unit.catalogue.of(Relationship)
    for seen in relationships.of_customer(unit, customer):
        made = seen.relationship.created_at
        if made is None or made > at:
            continue
        then = _as_it_was(unit, type, seen.relationship, at)
        if isinstance(then, Relationship) and {customer, seen.other} == {then.from_customer, then.to_customer}:
            kind = then.kind if then.from_customer == customer else INVERSES[then.kind]
            yield attrs.evolve(seen, kind=kind, relationship=then)
