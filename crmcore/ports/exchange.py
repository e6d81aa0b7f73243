"""The border between the import and export use cases and the formats of files.

A format turns a file into rows and rows into a file; what a cell means is the use cases' concern.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import TracebackType
from typing import BinaryIO, Protocol, Self

from attrs import frozen

__all__ = [
    "BadRow",
    "ForeignFormat",
    "FormatReader",
    "FormatWriter",
    "RawRow",
    "RejectSink",
    "RowSink",
    "RowSource",
    "RowWriter",
    "Whole",
]


@frozen
class RawRow:
    """A record of a file as it stands there, nothing typed.

    `line`: the physical line, counted from 1, on which the record starts.
    `values`: column to cell. Delimited text gives `str` only, exactly as in the file, an empty cell as `""`;
    JSON lines give `str`, `int`, `Decimal`, `bool`, `None`, lists and dicts; a sheet of a workbook gives `str`,
    `int`, `Decimal`, `bool`, and `date` and `datetime` without a zone. A column that the record lacks is not a
    key.
    """

    line: int
    values: Mapping[str, object]


@frozen
class BadRow:
    """A record that cannot be read at all, while the records around it can.

    `column` and `value` name the offending cell where one can be named; `value` and `raw` (the record's own
    text) may be cut, in which case they end with an ellipsis.
    """

    line: int
    column: str | None
    value: str
    reason: str
    raw: str


class RowSource(Protocol):
    """A file as rows, read lazily. Every new iteration reads it again from the start, as a scan in advance
    needs.

    Iterating raises `ImportRefused` only if the file itself fails (gone, changed under way); bad records are
    `BadRow`s.
    """

    @property
    def format(self) -> str:
        """`csv`, `tsv`, `jsonl`, `xlsx` ..."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns in the file's order, without those that only a rejects file has."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What was found out about the file and is worth telling a person, such as its encoding."""

    def __iter__(self) -> Iterator[RawRow | BadRow]: ...


class Whole(Protocol):
    """A file being written. Nothing new stands under its name until `close`, and nothing ever after `abort`.

    As a context manager it closes at the end, and aborts on an exception. Doing either again changes nothing.
    """

    def close(self) -> None:
        """Put the file in its place. Raises `StorageFailed` if it could not be written."""

    def abort(self) -> None:
        """Leave no trace."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...


class RowSink(Whole, Protocol):
    """Rows going out into a file."""

    def write(self, values: Mapping[str, object]) -> None:
        """One row, already in the plain form of the format; a column left out is empty.

        Raises `InvalidValue` for a column that was not announced or a value that the format cannot hold,
        `StorageFailed` if it could not be written.
        """


class RejectSink(Whole, Protocol):
    """The rows that were not taken, in a file that can be mended and imported again."""

    def reject(self, row: RawRow, column: str | None, reason: str) -> None:
        """A row that could be read and was refused: its cells, and why."""

    def unreadable(self, row: BadRow) -> None:
        """A record that could not be read: its text, and why."""


class FormatReader(Protocol):
    """What reads a plugin's format: a function, called with the open file each time that it is read from the start.

    It gives a `RawRow` for each record, whose cells are texts (or None: the record lacks the column), and a `BadRow`
    for one that cannot be read. Anything that it raises refuses the file. How large a file may be, how many rows and
    columns it may have and how long a cell may be is seen to around it.
    """

    def __call__(self, file: BinaryIO, /) -> Iterable[RawRow | BadRow]: ...


class RowWriter(Protocol):
    """A file of a plugin's format being written, row by row."""

    def write(self, values: Mapping[str, str], /) -> None:
        """One row; a column that is left out is empty."""

    def finish(self) -> None:
        """Write what stands after the last row. The file is closed by its owner."""


class FormatWriter(Protocol):
    """What writes a plugin's format: called with a new file and its columns."""

    def __call__(self, file: BinaryIO, columns: tuple[str, ...], /) -> RowWriter: ...


@frozen(eq=False)
class ForeignFormat:
    """A format of a plugin. `reader` and `writer` import what they give; None: the format cannot be read, or written.
    Both raise PluginFailed."""

    name: str
    suffixes: tuple[str, ...]
    plugin: str
    reader: Callable[[], FormatReader] | None
    writer: Callable[[], FormatWriter] | None
