"""Rows in memory in the plain form of their fields, table by table as a database would hold them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any
from uuid import UUID

from crmcore.domain.facet import Facet, FacetType
from crmcore.domain.field import Field
from crmcore.domain.money import MONEY_SCALE
from crmcore.domain.record import Record, RecordType
from crmcore.ports.retiring import Row

Tables = Iterator[tuple[str, Iterator[Row]]]


def record_rows(record: RecordType, rows: Iterable[Record]) -> Tables:
    """The table of a record type and those of its parts and sets."""
    held, stem = list(rows), record.name.replace(".", "_")
    yield stem, (_plain(record.fields, row) for row in held)
    for part in record.parts:
        inner = ((row.id, each) for row in held for each in getattr(row, part.attribute))
        yield (
            f"{stem}_{part.name}",
            ({"owner": str(id), "no": each.no, **_plain(part.fields, each)} for id, each in inner),
        )
    yield from _sets(record.fields, stem, [(row.id, row) for row in held])


def facet_rows(facet: FacetType, rows: Iterable[tuple[UUID, Facet]]) -> Tables:
    """The table of a facet and those of its sets."""
    held, stem = list(rows), f"{facet.name}_{facet.record.replace('.', '_')}"
    yield stem, ({"id": str(id), "version": row.version, **_plain(facet.fields, row)} for id, row in held)
    yield from _sets(facet.fields, stem, held)


def _sets(fields: Iterable[Field], stem: str, rows: Iterable[tuple[UUID, Any]]) -> Tables:
    held = list(rows)
    for field in fields:
        if field.kind == "choices":
            yield f"{stem}_{field.name}", _elements(field.name, held)


def _elements(name: str, rows: Iterable[tuple[UUID, Any]]) -> Iterator[Row]:
    return ({"owner": str(id), name: each} for id, row in rows for each in sorted(getattr(row, name)))


def _plain(fields: Iterable[Field], row: Any) -> Row:
    plain: dict[str, Any] = {}
    for field in fields:
        value = getattr(row, field.name)
        if field.kind == "choices" or value is None:
            continue
        if field.kind == "money":
            plain[field.name], plain[f"{field.name}_currency"] = _exact(value.amount, MONEY_SCALE), value.currency
        else:
            plain[field.name] = _exact(value, field.scale) if field.kind == "decimal" else field.plain(value)
    return plain


def _exact(value: Decimal, scale: int) -> str:
    """With as many decimal places as a column of this scale has."""
    return f"{value:.{scale}f}"
