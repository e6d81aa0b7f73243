"""The operations of revisions on a database, over Alembic's.

What Alembic cannot know is added: that tables of SQLite stay as strict and compact as they are, that names are those
that declarations give, and that what is done already is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec

import sqlalchemy as sa
from alembic.operations import Operations as Alembic
from alembic.runtime.migration import MigrationContext

from crmcore.adapters.sql import creating, rowcode
from crmcore.adapters.sql.migrating.filling import fill_all, fill_each, table_named
from crmcore.adapters.sql.migrating.rebuilding import Rebuilding
from crmcore.adapters.sql.migrating.shapes import Naming, Shape, columns_from, table_of
from crmcore.adapters.sql.migrating.spelling import field_of, type_of
from crmcore.adapters.sql.migrating.steps import Steps
from crmcore.adapters.sql.types import Backend
from crmcore.domain.errors import InvalidDeclaration, SchemaMismatch
from crmcore.domain.fold import fold_column
from crmcore.ports.migration import Column

P = ParamSpec("P")

_PLACE: Final = re.compile(r"\{(\w+)\}")


def _step(method: Callable[Concatenate[SqlOperations, P], None]) -> Callable[Concatenate[SqlOperations, P], None]:
    """An operation that is told of and counted, and left out where it was done before an interruption."""

    @wraps(method)
    def wrapped(self: SqlOperations, /, *given: P.args, **named: P.kwargs) -> None:
        shown = ", ".join(str(each) for each in given if isinstance(each, str))
        if self._steps.begins(f"{method.__name__}({shown})"):
            method(self, *given, **named)
            self._steps.ends()

    return wrapped


class SqlOperations:
    """Implements `ports.migration.Operations` on a connection that is in a transaction, for one revision."""

    def __init__(self, connection: sa.Connection, backend: Backend, naming: Naming, steps: Steps) -> None:
        self._connection = connection
        self._backend = backend
        self._naming = naming
        self._steps = steps
        self._schema = naming.schema
        self._alembic = Alembic(MigrationContext.configure(connection))
        self._tables = Rebuilding(connection, self._alembic, naming)

    @_step
    def create_table(
        self,
        name: str,
        columns: Sequence[Column],
        *,
        key: Sequence[str],
        unique: Iterable[Sequence[str]] = (),
        indexes: Iterable[Sequence[str]] = (),
        references: Mapping[str, str] | None = None,
        compact: bool = True,
    ) -> None:
        """Make a table, as far as it is not there."""
        shape = Shape(
            name=name,
            columns=columns_from(columns),
            key=tuple(key),
            unique=tuple(map(tuple, unique)),
            indexes=tuple(map(tuple, indexes)),
            references=dict(references or {}),
            compact=compact,
        )
        made = table_of(shape, self._naming, sa.MetaData(schema=self._schema))
        creating.make_table(self._connection, self._backend, made, made.foreign_key_constraints)

    @_step
    def drop_table(self, name: str) -> None:
        """Drop a table that is there."""
        if self._tables.has(name):
            self._alembic.drop_table(self._naming.table(name), schema=self._schema)

    @_step
    def rename_table(self, old: str, new: str) -> None:
        """Rename a table that has its old name."""
        if self._tables.has(old) or not self._tables.has(new):
            self._tables.rename(old, new)

    @_step
    def add_column(self, table: str, column: str, type: str) -> None:
        """Add a column that is not there."""
        if column not in self._tables.columns(table):
            self._tables.add_column(table, column, type)

    @_step
    def drop_column(self, table: str, column: str) -> None:
        """Drop a column that is there."""
        if column in self._tables.columns(table):
            self._tables.drop_column(table, column)

    @_step
    def rename_column(self, table: str, old: str, new: str) -> None:
        """Rename a column that has its old name."""
        there = self._tables.columns(table)
        if old in there or new not in there:
            self._tables.rename_column(table, old, new)

    @_step
    def retype(self, table: str, column: str, type: str) -> None:
        """Change the length of a text; `InvalidDeclaration` for any other type."""
        if field_of(type).kind not in ("text", "choice"):
            raise InvalidDeclaration(
                f"retype({table!r}, {column!r}, {type!r}): only the length of a text can be changed in place; for "
                "another type add a column, fill it from the old one, drop the old one and rename the new one"
            )
        if self._backend == "mariadb":
            missing = bool(self._tables.columns(table)[column]["nullable"])
            self._alter(table, column, type_=type_of(type), existing_nullable=missing)

    @_step
    def require(self, table: str, column: str) -> None:
        """Refuse missing values."""
        self._tables.set_missing(table, column, allowed=False)

    @_step
    def allow_missing(self, table: str, column: str) -> None:
        """Take missing values."""
        self._tables.set_missing(table, column, allowed=True)

    @_step
    def fill(self, table: str, column: str, type: str, value: Any) -> None:
        """Give rows in which the column is missing a value."""
        encode = rowcode.value_encoder(self._backend, field_of(type))

        def stored(given: Any) -> Any:
            return None if given is None else encode(given)[0]

        if callable(value):
            there, key = self._named(table, *self._tables.columns(table)), self._tables.key(table)
            fill_each(self._connection, there, key, column, lambda row: stored(value(row)), there.c[column].is_(None))
        else:
            fill_all(self._connection, self._named(table, column), column, stored(value))

    @_step
    def fold(self, table: str, column: str, length: int, cut: int | None = None) -> None:
        """Make folds that are missing, or may have been cut."""
        there = self._named(table, *self._tables.columns(table))
        folds = there.c[f"{column}_fold"]
        wanted: sa.ColumnElement[bool] = folds.is_(None)
        if cut is not None:  # a blank at the end of what was cut is gone
            counted = sa.func.length(folds) if self._backend == "sqlite" else sa.func.char_length(folds)
            wanted = sa.or_(wanted, counted >= cut - 1)
        key = self._tables.key(table)
        fill_each(self._connection, there, key, folds.name, lambda row: _folded(row[column], length), wanted)

    @_step
    def create_index(self, table: str, *columns: str) -> None:
        """Make an index that is not there."""
        name = self._naming.index(table, columns)
        if name not in self._tables.indexes(table):
            self._alembic.create_index(name, self._naming.table(table), list(columns), schema=self._schema)

    @_step
    def drop_index(self, table: str, *columns: str) -> None:
        """Drop an index that is there."""
        name = self._naming.index(table, columns)
        if name in self._tables.indexes(table):
            self._alembic.drop_index(name, self._naming.table(table), schema=self._schema)

    @_step
    def create_unique(self, table: str, *columns: str) -> None:
        """Make a rule that is not there."""
        name = self._naming.index(table, columns, "uq")
        if name not in self._tables.uniques(table):
            self._tables.alter(table, lambda batch: batch.create_unique_constraint(name, list(columns)))

    @_step
    def drop_unique(self, table: str, *columns: str) -> None:
        """Drop a rule that is there."""
        name = self._naming.index(table, columns, "uq")
        if name in self._tables.uniques(table):
            self._tables.alter(table, lambda batch: batch.drop_constraint(name, type_="unique"))

    @_step
    def create_reference(self, table: str, column: str, target: str) -> None:
        """Make a rule that is not there."""
        name = self._naming.index(table, (column,), "fk")
        if name not in self._tables.references(table):
            full = self._naming.table(target)
            self._tables.alter(
                table,
                lambda batch: batch.create_foreign_key(name, full, [column], ["id"], referent_schema=self._schema),
            )

    @_step
    def drop_reference(self, table: str, column: str) -> None:
        """Drop a rule that is there."""
        name = self._naming.index(table, (column,), "fk")
        if name in self._tables.references(table):
            self._tables.alter(table, lambda batch: batch.drop_constraint(name, type_="foreignkey"))

    @_step
    def execute(self, sql: str) -> None:
        """A data step."""
        named = _PLACE.sub(lambda found: self._tables.quoted(found[1]), sql)
        self._connection.execute(sa.text(named.replace(":", "\\:")))

    @_step
    def undecided(self, question: str) -> None:
        """Always refused."""
        raise SchemaMismatch(f"this revision is not finished: {question}", question=question)

    def _alter(self, table: str, column: str, **change: Any) -> None:
        self._alembic.alter_column(self._naming.table(table), column, schema=self._schema, **change)

    def _named(self, table: str, *columns: str) -> sa.TableClause:
        return table_named(self._naming.table(table), self._schema, *columns)


def _folded(text: str | None, length: int) -> str | None:
    return None if text is None else fold_column(text, length)
