"""A merge of many customers with all that refers to them, and taking it back.

The floor of the merge is one UPDATE for each column that refers to customers, written by hand, in one transaction of
the raw driver over the same rows: it checks nothing, keeps nothing to be taken back and leaves no history. The floor of
taking it back is an UPDATE from a copy of the columns. Both work in one database, in turns.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final
from uuid import UUID

import attrs

from benchmarks import data
from benchmarks.drivers import Row
from benchmarks.report import Result, Target, per_unit
from benchmarks.stage import ACTOR, AT_ONCE, Database, Stage, add_customers
from benchmarks.timing import Times, alternate, timed
from crmcore.adapters.clock import Uuid7Ids
from crmcore.adapters.sql.engine import CACHE_KIB
from crmcore.application.merging.merges import Merges

TARGET: Final = Target(3, 3)
REFERENCES: Final = (
    ("crm_customer", "merged_into", ""),
    ("crm_relationship", "from_customer", ""),
    ("crm_relationship", "to_customer", ""),
    ("crm_order", "customer", ""),
    ("crm_interaction", "customer", ""),
    ("crm_link", "from_id", " AND from_type = 'customer'"),
    ("crm_link", "to_id", " AND to_type = 'customer'"),
    ("crm_opportunity", "customer", ""),
    ("crm_opportunity_party", "customer", ""),
    ("crm_stage_change", "customer", ""),
    ("crm_invoice", "customer", ""),
    ("crm_lead", "customer", ""),
)
"""Table, column and what else a row says that refers to a customer."""

HELD: Final = ("crm_interaction", "crm_order")
"""The tables that have such rows here."""


@attrs.define
class Family:
    """Customers to be merged, in a database; `merge` is the last one that was done."""

    stage: Stage
    database: Database
    survivor: UUID
    losers: list[UUID]
    merge: UUID | None = None

    def merged(self) -> None:
        """All of them become one."""
        with self.database.crm.work(actor=ACTOR) as work:
            self.merge = Merges(work).merge(self.survivor, self.losers).merge.id

    def undone(self) -> None:
        """They are many again."""
        if self.merge is not None:
            with self.database.crm.work(actor=ACTOR) as work:
                Merges(work).undo(self.merge)

    def by_hand(self) -> None:
        """What referred to the others refers to the survivor."""
        raw = self.database.raw
        marks = ", ".join([raw.mark] * len(self.losers))
        values = (raw.id(self.survivor), *(raw.id(id) for id in self.losers))
        raw.begin()
        for table, column, more in REFERENCES:
            raw.run(f"UPDATE {table} SET {column} = {raw.mark} WHERE {column} IN ({marks}){more}", values)
        raw.commit()

    def back_by_hand(self) -> None:
        """What referred to the others does so again."""
        raw, survivor = self.database.raw, self.database.raw.id(self.survivor)
        raw.begin()
        for table in HELD:
            was = f"(SELECT w.customer FROM was_{table} w WHERE w.id = {table}.id)"
            raw.run(f"UPDATE {table} SET customer = {was} WHERE customer = {raw.mark}", (survivor,))
        raw.commit()

    def tidy(self) -> None:
        """What a server does by itself after a while, when it has the time."""
        if self.stage.storage == "postgresql":
            for table in (*HELD, "crm_move"):
                self.database.raw.run(f"VACUUM ANALYZE {table}")


def merge_many(stage: Stage) -> Iterator[Result]:
    """Merge customers and take that back, several times."""
    with stage.fresh() as database:
        family = _family(stage, database)
        count = _referring(family)
        back = Times([], [])

        def ours(_: int) -> list[float]:
            seconds = timed(stage.clock, family.merged)
            if _referring(family):
                raise RuntimeError("the merge left references behind")
            back.ours.append(timed(stage.clock, family.undone) / count)
            family.tidy()
            return [seconds / count]

        def floor(_: int) -> list[float]:
            seconds = timed(stage.clock, family.by_hand)
            back.floor.append(timed(stage.clock, family.back_by_hand) / count)
            family.tidy()
            return [seconds / count]

        times = alternate(ours, floor, min(stage.size.rounds, 3))
    yield per_unit("merge", stage.storage, times, TARGET.on(stage.storage), count, merged=len(family.losers))
    yield per_unit("unmerge", stage.storage, Times(back.ours[1:], back.floor[1:]), None, count)


def _family(stage: Stage, database: Database) -> Family:
    """Customers between whom there are so many interactions, and orders; as many others are in the same tables."""
    stage.note("filling a database with duplicates")
    size, ids = stage.size, Uuid7Ids()
    made = data.customers(4 * size.duplicates, [ids.new() for _ in range(4 * size.duplicates)])
    persons = [each for each in made if each.kind == "person"][: 2 * size.duplicates + 1]
    add_customers(database.crm, persons)
    family = Family(stage, database, persons[0].id, [each.id for each in persons[1 : size.duplicates + 1]])
    with database.crm.work(actor=ACTOR) as work:
        products = [work.products.add(product).id for product in data.products()]
        work.orders.add_many(data.orders([each.id for each in persons], products))
    stream = data.interactions([each.id for each in persons], 2 * size.followed, 0)
    for _ in range(0, 2 * size.followed, AT_ONCE):
        with database.crm.work(actor=ACTOR) as work:
            work.interactions.add_many(islice(stream, AT_ONCE))
    if stage.storage == "sqlite":  # as much memory as crmcore has
        database.raw.run(f"PRAGMA cache_size = -{CACHE_KIB}")
    for table in HELD:
        database.raw.run(f"CREATE TABLE was_{table} AS SELECT id, customer FROM {table}")
        database.raw.run(f"CREATE UNIQUE INDEX ix_was_{table} ON was_{table} (id)")
    stage.look(database)
    return family


def _referring(family: Family) -> int:
    """How many rows refer to those who are to be merged."""
    raw = family.database.raw
    marks, ids = ", ".join([raw.mark] * len(family.losers)), tuple(raw.id(id) for id in family.losers)
    found: list[Row] = [
        row for t in HELD for row in raw.fetch(f"SELECT count(*) FROM {t} WHERE customer IN ({marks})", ids)
    ]
    return sum(count for (count,) in found)
