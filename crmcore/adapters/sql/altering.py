"""Altering the tables of a facet whose fields are added at run time, step by step.

Each field is added to a table that was made without any, so that none is ever named in a constraint of the table:
SQLite drops no column that is. MariaDB commits each step by itself; every step looks whether it is done.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import attrs
import sqlalchemy as sa
from sqlalchemy.schema import AddConstraint, CreateColumn, CreateIndex, DropTable

from crmcore.adapters.sql import creating, types
from crmcore.adapters.sql.declared import Builder, fitted
from crmcore.adapters.sql.ledgers import setting_table
from crmcore.adapters.sql.types import Backend
from crmcore.domain.catalogue import Catalogue
from crmcore.domain.errors import UnknownName
from crmcore.domain.facet import FacetType
from crmcore.domain.field import Field

PATIENCE: Final = 10
"""Seconds to wait for transactions of others that use a table which is to be altered."""


@contextmanager
def patient(connection: sa.Connection, backend: Backend) -> Iterator[None]:
    """Wait only so long for others: by itself MariaDB would wait for a day, and PostgreSQL for ever."""
    if backend == "postgresql":
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{PATIENCE}s'")
    elif backend == "mariadb":
        connection.exec_driver_sql(f"SET SESSION lock_wait_timeout = {PATIENCE}")
    try:
        yield
    finally:
        if backend == "mariadb":
            connection.exec_driver_sql("SET SESSION lock_wait_timeout = DEFAULT")


class SqlAlteration:
    """Implements `ports.storage.Alteration` on a connection that is in a transaction."""

    def __init__(self, connection: sa.Connection, backend: Backend, prefix: str, schema: str | None) -> None:
        self._connection = connection
        self._backend = backend
        self._prefix = prefix
        self._schema = schema
        self._setting = setting_table(sa.MetaData(schema=schema), prefix)
        self._names = connection.dialect.identifier_preparer

    def setting(self, key: str) -> str | None:
        """A value that the core keeps about this database, or None."""
        held = sa.select(self._setting.c.value).where(self._setting.c.key == key)
        value: str | None = self._connection.execute(held).scalar()
        return value

    def put_setting(self, key: str, value: str) -> None:
        """Keep such a value."""
        creating.keep(self._connection, self._setting, key, value, replace=True)

    def fit(self, catalogue: Catalogue, record: str, facet: str) -> None:
        """Make the facet's table, then its columns, indexes, references and sets, as far as they are not there."""
        tables, declared = self._built(catalogue, record, facet)
        table = tables.facets[record, facet]
        if table.name not in self._tables():
            bare = self._facet(attrs.evolve(declared, fields=()))
            creating.make(self._connection, self._backend, [bare.facets[record, facet]])
        there = self._columns(table)
        for column in table.columns:
            if column.name not in there:
                self._alter(table, f"ADD COLUMN {self._column(column)}")
        self._index(table)
        if self._backend != "sqlite":
            self._refer(table)
        sets = [t for (owner, name, _), t in tables.sets.items() if (owner, name) == (record, facet)]
        creating.make(self._connection, self._backend, sets)

    def count(self, catalogue: Catalogue, record: str, facet: str, field: str) -> int:
        """How many records have a value of the field."""
        tables, declared = self._built(catalogue, record, facet)
        kept = self._kept_in(tables, declared, field)
        if kept is None:
            return 0
        found = declared.field(field)
        column = kept.c.owner if found is not None and found.kind == "choices" else kept.c[field]
        asked = sa.select(sa.func.count(sa.distinct(_key(kept)))).where(column.is_not(None))
        return int(self._connection.execute(asked).scalar_one())

    def drop(self, catalogue: Catalogue, record: str, facet: str, field: str) -> None:
        """Drop what the field is kept in; the table too, if nothing else is kept in it."""
        tables, declared = self._built(catalogue, record, facet)
        table, there = tables.facets[record, facet], self._tables()
        found = declared.field(field)
        if found is None:
            raise UnknownName("field", field, (f.name for f in declared.fields), f"{facet} of {record}")
        if found.kind == "choices":
            self._connection.execute(DropTable(tables.sets[record, facet, field], if_exists=True))
        elif table.name in there:
            self._drop_columns(table, found)
        if len(declared.fields) == 1:
            self._connection.execute(DropTable(table, if_exists=True))

    def _built(self, catalogue: Catalogue, record: str, facet: str) -> tuple[Builder, FacetType]:
        """The tables of the facet alone, which is a hundredth of the work for all that there are."""
        declared = catalogue.facet(catalogue.record(record), facet)
        if declared is None:
            raise UnknownName("facet", facet, (f.name for f in catalogue.facets.get(record, ())), record)
        return self._facet(declared), declared

    def _facet(self, declared: FacetType) -> Builder:
        metadata = sa.MetaData(schema=self._schema)
        for name in {declared.record, *(f.target for f in declared.fields if f.kind == "reference")}:
            table = fitted(self._prefix + name.replace(".", "_"))  # as far as a foreign key leads to it
            sa.Table(table, metadata, sa.Column("id", types.id_type(), primary_key=True))
        builder = Builder(metadata, self._prefix)
        builder.facet(declared)
        return builder

    def _kept_in(self, tables: Builder, declared: FacetType, field: str) -> sa.Table | None:
        """The table that holds the field's values; None if there is none, or no such column in it."""
        own = tables.sets.get((declared.record, declared.name, field))
        table = tables.facets[declared.record, declared.name] if own is None else own
        if table.name not in self._tables():
            return None
        return table if own is not None or field in self._columns(table) else None

    def _tables(self) -> set[str]:
        return set(sa.inspect(self._connection).get_table_names(schema=self._schema))

    def _columns(self, table: sa.Table) -> set[str]:
        return {each["name"] for each in sa.inspect(self._connection).get_columns(table.name, schema=self._schema)}

    def _indexes(self, table: sa.Table) -> dict[str, list[str | None]]:
        found = sa.inspect(self._connection).get_indexes(table.name, schema=self._schema)
        return {str(each["name"]): each["column_names"] for each in found}

    def _alter(self, table: sa.Table, what: str) -> None:
        self._connection.exec_driver_sql(f"ALTER TABLE {self._names.format_table(table)} {what}")

    def _column(self, column: sa.Column[Any]) -> str:
        """A column as it is added; SQLite takes its rules in the same breath, or never."""
        text = str(CreateColumn(column).compile(dialect=self._connection.dialect)).strip()
        if self._backend != "sqlite":
            return text
        for key in column.foreign_keys:
            text += f" REFERENCES {self._names.format_table(key.column.table)} ({self._names.quote(key.column.name)})"
        return f"{text} CHECK ({self._names.quote(column.name)} IN (0, 1))" if column.info.get("boolean") else text

    def _index(self, table: sa.Table) -> None:
        there = self._indexes(table)
        for index in sorted(table.indexes, key=lambda i: str(i.name)):
            if index.name not in there:
                self._connection.execute(CreateIndex(index))
        for rule in table.constraints:
            if isinstance(rule, sa.UniqueConstraint) and rule.name not in there:
                columns = ", ".join(self._names.quote(c.name) for c in rule.columns)
                self._connection.exec_driver_sql(
                    f"CREATE UNIQUE INDEX {self._names.quote(str(rule.name))} "
                    f"ON {self._names.format_table(table)} ({columns})"
                )

    def _refer(self, table: sa.Table) -> None:
        there = self._references(table)
        for key in table.foreign_key_constraints:
            if key.name not in there:
                self._connection.execute(AddConstraint(key))

    def _references(self, table: sa.Table) -> dict[str, list[str]]:
        found = sa.inspect(self._connection).get_foreign_keys(table.name, schema=self._schema)
        return {str(each["name"]): each["constrained_columns"] for each in found}

    def _drop_columns(self, table: sa.Table, field: Field) -> None:
        gone = set(types.column_names(field))
        if self._backend == "mariadb":
            for name in _over(self._references(table), gone):
                self._alter(table, f"DROP FOREIGN KEY {self._names.quote(name)}")
        if self._backend != "postgresql":  # which drops indexes with the column
            place = f" ON {self._names.format_table(table)}" if self._backend == "mariadb" else ""
            for name in _over(self._indexes(table), gone):
                self._connection.exec_driver_sql(f"DROP INDEX {self._names.quote(name)}{place}")
        for name in sorted(gone & self._columns(table)):
            self._alter(table, f"DROP COLUMN {self._names.quote(name)}")


def _key(table: sa.Table) -> sa.Column[Any]:
    return table.c.owner if "owner" in table.primary_key.columns else table.c.id


def _over(columns: dict[str, Any], gone: Iterable[str]) -> list[str]:
    """The names of what is over any of these columns."""
    return sorted(name for name, over in columns.items() if set(gone) & set(over))
