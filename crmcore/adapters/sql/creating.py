"""Making tables from the declarations, and reading what a database was made by.

MariaDB commits each statement that makes a table: making is done again from the start until the stamp, which comes
last, is there, and every statement of it does nothing to what is there already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import attrs
import sqlalchemy as sa
from sqlalchemy.schema import AddConstraint, CreateIndex, CreateTable, sort_tables_and_constraints

from crmcore.adapters.sql.ledgers import setting_table
from crmcore.adapters.sql.log import LAST_POSITION
from crmcore.adapters.sql.settings import STAMP, stamp_from, stamp_text, stamped
from crmcore.adapters.sql.tables import Tables, version_of
from crmcore.adapters.sql.types import Backend
from crmcore.domain.errors import StorageBusy
from crmcore.ports.stamp import CUSTOM_FIELDS, EPOCH, Stamp

PATIENCE: Final = 60
"""Seconds to wait for another process that is making the same tables."""


def read_stamp(connection: sa.Connection, prefix: str, schema: str | None) -> Stamp | None:
    """What a database was made by; None if nobody has finished making it."""
    metadata = sa.MetaData(schema=schema)
    setting = setting_table(metadata, prefix)
    inspector = sa.inspect(connection)
    if not inspector.has_table(setting.name, schema=schema):
        return None
    held = connection.execute(sa.select(setting).where(setting.c.key.in_((STAMP, EPOCH, CUSTOM_FIELDS)))).all()
    told = {row.key: row.value for row in held}
    text = told.get(STAMP)
    if text is None:
        return None
    revisions = {}
    for distribution in stamped(text):
        table = version_of(metadata, prefix, distribution)
        if inspector.has_table(table.name, schema=schema):
            found = connection.execute(sa.select(table.c.version_num)).scalars().all()
            revisions[distribution] = ",".join(sorted(found))
    made = stamp_from(text, revisions)
    return attrs.evolve(made, epoch=told.get(EPOCH, ""), custom_fields=told.get(CUSTOM_FIELDS, ""))


def make_tables(connection: sa.Connection, backend: Backend, tables: Tables, distributions: Iterable[str]) -> None:
    """Make the tables of these distributions, and those of workers, which an older database lacks, as far as they are
    not there."""
    wanted = [table for name in distributions for table in tables.of(name)]
    make(connection, backend, {table.name: table for table in (*wanted, *tables.ledgers)}.values())


def make(connection: sa.Connection, backend: Backend, wanted: Iterable[sa.Table]) -> None:
    """Make these tables with their indexes, as far as they are not there."""
    in_order: Callable[..., Any] = sort_tables_and_constraints
    for table, keys in in_order(wanted):
        if table is None:
            _join_up(connection, keys)
            continue
        make_table(connection, backend, table, keys)


def make_table(
    connection: sa.Connection, backend: Backend, table: sa.Table, keys: Iterable[sa.ForeignKeyConstraint]
) -> None:
    """Make a table with its indexes, as far as they are not there, and with these of its foreign keys (on SQLite, which
    does not mind if the other table is not there yet, with all)."""
    inline = list(table.foreign_key_constraints) if backend == "sqlite" else list(keys)
    statement = CreateTable(table, include_foreign_key_constraints=inline, if_not_exists=True)
    indexes = sorted(table.indexes, key=lambda i: str(i.name))
    if backend == "mariadb":
        connection.exec_driver_sql(_with_indexes(connection.dialect, statement, indexes))
        return
    connection.execute(statement)
    for index in indexes:
        connection.execute(CreateIndex(index, if_not_exists=True))


def _with_indexes(dialect: sa.Dialect, statement: CreateTable, indexes: Iterable[sa.Index]) -> str:
    """MariaDB makes a table with its indexes in one statement, so whole or not at all, and several times faster."""
    quote = dialect.identifier_preparer.quote
    text = str(statement.compile(dialect=dialect))
    end = text.rindex("\n)")
    lines = [
        f", \n\t{'UNIQUE ' if index.unique else ''}INDEX {quote(str(index.name))} "
        f"({', '.join(quote(c.name) for c in index.columns)})"
        for index in indexes
    ]
    return text[:end] + "".join(lines) + text[end:]


def _join_up(connection: sa.Connection, keys: Iterable[sa.ForeignKeyConstraint]) -> None:
    """Foreign keys between tables that refer to each other in a circle."""
    if connection.dialect.name == "sqlite":
        return
    inspector = sa.inspect(connection)
    for key in keys:
        there = {k["name"] for k in inspector.get_foreign_keys(key.table.name, schema=key.table.schema)}
        if key.name not in there:
            connection.execute(AddConstraint(key))


def write_stamp(connection: sa.Connection, tables: Tables, stamp: Stamp, distributions: Iterable[str]) -> None:
    """Write the revisions of these distributions and, last, the stamp."""
    for distribution in distributions:
        table = tables.version(distribution)
        if distribution in stamp.revisions:
            table.create(connection, checkfirst=True)  # a plugin that only has hooks has no other table
            connection.execute(sa.delete(table))
            connection.execute(sa.insert(table).values(version_num=stamp.revisions[distribution]))
    keep(connection, tables.setting, LAST_POSITION, "0", replace=False)
    keep(connection, tables.setting, STAMP, stamp_text(stamp), replace=True)


def keep(connection: sa.Connection, setting: sa.Table, key: str, value: str, replace: bool) -> None:
    """Keep a setting; one that is there stays, unless it is to be replaced."""
    """Keep a setting; one that is there stays, unless `replace`."""
    held = setting.c.key == key
    if connection.execute(sa.select(setting.c.key).where(held)).scalar() is None:
        connection.execute(sa.insert(setting).values(key=key, value=value))
    elif replace:
        connection.execute(sa.update(setting).values(value=value).where(held))


@contextmanager
def alone(connection: sa.Connection, backend: Backend, name: str) -> Iterator[None]:
    """Keep other processes from making the same tables until this is left."""
    if backend == "postgresql":
        key = sa.func.hashtext(name)
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.literal(0x63726D), key)))
        yield
    elif backend == "mariadb":
        held = connection.execute(sa.select(sa.func.get_lock(name, PATIENCE))).scalar()
        if held != 1:
            raise StorageBusy("another process is making the tables of this database: try again when it is done")
        try:
            yield
        finally:
            connection.execute(sa.select(sa.func.release_lock(name)))
    else:  # its transaction began as a writer's, which is alone
        yield
