"""Evaluation of bound predicates over records in memory, by the rules that storages compile to.

Two-valued: a test of a missing value is false, and `Not` negates that. Text compares exactly, by code point;
`contains` looks into the fold as a storage keeps it (cut at the field's length); amounts are ordered within one
currency only, and differ if amount or currency does; times compare as instants.
"""

from __future__ import annotations

import datetime as dt
import operator
from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any, Final, Protocol
from uuid import UUID

import attrs

from crmcore.domain.bound import (
    Bound,
    Const,
    Every,
    FromRecords,
    Not,
    Present,
    Some,
    Step,
    Test,
    ToFacet,
    ToPart,
    ToRecord,
    ToSet,
    Via,
)
from crmcore.domain.facet import Facet, FacetType
from crmcore.domain.field import Field
from crmcore.domain.fold import fold_column
from crmcore.domain.record import Record, RecordType

Fits = Callable[[Any], bool]
"""Whether a record, part, facet or `Element` fits."""

_COMPARE: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Lookup(Protocol):
    """Where a predicate's steps lead."""

    def facet(self, record: Record, facet: FacetType) -> Facet | None:
        """The record's facet of that type, or None."""

    def record(self, type: RecordType, id: UUID) -> Record | None:
        """The record of that type and id, or None."""

    def related(self, type: RecordType, via: Field, id: UUID) -> Iterable[Record]:
        """The records of that type whose own field `via` holds the id."""


@attrs.frozen
class Element:
    """One element of a set, under the name of the only field that such a row has (`bound.ELEMENT`)."""

    value: str


def fits(bound: Bound, holder: Any, lookup: Lookup) -> bool:
    """Whether one record, part, facet or element fits the predicate."""
    return matcher(bound, lookup)(holder)


def matcher(bound: Bound, lookup: Lookup) -> Fits:
    """The predicate as a function, to be asked of many holders."""
    match bound:
        case Const(value):
            return lambda holder: value
        case Test():
            return _test(bound)
        case Present(field):
            read = attrgetter(field.name)
            return lambda holder: read(holder) is not None
        case Not(part):
            inner = matcher(part, lookup)
            return lambda holder: not inner(holder)
        case Every(parts):
            needed = tuple(matcher(part, lookup) for part in parts)
            return lambda holder: all(each(holder) for each in needed)
        case Some(parts):
            choices = tuple(matcher(part, lookup) for part in parts)
            return lambda holder: any(each(holder) for each in choices)
        case Via(step, part):
            rows, inner = follow(step, lookup), matcher(part, lookup)
            return lambda holder: any(map(inner, rows(holder)))


def follow(step: Step, lookup: Lookup) -> Callable[[Any], Iterable[Any]]:
    """The step as a function from a holder to the rows that it leads to."""
    match step:
        case ToFacet(facet):
            return lambda record: _there(lookup.facet(record, facet))
        case ToPart(part, where):
            return _to_part(part.attribute, tuple((field.name, value) for field, value in where))
        case ToSet(field):
            read = attrgetter(field.name)
            return lambda holder: map(Element, read(holder) or ())
        case ToRecord(field, target):
            refer = attrgetter(field.name)
            return lambda holder: _there((id := refer(holder)) and lookup.record(target, id))
        case FromRecords(target, via):
            return lambda record: lookup.related(target, via, record.id)


def _there(row: Any) -> tuple[Any, ...]:
    return () if row is None else (row,)


def _to_part(attribute: str, where: tuple[tuple[str, str], ...]) -> Callable[[Any], Iterable[Any]]:
    read = attrgetter(attribute)
    if not where:
        return read
    return lambda record: (p for p in read(record) if all(getattr(p, name) == value for name, value in where))


def _test(test: Test) -> Fits:
    read, compare = attrgetter(test.field.name), _comparison(test)
    return lambda holder: (value := read(holder)) is not None and compare(value)


def _comparison(test: Test) -> Callable[[Any], bool]:
    field, values = test.field, test.values
    if test.op == "contains":
        sought, length = values[0], field.length
        return lambda value: sought in fold_column(value, length)
    if field.kind == "datetime":
        return _over_instants(test)
    if test.op == "in":
        return lambda value: value in values
    compare, other = _COMPARE[test.op], values[0]
    if field.kind == "money" and test.op not in ("=", "!="):
        amount, currency = other.amount, other.currency
        return lambda value: value.currency == currency and compare(value.amount, amount)
    return lambda value: compare(value, other)


def _over_instants(test: Test) -> Callable[[Any], bool]:
    """In UTC first: Python compares two times of one zone by the face of the clock, not by the instant."""
    instants = tuple(value.astimezone(dt.UTC) for value in test.values)
    if test.op == "in":
        return lambda value: value.astimezone(dt.UTC) in instants
    compare, other = _COMPARE[test.op], instants[0]
    return lambda value: compare(value.astimezone(dt.UTC), other)
