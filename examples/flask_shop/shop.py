"""A small shop in Flask: its checkout writes its own order and the CRM's records in one transaction, its form a lead.

flask --app examples/flask_shop/shop.py:open_shop run
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal

import attrs
import sqlalchemy as sa
from flask import Flask, abort, request

import crmcore
from crmcore import Crm, CrmError, Customer, Interaction, Money, Order, OrderLine, Person
from crmcore.domain.errors import ConcurrentChange, DuplicateValue, StorageBusy
from crmcore.domain.leads.submission import Submission
from crmcore.ports.work import Work

PRICES = {"saffron": Money("12.50", "EUR"), "pistachios": Money("9.90", "EUR"), "black tea": Money("4", "EUR")}
ATTEMPTS = 3

tables = sa.MetaData()
shop_order = sa.Table(
    "shop_order",
    tables,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("email", sa.String(320), nullable=False),
    sa.Column("total", sa.Numeric(12, 2), nullable=False),
)


class Refused(Exception):
    """The shop or the bank said no, when much was written already."""


@attrs.frozen
class Cart:
    """What somebody wants to buy: how many of each item. `quote` is the number of an offer that the shop made."""

    name: str
    email: str
    items: Mapping[str, int]
    card: str = ""
    quote: str | None = None

    @property
    def total(self) -> Money:
        """What it costs."""
        return sum((PRICES[item] * count for item, count in self.items.items()), Money(0, "EUR"))


def create_app(engine: sa.Engine, crm: Crm) -> Flask:
    """The shop over this engine, with the CRM in the same database; both are made and closed by the caller."""
    app = Flask(__name__)
    tables.create_all(engine)

    @app.post("/checkout")
    def checkout() -> tuple[dict[str, int], int]:
        form, items = request.form, Counter(request.form.getlist("item"))
        if not items or not items.keys() <= PRICES.keys():
            abort(400, f"choose from {', '.join(PRICES)}")
        cart = Cart(form["name"], form["email"], items, form.get("card", ""), form.get("quote"))
        return {"order": sell(engine, crm, cart)}, 201

    @app.post("/contact")
    def contact() -> tuple[dict[str, str], int]:
        form = request.form
        asked = Submission(name=form["name"], email=form["email"], body=form["message"], honeypot=form.get("web", ""))
        with crm.work(actor="contact form") as work:  # a transaction of the CRM's own
            captured = work.leads.capture(asked)
        if captured.outcome == "refused":
            return {"error": "; ".join(captured.reasons)}, 400
        return {"thanks": asked.name}, 201

    @app.errorhandler(Refused)
    def refused(error: Refused) -> tuple[dict[str, str], int]:
        return {"error": str(error)}, 402

    @app.errorhandler(CrmError)
    def refused_by_crm(error: CrmError) -> tuple[dict[str, str], int]:
        return {"error": error.message}, 409

    return app


def sell(engine: sa.Engine, crm: Crm, cart: Cart) -> int:
    """Sell as a whole or not at all; the number of the order. Where another checkout came between, try again."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return _sell(engine, crm, cart)
        except (ConcurrentChange, DuplicateValue, StorageBusy):
            if attempt == ATTEMPTS:
                raise
            time.sleep(0.05 * attempt)
    raise AssertionError("the last attempt returns or raises")


def _sell(engine: sa.Engine, crm: Crm, cart: Cart) -> int:
    with engine.begin() as connection:  # one transaction for the shop, the CRM and the card
        row = sa.insert(shop_order).values(email=cart.email, total=cart.total.amount).returning(shop_order.c.number)
        number: int = connection.execute(row).scalar_one()
        with crm.work(connection=connection, actor="checkout", source="shop") as work:
            tell_crm(work, cart, number)
        charge(cart)
    return number


def tell_crm(work: Work, cart: Cart, number: int) -> None:
    """Write the customer, the order and the contact, and win the opportunity that the cart was offered for."""
    customer, now = customer_of(work, cart), work.now()
    lines = tuple(
        OrderLine(quantity=Decimal(count), unit_price=PRICES[item], description=item)
        for item, count in cart.items.items()
    )
    work.orders.add(
        Order(customer=customer.id, ordered_at=now, lines=lines, status="paid", source="shop", external_id=str(number))
    )
    work.interactions.add(
        Interaction(customer=customer.id, at=now, channel="web", subject=f"Bought {', '.join(cart.items)}")
    )
    if cart.quote is not None:
        quote = work.opportunities.find(external_id=cart.quote, source="shop")
        if quote is None or quote.customer != customer.id or quote.status != "open":
            raise Refused(f"there is no open quote {cart.quote} for {cart.email}")
        work.opportunities.win(quote.id, reason=f"order {number}")


def customer_of(work: Work, cart: Cart) -> Customer:
    """Who has this e-mail address, or a new person.

    Two checkouts at once see no customer both; the unique `external_id` makes one of them fail and try again.
    """
    own = cart.email.lower()
    known = work.customers.find(external_id=own, source="shop") or work.customers.find(email=cart.email)
    return known or work.customers.add(Person(cart.name, emails=[cart.email], source="shop", external_id=own))


def charge(cart: Cart) -> None:
    """Take the money; a real shop asks its bank here."""
    if cart.card == "expired":
        raise Refused("the card has expired")


def open_shop(url: str = "") -> Flask:
    """The shop as it is served: over the database `url`, by default SHOP_DATABASE or the file shop.db."""
    engine = crmcore.prepare(sa.create_engine(url or os.environ.get("SHOP_DATABASE", "sqlite:///shop.db")))
    crm = Crm(engine)
    crm.upgrade()
    return create_app(engine, crm)
