"""What the measurements on one storage share: empty databases, two that are alike, and one that is well filled."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Final
from uuid import UUID

import attrs

import crmcore
from benchmarks import data
from benchmarks.drivers import Raw, connect
from benchmarks.opportunities import add_opportunities
from benchmarks.places import Place
from benchmarks.rows import Table, Written, all_rows, load, tables_of
from benchmarks.timing import Clock, Times, timed
from crmcore.adapters.clock import Uuid7Ids
from crmcore.crm import Crm
from crmcore.domain.customer import Customer

ACTOR: Final = "bench"
PLUGINS: Final = ("loyalty",)
AT_ONCE: Final = 100_000
"""How many interactions go into one unit of work of the filling."""


@attrs.frozen
class Size:
    """How much is measured. `bulk`: customers of one bulk load; `file`: rows of the long CSV file, ten times those of
    the short one; `busy`: interactions of one customer; `duplicates`: customers who are merged, with `followed`
    interactions between them; `rounds` of each measurement, with `singles` or `queries`."""

    customers: int
    interactions: int
    bulk: int
    file: int
    opportunities: int
    busy: int = 2_000
    rounds: int = 5
    singles: int = 100
    queries: int = 200
    duplicates: int = 50
    followed: int = 50_000


SIZES: Final = {
    "tiny": Size(200, 1_000, 100, 200, 200, busy=100, rounds=1, singles=5, queries=5, duplicates=5, followed=200),
    "small": Size(20_000, 100_000, 5_000, 20_000, 20_000),
    "full": Size(200_000, 1_000_000, 20_000, 200_000, 200_000, followed=200_000),
}


@attrs.frozen
class Database:
    """A database with the tables of crmcore and of the loyalty plugin, and a raw connection to it."""

    url: str
    crm: Crm
    raw: Raw

    def tables(self) -> list[Table]:
        """Its tables."""
        return tables_of(self.url, self.raw)

    def close(self) -> None:
        """Let go of it."""
        self.crm.close()
        self.raw.close()


@attrs.frozen
class Twins:
    """Two databases with the same rows: in one crmcore works, in the other the raw driver."""

    ours: Database
    floor: Database
    tables: list[Table]


@attrs.frozen
class World:
    """A filled database; `loading` is how long its customers took, of ours and of the floor."""

    database: Database
    ids: list[UUID]
    loading: Times


@attrs.define
class Stage:
    """The measurements of one storage; everything that was made goes with the stack."""

    place: Place
    size: Size
    scratch: Path
    clock: Clock
    note: Callable[[str], None]
    stack: ExitStack

    @property
    def storage(self) -> str:
        """Which storage."""
        return self.place.storage

    @contextmanager
    def fresh(self, plugins: Sequence[object] = PLUGINS) -> Iterator[Database]:
        """An empty database with all tables, dropped at the end."""
        url = self.place.empty()
        crm = crmcore.open(url, plugins=plugins)
        crm.upgrade()
        database = Database(url, crm, connect(self.storage, url))
        try:
            yield database
        finally:
            database.close()
            self.place.drop(url)

    @cached_property
    def twins(self) -> Twins:
        """Two databases with the customers of one bulk load."""
        return self._twins(lambda crm: add_customers(crm, data.customers(self.size.bulk)))

    @cached_property
    def sellers(self) -> Twins:
        """Two databases with as many opportunities."""
        return self._twins(lambda crm: add_opportunities(crm, self.size.bulk, ACTOR))

    @cached_property
    def market(self) -> Database:
        """A database full of opportunities."""
        self.note("filling a database with opportunities")
        database = self.stack.enter_context(self.fresh())
        add_opportunities(database.crm, self.size.opportunities, ACTOR)
        self.look(database)
        return database

    def _twins(self, fill: Callable[[Crm], None]) -> Twins:
        self.note("twin databases")
        ours, floor = (self.stack.enter_context(self.fresh()) for _ in range(2))
        fill(ours.crm)
        tables = ours.tables()
        replay(floor.raw, all_rows(ours.raw, tables))
        return Twins(ours, floor, tables)

    @cached_property
    def world(self) -> World:
        """A database of full size."""
        self.note("filling a database")
        database, ids = self.stack.enter_context(self.fresh()), Uuid7Ids()
        customers = [ids.new() for _ in range(self.size.customers)]
        made = list(data.customers(len(customers), customers))
        ours = timed(self.clock, lambda: add_customers(database.crm, made))
        floor = self._replayed(database)
        fill(database.crm, customers, self.size, self.note)
        self.look(database)
        return World(database, customers, Times([ours / len(made)], [floor / len(made)]))

    def look(self, database: Database) -> None:
        """Let a server look at what its tables hold, as it does by itself after a while."""
        if self.storage != "sqlite":
            for table in database.tables():
                database.raw.run(f"ANALYZE {'TABLE ' * (self.storage == 'mariadb')}{table.name}")

    def _replayed(self, database: Database) -> float:
        """The seconds in which the rows of a database go into an empty one."""
        self.note("filling the floor's database")
        written = all_rows(database.raw, database.tables())
        with self.fresh() as empty:
            return timed(self.clock, lambda: replay(empty.raw, written))


def add_customers(crm: Crm, customers: Iterable[Customer]) -> None:
    """All of them in one unit of work."""
    with crm.work(actor=ACTOR) as work:
        work.customers.add_many(customers)


def replay(raw: Raw, written: list[Written]) -> None:
    """The floor of a bulk load: the same rows into the same tables, table by table, in one transaction."""
    raw.begin()
    load(raw, written)
    raw.commit()


def fill(crm: Crm, customers: list[UUID], size: Size, note: Callable[[str], None]) -> None:
    """Add everything that is about customers."""
    with crm.work(actor=ACTOR) as work:
        products = [work.products.add(product).id for product in data.products()]
        note("filling: orders")
        work.orders.add_many(data.orders(customers, products))
        work.relationships.add_many(data.relationships(customers))
    stream = data.interactions(customers, size.interactions, size.busy)
    for done in range(0, size.interactions, AT_ONCE):
        note(f"filling: interactions {done:,}")
        with crm.work(actor=ACTOR) as work:
            work.interactions.add_many(islice(stream, AT_ONCE))
