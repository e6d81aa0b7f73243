"""Purchases are found by indexes, in the same number of statements whatever their number."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from crmcore import Interaction, Money, Order, OrderLine, Person, Product
from crmcore.adapters.sql import SqlSource, SqlStorage
from crmcore.adapters.sql.reading import Reader
from crmcore.crm import Crm
from crmcore.domain.customer import Address, AlternativeName
from crmcore.domain.sales.invoice import Invoice, InvoiceLine, Payment
from crmcore.testing.crm import make_crm
from tests.adapters.sql.conftest import NOON
from tests.adapters.sql.plans import Recorder, plan_of
from tests.databases import MariaDatabase, PostgresSchema, _server, storages

ORDERS = 3_000


@pytest.fixture(scope="module", params=storages())
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crm]:
    """A database with orders, invoices and a few complaints, and its statistics."""
    place: Any = None
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('purchases') / 'crm.db'}"
    else:
        place = {"postgres": PostgresSchema, "mariadb": MariaDatabase}[request.param](_server(request.param))
        url = place.url
    with make_crm(SqlSource.own(url)) as crm:
        fill(crm)
        yield crm
    if place is not None:
        place.remove()


def fill(crm: Crm) -> None:
    """Orders of two lines, each with an invoice; one in a thousand with a complaint."""
    with crm.work("test") as work:
        work.customers.add_many(person(n) for n in range(1_000))
        work.products.add_many(Product(f"Tea {n}", code=f"T{n}") for n in range(3_000))
        people = [each.id for each in work.customers.query(limit=1_000).items]
        teas = [each.id for each in work.products.query(limit=3_000).items]
        price = Money(4, "EUR")
        bill = (InvoiceLine(teas[0], unit_price=price), InvoiceLine(teas[1], unit_price=price))
        part = (Payment(NOON.date(), price),)
        work.orders.add_many(
            Order(
                NOON + dt.timedelta(hours=n),
                customer=people[n % 1_000],
                lines=(
                    OrderLine(teas[2 * n % 3_000], unit_price=price),
                    OrderLine(teas[(2 * n + 7) % 3_000], unit_price=price),
                ),
            )
            for n in range(ORDERS)
        )
        orders = [each.id for each in work.orders.query(sort="ordered_at", limit=ORDERS).items]
        work.invoices.add_many(Invoice(NOON.date(), 14, order=each, lines=bill, payments=part) for each in orders)
        calls = [Interaction(NOON, "call", kind="inquiry", order=each) for each in orders]
        calls += [Interaction(NOON, "call", kind="complaint", order=each) for each in orders[::1_000]]
        work.interactions.add_many(calls)
    assert isinstance(crm.storage, SqlStorage)
    with crm.storage._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        tables = ", ".join(t.name for t in crm.storage.metadata.sorted_tables)
        word = f"ANALYZE TABLE {tables}" if connection.dialect.name == "mysql" else "ANALYZE"
        connection.exec_driver_sql(word).close()


def person(number: int) -> Any:
    """A customer with some of every part."""
    return Person(
        f"Customer {number}",
        emails=[f"c{number}@example.com"],
        addresses=(Address(city="Cairo"),),
        alternative_names=(AlternativeName(f"Other {number}"),),
        roles=("customer",),
        tags=frozenset((f"t{number}",)),
    )


def asked(crm: Crm, where: str | None, limit: int, pages: int = 1) -> list[tuple[str, tuple[Any, ...]]]:
    """The statements of the last of so many pages."""
    assert isinstance(crm.storage, SqlStorage)
    with crm.work("test") as work:
        transaction: Any = work.transaction
        after = None
        for _ in range(pages):
            recorder = Recorder(transaction._runner)
            transaction._reader = Reader(crm.storage._statements.model, recorder)
            page = work.purchases(where, limit=limit, after=after)
            after = page.next
            assert page.items
            assert where or len(page.items) == limit
    return recorder.fetched


def test_the_number_of_statements_does_not_grow(filled: Crm) -> None:
    """Each row of a page would ask for its customer, product, invoices and complaints by itself."""
    assert {len(asked(filled, None, limit)) for limit in (2, 30, 500)} == {5}
    assert {len(asked(filled, None, limit, pages=2)) for limit in (3, 31, 501)} == {6}


@pytest.mark.parametrize(
    ("where", "limit"),
    [
        (None, 10),
        ('interaction where (kind = "complaint")', 10),
        ('customer.name = "Customer 7"', 10),
        ('line.product.code = "T7"', 10),
    ],
)
def test_purchases_use_indexes(filled: Crm, where: str | None, limit: int) -> None:
    """A page would read whole tables of orders, invoices or interactions."""
    assert isinstance(filled.storage, SqlStorage)
    statements = asked(filled, where, limit)
    with filled.work("test") as work:
        transaction: Any = work.transaction
        plans = [plan_of(filled.storage._backend, transaction._runner, sql, values) for sql, values in statements]
    for plan in plans:
        assert not plan.scanned, plan.account
