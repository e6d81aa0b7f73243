"""Indexes that are declared are used: no question that one could answer reads a whole table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import attrs
import pytest

from crmcore.adapters.sql import SqlSource, SqlStorage
from crmcore.adapters.sql.keys import Keys
from crmcore.adapters.sql.log import Log
from crmcore.adapters.sql.reading import Reader
from crmcore.application.reading import bound_query
from crmcore.application.unit import UnitOfWork
from crmcore.crm import Crm
from crmcore.domain.customer import Address, AlternativeName, Person
from crmcore.domain.grammar import parse
from crmcore.domain.interaction import Interaction
from crmcore.domain.link import Link
from crmcore.domain.order import Order, OrderLine
from crmcore.domain.product import Product
from crmcore.domain.query import Cursor, Query, sorts
from crmcore.domain.sales.opportunity import Opportunity, OpportunityLine, Party
from crmcore.domain.user import User
from crmcore.testing import specimens
from crmcore.testing.crm import make_crm
from crmcore.testing.specimens import Profile
from tests.adapters.sql.conftest import NOON
from tests.adapters.sql.plans import Plan, Recorder, plan_of
from tests.databases import MariaDatabase, PostgresSchema, _server, storages

CUSTOMERS = 2_000


@pytest.fixture(scope="module", params=storages())
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crm]:
    """A database with enough rows for a planner to care, and its statistics."""
    place: Any = None
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('plans') / 'crm.db'}"
    else:
        made = {"postgres": PostgresSchema, "mariadb": MariaDatabase}[request.param]
        place = made(_server(request.param))
        url = place.url
    with make_crm(SqlSource.own(url), plugins=(specimens,)) as crm:
        fill(crm)
        yield crm
    if place is not None:
        place.remove()


def fill(crm: Crm) -> None:
    """Customers, each with some of everything."""
    with crm.work("test") as work:
        work.products.add_many(Product(f"Tea {n}", code=f"T{n}") for n in range(500))
        teas = [each.id for each in work.products.query(limit=500).items]
        work.users.add_many(User(f"User {n}", email=f"u{n}@example.com") for n in range(500))
        users = [each.id for each in work.users.query(limit=500).items]
        work.customers.add_many(person(n, users[n % 500]) for n in range(CUSTOMERS))
        ids = [each.id for each in work.customers.query(limit=CUSTOMERS).items]
        work.orders.add_many(
            Order(
                NOON + dt.timedelta(days=n % 300),
                customer=ids[n % 997 if n % 2 else 7],
                lines=(OrderLine(teas[n % 500]),),
            )
            for n in range(CUSTOMERS)
        )
        work.links.add_many(Link("customer", ids[n], "product", teas[n % 500], "likes") for n in range(CUSTOMERS))
        work.interactions.add_many(
            Interaction(NOON + dt.timedelta(hours=n), "call", customer=ids[n % 9]) for n in range(CUSTOMERS)
        )
        work.opportunities.add_many(
            Opportunity(
                f"Deal {n}",
                customer=ids[n % 997],
                owner=users[n % 500],
                product=teas[n % 500],
                lines=(OpportunityLine(teas[n % 500]),),
                stage=("prospecting", "proposal", "won", "lost")[n % 4],
                parties=(Party("competitor", f"Rival {n % 300}", customer=ids[n % 700]),),
            )
            for n in range(CUSTOMERS)
        )
    crm.pump()
    assert isinstance(crm.storage, SqlStorage)
    with crm.storage._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        tables = ", ".join(t.name for t in crm.storage.metadata.sorted_tables)
        word = f"ANALYZE TABLE {tables}" if connection.dialect.name == "mysql" else "ANALYZE"
        connection.exec_driver_sql(word).close()


def person(number: int, owner: UUID) -> Any:
    """One customer of many."""
    made = Person(
        f"Customer {number}",
        emails=[f"c{number}@example.com"],
        source="shop",
        external_id=str(number),
        tags=frozenset((f"t{number % 500}",)),
        owner=owner,
        addresses=(Address(city=f"City {number % 500}"),),
        alternative_names=(AlternativeName(f"Other {number}"),),
        roles=("customer",),
    )
    return made.with_facets(Profile(card=f"C{number}", points=number, motto=f"m{number}"))


def plans(crm: Crm, ask: Callable[[UnitOfWork, Recorder], Any]) -> list[Plan]:
    """What the database means to do for a question."""
    assert isinstance(crm.storage, SqlStorage)
    with crm.work("test") as work:
        runner = Recorder(work.transaction._runner)  # type: ignore[attr-defined]  # of SqlTransaction
        ask(work, runner)
        asked = list(runner.fetched)
        return [plan_of(crm.storage._backend, runner, sql, values) for sql, values in asked]


def reader(crm: Crm, runner: Recorder) -> Reader:
    """The storage's reader over the recorder."""
    assert isinstance(crm.storage, SqlStorage)
    return Reader(crm.storage._statements.model, runner)


