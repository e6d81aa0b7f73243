"""From flat values to records: an e-mail address in a row becomes a contact point, a city part of the one address.

Values are typed and stand under the names of `domain.columns`. What is missing is None or not there; a name that
stands for many, or that is given several values, has a tuple.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from crmcore.domain.columns import REQUIRED, Columns, Group
from crmcore.domain.errors import InvalidRecord
from crmcore.domain.facet import Facet, FacetType
from crmcore.domain.making import are_parts, checked_number, made
from crmcore.domain.part import Part
from crmcore.domain.record import Record
from crmcore.domain.revising import apply

__all__ = ["Values", "apply", "build", "disagreements", "line_parts", "missing"]

Values = Mapping[str, Any]
Pieces = dict[Group, dict[str, Any]]


def build(columns: Columns, values: Values, *more: Values) -> Record:
    """A new record from one row and, for types whose parts stand one a row, from further rows of the same record.

    Of the further rows only those parts count (`disagreements` tells what else differs). A facet or part is made only
    if a value of it is given; parts may also stand ready made under their attribute. Raises `UnknownName`, and
    `InvalidRecord` with everything required that is missing. Values are not checked here.
    """
    own, pieces = _sorted_out(columns, values)
    lines = [_lines(columns, row) for row in more] if more else []
    _refuse_incomplete(columns, columns.required - own.keys(), pieces, *lines)
    facets: dict[type[Facet], Facet | None] = {}
    for group, given in pieces.items():
        if isinstance(group.holder, FacetType):
            facets[group.holder.cls] = group.holder.cls(**given)
        else:
            attribute = group.attribute
            own[attribute] = (*own.get(attribute, ()), *made(group, given))
    for attribute, parts in _parts_of(lines).items() if lines else ():
        own[attribute] = (*own.get(attribute, ()), *parts)
    return columns.type.cls(**own, facets=facets)


def line_parts(columns: Columns, *rows: Values) -> dict[str, tuple[Part, ...]]:
    """The parts that stand one a row, by the record's attribute: all of them, from all rows of one record."""
    lines = [_lines(columns, row) for row in rows]
    _refuse_incomplete(columns, frozenset(), *lines)
    return _parts_of(lines)


def missing(columns: Columns, given: Collection[str]) -> list[str]:
    """The columns that are required beside those given: own ones always, others if one of their group is given."""
    names = set(given)
    lacking = columns.required - names
    for group in columns.demanding:
        if not names.isdisjoint(group.fields):
            lacking |= group.required - names
    return [name for name in columns.by_name if name in lacking] if lacking else []


def disagreements(columns: Columns, first: Values, other: Values) -> list[str]:
    """The columns, but for parts that stand one a row, in which two rows of one record say different things."""
    names = [c.name for c in columns if c.group is None or c.group.place != "line"]
    return [n for n in names if other.get(n) is not None and other[n] != first.get(n)]


def _sorted_out(columns: Columns, values: Values) -> tuple[dict[str, Any], Pieces]:
    """The record's own values, and those of each group by the name that they have there."""
    own: dict[str, Any] = {}
    pieces: Pieces = {}
    by_name = columns.by_name
    for name, value in values.items():
        if value is None:
            continue
        column = by_name.get(name)
        if column is None or (type(value) is not str and are_parts(value)):
            own[columns.attribute(name)] = tuple(value)
        elif (group := column.group) is None:
            own[name] = value
        elif (stated := value if type(value) is str else checked_number(column, value)) != ():
            pieces.setdefault(group, {})[column.field.name] = stated
    return own, pieces


def _lines(columns: Columns, row: Values) -> Pieces:
    line = {n: v for n, v in row.items() if (c := columns.by_name.get(n)) and c.group and c.group.place == "line"}
    return _sorted_out(columns, line)[1]


def _refuse_incomplete(columns: Columns, lacking: frozenset[str], *each: Pieces) -> None:
    names = sorted(lacking)
    for pieces in each:
        for group, given in pieces.items():
            if group.required:
                names += [name for name in group.required if group.fields[name].name not in given]
    if names:
        raise InvalidRecord(columns.type.name, dict.fromkeys(names, REQUIRED))


def _parts_of(lines: list[Pieces]) -> dict[str, tuple[Part, ...]]:
    found: dict[str, tuple[Part, ...]] = {}
    for pieces in lines:
        for group, given in pieces.items():
            found[group.attribute] = (*found.get(group.attribute, ()), *made(group, given))
    return found
