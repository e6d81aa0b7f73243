"""What `crm demo` does with the shop for digital music: each step a use of the library, its result as plain values."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import attrs

from crmcore.application import searching
from crmcore.application.past_view import past_view
from crmcore.application.whole_view import whole_view
from crmcore.cli import history, showing
from crmcore.cli.records import Face
from crmcore.domain.bound import BoundQuery
from crmcore.domain.customer import Customer
from crmcore.domain.kinds import plain_datetime
from crmcore.domain.money import Money
from crmcore.domain.order import Order
from crmcore.domain.product import Product
from crmcore.domain.record import Record
from crmcore.domain.user import User

if TYPE_CHECKING:
    from crmcore.application.unit import UnitOfWork
    from crmcore.crm import Crm

Facts = dict[str, Any]
ACTOR: Final = "system:demo"
SOURCE: Final = "chinook"
OURS: Final = f'source = "{SOURCE}"'
CURRENCY: Final = "USD"
TIERS: Final = (("platinum", Decimal(46)), ("gold", Decimal(43)), ("silver", Decimal(40)), ("bronze", Decimal(39)))
"""Who has spent this much (in USD) is a member of that tier."""
FILTER: Final = 'country in ("Brazil", "Argentina") and last_order >= 2011-01-01'
MEMBERS: Final = 'loyalty.tier = "gold"'
COLUMNS: Final = ("name", "city", "country", "owner.name")
SPELLING: Final = "LUIS GONCALVES"
MOVED: Final[Facts] = {"city": "Brno", "phone": "+420 541 210 555"}


@attrs.frozen
class Spending:
    """What a customer has spent, and since when."""

    total: Decimal
    since: dt.date


def counts(work: UnitOfWork) -> Facts:
    """How many records of each kind there are, and order lines."""
    kinds: tuple[type[Record], ...] = (User, Customer, Product, Order)
    lines = sum(len(order.lines) for order in work.orders.stream(OURS))
    return {**{work.catalogue.of(each).name: work[each].count(OURS) for each in kinds}, "line": lines}


def total(work: UnitOfWork) -> Facts:
    """The sum of all orders, as the database adds it up."""
    type = work.catalogue.of(Order)
    sums = dict(work.transaction.aggregate(BoundQuery(type=type), ("source",), (("sum", "total"),)))
    [found] = sums[SOURCE]
    plain: Facts = found.plain()
    return plain


def spending(work: UnitOfWork) -> dict[UUID, Spending]:
    """What each customer has spent."""
    found: dict[UUID, Spending] = {}
    for order in work.orders.stream(OURS, sort="ordered_at"):
        if order.customer is not None and order.total is not None:
            known = found.get(order.customer, Spending(Decimal(0), order.ordered_at.date()))
            found[order.customer] = attrs.evolve(known, total=known.total + order.total.amount)
    return found


def make_members(crm: Crm) -> Facts:
    """Those who spent enough join the loyalty programme, in the tier that they earned; how many joined each."""
    joined: Counter[str] = Counter()
    with crm.work(actor=ACTOR) as work:
        for id, spent in spending(work).items():
            tier = next((name for name, least in TIERS if spent.total >= least), None)
            if tier is not None:
                number = f"CHINOOK-{int(work.customers.get(id).external_id or 0):04}"
                card: Facts = {"tier": tier, "joined_on": spent.since, "card_number": number}
                work.customers.change(id, **{f"loyalty.{name}": value for name, value in card.items()})
                joined[tier] += 1
    return {name: joined[name] for name, _ in TIERS}


def listed(work: UnitOfWork, where: str) -> Facts:
    """The customers that fit a filter."""
    face = Face(work, work.catalogue.of(Customer))
    page = work.customers.query(where, sort="name", with_=face.facets)
    names = [*COLUMNS, *(n for n in face.columns.by_name if n.startswith("loyalty."))]
    return {"where": where, "items": face.rows(page.items, names)}


def best_customer(work: UnitOfWork) -> UUID:
    """The customer who has spent most."""
    spent = spending(work)
    return max(spent, key=lambda id: (spent[id].total, id))


def view(work: UnitOfWork, customer: UUID, *, labelled: bool) -> Facts:
    """The whole view of a customer; `labelled`: with names in place of ids."""
    found = showing.whole(work, whole_view(work, customer))
    return showing.labelled(work, found) if labelled else found


def move(crm: Crm, customer: UUID) -> Facts:
    """A customer moves house: the change, its history, and the customer as known before."""
    with crm.work(actor=ACTOR) as work:
        before = work.now()
        work.customers.change(customer, **MOVED)
    with crm.work(actor=ACTOR) as work:
        now = Face(work, work.catalogue.of(Customer)).flat(whole_view(work, customer).customer)
        then = showing.whole(work, past_view(work, customer, before))["customer"]
        items = [history.item(entry) for entry in work.customers.history(customer)]
    return {"changed": MOVED, "customer": now, "history": items, "at": plain_datetime(before), "before": then}


def search(work: UnitOfWork, text: str = SPELLING) -> Facts:
    """What is found by a name without its accents."""
    hits = searching.search(work, text)
    return {"text": text, "items": [{"label": each.label, "score": each.score, "why": each.why} for each in hits]}


def sales(work: UnitOfWork) -> list[Facts]:
    """What was sold in each year."""
    sums: dict[str, Money] = {}
    for order in work.orders.stream(OURS, sort="ordered_at"):
        if order.total is not None:
            year = str(order.ordered_at.year)
            sums[year] = order.total + sums[year] if year in sums else order.total
    return [{"year": year, "total": each.plain()} for year, each in sums.items()]