FILTERS = [
    ("customer", 'id = "{id}"'),
    ("customer", 'id in ("{id}", "{id}", "{id}")'),
    ("customer", 'name = "Customer 7"'),
    ("customer", 'email = "c7@example.com"'),
    ("customer", 'city = "City 7"'),
    ("customer", 'owner.name = "User 7"'),
    ("customer", 'external_id = "7"'),
    ("customer", 'external_id = "7" and source = "shop"'),
    ("customer", 'tags = "t7"'),
    ("customer", 'specimen.card = "C7"'),
    ("customer", "specimen.points = 7"),
    ("customer", "specimen.points > 1995"),
    ("customer", 'specimen.motto = "m7"'),
    ("customer", 'owner = "{id}"'),
    ("customer", 'name = "Customer 7" and last_order < 90 days ago'),
    ("customer", 'name = "Customer 7" and no order where (status = "paid")'),
    ("customer", 'order where (id = "{id}")'),
    ("order", 'customer = "{id}"'),
    ("order", 'customer.name = "Customer 7"'),
    ("order", 'customer.email = "c7@example.com"'),
    ("order", 'line.product = "{id}"'),
    ("order", "ordered_at > 2025-11-09"),
    ("product", 'code = "T9"'),
    ("link", 'from_id = "{id}"'),
    ("link", 'to_id = "{id}"'),
    ("opportunity", 'customer = "{id}"'),
    ("opportunity", 'owner.name = "User 7"'),
    ("opportunity", 'product.code = "T9"'),
    ("opportunity", 'party.customer = "{id}"'),
    ("opportunity", 'name = "Deal 7" and no stage_change where (to_stage = "won")'),
    ("customer", 'name = "Customer 7" and opportunity where (status = "won")'),
    ("stage_change", 'opportunity = "{id}"'),
    ("stage_change", 'customer = "{id}"'),
]


@pytest.mark.parametrize(("record", "where"), FILTERS)
def test_filters_use_indexes(filled: Crm, record: str, where: str) -> None:
    """A filter over an indexed field would read the whole table."""

    def ask(work: UnitOfWork, runner: Recorder) -> None:
        some = work.customers.query(limit=1).items[0].id
        type = work.catalogue.record(record)
        query = bound_query(work, type, Query(where=parse(where.format(id=some))))
        reader(filled, runner).select(query)
        reader(filled, runner).count(query)

    for plan in plans(filled, ask):
        assert not plan.scanned, plan.account


ORDERS = [
    ("customer", "", "name"),
    ("customer", "", "-created_at"),
    ("customer", "", ""),
    ("interaction", 'customer = "{id}"', "-at"),
    ("interaction", "", "-created_at"),
    ("order", "", "-ordered_at"),
    ("order", 'customer = "{id}"', "-ordered_at"),
]


