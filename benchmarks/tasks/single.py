"""One write in a unit of work of its own: adding a customer, changing one field.

The floor works on a twin database: what ours has just written is read back, and the raw driver writes the same rows
there in a transaction of its own, in the fewest statements: one INSERT a table. For a change it reads the row first, as
nobody knows the value before it otherwise, then updates the columns that differ and adds the row of the log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from uuid import UUID

from benchmarks import data
from benchmarks.drivers import Raw, Row, insertion, named
from benchmarks.report import Result, Target, per_unit
from benchmarks.rows import LOG, Table, few, rows_by_id
from benchmarks.stage import ACTOR, Stage, Twins
from benchmarks.timing import Times, each
from crmcore.crm import Crm
from crmcore.domain.customer import Customer

Statement = tuple[str, Row]
TARGET = Target(5, 3)
CUSTOMERS = "crm_customer"
TITLES = ("Directrice", "مدیر فروش", "مدير المبيعات", "Buyer", "Geschäftsführerin")


def add_one(stage: Stage) -> Iterator[Result]:
    """One customer with two contact points, keys and history."""
    twins, size, times = stage.twins, stage.size, Times([], [])
    for number in range(size.rounds + 1):
        start = 10 * size.customers + number * size.singles
        made: list[UUID] = []
        ours = each(
            stage.clock, (partial(_add, twins.ours.crm, c, made) for c in data.customers(size.singles, start=start))
        )
        floor = each(stage.clock, _additions(twins, made))
        if number:
            times.ours.extend(ours)
            times.floor.extend(floor)
    yield per_unit("add one", stage.storage, times, TARGET.on(stage.storage), len(times.ours))


def _add(crm: Crm, customer: Customer, made: list[UUID]) -> None:
    with crm.work(actor=ACTOR) as work:
        made.append(work.customers.add(customer).id)


def _additions(twins: Twins, made: list[UUID]) -> Iterator[Callable[[], None]]:
    raw, target = twins.ours.raw, twins.floor.raw
    ids = [raw.id(id) for id in made]
    written = rows_by_id(raw, twins.tables, ids)
    for id in ids:
        yield partial(_send, target, few(target, written[id]))


def _send(raw: Raw, statements: list[Statement]) -> None:
    raw.begin()
    for sql, values in statements:
        raw.run(sql, values)
    raw.commit()


def change_one(stage: Stage) -> Iterator[Result]:
    """One field of a customer, with its history."""
    twins, size, times = stage.twins, stage.size, Times([], [])
    with twins.ours.crm.work(actor=ACTOR) as work:
        page = work.customers.query(sort="external_id", limit=size.singles)
    ids = [customer.id for customer in page.items]
    for number in range(size.rounds + 1):
        before = state(twins, CUSTOMERS, ids)
        titles = [f"{TITLES[n % len(TITLES)]} {number}" for n in range(len(ids))]
        ours = each(
            stage.clock, (partial(_change, twins.ours.crm, id, title) for id, title in zip(ids, titles, strict=True))
        )
        floor = each(stage.clock, _changes(twins, before, state(twins, CUSTOMERS, ids)))
        if number:
            times.ours.extend(ours)
            times.floor.extend(floor)
    yield per_unit("change one", stage.storage, times, TARGET.on(stage.storage), len(times.ours))


def _change(crm: Crm, id: UUID, title: str) -> None:
    with crm.work(actor=ACTOR) as work:
        work.customers.change(id, job_title=title)


State = dict[Any, tuple[Row, list[Row]]]


def _table(twins: Twins, name: str) -> Table:
    return next(table for table in twins.tables if table.name == name)


def state(twins: Twins, table: str, ids: list[UUID]) -> State:
    """The row of each of these records, and its rows of the log."""
    raw = twins.ours.raw
    stored = [raw.id(id) for id in ids]
    written = rows_by_id(raw, (_table(twins, table), _table(twins, LOG)), stored)
    return {id: (written[id][0].rows[0], list(written[id][1].rows)) for id in stored}


def updating(twins: Twins, name: str, id: object, old: Row, new: Row) -> tuple[Statement, Statement]:
    """What reads a record's row, and what turns the old one into the new one."""
    raw, columns = twins.floor.raw, _table(twins, name).columns
    reading = f"SELECT {named(raw, columns)} FROM {name} WHERE id = {raw.mark}"
    differs = [(c, b) for c, a, b in zip(columns, old, new, strict=True) if a != b]
    assignments = ", ".join(f"{named(raw, [c])} = {raw.mark}" for c, _ in differs)
    update = f"UPDATE {name} SET {assignments} WHERE id = {raw.mark} AND version = {raw.mark}"
    return (reading, (id,)), (update, (*(value for _, value in differs), id, old[columns.index("version")]))


def _changes(twins: Twins, before: State, after: State) -> Iterator[Callable[[], None]]:
    """What turns each customer's old state into the new one."""
    raw = twins.floor.raw
    insert = insertion(raw, LOG, _table(twins, LOG).columns)
    for id, (row, entries) in after.items():
        old, known = before[id]
        reading, update = updating(twins, CUSTOMERS, id, old, row)
        yield partial(read_and_send, raw, reading, [update, (insert, entries[len(known)])])


def read_and_send(raw: Raw, reading: Statement, statements: list[Statement]) -> None:
    """Read, then write, in one transaction."""
    raw.begin()
    raw.fetch(*reading)
    for sql, values in statements:
        raw.run(sql, values)
    raw.commit()
