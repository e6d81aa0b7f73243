"""Writing delimited text: exactly for machines, harmlessly for spreadsheets."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from crmcore.adapters.files.replacement import Replacement, WrittenWhole
from crmcore.domain.errors import InvalidValue

__all__ = ["DelimitedSink", "harmless"]

_FORMULA = frozenset("=+-@＝＋－＠")
_CONTROL = frozenset("\t\r\n")


def harmless(cell: str) -> str:
    """`cell` with an apostrophe before it, if a spreadsheet might take it for a formula (OWASP's list)."""
    risky = cell[:1] in _CONTROL or cell.lstrip()[:1] in _FORMULA
    return f"'{cell}" if cell and risky else cell


class DelimitedSink(WrittenWhole):
    """A `RowSink` for UTF-8 delimited text with CRLF line ends.

    The machine form gives every text back exactly when it is read. `for_spreadsheet` is for people: a byte
    order mark, every cell quoted, and no text that a spreadsheet would compute; numbers (`int`, `Decimal`)
    stay numbers. `headers` stand in place of the columns' names.
    """

    def __init__(
        self,
        path: Path,
        columns: Sequence[str],
        delimiter: str = ",",
        for_spreadsheet: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(Replacement(path, mark=for_spreadsheet))
        self._columns = tuple(columns)
        self._known = frozenset(columns)
        self._for_spreadsheet = for_spreadsheet
        # Alone in its line, an empty or blank cell without quotes would be an empty line.
        quoted = for_spreadsheet or len(self._columns) == 1
        self._rows = csv.writer(
            self.file,
            delimiter=delimiter,
            lineterminator="\r\n",
            quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL,
        )
        names = [(headers or {}).get(column, column) for column in self._columns]
        self._rows.writerow(map(harmless, names) if for_spreadsheet else names)

    def write(self, values: Mapping[str, object]) -> None:
        """One row of `str`, `int`, `Decimal` or `None`. Raises `InvalidValue` for anything else."""
        if not values.keys() <= self._known:
            unknown = ", ".join(sorted(values.keys() - self._known))
            raise InvalidValue(f"no such column in this file: {unknown}", columns=unknown)
        row = [self._cell(column, values.get(column)) for column in self._columns]
        try:
            self._rows.writerow(row)
        except UnicodeEncodeError as error:
            raise InvalidValue(f"half a surrogate pair is no text: {error.object!r}") from error

    def _cell(self, column: str, value: object) -> str:
        if isinstance(value, str):
            if "\0" in value:
                raise InvalidValue(f"{column}: a NUL character cannot be written: {value!r}", column=column)
            return harmless(value) if self._for_spreadsheet else value
        if value is None:
            return ""
        if isinstance(value, Decimal) and value.is_finite():
            return format(value, "f")
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        raise InvalidValue(f"{column}: not text, a number or nothing: {value!r}", column=column)
