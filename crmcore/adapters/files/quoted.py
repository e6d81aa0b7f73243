"""The cells of one record that has quotes in it, taken in line by line."""

from __future__ import annotations

__all__ = ["QuotedCells"]


class QuotedCells:
    """Give each physical line to `read`; while `open` the record goes on in the next, once `broken` it is not
    one.

    `stray` is the line-end character that does not end lines in this file; `stray_at` is the first cell
    without quotes that has one inside.
    """

    def __init__(self, delimiter: str, end: str, stray: str) -> None:
        self._delimiter = delimiter
        self._end = end
        self._stray = stray
        self._parts: list[str] = []
        self.done: list[str] = []
        self.open = False
        self.broken = False
        self.stray_at: int | None = None

    @property
    def current(self) -> str:
        """The cell in hand, as far as it has been read."""
        return "".join(self._parts)

    def read(self, line: str) -> None:
        """Take one more line, without its end."""
        at: int | None = 0
        if self.open:
            self._parts.append(self._end)
            at = self._quoted(line, 0)
        while at is not None:
            at = self._quoted(line, at + 1) if line.startswith('"', at) else self._plain(line, at)

    def _quoted(self, line: str, start: int) -> int | None:
        """Read on inside quotes from `start`; return where the next cell of this line starts, if any."""
        stop = line.find('"', start)
        while stop >= 0 and line.startswith('"', stop + 1):
            stop = line.find('"', stop + 2)
        self.open = stop < 0
        self._parts.append((line[start:] if self.open else line[start:stop]).replace('""', '"'))
        if self.open:
            return None
        more = line.startswith(self._delimiter, stop + 1)
        self.broken = not more and line[stop + 1 :].strip(self._stray) != ""
        if self.broken:
            return None
        self.done.append("".join(self._parts))
        self._parts.clear()
        return stop + 2 if more else None

    def _plain(self, line: str, start: int) -> int | None:
        """Read a cell without quotes around it; return where the next one starts, if there is one."""
        stop = line.find(self._delimiter, start)
        cell = line[start:stop] if stop >= 0 else line[start:].rstrip(self._stray)
        if self._stray in cell and self.stray_at is None:
            self.stray_at = len(self.done)
        self.done.append(cell)
        return stop + 1 if stop >= 0 else None
