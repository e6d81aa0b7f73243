"""The shapes of tables as plain values: what is recorded beside each revision, and what revisions are made from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs
import sqlalchemy as sa

from crmcore.adapters.sql.declared import fitted
from crmcore.adapters.sql.ledgers import MARIADB
from crmcore.adapters.sql.migrating.spelling import spelled, type_of
from crmcore.adapters.sql.tables import Tables
from crmcore.ports.migration import Column

Names = tuple[str, ...]


@attrs.frozen
class Shape:
    """A table without the host's prefix. `columns`: name to (type, whether a value may be missing); `references`:
    column to the table that it refers to; `compact`: without row numbers of its own on SQLite."""

    name: str
    columns: Mapping[str, tuple[str, bool]]
    key: Names
    unique: tuple[Names, ...] = ()
    indexes: tuple[Names, ...] = ()
    references: Mapping[str, str] = attrs.field(factory=dict)
    compact: bool = True

    def plain(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {
            "columns": {name: [type, missing] for name, (type, missing) in self.columns.items()},
            "key": list(self.key),
            "unique": [list(each) for each in self.unique],
            "indexes": [list(each) for each in self.indexes],
            "references": dict(self.references),
            "compact": self.compact,
        }


def from_plain(name: str, plain: Mapping[str, Any]) -> Shape:
    """The shape back."""
    return Shape(
        name=name,
        columns={column: (type, missing) for column, (type, missing) in plain["columns"].items()},
        key=tuple(plain["key"]),
        unique=tuple(map(tuple, plain["unique"])),
        indexes=tuple(map(tuple, plain["indexes"])),
        references=dict(plain["references"]),
        compact=plain["compact"],
    )


def shapes_of(tables: Tables, distribution: str) -> dict[str, Shape]:
    """The declared tables of a distribution, by name."""
    found = (_shape(table, tables) for table in tables.of(distribution) if "name" in table.info)
    return {each.name: each for each in sorted(found, key=lambda s: s.name)}


def _shape(table: sa.Table, tables: Tables) -> Shape:
    unique = (_names(c.columns) for c in table.constraints if isinstance(c, sa.UniqueConstraint))
    references = {
        column.name: _raw(next(iter(column.foreign_keys)).column.table, tables)
        for column in table.columns
        if column.foreign_keys
    }
    return Shape(
        name=_raw(table, tables),
        columns={c.name: (spelled(c.type), bool(c.nullable)) for c in table.columns},
        key=_names(table.primary_key.columns),
        unique=tuple(sorted(unique)),
        indexes=tuple(sorted(_names(index.columns) for index in table.indexes)),
        references=dict(sorted(references.items())),
        compact=not table.dialect_options["sqlite"]["with_rowid"],
    )


def _raw(table: sa.Table, tables: Tables) -> str:
    return str(table.info["name"]).removeprefix(tables.prefix)


def _names(columns: Iterable[Any]) -> Names:
    return tuple(str(c.name) for c in columns)


@attrs.frozen
class Naming:
    """What tables, indexes and constraints are called in one database: as they are where declarations make them."""

    prefix: str
    schema: str | None = None

    def table(self, name: str) -> str:
        """The full name of a table."""
        return fitted(self.prefix + name)

    def index(self, table: str, columns: Iterable[str], kind: str = "ix") -> str:
        """The name of an index, or of a constraint: `kind` is ix, uq, fk, ck or pk."""
        return fitted("_".join((kind, self.table(table), *columns)))

    def path(self, name: str) -> str:
        """The `id` of a table, as a foreign key names it."""
        return ".".join(filter(None, (self.schema, self.table(name), "id")))


def table_of(shape: Shape, naming: Naming, metadata: sa.MetaData) -> sa.Table:
    """The table of a shape with its constraints and indexes, as declarations make it."""
    for target in {*shape.references.values()} - {shape.name}:
        if metadata.tables.get(".".join(filter(None, (naming.schema, naming.table(target))))) is None:
            sa.Table(naming.table(target), metadata, sa.Column("id", type_of("id"), primary_key=True))
    made = sa.Table(
        naming.table(shape.name),
        metadata,
        *(column(name, type, missing) for name, (type, missing) in shape.columns.items()),
        sa.PrimaryKeyConstraint(*shape.key, name=naming.index(shape.name, (), "pk")),
        sqlite_strict=True,
        sqlite_with_rowid=not shape.compact,
        **MARIADB,
    )
    _constrain(made, shape, naming)
    return made


def _constrain(table: sa.Table, shape: Shape, naming: Naming) -> None:
    for name, (type, _) in shape.columns.items():
        if type == "boolean":
            test = sa.CheckConstraint(boolean_test(name), name=naming.index(shape.name, (name,), "ck"))
            table.append_constraint(test.ddl_if(dialect="sqlite"))
    for names in shape.unique:
        table.append_constraint(sa.UniqueConstraint(*names, name=naming.index(shape.name, names, "uq")))
    for name, target in shape.references.items():
        key = sa.ForeignKeyConstraint([name], [naming.path(target)], name=naming.index(shape.name, (name,), "fk"))
        table.append_constraint(key)
    for names in shape.indexes:
        sa.Index(naming.index(shape.name, names), *(table.c[name] for name in names))


def boolean_test(name: str) -> str:
    """What SQLite checks of a truth value."""
    return f"{name} IN (0, 1)"


def column(name: str, type: str, missing: bool) -> sa.Column[Any]:
    """A column, unbound."""
    return sa.Column(name, type_of(type), nullable=missing)


def columns_from(given: Iterable[Column]) -> dict[str, tuple[str, bool]]:
    """The columns of a shape as revisions write them."""
    return {each[0]: (each[1], len(each) > 2 and bool(each[2])) for each in given}
