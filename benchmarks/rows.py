"""The physical rows that crmcore wrote, read back from its tables so that a floor can move the very same ones.

Rows are taken in the order in which they went in (ids are made in order), since an index fills faster in its own order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import attrs
from sqlalchemy import create_engine, inspect
from sqlalchemy.pool import NullPool

from benchmarks.drivers import Raw, Rows, insertion, named

LOG = "crm_change"


@attrs.frozen
class Written:
    """Rows of one table."""

    table: str
    columns: list[str]
    rows: Rows


@attrs.frozen
class Table:
    """A table: its columns, and the one that holds the id of the record that a row belongs to."""

    name: str
    columns: list[str]
    owner: str


def tables_of(url: str, raw: Raw) -> list[Table]:
    """The tables that hold records and what follows from them, referred to before referring, the log last."""
    engine = create_engine(url, poolclass=NullPool)
    inspector = inspect(engine)
    names = [name for name, _ in inspector.get_sorted_table_and_fkc_names() if name]
    found = []
    for name in sorted(names, key=lambda name: name == LOG):
        columns = raw.columns(name)
        owned = "owner" in inspector.get_pk_constraint(name)["constrained_columns"]
        if owned or "id" in columns:
            found.append(Table(name, columns, "owner" if owned else "id"))
    engine.dispose()
    return found


def all_rows(raw: Raw, tables: Iterable[Table]) -> list[Written]:
    """Every row of every table that has any, in the order in which they were written."""
    found = []
    for table in tables:
        order = "seq" if table.name == LOG else table.owner
        rows = raw.fetch(f"SELECT {named(raw, table.columns)} FROM {table.name} ORDER BY {order}")
        if rows:
            found.append(Written(table.name, table.columns, rows))
    return found


def rows_by_id(raw: Raw, tables: Iterable[Table], ids: Sequence[Any]) -> dict[Any, list[Written]]:
    """The rows of each of these records, table by table."""
    found: dict[Any, list[Written]] = {id: [] for id in ids}
    marks = ", ".join([raw.mark] * len(ids))
    for table in tables:
        order = "seq" if table.name == LOG else table.owner
        sql = f"SELECT {named(raw, table.columns)} FROM {table.name} WHERE {table.owner} IN ({marks}) ORDER BY {order}"
        held: dict[Any, list[tuple[object, ...]]] = {}
        place = table.columns.index(table.owner)
        for row in raw.fetch(sql, tuple(ids)):
            held.setdefault(row[place], []).append(row)
        for id, rows in held.items():
            found[id].append(Written(table.name, table.columns, rows))
    return found


def load(raw: Raw, written: Iterable[Written]) -> None:
    """Move rows in bulk, within the transaction that is open."""
    for each in written:
        raw.bulk(each.table, each.columns, each.rows)


def few(raw: Raw, written: Iterable[Written]) -> list[tuple[str, tuple[object, ...]]]:
    """One INSERT a table with its values: the fewest statements that move these rows."""
    return [
        (insertion(raw, each.table, each.columns, len(each.rows)), tuple(value for row in each.rows for value in row))
        for each in written
    ]
