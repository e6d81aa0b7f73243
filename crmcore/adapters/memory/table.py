"""Tables: rows by id, with their unique values and the references that they hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from typing import Any, Generic, TypeVar
from uuid import UUID

import attrs

from crmcore.domain.facet import Facet, FacetType
from crmcore.domain.field import Field
from crmcore.domain.part import getter
from crmcore.domain.record import Record, RecordType

Row = TypeVar("Row")


@attrs.frozen(eq=False)
class Unique:
    """Values that no two rows share, unless one of them is missing; `owners` says whose they are."""

    fields: tuple[Field, ...]
    label: str
    read: Callable[[Any], tuple[Any, ...]]
    owners: dict[tuple[Any, ...], UUID] = attrs.field(factory=dict)


@attrs.frozen(eq=False)
class Reference:
    """A declared reference of a record, part or facet: `owners` has, by target, the ids of the records that hold it.

    `place` is "" for a record's own field, else the name of a part or `facet:NAME`.
    """

    place: str
    field: Field
    label: str
    read: Callable[[Any], Iterable[UUID | None]]
    owners: dict[UUID, set[UUID]] = attrs.field(factory=dict)


@attrs.frozen(eq=False)
class Table(Generic[Row]):
    """The rows of one record type, or of one facet of it (`record` is the record type in both cases), of class `cls`.

    `hidden` has the values of fields that were removed at run time, by id and name.
    """

    record: str
    uniques: tuple[Unique, ...]
    references: tuple[Reference, ...]
    rows: dict[UUID, Row] = attrs.field(factory=dict)
    cls: type[Any] | None = None
    hidden: dict[UUID, dict[str, Any]] = attrs.field(factory=dict)

    def taken(self, row: Row) -> Unique | None:
        """The first unique value of the row that another one has."""
        for unique in self.uniques:
            if unique.read(row) in unique.owners:
                return unique
        return None

    def put(self, id: UUID, row: Row) -> None:
        """Keep a row of which nothing is taken."""
        self.rows[id] = row
        for unique in self.uniques:
            values = unique.read(row)
            if None not in values:
                unique.owners[values] = id
        for reference in self.references:
            for target in reference.read(row):
                if target is not None:
                    reference.owners.setdefault(target, set()).add(id)

    def take(self, id: UUID) -> Row:
        """Give the row up."""
        row = self.rows.pop(id)
        for unique in self.uniques:
            unique.owners.pop(unique.read(row), None)
        for reference in self.references:
            for target in reference.read(row):
                if target is not None and (owners := reference.owners.get(target)):
                    owners.discard(id)
                    if not owners:
                        del reference.owners[target]
        return row

    def owners_of(self, place: str, field: Field, target: UUID) -> Iterable[UUID]:
        """The records that hold a reference to the target there."""
        held = (r for r in self.references if r.place == place and r.field.name == field.name)
        return next((reference.owners.get(target, ()) for reference in held), ())


def record_table(type: RecordType) -> Table[Record]:
    """An empty table for a record type."""
    groups = [("source", "external_id"), *((f.name,) for f in type.fields if f.unique), *type.options.unique]
    references = [*_references("", "", type.fields, lambda field: _own(field.name))]
    for part in type.parts:
        references += _references(part.name, f"{part.name}.", part.fields, _in_parts(part.attribute))
    return Table(type.name, tuple(_unique(type.fields, names, "") for names in groups), tuple(references), cls=type.cls)


def facet_table(facet: FacetType) -> Table[Facet]:
    """An empty table for a facet."""
    uniques = tuple(_unique(facet.fields, (f.name,), f"{facet.name}.") for f in facet.fields if f.unique)
    references = _references(f"facet:{facet.name}", f"{facet.name}.", facet.fields, lambda field: _own(field.name))
    return Table(facet.record, uniques, tuple(references), cls=facet.cls)


def _unique(fields: Iterable[Field], names: tuple[str, ...], prefix: str) -> Unique:
    known = {field.name: field for field in fields}
    label = ", ".join(prefix + name for name in names)
    return Unique(tuple(known[name] for name in names), label, getter(names))


def _references(
    place: str, prefix: str, fields: Iterable[Field], read: Callable[[Field], Callable[[Any], Iterable[UUID | None]]]
) -> Iterator[Reference]:
    for field in fields:
        if field.kind == "reference" and field.name != "id":
            yield Reference(place, field, prefix + field.name, read(field))


def _own(name: str) -> Callable[[Any], Iterable[UUID | None]]:
    read = attrgetter(name)
    return lambda row: (read(row),)


def _in_parts(attribute: str) -> Callable[[Field], Callable[[Any], Iterable[UUID | None]]]:
    parts = attrgetter(attribute)

    def reader(field: Field) -> Callable[[Any], Iterable[UUID | None]]:
        read = attrgetter(field.name)
        return lambda row: map(read, parts(row))

    return reader
