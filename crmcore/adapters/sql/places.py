"""Where references stand: the table and columns of each, and ranges of ids in which some records are passed over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final
from uuid import UUID

import attrs
import sqlalchemy as sa

from crmcore.adapters.sql.codecs import padded
from crmcore.adapters.sql.compiled import constant
from crmcore.adapters.sql.predicates import Parameters
from crmcore.adapters.sql.tables import Tables
from crmcore.domain.record import MERGING
from crmcore.ports.moving import Reference

NO_PART: Final = constant("0")
"""The number of what is no part."""

PASSED_OVER: Final = 4_096
"""How many ids one statement passes over: every database takes as many parameters."""


@attrs.frozen(eq=False)
class Place:
    """The table of a reference: its column, the id of the record, and the number of the part or 0."""

    table: sa.Table
    column: sa.Column[Any]
    id: sa.Column[Any]
    no: sa.ColumnElement[Any]
    type: sa.Column[Any] | None

    @property
    def shape(self) -> tuple[str, str]:
        """What the SQL depends on."""
        return self.table.name, self.column.name

    def to_customers(self) -> list[Any]:
        """What a row says whose reference leads to a customer, where it may lead to records of any type."""
        return [] if self.type is None else [self.type == constant(f"'{MERGING}'")]


def place_of(tables: Tables, reference: Reference) -> Place:
    """Where a reference stands."""
    record, (kind, _, facet) = reference.holder.name, reference.place.partition(":")
    inner = bool(kind) and not facet
    outer = tables.facets[record, facet] if facet else tables.records[record]
    table = tables.parts[record, kind] if inner else outer
    return Place(
        table,
        table.c[reference.field.name],
        table.c.owner if inner else table.c.id,
        table.c.no if inner else NO_PART,
        table.c[reference.field.target_field] if reference.field.target == "*" else None,
    )


@attrs.frozen
class Span:
    """The ids above `low` and up to `high` (None: without end), but for some."""

    low: UUID | None = None
    high: UUID | None = None
    but: tuple[UUID, ...] = ()

    @property
    def shape(self) -> tuple[bool, bool, int]:
        """What the SQL depends on."""
        return self.low is not None, self.high is not None, len(self.but)

    @property
    def values(self) -> tuple[UUID, ...]:
        """The values of its parameters."""
        return (*(end for end in (self.low, self.high) if end is not None), *self.but)

    def clauses(self, id: Any, parameters: Parameters) -> list[Any]:
        """What the id of a row fulfils."""
        found = [id > parameters.take(id)] if self.low is not None else []
        if self.high is not None:
            found.append(id <= parameters.take(id))
        return [*found, id.not_in([parameters.take(id) for _ in self.but])] if self.but else found


def spans(stays: Sequence[UUID]) -> Iterator[Span]:
    """All ids but these, in as many ranges as it takes."""
    listed = sorted(set(stays))
    chunks = [tuple(listed[n : n + PASSED_OVER]) for n in range(0, len(listed), PASSED_OVER)] or [()]
    low = None
    for number, chunk in enumerate(chunks, 1):
        high = chunk[-1] if number < len(chunks) else None
        yield Span(low, high, padded(chunk))
        low = high
