"""The whole view of a customer: what anybody who is about to speak with them wants to see."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from uuid import UUID

import attrs

from crmcore.application import reading, relationships, timeline
from crmcore.application.contributing.asking import Missing
from crmcore.application.contributing.metrics import Total, metrics_of
from crmcore.application.contributing.panels import Panel, panels
from crmcore.application.repository import RecordRepository
from crmcore.application.sales import receivables
from crmcore.application.session import Session
from crmcore.domain.bound import BoundQuery, SortKey, Test, every
from crmcore.domain.customer import Customer
from crmcore.domain.money import Money
from crmcore.domain.order import Order
from crmcore.domain.sales.opportunity import Opportunity

RECENT = 20


@attrs.frozen
class Purchases:
    """What a customer has bought: how many orders, and the sum of their totals in each currency."""

    orders: int
    totals: tuple[Money, ...]


@attrs.frozen
class WholeView:
    """The customer with every facet, the relationships, the newest timeline entries, orders, opportunities and
    invoices, the purchases, what is open of all invoices, and what plugins contribute: panels by plugin, metrics, and
    which plugins are missing, because they failed."""

    customer: Customer
    relationships: tuple[relationships.Seen, ...]
    timeline: timeline.TimelinePage
    orders: tuple[Order, ...]
    purchases: Purchases
    account: receivables.Account
    opportunities: tuple[Opportunity, ...]
    panels: Mapping[str, Panel] = MappingProxyType({})
    metrics: tuple[Total, ...] = ()
    missing: tuple[Missing, ...] = ()


def whole_view(unit: Session, customer: UUID, recent: int = RECENT) -> WholeView:
    """Everything at a glance; `NotFound` where the actor may not see the customer."""
    type = unit.catalogue.of(Customer)
    facets = tuple(f.cls for f in unit.catalogue.facets.get(type.name, ()))
    customers: RecordRepository[Customer] = RecordRepository(unit, type)
    found = customers.get(customer, with_=facets)
    customer = found.id  # an id from before a merge leads to the survivor
    page = timeline.timeline_of(unit, found, recent)
    shown, figures = panels(unit, found), metrics_of(unit, found)
    unmeasured = tuple(dict.fromkeys(each for figure in figures for each in figure.missing))
    return WholeView(
        found,
        tuple(relationships.of_customer(unit, customer)),
        page,
        _orders(unit, customer, recent),
        purchases(unit, customer),
        receivables.account(unit, customer, recent),
        _opportunities(unit, customer, recent),
        MappingProxyType({plugin: panel for plugin, panel in shown.given if panel}),
        figures,
        (*shown.missing, *page.missing, *unmeasured),
    )


def _opportunities(unit: Session, customer: UUID, recent: int) -> tuple[Opportunity, ...]:
    """The newest ones, by their ids."""
    type = unit.catalogue.of(Opportunity)
    who, made = type.field("customer"), type.field("id")
    if who is None or made is None or "customer" in unit.rule(type).hidden:
        return ()
    where = every(Test(who, "=", (customer,)), unit.binder().scope(type))
    newest = BoundQuery(type=type, where=where, sort=(SortKey(made, descending=True),), limit=recent)
    seen = [reading.blanked(unit, type, each.record) for each in unit.transaction.select(newest)]
    return tuple(each for each in seen if isinstance(each, Opportunity))


def _orders(unit: Session, customer: UUID, recent: int) -> tuple[Order, ...]:
    query = _orders_query(unit, customer)
    if query is None:
        return ()
    type = query.type
    ordered_at = type.field("ordered_at")
    if "ordered_at" in unit.rule(type).hidden:
        ordered_at = None  # its order would tell
    sort = (SortKey(ordered_at, descending=True),) if ordered_at else ()
    found = unit.transaction.select(attrs.evolve(query, sort=sort, limit=recent))
    seen = [reading.blanked(unit, type, f.record) for f in found]
    return tuple(order for order in seen if isinstance(order, Order))


def _orders_query(unit: Session, customer: UUID) -> BoundQuery | None:
    type = unit.catalogue.of(Order)
    who = type.field("customer")
    if who is None or "customer" in unit.rule(type).hidden:
        return None
    return BoundQuery(type=type, where=every(Test(who, "=", (customer,)), unit.binder().scope(type)))


def purchases(unit: Session, customer: UUID) -> Purchases:
    """The count of a customer's orders and their sum per currency, over what the actor may see."""
    query = _orders_query(unit, customer)
    if query is None:
        return Purchases(0, ())
    count = unit.transaction.count(query)
    if "total" in unit.rule(query.type).hidden:
        return Purchases(count, ())
    [[totals]] = unit.transaction.aggregate(query, (), (("sum", "total"),))
    return Purchases(count, totals)
