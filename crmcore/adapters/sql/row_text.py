"""Rows of declared tables in the plain form of their fields: what an archive holds of them on every database alike."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from crmcore.adapters.sql import types
from crmcore.adapters.sql.codecs import unscaled
from crmcore.adapters.sql.declared import Builder
from crmcore.adapters.sql.types import Backend
from crmcore.domain.bound import ELEMENT
from crmcore.domain.dormant import Belongings
from crmcore.domain.field import Field
from crmcore.domain.kinds import plain_datetime, plain_decimal
from crmcore.domain.money import MONEY_SCALE
from crmcore.ports.retiring import Row

CHUNK: Final = 1_000
Columns = dict[str, Field]
"""The fields that stand in a table, by column; what a text is sorted by is left out, as it follows from the text."""

ID: Final = Field(kind="reference", name="id")
NUMBER: Final = Field(kind="integer", name="no")


def columns_by_table(own: Belongings, builder: Builder) -> dict[str, Columns]:
    """The columns of every table of a plugin, by the table's name."""
    found: dict[str, Columns] = {}
    for record in own.records:
        found[builder.records[record.name].name] = _columns(record.fields)
        for part in record.parts:
            found[builder.parts[record.name, part.name].name] = {"owner": ID, "no": NUMBER, **_columns(part.fields)}
    for facet in own.facets:
        found[builder.facets[facet.record, facet.name].name] = {"id": ID, "version": NUMBER, **_columns(facet.fields)}
    for (record_name, facet_name, field), table in builder.sets.items():
        if facet_name == own.plugin or any(record_name == each.name for each in own.records):
            found[table.name] = {"owner": ID, field: ELEMENT}
    return found


def _columns(fields: Iterable[Field]) -> Columns:
    columns: Columns = {}
    for field in fields:
        names = types.column_names(field)
        columns |= dict.fromkeys(names[:1], field)
        if field.kind == "money":
            columns[names[1]] = Field(kind="text", name=names[1])
    return columns


def rows(connection: sa.Connection, backend: Backend, table: sa.Table, columns: Columns) -> Iterator[Row]:
    """All rows of a table, in order of its key and in constant memory."""
    raw = [sa.type_coerce(c, sa.types.NullType()) for c in table.columns]
    streamed = sa.select(*raw).order_by(*table.primary_key.columns).execution_options(yield_per=CHUNK)
    for row in connection.execute(streamed):
        yield plain_row(backend, columns, zip(table.columns.keys(), row, strict=True))


def plain_row(backend: Backend, columns: Columns, values: Iterable[tuple[str, Any]]) -> Row:
    """One row, of which each value is as the driver gives it or as SQLAlchemy does."""
    given = {name: value for name, value in values if value is not None}
    set_name = next((n for n, f in columns.items() if f is ELEMENT), "")
    if set_name:
        given[set_name] = given.pop("value")
    return {name: _plain(backend, field, given[name]) for name, field in columns.items() if name in given}


def _plain(backend: Backend, field: Field, value: Any) -> Any:
    match field.kind:
        case "reference":
            return str(value if isinstance(value, UUID) else UUID(value))
        case "decimal" | "money":
            scale = field.scale if field.kind == "decimal" else MONEY_SCALE
            return plain_decimal(unscaled(value, scale) if backend == "sqlite" else Decimal(value))
        case "boolean":
            return bool(value)
        case "json":
            return json.loads(value)
        case "date" | "datetime":
            return _TIMES[field.kind](value)
    return value


def _moment(value: Any) -> str:
    moment = dt.datetime.fromisoformat(value) if isinstance(value, str) else value
    return plain_datetime(moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC))


_TIMES: Final[dict[str, Callable[[Any], str]]] = {"date": str, "datetime": _moment}
