"""A record as one flat row: for lists, for exports, and as cells of text that an import reads back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from crmcore.domain.cells import cell, cells
from crmcore.domain.columns import Column, Columns, Group
from crmcore.domain.facet import Facet, FacetType
from crmcore.domain.ordering import preferred
from crmcore.domain.record import Record


def values(columns: Columns, record: Record) -> dict[str, Any]:
    """What the record has under each column, typed: of parts the preferred one's value, a tuple of distinct
    values where a name stands for many. Facets that were not fetched, and parts that stand one a row, are left out."""
    found: dict[str, Any] = {}
    holders: dict[Group, Any] = {}
    for column in columns:
        group = column.group
        if group is None:
            found[column.name] = getattr(record, column.name)
        elif group.place == "line" or (isinstance(group.holder, FacetType) and group.holder.cls not in record.facets):
            continue
        elif group.many:
            found[column.name] = tuple(dict.fromkeys(getattr(p, column.field.name) for p in _parts(group, record)))
        else:
            if group not in holders:
                holders[group] = _holder(group, record)
            found[column.name] = getattr(holders[group], column.field.name, None)
    return found


def flat(columns: Columns, record: Record) -> dict[str, Any]:
    """`values` in plain form: what JSON can hold."""
    found = values(columns, record)
    by_name = columns.by_name
    return {name: plain(by_name[name], value) for name, value in found.items()}


def rows(columns: Columns, record: Record) -> list[dict[str, str]]:
    """The record as cells of text (see `domain.cells`): one row, or for a type whose parts stand one a row, as many as
    it has of those, each with all that the record says."""
    found = values(columns, record)
    shared = {name: "" if value is None else text(columns.by_name[name], value) for name, value in found.items()}
    lines = [line for group in columns.groups if group.place == "line" for line in _lines(group, columns, record)]
    return [{**shared, **line} for line in lines] or [shared]


def _holder(group: Group, record: Record) -> Facet | Any:
    if isinstance(group.holder, FacetType):
        return record.facets[group.holder.cls]
    return preferred(getattr(record, group.attribute), group.where.items())


def _parts(group: Group, record: Record) -> Iterator[Any]:
    for part in getattr(record, group.attribute):
        if all(getattr(part, name) == value for name, value in group.where.items()):
            yield part


def _lines(group: Group, columns: Columns, record: Record) -> Iterator[dict[str, str]]:
    shown = [(name, field) for name, field in group.fields.items() if name in columns.by_name]
    for part in getattr(record, group.attribute):
        yield {name: cell(field, getattr(part, field.name)) for name, field in shown}


def plain(column: Column, value: Any) -> Any:
    """The plain form of what a column has."""
    if column.many:
        return [column.field.plain(each) for each in value]
    return column.field.plain(value)


def text(column: Column, value: Any) -> str:
    """The cell of what a column has."""
    return cells(column.field, value) if column.many else cell(column.field, value)
