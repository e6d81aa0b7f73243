"""Aggregates in memory: groups of records and their figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Context, localcontext
from typing import Any, Final

from crmcore.adapters.memory.database import MemoryDatabase
from crmcore.adapters.memory.selection import fitting
from crmcore.domain import figures
from crmcore.domain.bound import BoundQuery
from crmcore.domain.figures import Figure
from crmcore.domain.money import Money
from crmcore.domain.record import Record

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
    Errors as of `domain.figures`.
    """
    keys = figures.groups(query.type, by)
    wanted = [figures.figure(query.type, how, name) for how, name in measures]
    groups: dict[tuple[Any, ...], list[Record]] = {} if by else {(): []}
    for record in _newest(query, fitting(database, query)):
        groups.setdefault(tuple(key.of(record) for key in keys), []).append(record)
    order = sorted(groups, key=lambda values: [(v is None, 0 if v is None else v) for v in values])
    return [[*values, *(_value(figure, groups[values]) for figure in wanted)] for values in order]


def _newest(query: BoundQuery, records: Iterable[Record]) -> Iterable[Record]:
    if query.newest is None:
        return records
    who, when = (field.name for field in query.newest)
    kept: dict[Any, Record] = {}
    for record in sorted(records, key=lambda each: (getattr(each, when), each.id.int)):
        kept[getattr(record, who)] = record
    return kept.values()


def _value(wanted: Figure, records: Sequence[Record]) -> Any:
    if wanted.field is None:
        return len(records)
    values = [value for record in records if (value := getattr(record, wanted.field.name)) is not None]
    if wanted.how == "count":
        return len(values)
    combine = _COMBINE[wanted.how]
    if wanted.field.kind == "money":
        return _per_currency(combine, values)
    return combine(values) if values else None


def _per_currency(combine: Callable[[Sequence[Any]], Any], amounts: Iterable[Money]) -> tuple[Money, ...]:
    held: dict[str, list[Money]] = {}
    for amount in amounts:
        held.setdefault(amount.currency, []).append(amount)
    return tuple(combine(held[currency]) for currency in sorted(held))
