"""The rejects file: rows that were not taken, each with the reason, to be mended and imported again."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from crmcore.adapters.files.delimited_sink import DelimitedSink
from crmcore.adapters.files.jsonl import JsonLinesSink
from crmcore.adapters.files.notes import COLUMN, LINE, NOTES, RAW, REASON
from crmcore.adapters.files.replacement import WrittenWhole
from crmcore.domain.cells import shown
from crmcore.domain.errors import InvalidSetting
from crmcore.ports.exchange import BadRow, RawRow

__all__ = ["RejectsFile"]


class RejectsFile(WrittenWhole):
    """A `RejectSink` in JSON lines (`.jsonl`), tab separated (`.tsv`) or comma separated text (any other
    name).

    It has the `columns` of the source, then `_line`, `_column`, `_reason` and, for a record that could not be
    read, its text as `_raw`; reading it again leaves these out. Its cells are exact, so it is not made safe
    for spreadsheets. Raises `InvalidSetting` if a column of the source has one of those names.
    """

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        taken = [column for column in columns if column in NOTES]
        if taken:
            raise InvalidSetting(
                f"a rejects file needs the column {taken[0]} for itself, and the source has one: rename that",
                column=taken[0],
            )
        self._columns = (*columns, *NOTES)
        self._lines = path.suffix.lower() in (".jsonl", ".ndjson")
        self._sink = JsonLinesSink(path) if self._lines else self._delimited(path)
        super().__init__(self._sink.file)

    def reject(self, row: RawRow, column: str | None, reason: str) -> None:
        """A row that could be read and was refused."""
        plain = _plain if self._lines else _cell
        cells = {key: plain(value) for key, value in row.values.items()}
        self._sink.write({**cells, LINE: row.line, COLUMN: column, REASON: _storable(reason)})

    def unreadable(self, row: BadRow) -> None:
        """A record that could not be read. A NUL in its text is shown by the symbol for it."""
        notes = {LINE: row.line, COLUMN: row.column, REASON: _storable(row.reason), RAW: _storable(row.raw)}
        self._sink.write(notes)

    def _delimited(self, path: Path) -> DelimitedSink:
        return DelimitedSink(path, self._columns, "\t" if path.suffix.lower() == ".tsv" else ",")


def _plain(value: object) -> object:
    """A value that JSON lines can hold: of those of a sheet, all but dates are."""
    return shown(value) if isinstance(value, dt.date) else value


def _cell(value: object) -> str | None:
    """A cell of delimited text; lists and objects, which only JSON lines can give, are kept as JSON.

    A fraction of three digits gets a zero more: "1.250" would be 1250 where the comma is the decimal mark.
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        text = shown(value)
        return f"{text}0" if text[-4:-3] == "." else text
    if isinstance(value, bool | int | dt.date):
        return shown(value)
    return json.dumps(value, ensure_ascii=False, default=str)


def _storable(text: str) -> str:
    return text.replace("\0", "␀").encode("utf-8", "backslashreplace").decode("utf-8")
