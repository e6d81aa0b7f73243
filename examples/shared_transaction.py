"""A host's own table and the CRM in one transaction: both rows are there, or neither.

    python examples/shared_transaction.py [URL]

URL is one of SQLAlchemy's, by default the file shop.db; on a server the database must be there. A basket is the shop's
own table. What is paid is known to the shop and to the CRM; what is refused, to neither.
"""

from __future__ import annotations

import sys
from uuid import UUID

import sqlalchemy as sa

import crmcore
from crmcore import Crm, Interaction, Money, Order, OrderLine, Person

tables = sa.MetaData()
basket = sa.Table(
    "basket",
    tables,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("item", sa.String(100), nullable=False),
    sa.Column("customer", sa.String(36), nullable=False),
)


class PaymentRefused(Exception):
    """The bank said no, after everything was written."""


def open_crm(engine: sa.Engine) -> Crm:
    """The CRM over the shop's own engine, its tables made if they are not there."""
    crm = Crm(crmcore.prepare(engine))
    crm.upgrade()
    tables.create_all(engine)
    return crm


def buy(engine: sa.Engine, crm: Crm, customer: UUID, item: str, price: Money, *, paid: bool) -> None:
    """Write the shop's row and the CRM's order and interaction in one transaction; `PaymentRefused` undoes them."""
    with engine.begin() as connection:
        connection.execute(sa.insert(basket).values(item=item, customer=str(customer)))
        with crm.work(connection=connection, actor="checkout") as work:
            line = OrderLine(unit_price=price, description=item)
            work.orders.add(Order(customer=customer, ordered_at=work.now(), lines=(line,)))
            work.interactions.add(
                Interaction(customer=customer, at=work.now(), channel="web", subject=f"Bought {item}")
            )
        if not paid:
            raise PaymentRefused(f"{item} for {price}")


def counts(engine: sa.Engine, crm: Crm) -> dict[str, int]:
    """How many rows there are on both sides."""
    with engine.connect() as connection:
        baskets = connection.execute(sa.select(sa.func.count()).select_from(basket)).scalar_one()
    with crm.work(actor="checkout") as work:
        return {"baskets": baskets, "orders": work.orders.count(), "interactions": work.interactions.count()}


def main(url: str = "sqlite:///shop.db") -> None:
    """Buy once with success and once without, and show what is there after each."""
    engine = sa.create_engine(url)
    crm = open_crm(engine)
    with crm.work(actor="checkout") as work:
        leila = work.customers.add(Person("Leila Hosseini", emails=["leila@example.com"]))
    buy(engine, crm, leila.id, "saffron", Money("12.50", "EUR"), paid=True)
    print("paid:   ", counts(engine, crm))
    try:
        buy(engine, crm, leila.id, "caviar", Money("900", "EUR"), paid=False)
    except PaymentRefused as refused:
        print("refused:", refused)
    print("after:  ", counts(engine, crm))
    engine.dispose()


if __name__ == "__main__":
    main(*sys.argv[1:])
