"""Statements about ledgers, asked within one transaction: kept by name, values encoded, rows as the driver has them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Final, Protocol
from uuid import UUID

import attrs
import sqlalchemy as sa

from crmcore.adapters.sql import codecs
from crmcore.adapters.sql.gathering import in_utc
from crmcore.adapters.sql.model import Model, insertion
from crmcore.adapters.sql.runner import Runner
from crmcore.domain.field import Field

AT: Final = Field(kind="datetime", name="at")


class Ask(Protocol):
    """Calls a function; exceptions of the driver become errors of crmcore."""

    def __call__(self, call: Callable[..., Any], /, *arguments: Any) -> Any: ...


@attrs.frozen(eq=False)
class Asking:
    """A transaction as the ledgers see it. Parameters of statements are p0, p1 ... in the order of the values."""

    model: Model
    runner: Runner
    ask: Ask

    def rows(self, shape: Hashable, make: Callable[[], Any], *values: object) -> list[tuple[Any, ...]]:
        """The rows that a statement gives."""
        sql = self.model.statement(shape, make)
        found: list[tuple[Any, ...]] = self.ask(self.runner.fetch, sql.text, sql.arrange(self._stored(values)))
        return found

    def run(self, shape: Hashable, make: Callable[[], Any], *values: object) -> int:
        """Send a statement; how many rows it met."""
        sql = self.model.statement(shape, make)
        met: int = self.ask(self.runner.run, sql.text, sql.arrange(self._stored(values)))
        return met

    def insert(self, table: sa.Table, rows: Sequence[tuple[object, ...]], suffix: str = "") -> None:
        """Put rows into a table, in the order of its columns."""
        if rows:
            if suffix:
                made = insertion(self.model.dialect, table, list(table.columns), suffix)
            else:
                made = self.model.insertion(table)
            self.ask(self.runner.store, made, [self._stored(row) for row in rows])

    def moment(self, column: sa.Column[Any]) -> Any:
        """A time as `moment_from` reads it."""
        return in_utc(self.model.backend, AT, column)

    def moment_from(self, value: Any) -> dt.datetime | None:
        """The time back."""
        if value is None:
            return None
        return dt.datetime.fromisoformat(value) if isinstance(value, str) else codecs.aware(value)

    def _stored(self, values: Sequence[object]) -> tuple[Any, ...]:
        return tuple([self._one(value) for value in values])

    def _one(self, value: object) -> Any:
        if isinstance(value, dt.datetime):
            return self.model.value(AT)(value)[0]
        return self.model.stored_id(value)[0] if isinstance(value, UUID) else value


def parameter(number: int, like: Any) -> Any:
    """The parameter of that number, with the type of a column."""
    return sa.bindparam(f"p{number}", type_=like.type)


def limit(number: int) -> Any:
    """The parameter of that number, which says how many rows are wanted."""
    return sa.bindparam(f"p{number}", type_=sa.Integer())
