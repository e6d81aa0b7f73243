"""Rows that nothing makes known: such a row is known by a record that says all that the row says.

So the same file twice creates nothing, while equal rows of one file stay as many as they are: a record that this
import made itself does not count.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from crmcore.application.importing.comparing import changes
from crmcore.application.importing.entries import Entry
from crmcore.application.importing.lookup import Lookup
from crmcore.application.importing.state import Start
from crmcore.domain.bound import Bound, Test, ToPart, Via, every
from crmcore.domain.columns import Column, Columns
from crmcore.domain.part import PartType
from crmcore.domain.record import Record
from crmcore.ports.codec import Unresolved

KINDS: Final = ("reference", "datetime", "date", "text", "choice", "integer", "decimal", "boolean")
"""Kinds of fields by which such records are looked for, the most telling first."""
LONGEST: Final = 500
ANCHORS: Final = 3
FETCHED: Final = 2_000
SINGLY: Final = 20


class Sameness:
    """Finds, for rows that nothing makes known, records from before this import that say the same, and maybe more."""

    def __init__(self, lookup: Lookup, columns: Columns, start: Start) -> None:
        self._lookup = lookup
        self._columns = columns
        self._start = start
        self._anchors = sorted((c for c in columns if _can_anchor(c)), key=_rank)

    def find(self, entries: Sequence[Entry]) -> dict[Entry, Any]:
        """The record of each entry that has one."""
        found: dict[Entry, Any] = {}
        for anchors, alike in self._by_anchors(entries).items():
            records = self._candidates(anchors, alike, FETCHED)
            for entry in alike:
                fit = self._fitting(entry, records)
                if fit is None and len(records) >= FETCHED:  # there are more: ask for this one alone
                    fit = self._fitting(entry, self._candidates(anchors, [entry], SINGLY))
                if fit is not None:
                    found[entry] = fit
        return found

    def _by_anchors(self, entries: Sequence[Entry]) -> Mapping[tuple[Column, ...], list[Entry]]:
        """Entries by the first few telling columns that they give."""
        gathered: dict[tuple[Column, ...], list[Entry]] = {}
        for entry in entries:
            given = [c for c in self._anchors if _is_telling(entry.values.get(c.name))]
            gathered.setdefault(tuple(given[:ANCHORS]), []).append(entry)
        return gathered

    def _candidates(self, anchors: Sequence[Column], entries: Sequence[Entry], limit: int) -> list[Any]:
        tests = [_test(column, {entry.values[column.name] for entry in entries}) for column in anchors]
        return self._lookup.select(every(*tests), limit)

    def _fitting(self, entry: Entry, records: Sequence[Record]) -> Record | None:
        start = self._start
        for record in records:
            before = record.id < start.id or (record.created_at is not None and record.created_at < start.at)
            if before and not changes(self._columns, entry, record):
                return record
        return None


def _can_anchor(column: Column) -> bool:
    in_place = column.group is None or (column.group.place == "flat" and not column.group.many)
    return in_place and column.field.kind in KINDS and column.name != "id"


def _rank(column: Column) -> tuple[bool, bool, bool, int]:
    field = column.field
    return not field.required, not field.index, field.length > LONGEST, KINDS.index(field.kind)


def _is_telling(value: Any) -> bool:
    return not (value is None or isinstance(value, tuple | Unresolved) or (type(value) is str and len(value) > LONGEST))


def _test(column: Column, values: Collection[Any]) -> Bound:
    test = Test(column.field, "in", tuple(values))
    part = column.group.holder if column.group is not None else None
    if not isinstance(part, PartType) or column.group is None:
        return test
    where = tuple((field, column.group.where[field.name]) for field in part.fields if field.name in column.group.where)
    return Via(ToPart(part, where), test)
