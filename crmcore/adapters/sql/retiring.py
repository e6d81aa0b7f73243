"""Tables of plugins: put aside under other names and without foreign keys, brought back, and dropped.

MariaDB commits each statement of DDL, so every step looks first whether it is done already.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import attrs
import sqlalchemy as sa
from sqlalchemy.schema import AddConstraint, CreateIndex, CreateTable, DropConstraint, DropTable

from crmcore.adapters.sql.declared import Builder
from crmcore.adapters.sql.types import Backend
from crmcore.domain.catalogue import Catalogue
from crmcore.domain.dormant import Belongings

ASIDE: Final = "retired_"
"""Begins the names of tables that are put aside."""

Lost = Sequence[tuple[sa.Table, sa.RowMapping]]
"""Rows that refer to what is gone, each with its table."""


@attrs.frozen(eq=False)
class Pair:
    """A table of a plugin, and the same put aside; both may be there for a moment, or neither."""

    live: sa.Table
    aside: sa.Table


def declared(own: Belongings, prefix: str, schema: str | None, others: Catalogue | None = None) -> Builder:
    """The tables of a plugin. `others`: with those of a catalogue too, to which foreign keys lead."""
    builder = Builder(sa.MetaData(schema=schema), prefix)
    for record in others.records.values() if others else ():
        if record.plugin != own.plugin:
            builder.record(record, record.plugin or "")
    for record in own.records:
        builder.record(record, own.plugin)
    for facet in own.facets:
        builder.facet(facet)
    return builder


def pairs(own: Belongings, builder: Builder) -> list[Pair]:
    """The tables of a plugin in `builder`, in order of declaration."""
    aside = declared(own, ASIDE + builder.prefix, builder.metadata.schema).metadata.tables.values()
    live = [t for t in builder.metadata.tables.values() if builder.owners[t.name] == own.plugin]
    return [Pair(*each) for each in zip(live, aside, strict=True)]


def put_aside(connection: sa.Connection, backend: Backend, tables: Sequence[Pair]) -> None:
    """Give the tables that are not put aside yet their other names, without foreign keys."""
    waiting = [each for each in tables if _is_there(connection, each.live)]
    if backend == "sqlite":
        return _copy(connection, [(each.live, each.aside) for each in waiting], joined=False)
    for each in waiting:
        for name in _foreign_keys(connection, each.live):
            connection.execute(DropConstraint(_named(each.live, name)))
    for each in waiting:
        _rename(connection, each.live, each.aside)


def bring_back(connection: sa.Connection, backend: Backend, tables: Sequence[Pair]) -> None:
    """Give the tables their names back; foreign keys are added by `join_up`."""
    waiting = [each for each in tables if _is_there(connection, each.aside)]
    if backend == "sqlite":
        return _copy(connection, [(each.aside, each.live) for each in waiting], joined=True)
    for each in waiting:
        _rename(connection, each.aside, each.live)


def take_out_lost(connection: sa.Connection, tables: Sequence[Pair]) -> Lost:
    """Take out the rows that refer to what is gone, and those that belonged to them; a reference that may be missing
    is emptied instead. The rows as they were."""
    taken: list[tuple[sa.Table, sa.RowMapping]] = []
    references = [(t.live, key) for t in tables for key in t.live.foreign_key_constraints]
    while found := [each for table, key in references for each in _lost(connection, table, key)]:
        taken += found
    return taken


def join_up(connection: sa.Connection, backend: Backend, tables: Sequence[Pair]) -> None:
    """Add the foreign keys that are not there; on SQLite they were made with the tables."""
    for each in tables if backend != "sqlite" else ():
        there = set(_foreign_keys(connection, each.live))
        for key in each.live.foreign_key_constraints:
            if key.name not in there:
                connection.execute(AddConstraint(key))


def drop(connection: sa.Connection, tables: Sequence[Pair]) -> None:
    """Drop the tables that are put aside."""
    for each in tables:
        connection.execute(DropTable(each.aside, if_exists=True))


def _is_there(connection: sa.Connection, table: sa.Table) -> bool:
    return sa.inspect(connection).has_table(table.name, schema=table.schema)


def _copy(connection: sa.Connection, tables: Sequence[tuple[sa.Table, sa.Table]], joined: bool) -> None:
    """SQLite cannot drop a foreign key: the rows go into a table that is made with those it is to have."""
    connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
    for _, new in tables:
        keys = list(new.foreign_key_constraints) if joined else []
        connection.execute(CreateTable(new, include_foreign_key_constraints=keys))
    for old, new in tables:
        names = [c.name for c in old.columns]
        connection.execute(sa.insert(new).from_select(names, sa.select(*old.columns), include_defaults=False))
    for old, _ in reversed(tables):
        connection.execute(DropTable(old))
    for _, new in tables if joined else ():
        for index in sorted(new.indexes, key=lambda i: str(i.name)):
            connection.execute(CreateIndex(index))


def _rename(connection: sa.Connection, old: sa.Table, new: sa.Table) -> None:
    preparer = connection.dialect.identifier_preparer
    target = preparer.format_table(new, use_schema=connection.dialect.name != "postgresql")
    connection.exec_driver_sql(f"ALTER TABLE {preparer.format_table(old)} RENAME TO {target}")


def _foreign_keys(connection: sa.Connection, table: sa.Table) -> list[str]:
    found = sa.inspect(connection).get_foreign_keys(table.name, schema=table.schema)
    return sorted(str(key["name"]) for key in found)


def _named(table: sa.Table, name: str) -> sa.ForeignKeyConstraint:
    """A foreign key to be dropped; of it only the name counts, which may be none that is declared today."""
    bare = sa.Table(table.name, sa.MetaData(schema=table.schema), sa.Column("id"))
    made = sa.ForeignKeyConstraint(["id"], [bare.c.id], name=name)
    bare.append_constraint(made)
    return made


def _lost(
    connection: sa.Connection, table: sa.Table, key: sa.ForeignKeyConstraint
) -> Iterator[tuple[sa.Table, sa.RowMapping]]:
    column, target = key.elements[0].parent, key.elements[0].column.table.alias()
    there = sa.select(sa.literal(1)).where(target.c.id == column).correlate(table).exists()
    found = connection.execute(sa.select(table).where(column.is_not(None), ~there)).mappings().all()
    if found:
        _take_out(connection, table, column, found)
    return ((table, row) for row in found)


def _take_out(connection: sa.Connection, table: sa.Table, column: Any, rows: Sequence[sa.RowMapping]) -> None:
    keys = list(table.primary_key.columns)
    these = sa.and_(*(c == sa.bindparam(f"k{n}", type_=c.type) for n, c in enumerate(keys)))
    empties = column.nullable
    change: Any = sa.update(table).values({column.name: None}) if empties else sa.delete(table)
    connection.execute(change.where(these), [{f"k{n}": row[c.name] for n, c in enumerate(keys)} for row in rows])
