"""What the rows of an entry say that a record does not: what an update would change, and whether that is anything."""

from __future__ import annotations

from collections import Counter
from typing import Any

from crmcore.application.importing.entries import Entry
from crmcore.domain.columns import Column, Columns
from crmcore.domain.facet import FacetType
from crmcore.domain.flatten import apply, line_parts
from crmcore.domain.part import Part, PartType
from crmcore.domain.record import Record

UNTOUCHED = frozenset({"id", "source", "external_id"})
"""What makes a record known is not changed by what a row says; see `identified`."""

Parts = tuple[Part, ...]


def changes(columns: Columns, entry: Entry, record: Record) -> dict[str, Any]:
    """The values of an entry that the record does not have, by field; lines, where they differ, under their attribute.

    A name that was put together is no value of the row's own.
    """
    own, facets, lines = _sorted_out(columns, entry)
    changed = apply(columns.type, record, own)
    found = {name: value for name, value in own.items() if _attribute(columns, name) in changed}
    found.update((name, value) for name, value in facets.items() if _differs(columns.by_name[name], record, value))
    types = {part.attribute: part for part in columns.type.parts}
    for attribute, parts in lines.items():
        if not _same(types[attribute], parts, getattr(record, attribute)):
            found[attribute] = parts
    return found


def identified(entry: Entry, record: Record, origin: str | None) -> dict[str, Any]:
    """The external id and source of an entry for a record that has none yet: one of another system stays."""
    known_as = entry.values.get("external_id")
    if not known_as or record.external_id is not None:
        return {}
    return {"external_id": known_as, "source": entry.values.get("source", origin)}


def lines_of(columns: Columns, entry: Entry) -> dict[str, Parts]:
    """The parts that the rows of an entry state one a row, by attribute."""
    return dict(line_parts(columns, *(row.values for row in entry.rows)))


def _sorted_out(columns: Columns, entry: Entry) -> tuple[dict[str, Any], dict[str, Any], dict[str, Parts]]:
    """The record's own and flat values, those of facets, and lines."""
    own: dict[str, Any] = {}
    facets: dict[str, Any] = {}
    in_lines = False
    for name, value in entry.values.items():
        column = columns.by_name.get(name)
        group = column.group if column else None
        if group is not None and group.place != "flat":
            in_lines = in_lines or group.place == "line"
            if group.place == "facet":
                facets[name] = value
        elif name not in UNTOUCHED and not (name == "name" and entry.named):
            own[name] = value
    return own, facets, lines_of(columns, entry) if in_lines or len(entry.rows) > 1 else {}


def _attribute(columns: Columns, name: str) -> str:
    """The record's attribute behind a name."""
    column = columns.by_name.get(name)
    return name if column is None or column.group is None else column.group.attribute


def _differs(column: Column, record: Record, value: Any) -> bool:
    holder = column.group.holder if column.group else None
    held = record.facets.get(holder.cls) if isinstance(holder, FacetType) else None
    return held is None or bool(getattr(held, column.field.name) != value)


def _same(part: PartType, some: Parts, others: Parts) -> bool:
    """Whether these are the same parts but for their numbers, in whatever order."""
    left, right = [part.values(each) for each in some], [part.values(each) for each in others]
    if left == right or len(left) != len(right):
        return left == right
    try:
        return Counter(left) == Counter(right)
    except TypeError:  # JSON cannot be counted
        return False
