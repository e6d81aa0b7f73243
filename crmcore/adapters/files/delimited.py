"""Reading comma, semicolon, tab and bar separated text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from crmcore.adapters.files.limits import MAX_COLUMNS
from crmcore.adapters.files.lines import line_end, physical_lines
from crmcore.adapters.files.notes import NOTES, are_noted, without_notes
from crmcore.adapters.files.records import Records
from crmcore.domain.errors import ImportRefused
from crmcore.ports.exchange import BadRow, RawRow

__all__ = ["DelimitedRows", "sniffed"]

_DELIMITERS = (",", ";", "\t", "|")


def sniffed(header: str) -> str:
    """The delimiter that stands most often in the line `header`, outside quotes; a comma if none does."""
    bare = re.sub(r'"[^"]*+"?', "", header)
    return max(_DELIMITERS, key=bare.count)


class DelimitedRows:
    """A `RowSource` over delimited text whose first record is the header.

    A column without a name is left out; a row with something in it is a `BadRow`. Raises `ImportRefused` for a
    header that cannot be read, has too many columns, or has a name twice.
    """

    def __init__(
        self,
        path: Path,
        codec: str,
        format: str = "csv",
        delimiter: str | None = None,
        notes: tuple[str, ...] = (),
    ) -> None:
        self.path = path
        self.notes = notes
        self.format = format
        self._codec = codec
        self._end = line_end(path, codec)
        self.delimiter = delimiter or ("\t" if format == "tsv" else self._sniffed())
        self._names = self._header()
        self._noted = are_noted(self._names)
        notes = NOTES if self._noted else ()
        self.columns = tuple(name for name in self._names if name and name not in notes)

    def __iter__(self) -> Iterator[RawRow | BadRow]:
        rows = self._rows()
        return iter(rows) if self.columns == self._names else map(self._own, rows)

    def _own(self, row: RawRow | BadRow) -> RawRow | BadRow:
        """The row of a file that has columns besides those to be imported."""
        if isinstance(row, BadRow):
            return row
        values = {name: cell for name, cell in row.values.items() if name}
        return without_notes(row.line, values) if self._noted else RawRow(row.line, values)

    def _records(self) -> Records:
        lines = physical_lines(self.path, self._codec, self._end)
        return Records(lines, self.delimiter, self._end)

    def _rows(self) -> Records:
        """The records below the header."""
        records = self._records()
        records.header()
        return records

    def _sniffed(self) -> str:
        lines = physical_lines(self.path, self._codec, self._end)
        return sniffed(next((line for line in lines if line.strip()), ""))

    def _header(self) -> tuple[str, ...]:
        names = self._records().header()
        if isinstance(names, BadRow):
            self._refuse(f"the header on line {names.line} cannot be read: {names.reason}", line=names.line)
        if len(names) > MAX_COLUMNS:
            self._refuse(f"{len(names)} columns, at most {MAX_COLUMNS}", columns=len(names))
        if names and not any(names):
            self._refuse("the header names no column: the first line has to be the names")
        twice = [name for name, count in Counter(names).items() if name and count > 1]
        if twice:
            listed = ", ".join(repr(name) for name in twice)
            self._refuse(f"the header names more than once: {listed}; rename the columns", columns=twice)
        return names

    def _refuse(self, problem: str, **details: object) -> NoReturn:
        raise ImportRefused(f"{self.path} cannot be imported: {problem}", file=str(self.path), **details)
