"""Who sends statements: a driver's cursor, or a SQLAlchemy connection of the host. All code above is one."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, Protocol

import attrs
import sqlalchemy as sa

Rows = Sequence[tuple[Any, ...]]
COPY_FROM: Final = 50
"""From so many rows on, PostgreSQL's COPY is faster than a batch of INSERTs."""


GATHERED_BYTES: Final = 1 << 30
"""How much MariaDB may gather of one record's parts; what is longer it cuts."""

WITH_ROOM: Final = f"SET STATEMENT group_concat_max_len = {GATHERED_BYTES} FOR "


@attrs.frozen(eq=False)
class Insertion:
    """How rows go into a table: an INSERT of one; for PostgreSQL one of several, given by column, and a COPY."""

    insert: str
    several: str = ""
    copy: str = ""


class Runner(Protocol):
    """What the statements need of a connection. Values are encoded, parameters positional."""

    def fetch(self, sql: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """The rows that a statement gives."""

    def run(self, sql: str, values: tuple[Any, ...] = ()) -> int:
        """Send a statement; how many rows it touched."""

    def many(self, sql: str, rows: Rows) -> None:
        """Send a statement once for each row."""

    def store(self, into: Insertion, rows: Rows) -> None:
        """Insert rows."""

    def gather_all(self) -> None:
        """Make sure that MariaDB does not cut what is gathered."""


class CursorRunner:
    """On a driver's own cursor."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor
        self._execute: Callable[..., Any] = cursor.execute
        self._prefix = ""

    def fetch(self, sql: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """The rows that a statement gives."""
        self._execute(self._prefix + sql if self._prefix else sql, values)
        rows: list[tuple[Any, ...]] = self._cursor.fetchall()
        return rows

    def run(self, sql: str, values: tuple[Any, ...] = ()) -> int:
        """Send a statement; how many rows it touched."""
        self._execute(sql, values)
        touched: int = self._cursor.rowcount
        return touched

    def many(self, sql: str, rows: Rows) -> None:
        """Send a statement once for each row."""
        if len(rows) == 1:
            self._execute(sql, rows[0])
        else:
            self._cursor.executemany(sql, rows)

    def store(self, into: Insertion, rows: Rows) -> None:
        """Insert rows."""
        if len(rows) == 1 or not into.several:
            self.many(into.insert, rows)
        elif into.copy and len(rows) >= COPY_FROM:
            copy_rows(self._cursor, into.copy, rows)
        else:
            self._execute(into.several, by_column(rows))

    def gather_all(self) -> None:
        """Give MariaDB room for each statement alone, as the session's own setting is the host's."""
        self._prefix = WITH_ROOM


class ConnectionRunner:
    """On a SQLAlchemy connection of the host, which sees every statement pass."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._prefix = ""

    def fetch(self, sql: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """The rows that a statement gives."""
        with self._connection.exec_driver_sql(self._prefix + sql, values or None) as result:
            return [tuple(row) for row in result]

    def run(self, sql: str, values: tuple[Any, ...] = ()) -> int:
        """Send a statement; how many rows it touched."""
        with self._connection.exec_driver_sql(sql, values or None) as result:
            return result.rowcount

    def many(self, sql: str, rows: Rows) -> None:
        """Send a statement once for each row."""
        given: Any = rows[0] if len(rows) == 1 else list(rows)
        self._connection.exec_driver_sql(sql, given).close()

    def store(self, into: Insertion, rows: Rows) -> None:
        """Insert rows."""
        if len(rows) == 1 or not into.several:
            self.many(into.insert, rows)
        elif into.copy and len(rows) >= COPY_FROM:
            cursor: Any = self._connection.connection.cursor()
            with cursor:
                copy_rows(cursor, into.copy, rows)
        else:
            self.run(into.several, by_column(rows))

    def gather_all(self) -> None:
        """Give MariaDB room for each statement alone."""
        self._prefix = WITH_ROOM


def by_column(rows: Rows) -> tuple[list[Any], ...]:
    """The rows turned: a list for each column."""
    return tuple([list(column) for column in zip(*rows, strict=True)])


def copy_rows(cursor: Any, sql: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """PostgreSQL's COPY FROM STDIN."""
    with cursor.copy(sql) as copy:
        for row in rows:
            copy.write_row(row)


_names = itertools.count(1)


def savepoint_name() -> str:
    """A name that no other savepoint of this process has."""
    return f"crmcore_{next(_names)}"
