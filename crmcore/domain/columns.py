"""Columns: the flat names by which rows, lists and command lines state a record, and what each name stands for.

A name is one of the record's own fields; a flat name over a part (`email`, `city`); a facet's field (`loyalty.tier`);
or a field of a part that no flat name looks at, such as an order's lines: these are written one part a row, so that
several rows make one record. Where an own field or a flat name has such a part's name, it is qualified (`line.status`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, lru_cache
from typing import Any, Final, Literal

import attrs

from crmcore.domain.errors import UnknownName
from crmcore.domain.facet import FacetType
from crmcore.domain.field import Field
from crmcore.domain.part import PartType
from crmcore.domain.record import Flat, RecordType

REQUIRED: Final = "is required"


def labels(type: RecordType, column: Column) -> Mapping[str, str]:
    """What people call a column, by language: the labels of its field, or of its flat name."""
    if column.group is not None and column.group.place == "flat":
        view = type.flat(column.name)
        return view.label if view else {}
    return column.field.label


@attrs.frozen(eq=False)
class Group:
    """Columns that describe one thing beside the record's own fields.

    `flat`: the part behind flat names of one kind, such as the street and city of the one address; `line`: the part
    of this row; `facet`: a facet. `fields` has the holder's field by column, `required` the columns without which the
    thing cannot be made, `where` what tells the part from others of its type.
    """

    place: Literal["flat", "line", "facet"]
    holder: PartType | FacetType
    fields: Mapping[str, Field]
    where: Mapping[str, str] = attrs.field(factory=dict)
    many: bool = False

    @cached_property
    def attribute(self) -> str:
        """The record's attribute that holds the parts; none for a facet."""
        return self.holder.attribute if isinstance(self.holder, PartType) else ""

    @cached_property
    def required(self) -> frozenset[str]:
        """The columns that must be given if another of the group is."""
        needed = frozenset(name for name, field in self.fields.items() if field.required)
        return needed if len(self.fields) > 1 else frozenset()

    @cached_property
    def several(self) -> bool:
        """Whether one row may state several such parts: only where each is one value."""
        return self.place == "flat" and len(self.fields) == 1

    @cached_property
    def has_preferred(self) -> bool:
        """Whether one of these parts is marked as the preferred one."""
        field = self.holder.field("preferred")
        return self.place == "flat" and not self.many and field is not None and field.kind == "boolean"

    @cached_property
    def fixed(self) -> Mapping[str, Any]:
        """What the first new part of the group has beside its columns."""
        return {**self.where, "preferred": True} if self.has_preferred else dict(self.where)


@attrs.frozen(eq=False)
class Column:
    """One name, the declared field behind it, and the group that it belongs to (None: the record itself)."""

    name: str
    field: Field
    group: Group | None = None

    @property
    def many(self) -> bool:
        """Whether the name always stands for the values of all such parts."""
        return self.group is not None and self.group.many


@attrs.frozen(eq=False)
class Columns:
    """The columns of one record type, in order; `facets` of the plugins that were asked for."""

    type: RecordType
    by_name: Mapping[str, Column]
    groups: tuple[Group, ...]

    def __iter__(self) -> Iterator[Column]:
        return iter(self.by_name.values())

    @cached_property
    def required(self) -> frozenset[str]:
        """The own fields that every record must have."""
        return frozenset(c.name for c in self if c.group is None and c.field.required)

    @cached_property
    def demanding(self) -> tuple[Group, ...]:
        """The groups that have required columns."""
        return tuple(g for g in self.groups if g.required)

    def attribute(self, name: str) -> str:
        """The name, if it is that of the record's attribute for parts; else `UnknownName`, with the nearest."""
        if all(p.attribute != name for p in self.type.parts):
            raise self.unknown(name)
        return name

    def unknown(self, name: str) -> UnknownName:
        """The one error for a name that does not exist and for one that is hidden."""
        return UnknownName("field", name, self.by_name, self.type.name)

    def visible(self, hidden: Iterable[str]) -> Columns:
        """The columns without hidden ones, by the same rule as filters: a facet's or part's name hides its fields."""
        names = frozenset(hidden)
        if not names:
            return self
        kept = {c.name: c for c in self if names.isdisjoint(_hidden_by(c))}
        return Columns(self.type, kept, self.groups)


def _hidden_by(column: Column) -> set[str]:
    group = column.group
    return {column.name} if group is None else {column.name, group.holder.name, group.attribute}


@lru_cache(maxsize=256)
def columns_of(type: RecordType, facets: tuple[FacetType, ...] = ()) -> Columns:
    """The columns of a record type and of these facets of it (`catalogue.facets`), worked out once."""
    own = [Column(f.name, f) for f in type.fields]
    flats = list(_flat_groups(type))
    taken = {c.name for c in own} | {name for group in flats for name in group.fields}
    groups = [*flats, *_line_groups(type, taken), *(_facet_group(f) for f in facets)]
    grouped = [Column(name, field, group) for group in groups for name, field in group.fields.items()]
    return Columns(type, {c.name: c for c in (*own, *grouped)}, tuple(groups))


def _flat_groups(type: RecordType) -> Iterator[Group]:
    """Flat names over the same parts make one group, unless each stands for many."""
    gathered: dict[object, tuple[PartType, list[Flat]]] = {}
    for view in type.options.flats:
        part = type.part(view.part)
        if part is not None:
            key = view.name if view.many else (view.part, frozenset(view.where.items()))
            gathered.setdefault(key, (part, []))[1].append(view)
    for part, views in gathered.values():
        fields = {v.name: f for v in views if (f := part.field(v.field)) is not None}
        yield Group("flat", part, fields, views[0].where, views[0].many)


def _line_groups(type: RecordType, taken: set[str]) -> Iterator[Group]:
    viewed = {view.part for view in type.options.flats}
    for part in type.parts:
        if part.name not in viewed:
            yield Group("line", part, {_free(f.name, part, taken): f for f in part.fields})
            taken.update(f.name for f in part.fields)


def _free(name: str, part: PartType, taken: set[str]) -> str:
    return f"{part.name}.{name}" if name in taken else name


def _facet_group(facet: FacetType) -> Group:
    return Group("facet", facet, {facet.dotted(f): f for f in facet.fields})