@pytest.mark.parametrize(("record", "where", "sort"), ORDERS)
def test_pages_come_from_an_index(filled: Crm, record: str, where: str, sort: str) -> None:
    """A page would sort the whole table, each time again; so would the page behind a cursor."""

    def ask(work: UnitOfWork, runner: Recorder) -> None:
        some = work.customers.query('external_id = "7"').items[0].id
        type = work.catalogue.record(record)
        predicate = parse(where.format(id=some)) if where else None
        query = bound_query(work, type, Query(where=predicate, sort=sorts(sort) if sort else (), limit=5))
        found = reader(filled, runner).select(query)
        cursor = Cursor(query.order, found[-1].keys, found[-1].record.id)
        reader(filled, runner).select(attrs.evolve(query, cursor=cursor))

    for plan in plans(filled, ask):
        assert not plan.scanned, plan.account
        assert not plan.sorts or "page" in plan.account, plan.account


def test_keys_and_the_log_use_indexes(filled: Crm) -> None:
    """Searching, history or the feed would read every key or every change that ever was."""
    assert isinstance(filled.storage, SqlStorage)
    model = filled.storage._statements.model
    keys, log = Keys(model), Log(model)

    def ask(work: UnitOfWork, runner: Recorder) -> None:
        some = work.customers.query(limit=1).items[0].id
        keys.find(runner, "email", "c7@example.com", None, ["customer", "user"], 20)
        keys.find(runner, "name", "customer 7", "customer 8", ["customer"], 20)
        keys.keyed(runner, "customer", [("email", f"c{n}@example.com") for n in range(5)])
        log.history(runner, "customer", some, None)
        log.feed(runner, 100, 10)

    for plan in plans(filled, ask):
        assert not plan.scanned, plan.account


LOOKED_UP = {"sqlite": "(kind=? AND key=? AND record=?)", "postgresql": "(key = wanted.key)", "mariadb": "'range'"}
"""What a plan says that finds each key by itself."""


def test_keys_of_a_growing_table_are_looked_up(fresh_url: str) -> None:
    """A long import would read all keys of a kind for every batch, as the statistics know nothing of its rows yet."""
    with make_crm(SqlSource.own(fresh_url), plugins=(specimens,)) as crm:
        assert isinstance(crm.storage, SqlStorage)
        keys, backend = crm.storage._statements.keys, crm.storage._backend
        with crm.work("test") as work:
            work.customers.add_many(Person(f"p{n}", emails=[f"c{n}@example.com"]) for n in range(3_000))
            runner = Recorder(work.transaction._runner)  # type: ignore[attr-defined]  # of SqlTransaction
            found = keys.keyed(runner, "customer", [("email", f"c{2 * n}@example.com") for n in range(2_000)])
            assert len({each.id for each in found}) == 1_500
            for sql, values in list(runner.fetched):
                plan = plan_of(backend, runner, sql, values)
                assert LOOKED_UP[backend] in plan.account, plan.account


def test_a_unit_of_work_is_read_by_the_range_it_logged_in(filled: Crm) -> None:
    """Undoing an import would read the whole log for every page of it."""
    assert isinstance(filled.storage, SqlStorage)
    log = filled.storage._statements.log

    def ask(work: UnitOfWork, runner: Recorder) -> None:
        last = log.last_seq(runner)
        log.of_work(runner, work.id, last - 50, last, 20)

    for plan in plans(filled, ask):
        assert not plan.scanned, plan.account
        assert not plan.sorts, plan.account


def test_the_pump_reads_what_waits(filled: Crm) -> None:
    """Numbering a few new changes would read the whole log."""
    assert isinstance(filled.storage, SqlStorage)
    model = filled.storage._statements.model
    sql = model.statement("number", Log(model)._numbering)
    with filled.work("test") as work:
        runner = work.transaction._runner  # type: ignore[attr-defined]  # of SqlTransaction
        plan = plan_of(filled.storage._backend, runner, sql.text, sql.arrange((10, 0)))
    assert not plan.scanned, plan.account
