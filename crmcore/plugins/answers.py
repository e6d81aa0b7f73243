"""What plugins answer when they are asked to contribute: entries of a timeline, amounts of metrics, tables of reports.

All are frozen. What is wrong in them shows when they are made: TypeError or InvalidValue, which counts as a failure of
the plugin.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, Final
from uuid import UUID, uuid5

import attrs

from crmcore.domain.errors import InvalidValue
from crmcore.domain.money import Money

ENTRIES: Final = UUID("6f0b7d0e-3c52-5b7e-9d5c-2f1d5a8e4c11")
"""The namespace of ids that are made of what an entry says."""

Cell = str | int | bool | Decimal | Money | dt.date | dt.datetime | None
"""What a report may have in a cell: never a binary fraction."""


def _tuple(given: Iterable[Any]) -> Any:
    plain: object = given
    return plain if isinstance(plain, str) or not isinstance(plain, Iterable) else tuple(plain)


def _rows(given: Iterable[Iterable[Any]]) -> Any:
    rows = _tuple(given)
    return tuple(map(_tuple, rows)) if isinstance(rows, tuple) else rows


@attrs.frozen
class Entry:
    """An entry of a customer's timeline that is no record of its own: `at` (with a time zone), a `title` for people,
    and a `kind` such as "birthday". `record`: the record type and id that it is about.

    `id` parts entries of one moment, and has to be the same whenever the entry is given; by default it is made of the
    rest.
    """

    at: dt.datetime
    title: str
    kind: str
    record: tuple[str, UUID] | None = None
    id: UUID = attrs.field(kw_only=True)

    @id.default
    def _made_of_the_rest(self) -> UUID:
        return uuid5(ENTRIES, repr((str(self.at), self.title, self.kind, self.record)))

    @property
    def place(self) -> tuple[dt.datetime, UUID]:
        """Where it stands: newest first by time, then by id."""
        return self.at, self.id


@attrs.frozen
class Contribution:
    """An amount that a plugin adds to a metric, and why: Money where the metric's unit is "money", else a Decimal or
    a whole number."""

    metric: str
    amount: Decimal | int | Money
    reason: str = ""


@attrs.frozen
class Chart:
    """A bar for each row of a report: the column that names it, and the one of numbers that it is as long as."""

    label: str
    value: str


@attrs.frozen
class ReportTable:
    """What a report says: the names of its columns and its rows, each with a value for every column."""

    columns: tuple[str, ...] = attrs.field(converter=_tuple)
    rows: Sequence[Sequence[Cell]] = attrs.field(converter=_rows)
    chart: Chart | None = None

    def __attrs_post_init__(self) -> None:
        columns: object = self.columns
        held = columns if isinstance(columns, tuple) else ()
        if not held or not all(isinstance(each, str) and each for each in held) or len(set(held)) < len(held):
            raise InvalidValue(f"the columns of a report are different names, not {columns!r}")
        for number, row in enumerate(self.rows, 1):
            if not isinstance(row, tuple) or len(row) != len(self.columns):
                raise InvalidValue(f"row {number} of the report does not have {len(self.columns)} values")
        for name in (self.chart.label, self.chart.value) if self.chart else ():
            if name not in self.columns:
                raise InvalidValue(f"the chart asks for the column {name!r}, which the report does not have")
