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
from benchmarks.drivers import Raw, Row, named
from benchmarks.report import Result, Target, per_unit
from benchmarks.rows import LOG, Table, few, rows_by_id
from benchmarks.stage import ACTOR, Stage, Twins
from benchmarks.timing import Times, each
from crmcore.crm import Crm
from crmcore.domain.customer import Customer

Statement = tuple[str, Row]
TARGET = Target(5, 3)
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
        before, titles = _state(twins, ids), [f"{TITLES[n % len(TITLES)]} {number}" for n in range(len(ids))]
        ours = each(
            stage.clock, (partial(_change, twins.ours.crm, id, title) for id, title in zip(ids, titles, strict=True))
        )
        floor = each(stage.clock, _changes(twins, before, _state(twins, ids)))
        if number:
            times.ours.extend(ours)
            times.floor.extend(floor)
    yield per_unit("change one", stage.storage, times, TARGET.on(stage.storage), len(times.ours))


def _change(crm: Crm, id: UUID, title: str) -> None:
    with crm.work(actor=ACTOR) as work:
        work.customers.change(id, job_title=title)


State = dict[Any, tuple[Row, list[Row]]]


def _tables(twins: Twins) -> tuple[Table, Table]:
    """The table of customers, and the log."""
    return next(t for t in twins.tables if t.name == "crm_customer"), next(t for t in twins.tables if t.name == LOG)


def _state(twins: Twins, ids: list[UUID]) -> State:
    """Each customer's row, and its rows of the log."""
    raw = twins.ours.raw
    stored = [raw.id(id) for id in ids]
    written = rows_by_id(raw, _tables(twins), stored)
    return {id: (written[id][0].rows[0], list(written[id][1].rows)) for id in stored}


def _changes(twins: Twins, before: State, after: State) -> Iterator[Callable[[], None]]:
    """What turns each customer's old state into the new one."""
    raw, (table, log) = twins.floor.raw, _tables(twins)
    place = table.columns.index("version")
    reading = f"SELECT {named(raw, table.columns)} FROM {table.name} WHERE id = {raw.mark}"
    insert = f"INSERT INTO {LOG} ({named(raw, log.columns)}) VALUES ({', '.join([raw.mark] * len(log.columns))})"
    for id, (row, entries) in after.items():
        old, known = before[id]
        differs = [(c, b) for c, a, b in zip(table.columns, old, row, strict=True) if a != b]
        assignments = ", ".join(f"{named(raw, [c])} = {raw.mark}" for c, _ in differs)
        update = f"UPDATE {table.name} SET {assignments} WHERE id = {raw.mark} AND version = {raw.mark}"
        values = (*(value for _, value in differs), id, old[place])
        yield partial(_read_and_send, raw, (reading, (id,)), [(update, values), (insert, entries[len(known)])])


def _read_and_send(raw: Raw, reading: Statement, statements: list[Statement]) -> None:
    raw.begin()
    raw.fetch(*reading)
    for sql, values in statements:
        raw.run(sql, values)
    raw.commit()
