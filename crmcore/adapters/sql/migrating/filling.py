"""Giving values to rows in which a column is missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.types import NullType

PAGE: Final = 1_000

Row = Mapping[str, Any]


def table_named(name: str, schema: str | None, *columns: str) -> sa.TableClause:
    """A table whose values go to the driver and come from it as they are."""
    return sa.table(name, *(sa.column(each, NullType()) for each in columns), schema=schema)


def fill_all(connection: sa.Connection, table: sa.TableClause, column: str, value: Any) -> None:
    """Give every row in which the column is missing one stored value."""
    target = table.c[column]
    given = sa.bindparam("given", value, type_=NullType())
    connection.execute(sa.update(table).where(target.is_(None)).values({column: given}))


def fill_each(
    connection: sa.Connection,
    table: sa.TableClause,
    key: tuple[str, ...],
    column: str,
    stored: Callable[[Row], Any],
    where: sa.ColumnElement[bool],
) -> None:
    """Give each row that fits what `stored` makes of it (None: nothing), page by page in order of its key."""
    order = [table.c[name] for name in key]
    change = (
        sa.update(table)
        .where(*(part == sa.bindparam(f"key{n}", type_=NullType()) for n, part in enumerate(order)))
        .values({column: sa.bindparam("given", type_=NullType())})
    )
    last: tuple[Any, ...] | None = None
    while rows := _page(connection, table, where, order, last):
        made = [(row, stored(row)) for row in rows]
        given = [
            {"given": value, **{f"key{n}": row[name] for n, name in enumerate(key)}}
            for row, value in made
            if value is not None
        ]
        if given:
            connection.execute(change, given)
        last = tuple(rows[-1][name] for name in key)


def _page(
    connection: sa.Connection,
    table: sa.TableClause,
    where: sa.ColumnElement[bool],
    order: list[sa.ColumnClause[Any]],
    last: tuple[Any, ...] | None,
) -> list[Row]:
    wanted = sa.select(*table.columns).where(where).order_by(*order).limit(PAGE)
    if last is not None:
        passed = [sa.bindparam(f"last{n}", value, type_=NullType()) for n, value in enumerate(last)]
        wanted = wanted.where(sa.tuple_(*order) > sa.tuple_(*passed))
    return [dict(row) for row in connection.execute(wanted).mappings()]
