"""Aggregates in memory: groups of records and their figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Context, localcontext
from typing import Any, Final

from crmcore.adapters.memory.database import MemoryDatabase
from crmcore.adapters.memory.selection import fitting
from crmcore.domain.bound import BoundQuery
from crmcore.domain.errors import InvalidValue, UnknownName
from crmcore.domain.field import Field
from crmcore.domain.money import Money
from crmcore.domain.record import Record, RecordType

Figure = Callable[[Sequence[Record]], Any]

GROUPED: Final = frozenset(("text", "integer", "decimal", "boolean", "date", "datetime", "choice", "reference"))
SUMMED: Final = frozenset(("integer", "decimal", "money"))
ORDERED: Final = frozenset(("integer", "decimal", "money", "date", "datetime"))


_WIDE: Final = Context(prec=60)
"""A context of our own: a host may have set the thread's to any precision."""


def _sum(values: Sequence[Any]) -> Any:
    with localcontext(_WIDE):
        return sum(values[1:], values[0])


_COMBINE: Final[dict[str, Callable[[Sequence[Any]], Any]]] = {"sum": _sum, "min": min, "max": max}


def aggregate(
    database: MemoryDatabase, query: BoundQuery, by: Sequence[str], measures: Sequence[tuple[str, str]]
) -> list[list[Any]]:
    """A row per group: the values of `by`, then the figures; sorted by those values, missing ones last.

    Without `by` there is one row, also over no records. count is of rows, or of a field's values. sum, min and max
    skip missing values and are None over none; of money they are a tuple of Money, one for each currency, by code.
    `InvalidValue` for a figure that its field does not have, `UnknownName` for no field of the record's own.
    """
    grouped = [_own_field(query.type, name, GROUPED, "group by") for name in by]
    figures = [_figure(query.type, how, name) for how, name in measures]
    groups: dict[tuple[Any, ...], list[Record]] = {} if by else {(): []}
    for record in _newest(query, fitting(database, query)):
        groups.setdefault(tuple(getattr(record, field.name) for field in grouped), []).append(record)
    order = sorted(groups, key=lambda values: [(v is None, 0 if v is None else v) for v in values])
    return [[*values, *(figure(groups[values]) for figure in figures)] for values in order]


def _newest(query: BoundQuery, records: Iterable[Record]) -> Iterable[Record]:
    if query.newest is None:
        return records
    who, when = (field.name for field in query.newest)
    kept: dict[Any, Record] = {}
    for record in sorted(records, key=lambda each: (getattr(each, when), each.id.int)):
        kept[getattr(record, who)] = record
    return kept.values()


def _own_field(type: RecordType, name: str, kinds: frozenset[str], what: str) -> Field:
    field = type.field(name)
    if field is None:
        raise UnknownName("field", name, (f.name for f in type.fields if f.kind in kinds), f"{type.name} to {what}")
    if field.kind not in kinds:
        raise InvalidValue(f"{type.name}.{name} is of type {field.kind}, which cannot be used to {what}", value=name)
    return field


def _figure(type: RecordType, how: str, name: str) -> Figure:
    if how == "count" and not name:
        return len
    if how == "count":
        counted = _own_field(type, name, GROUPED | ORDERED, how)
        return lambda records: sum(getattr(record, counted.name) is not None for record in records)
    kinds = SUMMED if how == "sum" else ORDERED
    combine = _COMBINE.get(how)
    if combine is None:
        raise InvalidValue(f"{how!r} is no figure: use count, sum, min or max", value=how)
    field = _own_field(type, name, kinds, how)
    if field.kind == "money":
        return lambda records: _per_currency(combine, _values(records, field))
    return lambda records: combine(values) if (values := _values(records, field)) else None


def _values(records: Iterable[Record], field: Field) -> list[Any]:
    return [value for record in records if (value := getattr(record, field.name)) is not None]


def _per_currency(combine: Callable[[Sequence[Any]], Any], amounts: Iterable[Money]) -> tuple[Money, ...]:
    held: dict[str, list[Money]] = {}
    for amount in amounts:
        held.setdefault(amount.currency, []).append(amount)
    return tuple(combine(held[currency]) for currency in sorted(held))
