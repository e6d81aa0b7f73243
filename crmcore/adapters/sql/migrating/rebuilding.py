"""Tables as they are in a database, and the changes for which SQLite makes a table anew.

Alembic copies the rows into a new table, drops the old one and renames the new one. It is told what it does not read
from a table, or only in some releases: STRICT, WITHOUT ROWID, AUTOINCREMENT.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import sqlalchemy as sa
from alembic.operations import BatchOperations
from alembic.operations import Operations as Alembic

from crmcore.adapters.sql.migrating.shapes import Naming, boolean_test
from crmcore.adapters.sql.migrating.spelling import type_of

Change = Callable[[BatchOperations], Any]


class Rebuilding:
    """Looks at tables, each time anew, and changes them. Tables are named without their prefix."""

    def __init__(self, connection: sa.Connection, alembic: Alembic, naming: Naming) -> None:
        self._connection = connection
        self._alembic = alembic
        self._naming = naming
        self._lite = connection.dialect.name == "sqlite"

    def has(self, table: str) -> bool:
        """Whether there is such a table."""
        return self._look().has_table(self._naming.table(table), schema=self._naming.schema)

    def columns(self, table: str) -> dict[str, Any]:
        """What the database says of each column."""
        found = self._look().get_columns(self._naming.table(table), schema=self._naming.schema)
        return {str(each["name"]): each for each in found}

    def key(self, table: str) -> tuple[str, ...]:
        """The columns of the primary key."""
        found = self._look().get_pk_constraint(self._naming.table(table), schema=self._naming.schema)
        return tuple(found["constrained_columns"])

    def indexes(self, table: str) -> set[str]:
        """The names of the indexes."""
        return _names(self._look().get_indexes(self._naming.table(table), schema=self._naming.schema))

    def uniques(self, table: str) -> set[str]:
        """The names of the rules that values are unique."""
        return _names(self._look().get_unique_constraints(self._naming.table(table), schema=self._naming.schema))

    def references(self, table: str) -> set[str]:
        """The names of the foreign keys."""
        return _names(self._look().get_foreign_keys(self._naming.table(table), schema=self._naming.schema))

    def quoted(self, table: str) -> str:
        """The full name of a table as SQL writes it."""
        prepared = self._connection.dialect.identifier_preparer
        return prepared.format_table(sa.Table(self._naming.table(table), sa.MetaData(schema=self._naming.schema)))

    def alter(self, table: str, *changes: Change) -> None:
        """Make changes that SQLite makes only with the whole table."""
        options: dict[str, Any] = {"recreate": "never"}
        if self._lite:
            options = {"recreate": "always", "table_kwargs": self._options(table)}
        with self._alembic.batch_alter_table(self._naming.table(table), schema=self._naming.schema, **options) as batch:
            for change in changes:
                change(batch)

    def rename(self, old: str, new: str) -> None:
        """Give a table another name, and its own constraints those that belong to it."""
        self._run(f"ALTER TABLE {self.quoted(old)} RENAME TO {self._target(new)}")
        before, after = self._naming.index(old, (), "pk"), self._naming.index(new, (), "pk")
        if self._connection.dialect.name == "postgresql":
            self._run(f"ALTER TABLE {self.quoted(new)} RENAME CONSTRAINT {self._quote(before)} TO {self._quote(after)}")
        if self._lite:
            key = list(self.key(new))
            flags = [name for name in self.columns(new) if self._check(old, name) in self._checks(new)]
            changes = [change for name in flags for change in self._renamed_check((old, name), (new, name))]
            self.alter(
                new,
                lambda batch: batch.drop_constraint(before, type_="primary"),
                lambda batch: batch.create_primary_key(after, key),
                *changes,
            )

    def add_column(self, table: str, name: str, type: str) -> None:
        """Add a column that may be missing, with the check of a truth value."""
        if self._lite and type == "boolean":
            check = f"CONSTRAINT {self._quote(self._check(table, name))} CHECK ({boolean_test(name)})"
            self._run(f"ALTER TABLE {self.quoted(table)} ADD COLUMN {self._quote(name)} INTEGER {check}")
            return
        added = sa.Column(name, type_of(type), nullable=True)
        self._alembic.add_column(self._naming.table(table), added, schema=self._naming.schema)

    def drop_column(self, table: str, name: str) -> None:
        """Drop a column, with the check of a truth value."""
        check = self._check(table, name)
        checked = self._lite and check in self._checks(table)
        changes: list[Change] = [lambda batch: batch.drop_constraint(check, type_="check")] if checked else []
        self.alter(table, *changes, lambda batch: batch.drop_column(name))

    def rename_column(self, table: str, old: str, new: str) -> None:
        """Give a column another name, and with it the check of a truth value."""
        names = f"{self._quote(old)} TO {self._quote(new)}"
        self._run(f"ALTER TABLE {self.quoted(table)} RENAME COLUMN {names}")
        if self._lite and self._check(table, old) in self._checks(table):
            self.alter(table, *self._renamed_check((table, old), (table, new)))

    def set_missing(self, table: str, name: str, *, allowed: bool) -> None:
        """Whether values of a column may be missing."""
        there = self.columns(table)[name]
        if bool(there["nullable"]) != allowed:
            kind = there["type"]
            self.alter(table, lambda batch: batch.alter_column(name, nullable=allowed, existing_type=kind))

    def _renamed_check(self, old: tuple[str, str], new: tuple[str, str]) -> list[Change]:
        return [
            lambda batch: batch.drop_constraint(self._check(*old), type_="check"),
            lambda batch: batch.create_check_constraint(self._check(*new), sa.text(boolean_test(new[1]))),
        ]

    def _check(self, table: str, column: str) -> str:
        return self._naming.index(table, (column,), "ck")

    def _checks(self, table: str) -> set[str]:
        return _names(self._look().get_check_constraints(self._naming.table(table), schema=self._naming.schema))

    def _options(self, table: str) -> dict[str, Any]:
        """What Alembic does not read of a table of SQLite."""
        asked = sa.text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :name")
        made = str(self._connection.execute(asked, {"name": self._naming.table(table)}).scalar_one())
        tail = made[made.rindex(")") :].upper()
        return {
            "sqlite_strict": "STRICT" in tail,
            "sqlite_with_rowid": "WITHOUT" not in tail,
            "sqlite_autoincrement": "AUTOINCREMENT" in made.upper(),
        }

    def _look(self) -> sa.Inspector:
        return sa.inspect(self._connection)

    def _run(self, sql: str) -> None:
        self._connection.exec_driver_sql(sql)

    def _quote(self, name: str) -> str:
        return self._connection.dialect.identifier_preparer.quote(name)

    def _target(self, table: str) -> str:
        """A table's new name: PostgreSQL takes it without the schema."""
        plain = self._connection.dialect.name == "postgresql"
        return self._quote(self._naming.table(table)) if plain else self.quoted(table)


def _names(found: Iterable[Any]) -> set[str]:
    return {str(each["name"]) for each in found if each["name"]}
