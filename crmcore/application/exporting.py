"""Exporting records: as rows that an import takes back, within what the actor may see.

In JSON lines parts stand whole. A table has flat columns (the preferred e-mail address), a row for each part that
stands one a row (an order's lines), and a column for each other kind of part that holds them whole, as JSON, where the
flat columns do not say all: so nothing is lost, and simple records stay simple. On demand a table also has columns
that reach over references (see `referred`), which no import takes back.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import attrs

from crmcore.application import referred
from crmcore.application.referred import Branch, branches_of, visible_columns
from crmcore.domain import listing
from crmcore.domain.columns import Column, Columns, Group, labels
from crmcore.domain.errors import InvalidSetting, UnknownName
from crmcore.domain.facet import Facet, FacetType
from crmcore.domain.making import made
from crmcore.domain.money import Money
from crmcore.domain.part import PartType
from crmcore.domain.record import Record, RecordType
from crmcore.ports.exchange import RowSink
from crmcore.ports.work import Where

if TYPE_CHECKING:
    from crmcore.application.unit import UnitOfWork

SET_BY_CRMCORE: Final = frozenset({"version", "created_at", "changed_at"})
"""Columns that no import takes: exported only where they are asked for."""
STEP: Final = 1_000
TYPED: Final = frozenset({"integer", "decimal", "boolean", "date"})
"""Kinds of fields whose values a workbook holds as they are."""
RIGHT_TO_LEFT: Final = frozenset({"ar", "ckb", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"})
"""Languages that are written from right to left."""


def export_columns(unit: UnitOfWork, record: str, format: str, asked: Sequence[str] = ()) -> tuple[str, ...]:
    """The columns of an export: those asked for, else all that the actor may see and an import takes back.

    In a table those asked for may reach over references (`customer.city`). `UnknownName` for one that does not exist or
    is hidden, `InvalidSetting` for one over a reference in JSON lines, which hold records whole.
    """
    type = unit.catalogue.record(record)
    columns, wholes = visible_columns(unit, type), _wholes(unit, type)
    known = [*columns.by_name, *(name for name in wholes if name not in columns.by_name)]
    if asked:
        if unknown := [name for name in asked if name not in known]:
            _check_reached(unit, type, unknown, known, format)
        return tuple(dict.fromkeys(asked))
    kept = [name for name in known if name not in SET_BY_CRMCORE]
    if format == "jsonl":
        return tuple(name for name in kept if name in wholes or not _in_part(columns.by_name[name]))
    lines = {group.attribute for group in columns.groups if group.place == "line"}
    return tuple(name for name in kept if name not in lines)


def export_headers(unit: UnitOfWork, record: str, columns: Sequence[str], language: str) -> dict[str, str]:
    """What people who speak `language` call these columns; those that have no label in it, or that of another column,
    are left out. `InvalidSetting` if none has one."""
    type = unit.catalogue.record(record)
    known = visible_columns(unit, type).by_name
    found: dict[str, str] = {}
    for name in columns:
        label = labels(type, known[name]).get(language) if name in known else None
        if label and label not in found.values() and label not in columns:
            found[name] = label
    if not found:
        raise InvalidSetting(f"nothing of {record} has a label in {language!r}", language=language)
    return found


def export_records(
    unit: UnitOfWork,
    record: str,
    where: Where,
    columns: Sequence[str],
    sink: RowSink,
    format: str = "csv",
    *,
    for_spreadsheet: bool = False,
    labelled: bool = False,
    sort: str = "",
    progress: Callable[[int], None] | None = None,
) -> int:
    """Write the records that fit to a sink, in constant memory; how many rows there were.

    `columns` are those of `export_columns`. For a spreadsheet, numbers and amounts in the base currency are numbers;
    an amount below zero in another currency has a minus sign that starts no formula; in a workbook times are local and
    typed. Format "xlsx" gives numbers, truth values and days as they are. `labelled`: in a table, references show what
    a person knows the record by, in place of ids. Closing the sink is the caller's.
    """
    type = unit.catalogue.record(record)
    writer = _writer(unit, type, export_columns(unit, record, format, columns), format, for_spreadsheet)
    total = count = 0
    for page in _pages(unit.records(record).stream(where, sort=sort, with_=writer.facets)):
        beside = writer.beside(unit, page, labelled)
        for row in (row for each in page for row in writer.rows(each, beside)):
            sink.write(row)
            total += 1
        count += len(page)
        if progress is not None and count % STEP == 0:
            progress(count)
    return total


def _pages(records: Iterable[Record]) -> Iterator[list[Record]]:
    left = iter(records)
    while page := list(islice(left, STEP)):
        yield page


def _check_reached(unit: UnitOfWork, type: RecordType, names: Sequence[str], known: Sequence[str], format: str) -> None:
    """Refuse what is no column of the record and reaches over no reference."""
    heads = [name.partition(".")[0] for name in names]
    for name, head in zip(names, heads, strict=True):
        if head not in known or head == name:
            raise UnknownName("field", name, known, type.name)
    branches_of(unit, type, names)
    if format == "jsonl":
        raise InvalidSetting(
            f"JSON lines hold records whole, without {names[0]!r} of other ones: export a table (csv, tsv, xlsx)"
        )


@attrs.frozen(eq=False)
class Beside:
    """What a page of records needs of others: values by dotted name and record, labels by the id in a reference."""

    reached: Mapping[str, Mapping[UUID, Any]]
    labels: Mapping[str, str]


@attrs.frozen(eq=False)
class Writer:
    """How the records of one export become rows."""

    columns: Columns
    wholes: Mapping[str, PartType]
    facets: tuple[type[Facet], ...]
    plain: bool
    typed: bool
    currency: str | None
    zone: dt.tzinfo
    branches: Mapping[str, Branch]
    reached: Mapping[str, Column]

    def beside(self, unit: UnitOfWork, page: Sequence[Record], labelled: bool) -> Beside:
        """What these records need of others."""
        reached: dict[str, Mapping[UUID, Any]] = {}
        for branch in self.branches.values():
            reached.update(branch.values(unit, page))
        ids: dict[str, set[UUID]] = {}
        for column in self.columns if labelled and not self.plain else ():
            if referred.refers(column.field):
                ids.setdefault(column.field.target, set()).update(self._ids(column, page))
        found = (referred.labels(unit, target, wanted) for target, wanted in ids.items())
        return Beside(reached, {id: label for each in found for id, label in each.items()})

    def _ids(self, column: Column, page: Sequence[Record]) -> Iterator[UUID]:
        only = Columns(self.columns.type, {column.name: column}, self.columns.groups)
        for record in page:
            if column.group is not None and column.group.place == "line":
                held = [getattr(part, column.field.name) for part in getattr(record, column.group.attribute)]
            else:
                held = [listing.values(only, record).get(column.name)]
            yield from (id for id in held if isinstance(id, UUID))

    def rows(self, record: Record, beside: Beside) -> Iterator[dict[str, object]]:
        """The rows of a record: one, or in a table as many as it has parts that stand one a row."""
        held = {name: (part, getattr(record, name)) for name, part in self.wholes.items()}
        if self.plain:
            wholes = {name: _plain(part, parts) for name, (part, parts) in held.items()}
            yield {**listing.flat(self.columns, record), **wholes}
            return
        found = listing.values(self.columns, record)
        shared = {name: self._cell(self.columns.by_name[name], value, beside) for name, value in found.items()}
        for name, column in self.reached.items():
            shared[name] = self._cell(column, beside.reached[name].get(record.id, () if column.many else None))
        for name, (part, parts) in held.items():
            if parts and not self._are_flat(part, parts, found):
                shared[name] = json.dumps(_plain(part, parts), ensure_ascii=False)
        groups = [group for group in self.columns.groups if group.place == "line"]
        lines = [line for group in groups for line in self._lines(group, record, beside)]
        yield from ({**shared, **line} for line in lines or [{}])

    def _are_flat(self, part: PartType, held: tuple[Any, ...], found: Mapping[str, Any]) -> bool:
        """Whether an import would make these very parts of the flat values."""
        remade: list[Any] = []
        for group in self.columns.groups:
            if group.place == "flat" and group.holder is part:
                given = {f.name: v for n, f in group.fields.items() if (v := found.get(n)) not in (None, ())}
                remade += made(group, given) if given else ()
        return [(n, part.values(each)) for n, each in enumerate(remade, 1)] == [(p.no, part.values(p)) for p in held]

    def _lines(self, group: Group, record: Record, beside: Beside) -> Iterator[dict[str, object]]:
        shown = [self.columns.by_name[name] for name in group.fields if name in self.columns.by_name]
        for part in getattr(record, group.attribute) if shown else ():
            yield {column.name: self._cell(column, getattr(part, column.field.name), beside) for column in shown}

    def _cell(self, column: Column, value: Any, beside: Beside | None = None) -> object:
        if (
            beside is not None
            and isinstance(value, UUID)
            and str(value) in beside.labels
            and referred.refers(column.field)
        ):
            return beside.labels[str(value)]
        if self.currency is not None:
            if isinstance(value, int | Decimal) and not isinstance(value, bool):
                return value
            if isinstance(value, Money):
                return value.amount if value.currency == self.currency else str(value).replace("-", "\u2212")
            if self.typed and isinstance(value, dt.datetime):
                return value.astimezone(self.zone).replace(tzinfo=None)
        if self.typed and value is not None and not column.many and column.field.kind in TYPED:
            return value
        return listing.text(column, value)


def _writer(unit: UnitOfWork, type: RecordType, names: Sequence[str], format: str, for_spreadsheet: bool) -> Writer:
    columns, wholes = visible_columns(unit, type), _wholes(unit, type)
    plain = format == "jsonl"
    branches = branches_of(unit, type, [n for n in names if n not in columns.by_name and n not in wholes])
    asked = {n: columns.by_name[n] for n in names if n in columns.by_name and not (plain and n in wholes)}
    holders = [c.group.holder for c in asked.values() if c.group is not None]
    return Writer(
        columns=Columns(type, asked, columns.groups),
        wholes={name: part for name, part in wholes.items() if name in names},
        facets=tuple(dict.fromkeys(holder.cls for holder in holders if isinstance(holder, FacetType))),
        plain=plain,
        typed=format == "xlsx",
        zone=unit.kernel.zone,
        currency=unit.kernel.currency if for_spreadsheet else None,
        branches=branches,
        reached={name: column for branch in branches.values() for name, column in branch.all_columns().items()},
    )


def _wholes(unit: UnitOfWork, type: RecordType) -> dict[str, PartType]:
    """Parts that may stand whole, by attribute: those of which nothing is hidden."""
    hidden = unit.rule(type).hidden
    views = {p.name: {v.name for v in type.options.flats if v.part == p.name} for p in type.parts}
    return {p.attribute: p for p in type.parts if hidden.isdisjoint({p.name, p.attribute} | views[p.name])}


def _in_part(column: Column) -> bool:
    return column.group is not None and column.group.place != "facet"


def _plain(part: PartType, held: Sequence[Any]) -> list[dict[str, Any]]:
    """Parts in plain form, each with its number and what it has."""
    return [
        {
            "no": each.no,
            **{f.name: f.plain(v) for f, v in zip(part.fields, part.values(each), strict=True) if v is not None},
        }
        for each in held
    ]
