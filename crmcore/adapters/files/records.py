"""Records of delimited text, assembled from physical lines so that one bad record costs no other.

The rules are those of RFC 4180, read strictly: a cell that starts with a quote ends at the next single one; a
quote further inside a cell stands for itself. A record that cannot be read is a `BadRow`, and reading goes on:
behind the record if its end is known, else with the next physical line.

The time is linear, whatever the quotes: every line is read once as the start of a record and at most once as the
inside of a quoted cell. Once a quote that was open after line n is known to come to nothing at line m, so does
every other that is open after a line between them (`_doomed`), since inside quotes nothing else is remembered.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from crmcore.adapters.files.limits import MAX_FIELD, MAX_RAW, MAX_RECORD, excerpt
from crmcore.adapters.files.quoted import QuotedCells
from crmcore.ports.exchange import BadRow, RawRow

__all__ = ["Records"]

_CHARACTERS = {"\r": "carriage return", "\n": "line feed"}


class Records:
    """The records of `lines`, each given without its `end`, for one pass: ask for the `header`, then iterate.

    A record with more cells than the header is a `BadRow`, and so is one with fewer that follows an unclosed
    quote, for it may be a piece of the text inside. `scanned` counts how often a line was taken up.
    """

    def __init__(self, lines: Iterator[str], delimiter: str, end: str) -> None:
        self._lines = lines
        self._delimiter = delimiter
        self._end = end
        self._stray = "\r" if end == "\n" else "\n"
        self._names: tuple[str, ...] | None = None
        self._ahead: deque[str] = deque()
        self._line = 0
        self._doomed = 0
        self._lost_at = 0
        self.scanned = 0

    def header(self) -> tuple[str, ...] | BadRow:
        """The first record as names, without space around them; none if there is no record."""
        record: list[str] | BadRow | None = None
        while record is None and (line := self._next()) is not None:
            record = self._record(line)
        if isinstance(record, BadRow):
            return record
        self._names = tuple(cell.strip().strip("\ufeff").strip() for cell in record or ())
        return self._names

    def __iter__(self) -> Iterator[RawRow | BadRow]:
        names, delimiter, stray = self._names or (), self._delimiter, self._stray
        width = len(names) if all(names) else 0
        while (line := self._next()) is not None:
            start = self._line
            if width > 1 and '"' not in line:  # nearly every line of nearly every file: no function is called
                line = line.rstrip(stray)
                cells = line.split(delimiter)
                if len(cells) == width and len(line) <= MAX_FIELD and "\0" not in line and stray not in line:
                    self._lost_at = 0
                    yield RawRow(start, dict(zip(names, cells, strict=False)))
                    continue
            record = self._record(line)
            if isinstance(record, BadRow):
                yield record
            elif record is not None:
                yield RawRow(start, dict(zip(names, record, strict=False)))

    def _next(self) -> str | None:
        line = self._ahead.popleft() if self._ahead else next(self._lines, None)
        if line is not None:
            self._line += 1
            self.scanned += 1
        return line

    def _record(self, line: str) -> list[str] | BadRow | None:
        """The cells of the record that starts with `line`; None if the line is blank."""
        if '"' in line:
            return self._quoted(line)
        line = line.rstrip(self._stray)
        cells = line.split(self._delimiter)
        if len(cells) == 1 and not line.strip():
            return None
        stray_at = next((index for index, cell in enumerate(cells) if self._stray in cell), None)
        return self._checked(self._line, cells, [line], stray_at)

    def _quoted(self, first: str) -> list[str] | BadRow:
        """The record that starts with the line `first`, in which there is a quote."""
        start, size, lines = self._line, len(first), [first]
        cells = QuotedCells(self._delimiter, self._end, self._stray)
        cells.read(first)
        index, value = len(cells.done), cells.current  # where the quote is that may turn out to be unclosed
        while cells.open and self._line >= self._doomed and size <= MAX_RECORD:
            line = self._next()
            if line is None:
                self._line += 1  # the end of the file is where this quote fails, and every later one
                break
            size += len(line) + 1
            lines.append(line)
            cells.read(line)
        if cells.open or cells.broken:
            reason = "a quote is opened and never properly closed"
            if cells.broken and len(lines) == 1:
                reason = "text after a closing quote"
            self._give_up(start, lines)
            return self._bad(start, index, value.rstrip(self._stray), reason, lines[0].rstrip(self._stray))
        return self._checked(start, cells.done, lines, cells.stray_at)

    def _give_up(self, start: int, lines: list[str]) -> None:
        """There is no record at line `start`: what was read beyond that line is to be read anew."""
        self._doomed = max(self._doomed, self._line)
        self._lost_at = start
        self._ahead.extendleft(reversed(lines[1:]))
        self._line = start

    def _checked(self, start: int, cells: list[str], lines: list[str], stray_at: int | None) -> list[str] | BadRow:
        """The cells, unless there is something in them that no record may have."""
        index, reason = self._objection(cells, sum(map(len, lines)), stray_at)
        if reason:
            value = "" if index is None else cells[index]
            return self._bad(start, index, value, reason, self._end.join(lines).rstrip(self._stray))
        if len(cells) == len(self._names or ()):
            self._lost_at = 0
        return cells

    def _bad(self, line: int, index: int | None, value: str, reason: str, raw: str) -> BadRow:
        names = self._names or ()
        column = names[index] if index is not None and index < len(names) else None
        return BadRow(line, column or None, excerpt(value), reason, excerpt(raw, MAX_RAW))

    def _objection(self, cells: list[str], size: int, stray_at: int | None) -> tuple[int | None, str]:
        if size > MAX_RECORD:
            return None, f"record too long: at most {MAX_RECORD} characters"
        for index, cell in enumerate(cells):
            if len(cell) > MAX_FIELD:
                return index, f"field too long: {len(cell)} characters, at most {MAX_FIELD}"
            if "\0" in cell:
                return index, "a NUL character, which no text may have"
        if stray_at is not None:
            return stray_at, f"a bare {_CHARACTERS[self._stray]} outside quotes"
        return (None, "") if self._names is None else self._misfit(cells, self._names)

    def _misfit(self, cells: list[str], names: tuple[str, ...]) -> tuple[int | None, str]:
        if len(cells) > len(names):
            return None, f"too many cells: {len(cells)}, but the header has {len(names)}"
        if len(cells) < len(names) and self._lost_at:
            return None, f"too few cells: maybe a piece of the broken record on line {self._lost_at}"
        for index, (name, cell) in enumerate(zip(names, cells, strict=False)):
            if not name and cell.strip():
                return index, f"the header has no name for column {index + 1}: name it, or empty the cell"
        return None, ""
