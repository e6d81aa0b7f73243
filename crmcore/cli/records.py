"""Records as the plain values that the command line prints, under the names that people know them by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from crmcore.application import reading
from crmcore.application.referred import labels, refers
from crmcore.cli import channels
from crmcore.domain import listing
from crmcore.domain.columns import Column, Columns, Group, columns_of
from crmcore.domain.errors import UnknownName
from crmcore.domain.facet import Facet
from crmcore.domain.interaction import Interaction
from crmcore.domain.part import PartType
from crmcore.domain.record import ENVELOPE, Record, RecordType

if TYPE_CHECKING:
    from crmcore.application.unit import UnitOfWork

MOST_USEFUL: Final = 10


class Face:
    """A record type as one actor sees it: its columns, and the facets to fetch for them."""

    record_type: RecordType
    columns: Columns
    facets: tuple[type[Facet], ...]
    parts: dict[str, PartType]

    def __init__(self, work: UnitOfWork, type: RecordType) -> None:
        self.work = work
        self.record_type = type
        facets = work.catalogue.facets.get(type.name, ())
        self.columns = columns_of(type, facets).visible(work.rule(type).hidden)
        self.facets = tuple(each.cls for each in facets)
        self.parts = {
            part.attribute: part for part in type.parts if not {part.name, part.attribute} & work.rule(type).hidden
        }

    def flat(self, record: Record) -> dict[str, Any]:
        """Every visible field, and the parts that no flat name stands for."""
        lines = {g.attribute: self._parts(record, g.attribute) for g in self._line_groups()}
        return {**listing.flat(self.columns, record), **lines}

    def parts_of(self, record: Record, attribute: str) -> list[dict[str, Any]]:
        """The record's parts of one kind as plain values; none if they are hidden."""
        return self._parts(record, attribute) if attribute in self.parts else []

    def rows(self, records: Sequence[Record], names: Sequence[str]) -> list[dict[str, Any]]:
        """Of each record what stands under these names: columns, parts (`lines`), and by references also those of
        other records (`customer.city`). `UnknownName` for all else."""
        columns = [self._values(records, name) for name in names]
        return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)] if columns else []

    def useful(self) -> list[str]:
        """The columns that a person is shown when none are asked for: the title, and what is usually asked about."""
        paired = {name for index in self.record_type.options.indexes for name in index}
        chosen = [name for name in self.record_type.options.title if name in self.columns.by_name]
        others = [c for c in self.columns if c.name not in ENVELOPE and c.name not in chosen]
        chosen += [c.name for c in others if c.name in paired or _is_useful(c)]
        return ["id", *chosen[:MOST_USEFUL]]

    def label(self, rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """The rows with what a person knows the records by, in place of the ids of references."""
        labelled = [dict(row) for row in rows]
        for column in self.columns:
            if column.group is None and refers(column.field):
                ids = {row[column.name] for row in labelled if row.get(column.name)}
                names = labels(self.work, column.field.target, [UUID(id) for id in ids])
                for row in labelled:
                    if column.name in row:
                        row[column.name] = names.get(row[column.name], row[column.name])
        if self.record_type.cls is Interaction and (known := channels.labels(self.work)):
            for row in labelled:
                if isinstance(channel := row.get(channels.FIELD), str):
                    row[channels.FIELD] = known.get(channel, channel)
        return labelled

    def _line_groups(self) -> list[Group]:
        return [g for g in self.columns.groups if g.place == "line" and g.attribute in self.parts]

    def _parts(self, record: Record, attribute: str) -> list[dict[str, Any]]:
        return [plain_part(self.parts[attribute], each) for each in getattr(record, attribute)]

    def _values(self, records: Sequence[Record], name: str) -> list[Any]:
        column = self.columns.by_name.get(name)
        if column is not None:
            return [self._value(record, column) for record in records]
        if name in self.parts:
            return [self._parts(record, name) for record in records]
        return self._referred(records, name)

    def _value(self, record: Record, column: Column) -> Any:
        group = column.group
        if group is not None and group.place == "line":
            return [column.field.plain(getattr(p, column.field.name)) for p in getattr(record, group.attribute)]
        only = Columns(self.record_type, {column.name: column}, self.columns.groups)
        return listing.flat(only, record).get(column.name)

    def _referred(self, records: Sequence[Record], name: str) -> list[Any]:
        head, dot, rest = name.partition(".")
        column = self.columns.by_name.get(head)
        if not dot or column is None or column.group is not None or not refers(column.field):
            known = [*self.columns.by_name, *self.parts]
            raise UnknownName("field", name, known, self.record_type.name)
        face = Face(self.work, self.work.catalogue.record(column.field.target))
        ids = list({id for record in records if (id := getattr(record, head)) is not None})
        found = reading.several(self.work, face.record_type, ids, face.facets)
        values = dict(zip((each.id for each in found), face._values(found, rest), strict=True))
        return [values.get(getattr(record, head)) for record in records]


def plain_part(type: PartType, part: Any) -> dict[str, Any]:
    """A part as plain values, with its number."""
    return {"no": part.no, **{f.name: f.plain(getattr(part, f.name)) for f in type.fields}}


def _is_useful(column: Column) -> bool:
    field, group = column.field, column.group
    if field.kind == "json" or (field.kind == "text" and field.length > 1_000):
        return False
    if group is None:
        return field.required or field.index or field.unique or field.kind in ("choice", "money") or refers(field)
    return group.place != "line" and (field.index or (group.place == "facet" and field.unique))
