"""Plain forms of records, and rows from outside read into typed values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from attrs import field, frozen

from crmcore.domain.columns import Columns
from crmcore.domain.record import Record, RecordType


class Codec(Protocol):
    """The trusted side: records as JSON can hold them, and back without loss."""

    def dump(self, record: Record) -> dict[str, Any]:
        """The envelope and own fields by name, parts (with `no`) as lists under the record's attribute, sets as sorted
        lists, fetched facets under dotted names with their `version`; a facet that the record lacks has no keys.

        Raises `UnknownName` for a record or facet of a plugin that is not active.
        """

    def load(self, type: RecordType, plain: Mapping[str, Any]) -> Record:
        """The record that `dump` gave. Keys that are not there take their default; nothing is coerced.

        Raises `InvalidRecord` with every key that does not fit, and those that no active plugin knows.
        """


@frozen
class Unresolved:
    """What a row has where a reference is due and no id stands: the import looks for the record."""

    text: str


@frozen
class Problem:
    """Why a value of a row is refused; `value` is as it stood there (None: it was not there)."""

    field: str
    value: object
    reason: str


@frozen
class Reading:
    """A row, typed: `values` by column (see `domain.columns`), without those that are absent, and all problems.

    A column that has a problem has no value.
    """

    values: dict[str, Any]
    problems: list[Problem]


@frozen(kw_only=True)
class FieldRule:
    """How the texts of one column are to be read; what is None is as in `Rules`.

    `values` maps a text to the one that is meant, and refuses all others. `split` parts a text into several values,
    literally (without it, names of several values are parted as in `domain.cells`, all others never). `match`: the
    field by which a reference is looked up, so that even an id stays `Unresolved`. `read` turns the text of a date or
    time into its value in place of the formats (for other calendars); it raises `InvalidValue`. `number` "whole": the
    text is a whole number that may have a fraction of zeros, which is left out (17850.0 stands for 17850).
    """

    currency: str | None = None
    decimal: str | None = None
    date_format: str | None = None
    values: Mapping[str, str] | None = None
    split: str | None = None
    match: str | None = None
    read: Callable[[str], Any] | None = None
    number: str | None = None


@frozen(kw_only=True, eq=False)
class Rules:
    """How rows are to be read. Make one for all rows of a file: what follows from it is worked out once.

    Times without a zone are local to `zone`; amounts without a currency are in `currency` (None: refused);
    `decimal` is the decimal mark (None: what a comma makes ambiguous is refused); `date_format` is of `strptime`
    (None: ISO). Columns that are `hidden` do not exist. `partial`: what is required may be absent, as in a change.
    `clear`: an empty text, or null, takes a value away (None) instead of being absent. `typed`: the values come from
    JSON, so that a text in a JSON field is a text, and not JSON to be parsed. `sheet`: they come from a sheet, where
    numbers, truth values and dates are typed; in a field of another kind they stand for their text (`cells.shown`).
    """

    zone: dt.tzinfo = dt.UTC
    currency: str | None = None
    decimal: str | None = None
    date_format: str | None = None
    fields: Mapping[str, FieldRule] = field(factory=dict)
    hidden: frozenset[str] = frozenset()
    partial: bool = False
    clear: bool = False
    typed: bool = False
    sheet: bool = False


RowReader = Callable[[Mapping[str, object]], Reading]
"""Reads one row of a file whose columns were announced."""


class Schemas(Protocol):
    """The untrusted side: rows of texts, or of JSON's scalars, lists and objects, checked and typed.

    What JSON has typed is taken where it is exact: whole numbers, Decimals and booleans for their kinds, lists for
    names of several values, `{"amount", "currency"}` for money; a float never.
    """

    def columns(self, type: RecordType) -> Columns:
        """The columns of a record type, with the facets of every active plugin."""

    def unknown(self, type: RecordType, names: Iterable[str], rules: Rules) -> dict[str, str]:
        """Those of these names that are no columns, or hidden ones, and why, with the nearest that are."""

    def read(self, type: RecordType, raw: Mapping[str, object], *, rules: Rules) -> Reading:
        """One row by column name. Names that are no columns, and required ones that are absent, are problems."""

    def reader(
        self, type: RecordType, columns: Iterable[str], rules: Rules, keys: Mapping[str, str] | None = None
    ) -> RowReader:
        """As `read`, for many rows that have no other columns than these, at a fraction of the time.

        `keys` gives the key under which the rows have a column, where it is not the column's name. `InvalidSetting`
        for a rule that cannot work with its column.
        """
