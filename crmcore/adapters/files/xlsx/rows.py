"""Reading a sheet of a workbook as rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from crmcore.adapters.files.limits import LIMITS, MAX_COLUMNS, MAX_FIELD, MAX_RAW, Limits, excerpt
from crmcore.adapters.files.notes import NOTES, are_noted, without_notes
from crmcore.adapters.files.xlsx.package import Package, SheetPart
from crmcore.adapters.files.xlsx.survey import survey
from crmcore.adapters.files.xlsx.values import as_text, typed
from crmcore.domain.cells import shown
from crmcore.domain.errors import InvalidSetting, InvalidValue
from crmcore.ports.exchange import BadRow, RawRow

__all__ = ["XlsxRows"]

_HAS_CONTENT = (b"<v", b"<is", b"<f", b":v>", b":is>", b":f>")


class XlsxRows:
    """A `RowSource` over one sheet, whose first row with anything in it is the header; lines are the sheet's rows.

    Texts are `str`, numbers `int` or `Decimal` as the spreadsheet shows them in full (15 digits), dates and times
    `date` and `datetime`, truth values `bool`. An error, a formula that was never computed, or a number of more digits
    than a spreadsheet keeps makes a `BadRow`; so does anything in a column without a name. The sheet is held in memory.

    `sheet`: its name; without one, the only visible sheet that has anything in it. Raises `ImportRefused` for a
    workbook that cannot be read, is too large, or leaves open which sheet is meant, and for a header like that of
    `DelimitedRows`; `InvalidSetting` if the library for it is not installed.
    """

    format = "xlsx"
    notes: tuple[str, ...] = ()

    def __init__(self, path: Path, sheet: str | None = None, limits: Limits = LIMITS) -> None:
        load = _loader()
        self.path = path
        self._package = Package(path)
        chosen = self._chosen(sheet)
        self._survey = survey(self._package, chosen.part)
        self._package.close()
        self._sheet = self._loaded(load, chosen.name)
        self.height = int(self._sheet.height)
        if self.height > limits.rows + 1:
            self._package.refuse(f"its sheet has {self.height:,} rows, at most {limits.rows:,}")
        self._offset = (self._sheet.start or (0, 0))[1]
        self._header_at, self._names = self._header()
        self._noted = are_noted(self._names)
        notes = NOTES if self._noted else ()
        self.columns = tuple(name for name in self._names if name and name not in notes)

    def __iter__(self) -> Iterator[RawRow | BadRow]:
        names, faults, typed_row = self._names, self._survey.faults, self._typed
        whole = all(names)
        for line, cells in self._lines():
            if line <= self._header_at:
                continue
            if line in faults:
                yield self._faulty(line, cells)
            elif any(cells) or any(cell != "" for cell in cells):
                row = typed_row(line, cells)
                if isinstance(row, RawRow) and not whole:
                    row = self._own(row, cells)
                yield row

    def _typed(self, line: int, cells: list[Any]) -> RawRow | BadRow:
        index = 0
        try:
            for index, cell in enumerate(cells):
                if cell.__class__ is not str:
                    cells[index] = typed(cell)
                elif len(cell) > MAX_FIELD:
                    raise InvalidValue(f"field too long: {len(cell)} characters, at most {MAX_FIELD}")
                elif self._survey.nul and "\0" in cell:
                    raise InvalidValue("a NUL character, which no text may have")
        except InvalidValue as error:
            return self._bad(line, index, as_text(cells[index]), error.message, cells)
        values = dict(zip(self._names, cells, strict=False))
        return without_notes(line, values) if self._noted else RawRow(line, values)

    def _own(self, row: RawRow, cells: list[Any]) -> RawRow | BadRow:
        """The row of a sheet that has columns without a name."""
        for index, (name, cell) in enumerate(zip(self._names, cells, strict=False)):
            if not name and shown(cell).strip():
                place = f"the header has no name for column {self._offset + index + 1}: name it, or empty the cell"
                return self._bad(row.line, index, shown(cell), place, cells)
        return RawRow(row.line, {name: cell for name, cell in row.values.items() if name})

    def _faulty(self, line: int, cells: list[Any]) -> BadRow:
        fault = self._survey.faults[line]
        return self._bad(line, fault.column - self._offset, fault.value, fault.reason, cells)

    def _bad(self, line: int, index: int, value: str, reason: str, cells: list[Any]) -> BadRow:
        column = self._names[index] if 0 <= index < len(self._names) else None
        raw = "\t".join(map(as_text, cells)).rstrip("\t")
        return BadRow(line, column or None, excerpt(value), reason, excerpt(raw, MAX_RAW))

    def _lines(self) -> Iterator[tuple[int, list[Any]]]:
        """The sheet's rows with their numbers; empty rows at its top count."""
        return enumerate(self._sheet.iter_rows() if self.height else (), 1)

    def _header(self) -> tuple[int, tuple[str, ...]]:
        for line, cells in self._lines():
            if line in self._survey.faults:
                self._package.refuse(f"the header in row {line} cannot be read: {self._survey.faults[line].reason}")
            if any(cell != "" for cell in cells):
                names = tuple(as_text(cell).strip().strip("\ufeff").strip() for cell in cells)
                self._check_header(names)
                return line, names
        return 0, ()

    def _check_header(self, names: tuple[str, ...]) -> None:
        if len(names) > MAX_COLUMNS:
            self._package.refuse(f"{len(names)} columns, at most {MAX_COLUMNS}")
        if not any(names):
            self._package.refuse("the header names no column: the first row has to be the names")
        if twice := [name for name, count in Counter(names).items() if name and count > 1]:
            listed = ", ".join(repr(name) for name in twice)
            self._package.refuse(f"the header names more than once: {listed}; rename the columns")

    def _chosen(self, sheet: str | None) -> SheetPart:
        """The sheet that is meant."""
        sheets = self._package.sheets
        if sheet is None:
            shown_ones = [each for each in sheets if each.shown]
            full = [each for each in shown_ones if self._has_content(each)] or shown_ones[:1]
            if len(full) == 1:
                return full[0]
            listed = ", ".join(repr(each.name) for each in full)
            self._package.refuse(
                f"several sheets have something in them: {listed}; say which with --sheet"
                if full
                else "it has no sheet"
            )
        named = next((each for each in sheets if each.name == sheet), None)
        if named is None:
            listed = ", ".join(repr(each.name) for each in sheets)
            self._package.refuse(f"it has no sheet {sheet!r}; it has {listed}")
        return named

    def _has_content(self, sheet: SheetPart) -> bool:
        return any(mark in chunk for chunk in self._package.chunks(sheet.part) for mark in _HAS_CONTENT)

    def _loaded(self, load: Any, name: str) -> Any:
        try:
            return load(self.path).get_sheet_by_name(name)
        except BaseException as error:
            # What the library itself fails at it raises as a panic, which is no Exception.
            if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
                raise
            self._package.refuse(f"its sheet {name!r} cannot be read ({error})")


def _loader() -> Any:
    try:
        from python_calamine import CalamineWorkbook
    except ImportError:
        raise InvalidSetting(
            "reading xlsx needs a library that is not installed: pip install 'crmcore[xlsx]'", extra="xlsx"
        ) from None
    return CalamineWorkbook.from_path
