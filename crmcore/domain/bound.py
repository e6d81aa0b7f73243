"""The bound predicate: names looked up in the catalogue, values typed. Storages compile or evaluate this tree.

Two-valued: a test of a missing value is false, and `Not` negates that.
"""

from __future__ import annotations

from typing import Any, Final, Literal, TypeAlias

import attrs

from crmcore.domain.facet import FacetType
from crmcore.domain.field import Field
from crmcore.domain.part import PartType
from crmcore.domain.query import Cursor
from crmcore.domain.record import Flat, RecordType

Op = Literal["=", "!=", "<", "<=", ">", ">=", "in", "contains"]

ELEMENT: Final = Field(kind="text", name="value")
"""The one field of a set's elements."""


@attrs.frozen
class ToFacet:
    """From a record to its facet, if it has one."""

    facet: FacetType


@attrs.frozen
class ToPart:
    """From a record to its parts of one type for which every (field, value) of `where` holds."""

    part: PartType
    where: tuple[tuple[Field, str], ...] = ()


@attrs.frozen
class ToSet:
    """From a record or facet to the elements of a set."""

    field: Field


@attrs.frozen
class ToRecord:
    """From a reference to the record it points at."""

    field: Field
    target: RecordType


@attrs.frozen
class FromRecords:
    """From a record to those of another type that refer to it."""

    target: RecordType
    via: Field


Step: TypeAlias = ToFacet | ToPart | ToSet | ToRecord | FromRecords


@attrs.frozen
class Const:
    """Always or never."""

    value: bool


@attrs.frozen
class Test:
    """A field compared with typed values; `contains` has one folded text."""

    field: Field
    op: Op
    values: tuple[Any, ...]


@attrs.frozen
class Present:
    """The field has a value."""

    field: Field


@attrs.frozen
class Via:
    """Some row that the step leads to fits `inner`."""

    step: Step
    inner: Bound


@attrs.frozen
class Not:
    """What `part` does not fit."""

    part: Bound


@attrs.frozen
class Every:
    """All parts fit."""

    parts: tuple[Bound, ...]


@attrs.frozen
class Some:
    """At least one part fits."""

    parts: tuple[Bound, ...]


Bound: TypeAlias = Const | Test | Present | Via | Not | Every | Some


@attrs.frozen
class SortKey:
    """What to sort by: a field of the record, of a facet, or of the preferred part behind a flat name."""

    field: Field
    descending: bool = False
    facet: FacetType | None = None
    part: PartType | None = None
    flat: Flat | None = None


@attrs.frozen(kw_only=True)
class BoundQuery:
    """A query that a storage can carry out. `order` is the sort as text, by which cursors know their query.

    `newest` (for aggregates): of the records that fit, only the one with the highest value of the second field for
    each value of the first; of equal ones that with the highest id.
    """

    type: RecordType
    where: Bound = Const(True)
    sort: tuple[SortKey, ...] = ()
    order: str = ""
    limit: int | None = None
    cursor: Cursor | None = None
    facets: tuple[FacetType, ...] = ()
    newest: tuple[Field, Field] | None = None


def every(*parts: Bound) -> Bound:
    """All of these, flat, without what always holds."""
    kept = [p for p in parts if not (isinstance(p, Const) and p.value)]
    if not kept:
        return Const(True)
    return kept[0] if len(kept) == 1 else Every(tuple(kept))
