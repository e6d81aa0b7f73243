"""Aggregates: groups of records and their figures, added up in the database without losing a digit.

Money is grouped by its currency as well, in a statement for each such field; the groups are put together here. On
SQLite sums of whole numbers can run over 64 bits, so high and low digits are added up apart.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cache, cached_property
from typing import Any, Final

import attrs
import sqlalchemy as sa

from crmcore.adapters.sql import codecs
from crmcore.adapters.sql.compiled import Sql, compiled, constant
from crmcore.adapters.sql.gathering import in_utc
from crmcore.adapters.sql.model import Model
from crmcore.adapters.sql.predicates import Scope, over_all
from crmcore.adapters.sql.runner import Runner
from crmcore.adapters.sql.shapes import shape
from crmcore.adapters.sql.types import currency_name
from crmcore.domain import figures
from crmcore.domain.bound import BoundQuery
from crmcore.domain.field import Field
from crmcore.domain.figures import Figure, Key
from crmcore.domain.money import MONEY_SCALE, Money

RANK: Final = "rank_of_newest"
HALF: Final = 10**9
"""Where SQLite's sums are cut into two."""

Group = tuple[Any, ...]


@attrs.frozen(eq=False, slots=False)
class Aggregation:
    """One aggregate on one connection."""

    model: Model
    runner: Runner
    query: BoundQuery
    by: tuple[Key, ...]

    def rows(self, wanted: Sequence[Figure]) -> list[list[Any]]:
        """A row per group: its values, then the figures; sorted by the values, missing ones last."""
        plain = {n: f for n, f in enumerate(wanted) if not _is_money(f)}
        money = {f.field.name: f.field for f in wanted if f.field is not None and _is_money(f)}
        if len(money) == 1 and all(f.field is None for f in plain.values()):
            [field] = money.values()
            return self._in_order(self._money_groups(field, dict(enumerate(wanted))), wanted)
        found = self._plain_groups(plain)
        for field in money.values():
            ours = {n: f for n, f in enumerate(wanted) if f.field is not None and f.field.name == field.name}
            for group, held in self._money_groups(field, ours).items():
                found[group].update(held)
        return self._in_order(found, wanted)

    def _in_order(self, found: dict[Group, dict[int, Any]], wanted: Sequence[Figure]) -> list[list[Any]]:
        order = sorted(found, key=lambda values: [(v is None, 0 if v is None else v) for v in values])
        return [[*group, *(found[group].get(n, _nothing(f)) for n, f in enumerate(wanted))] for group in order]

    def _plain_groups(self, wanted: Mapping[int, Figure]) -> dict[Group, dict[int, Any]]:
        group_of, start = self._reader(), len(self.by)
        found = {}
        for row in self._fetch(tuple(wanted.values()), ()):
            values = iter(row[start:])
            found[group_of(row)] = {n: self._read(f, values) for n, f in wanted.items()}
        return found

    def _money_groups(self, field: Field, wanted: Mapping[int, Figure]) -> dict[Group, dict[int, Any]]:
        """Figures over one field of money, and counts of rows, from the groups of each currency."""
        start = len(self.by)
        nothing = {n: _nothing(f) for n, f in wanted.items()}
        found: dict[Group, dict[int, Any]] = {} if self.by else {(): dict(nothing)}
        rows = self._fetch(tuple(wanted.values()), (currency_name(field),))
        for row in sorted(rows, key=lambda row: row[start] or ""):
            group, currency, values = row[:start], row[start], iter(row[start + 1 :])
            held = found.get(group)
            if held is None:
                held = found[group] = dict(nothing)
            for n, f in wanted.items():
                value = self._read(f, values)
                if f.how == "count":
                    held[n] += value
                elif currency is not None:
                    held[n] = (*held[n], Money(value, currency))
        group_of = self._reader()
        return {group_of(group): held for group, held in found.items()}

    def _reader(self) -> Callable[[tuple[Any, ...]], Group]:
        """What gives the group of a row. A value is read once, as it stands in many groups."""
        texts = self.model.backend != "postgresql"
        decoders = [cache(_first_day if key.month and texts else self.model.decoder(key.field)) for key in self.by]
        return lambda row: tuple([None if v is None else read(v) for read, v in zip(decoders, row, strict=False)])

    def _fetch(self, wanted: Sequence[Figure], more: tuple[str, ...]) -> list[tuple[Any, ...]]:
        values: list[Any] = []
        known = shape(self.query.where, values, self.model.parameters)
        by = tuple((key.field.name, key.month) for key in self.by)
        asked = tuple((f.how, f.field.name if f.field is not None else "") for f in wanted)
        newest = tuple(f.name for f in self.query.newest or ())
        key = ("aggregate", self.query.type.name, known, by, more, asked, newest)
        sql: Sql = self.model.selects.get(key, lambda: self._statement(wanted, more))
        return self.runner.fetch(sql.text, sql.arrange(values))

    def _statement(self, wanted: Sequence[Figure], more: tuple[str, ...]) -> Sql:
        model, rows = self.model, self._rows
        expressions = [each for f in wanted for each in self._expressions(f)]
        by = [self._by(key) for key in self.by]
        extra = [rows.c[name] for name in more]
        shown = [in_utc(model.backend, key.field, column) for key, column in zip(self.by, by, strict=True)]
        found = sa.select(*shown, *extra, *expressions).select_from(rows).where(self._chosen())
        if not expressions and not shown:
            found = sa.select(sa.func.count()).select_from(rows).where(self._chosen())
        # Reports group by what differs least first: a database that sorts compares faster the other way round.
        return compiled(model.dialect, found.group_by(*extra, *reversed(by)) if by or extra else found)

    def _by(self, key: Key) -> Any:
        column = self._rows.c[key.field.name]
        if not key.month:
            return column
        if self.model.backend == "postgresql":  # without the zones of to_char, which cost a third more
            return sa.cast(sa.func.date_trunc(constant("'month'"), sa.cast(column, sa.DateTime())), sa.Date())
        return sa.func.substr(column, constant("1"), constant("7"))

    @cached_property
    def _rows(self) -> Any:
        """What is added up: the table, or for the newest records its rows that fit with their rank."""
        table = self.model.tables.records[self.query.type.name]
        if self.query.newest is None:
            return table
        who, when = (table.c[f.name] for f in self.query.newest)
        rank = sa.func.row_number().over(partition_by=who, order_by=(when.desc(), table.c.id.desc()))
        return sa.select(table, rank.label(RANK)).where(self._clause(table)).subquery("newest")

    def _clause(self, table: sa.Table) -> Any:
        model = self.model
        predicates = over_all(model.tables, model.backend, self.query.where)
        return predicates.clause(Scope(table, self.query.type.name), self.query.where)

    def _chosen(self) -> Any:
        return self._clause(self._rows) if self.query.newest is None else self._rows.c[RANK] == constant("1")

    def _expressions(self, wanted: Figure) -> list[Any]:
        if wanted.field is None:
            return [sa.func.count()]
        column = self._rows.c[wanted.field.name]
        if wanted.how == "sum" and self.model.backend == "sqlite":
            half = constant(str(HALF))
            return [sa.func.sum(column.op("/")(half)), sa.func.sum(column.op("%")(half))]
        made = getattr(sa.func, wanted.how)(column)
        return [in_utc(self.model.backend, wanted.field, made) if wanted.how != "count" else made]

    def _read(self, wanted: Figure, values: Iterator[Any]) -> Any:
        """A figure as its type, from as many values as it has expressions; of money the amount."""
        value = next(values)
        if wanted.how == "count" or wanted.field is None:
            return value
        field = wanted.field
        if wanted.how == "sum" and self.model.backend == "sqlite":
            low = next(values)
            value = None if value is None else value * HALF + low
        if value is None:
            return None
        if field.kind == "integer":
            return int(value)
        if field.kind == "money":
            return codecs.unscaled(value, MONEY_SCALE) if self.model.backend == "sqlite" else Decimal(value)
        return self.model.decoder(field)(value)


def _first_day(month: str) -> dt.date:
    return dt.date.fromisoformat(f"{month}-01")


def _is_money(wanted: Figure) -> bool:
    return wanted.field is not None and wanted.field.kind == "money"


def _nothing(wanted: Figure) -> Any:
    """A figure over no values."""
    if wanted.how == "count":
        return 0
    return () if _is_money(wanted) else None


def aggregate(
    model: Model, runner: Runner, query: BoundQuery, by: Sequence[str], measures: Sequence[tuple[str, str]]
) -> list[list[Any]]:
    """See `ports.storage.Transaction.aggregate` and `domain.figures`."""
    wanted = [figures.figure(query.type, how, name) for how, name in measures]
    return Aggregation(model, runner, query, figures.groups(query.type, by)).rows(wanted)
