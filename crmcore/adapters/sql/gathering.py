"""Parts, sets and facets in the same statement as their record: sub-selects that gather rows as JSON text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import sqlalchemy as sa

from crmcore.adapters.sql.compiled import constant
from crmcore.adapters.sql.tables import Tables
from crmcore.adapters.sql.types import Backend, column_names
from crmcore.domain.facet import FacetType
from crmcore.domain.field import Field
from crmcore.domain.record import RecordType

_FUNCTIONS: Final[dict[Backend, tuple[str, str]]] = {
    "sqlite": ("json_group_array", "json_array"),
    "postgresql": ("json_agg", "json_build_array"),
    "mariadb": ("json_arrayagg", "json_array"),
}


def gathered(backend: Backend, rows: Any, columns: Iterable[Any], condition: Any, single: bool = False) -> Any:
    """A scalar sub-select: a JSON array of the rows that fit, each an array of the columns (`single`: the column).

    MariaDB cuts what is longer than group_concat_max_len and closes the bracket; the count of rows in front of the
    text shows it.
    """
    aggregate, array = _FUNCTIONS[backend]
    listed = list(columns)
    element = listed[0] if single else getattr(sa.func, array)(*listed)
    text = getattr(sa.func, aggregate)(element)
    if backend == "postgresql":
        text = sa.cast(text, sa.Text())
    elif backend == "mariadb":
        text = sa.func.concat(sa.func.count(), text)
    return sa.select(text).select_from(rows).where(condition).correlate_except(rows).scalar_subquery()


def readable(backend: Backend, field: Field, rows: Any) -> list[Any]:
    """The columns of a field as the decoders expect them, without its fold. PostgreSQL gives times as in UTC, so that
    the zone of a host's session does not matter."""
    names = column_names(field)[: 2 if field.kind == "money" else 1]
    return [in_utc(backend, field, rows.c[name]) for name in names]


def in_utc(backend: Backend, field: Field, expression: Any) -> Any:
    """A value as the decoders expect it."""
    if backend == "postgresql" and field.kind == "datetime":
        return sa.func.timezone(constant("'UTC'"), expression)
    return expression


def own_columns(tables: Tables, backend: Backend, record: RecordType, rows: Any) -> list[Any]:
    """What `record_decoder` unpacks first: columns, parts, sets."""
    found = [column for field in record.fields for column in readable(backend, field, rows)]
    for number, part in enumerate(record.parts):
        table = tables.parts[record.name, part.name].alias(f"p{number}")
        columns = [table.c.no, *(column for field in part.fields for column in readable(backend, field, table))]
        found.append(gathered(backend, table, columns, table.c.owner == rows.c.id))
    return found + _set_columns(tables, backend, record, "", record.fields, rows)


def facet_columns(tables: Tables, backend: Backend, record: RecordType, facet: FacetType, rows: Any) -> list[Any]:
    """What `record_decoder` unpacks of a facet that was joined: id, version, columns, sets."""
    columns = [column for field in facet.fields for column in readable(backend, field, rows)]
    sets = _set_columns(tables, backend, record, facet.name, facet.fields, rows)
    return [rows.c.id, rows.c.version, *columns, *sets]


def _set_columns(
    tables: Tables, backend: Backend, record: RecordType, facet: str, fields: Iterable[Field], rows: Any
) -> list[Any]:
    found = []
    for number, field in enumerate(f for f in fields if f.kind == "choices"):
        table = tables.sets[record.name, facet, field.name].alias(f"s{facet}{number}")
        found.append(gathered(backend, table, [table.c.value], table.c.owner == rows.c.id, single=True))
    return found
