"""What stands in the records that others refer to, for a page of records at once.

A dotted name reaches over references: `customer.city`, `customer.owner.name`. However many records there are on a page,
each reference costs one question of the database; rows and fields that the actor may not see stay empty.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import attrs

from crmcore.application import reading
from crmcore.domain import listing
from crmcore.domain.columns import Column, Columns, columns_of
from crmcore.domain.errors import UnknownName
from crmcore.domain.facet import Facet, FacetType
from crmcore.domain.field import Field
from crmcore.domain.label import label_of
from crmcore.domain.record import Record, RecordType

if TYPE_CHECKING:
    from crmcore.application.unit import UnitOfWork

AT_ONCE: Final = 1_000
"""Ids in one question of the database."""


def refers(field: Field) -> bool:
    """Whether a field holds the id of another record of a known type."""
    return field.kind == "reference" and field.target not in ("", "*") and field.name != "id"


def labels(unit: UnitOfWork, target: str, ids: Collection[UUID]) -> dict[str, str]:
    """What a person knows these records by, by id; those that the actor may not see are left out."""
    type = unit.catalogue.record(target)
    return {str(each.id): label_of(type, each) for each in _several(unit, type, ids)}


@attrs.frozen(eq=False)
class Branch:
    """A reference, and what is asked of the records that it leads to: `columns` of their own by full dotted name, and
    further `branches`."""

    reference: str
    target: RecordType
    columns: dict[str, Column] = attrs.field(factory=dict)
    branches: dict[str, Branch] = attrs.field(factory=dict)

    def all_columns(self) -> dict[str, Column]:
        """Every column at the end of this and further branches, by full dotted name."""
        further = (branch.all_columns() for branch in self.branches.values())
        return {**self.columns, **{name: column for found in further for name, column in found.items()}}

    def values(self, unit: UnitOfWork, records: Sequence[Record]) -> dict[str, dict[UUID, Any]]:
        """By full dotted name and by the id of each of these records, what it leads to, typed."""
        ids = {record.id: id for record in records if (id := getattr(record, self.reference)) is not None}
        reached = _several(unit, self.target, set(ids.values()), _facets(self.columns.values()))
        found = {name: self._of_each(reached, column) for name, column in self.columns.items()}
        for branch in self.branches.values():
            found.update(branch.values(unit, reached))
        return {
            name: {record: held[id] for record, id in ids.items() if held.get(id) is not None}
            for name, held in found.items()
        }

    def _of_each(self, records: Sequence[Record], column: Column) -> dict[UUID, Any]:
        only = Columns(self.target, {column.name: column}, (column.group,) if column.group else ())
        return {each.id: listing.values(only, each).get(column.name) for each in records}


def branches_of(unit: UnitOfWork, type: RecordType, names: Sequence[str]) -> dict[str, Branch]:
    """The branches of these dotted names, by reference. `UnknownName` for a name that leads nowhere, to what is hidden,
    or to parts of which there are many."""
    found: dict[str, Branch] = {}
    for name in names:
        _grow(unit, type, found, name, name)
    return found


def _grow(unit: UnitOfWork, type: RecordType, held: dict[str, Branch], name: str, full: str) -> None:
    head, dot, rest = name.partition(".")
    known = visible_columns(unit, type).by_name
    column = known.get(head)
    if not dot or column is None or column.group is not None or not refers(column.field):
        raise UnknownName("field", name, known, type.name)
    target = unit.catalogue.record(column.field.target)
    branch = held.setdefault(head, Branch(head, target))
    last = visible_columns(unit, target).by_name.get(rest)
    if last is None:
        _grow(unit, target, branch.branches, rest, full)
    elif last.group is not None and last.group.place == "line":
        raise UnknownName("field", rest, [c for c in visible_columns(unit, target).by_name if c != rest], target.name)
    else:
        branch.columns[full] = last


def visible_columns(unit: UnitOfWork, type: RecordType) -> Columns:
    """The columns of a record type that the actor may see, with all facets."""
    return columns_of(type, unit.catalogue.facets.get(type.name, ())).visible(unit.rule(type).hidden)


def _facets(columns: Collection[Column]) -> tuple[type[Facet], ...]:
    holders = (column.group.holder for column in columns if column.group is not None)
    return tuple(dict.fromkeys(holder.cls for holder in holders if isinstance(holder, FacetType)))


def _several(
    unit: UnitOfWork, type: RecordType, ids: Collection[UUID], facets: tuple[type[Facet], ...] = ()
) -> list[Record]:
    left: Iterator[UUID] = iter(ids)
    found: list[Record] = []
    while some := list(islice(left, AT_ONCE)):
        found += reading.several(unit, type, some, facets)
    return found
