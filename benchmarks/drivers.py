"""The raw drivers: what the floors are made of. Nothing here knows crmcore; rows are tuples as the driver has them."""

from __future__ import annotations

import importlib
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol
from uuid import UUID

import attrs
from sqlalchemy import URL, make_url

from crmcore.adapters.sql.engine import set_up_sqlite

Row = tuple[Any, ...]
Rows = Sequence[Row]


class Style(Protocol):
    """How a statement is written: the mark of a parameter, and what stands around a name."""

    mark: str
    quote: str


class Raw(Style, Protocol):
    """A connection of the driver itself, with the settings that crmcore's own connections have."""

    def id(self, id: UUID) -> Any:
        """An id as the driver has it."""

    def columns(self, table: str) -> list[str]:
        """The columns that an INSERT names: all but the number that the database gives."""

    def fetch(self, sql: str, values: Row = ()) -> Rows:
        """The rows that a statement gives."""

    def run(self, sql: str, values: Row = ()) -> None:
        """Send a statement."""

    def begin(self) -> None:
        """Begin a transaction."""

    def commit(self) -> None:
        """End the transaction."""

    def bulk(self, table: str, columns: Sequence[str], rows: Rows) -> None:
        """The fastest way into a table that the driver has: `executemany`, on PostgreSQL COPY."""

    def close(self) -> None:
        """Let go of the connection."""


@attrs.define
class Cursor:
    """What the drivers have in common, on one cursor; everything is of the DB-API."""

    connection: Any
    mark: str
    quote: str
    cursor: Any = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.cursor = self.connection.cursor()

    def id(self, id: UUID) -> Any:
        """32 hexadecimal digits."""
        return id.hex

    def fetch(self, sql: str, values: Row = ()) -> Rows:
        """The rows that a statement gives."""
        self.cursor.execute(sql, values)
        rows: Rows = self.cursor.fetchall()
        return rows

    def run(self, sql: str, values: Row = ()) -> None:
        """Send a statement."""
        self.cursor.execute(sql, values)

    def commit(self) -> None:
        """End the transaction."""
        self.connection.commit()

    def bulk(self, table: str, columns: Sequence[str], rows: Rows) -> None:
        """Send one INSERT for each row, as the driver does it for many."""
        self.cursor.executemany(insertion(self, table, columns), rows)

    def close(self) -> None:
        """Let go of the connection."""
        self.connection.close()


class Sqlite(Cursor):
    """sqlite3 as the standard library has it."""

    def columns(self, table: str) -> list[str]:
        """The columns but `seq`."""
        return [name for (name,) in self.fetch("SELECT name FROM pragma_table_info(?)", (table,)) if name != "seq"]

    def begin(self) -> None:
        """Begin as a writer."""
        self.cursor.execute("BEGIN IMMEDIATE")


class Server(Cursor):
    """PostgreSQL or MariaDB."""

    def columns(self, table: str) -> list[str]:
        """The columns but `seq`."""
        sql = (
            "SELECT column_name FROM information_schema.columns "
            f"WHERE table_schema = {self._here()} AND table_name = %s ORDER BY ordinal_position"
        )
        return [name for (name,) in self.fetch(sql, (table,)) if name != "seq"]

    def begin(self) -> None:
        """Begin a transaction."""
        self.cursor.execute("BEGIN")

    def _here(self) -> str:
        return "DATABASE()"


class Postgres(Server):
    """psycopg; it prepares by itself what it sends more than five times."""

    def id(self, id: UUID) -> Any:
        """The id itself."""
        return id

    def bulk(self, table: str, columns: Sequence[str], rows: Rows) -> None:
        """COPY FROM STDIN, row by row."""
        with self.cursor.copy(f"COPY {table} ({named(self, columns)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    def commit(self) -> None:
        """End the transaction."""
        self.cursor.execute("COMMIT")

    def _here(self) -> str:
        return "current_schema()"


def named(style: Style, columns: Sequence[str]) -> str:
    """Column names as they stand in a statement: some are reserved words somewhere."""
    return ", ".join(f"{style.quote}{name}{style.quote}" for name in columns)


def insertion(style: Style, table: str, columns: Sequence[str], rows: int = 1) -> str:
    """An INSERT of so many rows."""
    row = f"({', '.join([style.mark] * len(columns))})"
    return f"INSERT INTO {table} ({named(style, columns)}) VALUES {', '.join([row] * rows)}"


def _sqlite(url: URL) -> Raw:
    connection = sqlite3.connect(str(url.database))
    set_up_sqlite(connection)
    return Sqlite(connection, "?", '"')


def _postgres(url: URL) -> Raw:
    psycopg: Any = importlib.import_module("psycopg")
    text = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return Postgres(psycopg.connect(text, autocommit=True), "%s", '"')


def _mariadb(url: URL) -> Raw:
    pymysql: Any = importlib.import_module("pymysql")
    given = {"host": url.host, "port": url.port, "user": url.username, "password": url.password or ""}
    connection = pymysql.connect(**given, database=url.database, charset="utf8mb4", autocommit=True)
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
    return Server(connection, "%s", "`")


CONNECT: Final[dict[str, Callable[[URL], Raw]]] = {"sqlite": _sqlite, "postgresql": _postgres, "mariadb": _mariadb}


def connect(storage: str, url: str) -> Raw:
    """A raw connection to a database of this storage."""
    return CONNECT[storage](make_url(url))
