"""Compiled statements: SQL text of the driver's own parameter style, kept by the shape of what was asked."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from threading import Lock
from typing import Any, Final, Generic, TypeVar

import attrs
import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.mysql import pymysql
from sqlalchemy.dialects.postgresql import psycopg

from crmcore.adapters.sql.types import Backend

S = TypeVar("S")
KEPT: Final = 500


@attrs.frozen(eq=False)
class Sql:
    """A statement and, for each of its placeholders, which of the given values stands there."""

    text: str
    order: tuple[int, ...]

    def arrange(self, values: Sequence[Any]) -> tuple[Any, ...]:
        """The values as the driver takes them."""
        return tuple([values[n] for n in self.order])


def dialect_for(backend: Backend) -> sa.Dialect:
    """A dialect of our own that renders positional parameters; no engine uses it."""
    style: dict[str, Any] = {"paramstyle": "qmark" if backend == "sqlite" else "format"}
    made: Callable[..., sa.Dialect] = {
        "sqlite": sqlite.dialect,
        "postgresql": psycopg.dialect,
        "mariadb": pymysql.dialect,
    }[backend]
    return made(**style)


def at_most(statement: Any, limit: Any) -> Any:
    """The statement with a LIMIT; SQLAlchemy would add SQLite's OFFSET 0 as a parameter of its own."""
    return statement.limit(limit).offset(constant("0"))


def constant(sql: str) -> sa.ColumnElement[Any]:
    """A constant of ours, as SQL."""
    return sa.literal_column(sql)


def compiled(dialect: sa.Dialect, statement: Any) -> Sql:
    """The statement as text; its parameters are named p0, p1 ... after the values they stand for."""
    made = statement.compile(dialect=dialect)
    names: Sequence[str] = made.positiontup or ()
    return Sql(str(made), tuple(int(name[1:]) for name in names))


class Cache(Generic[S]):
    """The statements used last, by shape."""

    def __init__(self, size: int = KEPT) -> None:
        self._kept: OrderedDict[Hashable, S] = OrderedDict()
        self._size = size
        self._lock = Lock()

    def get(self, shape: Hashable, make: Callable[[], S]) -> S:
        """The statement of that shape, made if it is not kept."""
        found = self._kept.get(shape)
        if found is None:
            found = make()
            with self._lock:
                self._kept[shape] = found
                while len(self._kept) > self._size:
                    self._kept.popitem(last=False)
        return found

    def __len__(self) -> int:
        return len(self._kept)
