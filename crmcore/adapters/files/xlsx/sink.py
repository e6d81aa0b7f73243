"""Writing rows as the one sheet of a workbook: texts are texts, whatever they begin with."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from crmcore.adapters.files.delimited_sink import harmless
from crmcore.adapters.files.replacement import Replacement, WrittenWhole
from crmcore.domain.cells import shown
from crmcore.domain.errors import InvalidSetting, InvalidValue

__all__ = ["XlsxSink"]

MAX_ROWS: Final = 1_048_576
MAX_TEXT: Final = 32_767
"""Characters that a cell of a spreadsheet holds."""
FIRST_DAY: Final = dt.date(1900, 3, 1)
"""Spreadsheets count a 29th of February 1900, which never was, and nothing before that year."""

_ESCAPED: Final = re.compile(r"[\x01-\x08\x0b-\x1f]|_(?=x[0-9A-Fa-f]{4}_)")
_BLANK: Final = re.compile(r"[\x01-\x20]")
_NO_TEXT: Final = re.compile("[\0\ud800-\udfff\ufffe\uffff]")
_NO_TITLE: Final = re.compile(r"[\[\]:*?/\\]")
_DATE: Final = "yyyy-mm-dd"
_MOMENT: Final = "yyyy-mm-dd hh:mm:ss"


class XlsxSink(WrittenWhole):
    """A `RowSink` for a workbook with one sheet, its first row the names of the columns.

    Numbers of at most 15 digits, truth values and dates after February 1900 are typed, and all else is text, which no
    spreadsheet computes: so every value comes back exactly when it is read. `for_spreadsheet` also keeps a text from
    becoming a formula when somebody edits its cell. `headers` stand in place of the columns' names; `right_to_left`
    has the first column at the right. Raises `InvalidSetting` if the library for it is not installed.
    """

    def __init__(
        self,
        path: Path,
        columns: Sequence[str],
        for_spreadsheet: bool = False,
        *,
        title: str = "rows",
        headers: Mapping[str, str] | None = None,
        right_to_left: bool = False,
    ) -> None:
        workbook, self._cell_of = _library()
        super().__init__(Replacement(path, binary=True))
        self._columns = tuple(columns)
        self._known = frozenset(columns)
        self._for_spreadsheet = for_spreadsheet
        self._workbook = workbook(write_only=True)
        self._sheet = self._workbook.create_sheet(_NO_TITLE.sub(" ", title)[:31])
        self._sheet.sheet_view.rightToLeft = right_to_left
        self._sheet.freeze_panes = "A2"
        self._rows = 0
        try:
            self._append([self._text(name, (headers or {}).get(name, name)) for name in columns])
        except BaseException:
            self.abort()
            raise

    def write(self, values: Mapping[str, object]) -> None:
        """One row of `str`, `int`, `Decimal`, `bool`, `date`, `datetime` without a zone, or `None`.

        Raises `InvalidValue` for anything else, for a text that is longer than a cell or that no XML can hold, and
        for more rows than a sheet has.
        """
        if not values.keys() <= self._known:
            unknown = ", ".join(sorted(values.keys() - self._known))
            raise InvalidValue(f"no such column in this file: {unknown}", columns=unknown)
        self._append([self._cell(column, values.get(column)) for column in self._columns])

    def close(self) -> None:
        """Put the file in its place."""
        if not self.file.done:
            try:
                self._workbook.save(self.file.stream)
            except OSError as error:
                raise self.file.failed(error) from error
        super().close()

    def abort(self) -> None:
        """Leave nothing behind."""
        if not self.file.done:
            with suppress(Exception):  # the rows so far are in a file of the library's own
                self._sheet.close()
                self._sheet._writer.cleanup()
        super().abort()

    def _append(self, row: list[Any]) -> None:
        self._rows += 1
        if self._rows > MAX_ROWS:
            raise InvalidValue(f"a sheet has at most {MAX_ROWS:,} rows: narrow the export, or take csv or jsonl")
        try:
            self._sheet.append(row)
        except OSError as error:
            raise self.file.failed(error) from error

    def _cell(self, column: str, value: object) -> Any:
        if value is None or value == "":
            return None
        if isinstance(value, str):
            return self._text(column, value)
        if isinstance(value, bool):
            return value
        if isinstance(value, int | Decimal):
            return self._number(column, value)
        if isinstance(value, dt.date):
            return self._date(column, value)
        raise InvalidValue(f"{column}: no value of a cell: {value!r}", column=column)

    def _text(self, column: str, text: str) -> Any:
        if len(text) > MAX_TEXT:
            raise InvalidValue(
                f"{column}: {len(text):,} characters, and a spreadsheet's cell holds {MAX_TEXT:,}: take csv or jsonl",
                column=column,
            )
        if unfit := _NO_TEXT.search(text):
            raise InvalidValue(f"{column}: {unfit[0]!r} is no character of a workbook: {text!r}", column=column)
        blank = not text.strip()  # readers leave blanks out that stand alone
        cell = self._cell_of(self._sheet, value=(_BLANK if blank else _ESCAPED).sub(_escape, text))
        cell.data_type = "s"  # not a formula, nor an error, whatever it looks like
        if self._for_spreadsheet and harmless(text) != text:
            cell.quotePrefix = True
        return cell

    def _number(self, column: str, number: int | Decimal) -> Any:
        exact = Decimal(number)
        near = float(f"{exact:.15g}") if exact.is_finite() and abs(exact.adjusted()) < 15 else None
        if near is None or Decimal(f"{near:.15g}") != exact:
            return self._text(column, shown(number))
        if isinstance(number, int) or not (self._for_spreadsheet and (places := _places(number))):
            return near
        return self._formatted(near, f"0.{'0' * places}")

    def _date(self, column: str, value: dt.date) -> Any:
        day = value.date() if isinstance(value, dt.datetime) else value
        if day < FIRST_DAY:
            return self._text(column, shown(value))
        return self._formatted(value, _MOMENT if isinstance(value, dt.datetime) else _DATE)

    def _formatted(self, value: object, format: str) -> Any:
        cell = self._cell_of(self._sheet, value=value)
        cell.number_format = format
        return cell


def _escape(found: re.Match[str]) -> str:
    return f"_x{ord(found[0]):04X}_"


def _places(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return -exponent if isinstance(exponent, int) and exponent < 0 else 0


def _library() -> tuple[Any, Any]:
    try:
        from openpyxl import Workbook
        from openpyxl.cell import WriteOnlyCell
    except ImportError:
        raise InvalidSetting(
            "writing xlsx needs a library that is not installed: pip install 'crmcore[xlsx]'", extra="xlsx"
        ) from None
    return Workbook, WriteOnlyCell
