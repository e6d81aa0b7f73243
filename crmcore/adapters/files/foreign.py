"""Files in the formats of plugins: what their readers and writers do is checked and limited."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from crmcore.adapters.files.limits import MAX_COLUMNS, MAX_FIELD, MAX_RECORD, Limits, excerpt
from crmcore.adapters.files.replacement import Replacement, WrittenWhole
from crmcore.domain.cells import shown
from crmcore.domain.errors import ImportRefused, InvalidSetting, InvalidValue, PluginFailed
from crmcore.domain.kinds import storable_text
from crmcore.plugins.refusal import text_of
from crmcore.ports.exchange import BadRow, ForeignFormat, FormatReader, RawRow

__all__ = ["ForeignRows", "ForeignSink"]


class ForeignRows:
    """A `RowSource` over a file that a plugin reads. Raises `ImportRefused` for whatever the plugin does wrong."""

    notes: tuple[str, ...] = ()

    def __init__(self, path: Path, foreign: ForeignFormat, limits: Limits) -> None:
        if foreign.reader is None:
            raise ImportRefused(
                f"files in {foreign.name}, a format of plugin {foreign.plugin!r}, are written only: none can be read",
                file=str(path),
            )
        self.path = path
        self.format = foreign.name
        self._foreign = foreign
        self._limits = limits
        try:
            self._reader: FormatReader = foreign.reader()
        except PluginFailed as error:
            raise ImportRefused(error.message, file=str(path), plugin=foreign.plugin) from error

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Every column of the file, by first appearance; asking for it reads the file once through."""
        seen: dict[str, None] = {}
        for row in self:
            if isinstance(row, RawRow):
                seen |= dict.fromkeys(row.values)
            if len(seen) > MAX_COLUMNS:
                raise self._refused(f"it gave more than {MAX_COLUMNS:,} different columns")
        return tuple(seen)

    def __iter__(self) -> Iterator[RawRow | BadRow]:
        try:
            with self.path.open("rb") as file:
                rows = iter(self._began(file))
                for count, row in enumerate(self._each(rows), 1):
                    if count > self._limits.rows:
                        raise ImportRefused(
                            f"{self.path} cannot be imported: it has more than {self._limits.rows:,} rows; import it "
                            "in pieces",
                            file=str(self.path),
                        )
                    yield row
        except OSError as error:
            reason = error.strerror or error
            raise ImportRefused(f"{self.path} cannot be read: {reason}", file=str(self.path)) from error

    def _began(self, file: Any) -> Iterator[Any]:
        try:
            return iter(self._reader(file))
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            raise self._refused(f"it raised {text_of(error)}") from error

    def _each(self, rows: Iterator[Any]) -> Iterator[RawRow | BadRow]:
        """The rows; the plugin's own code runs inside `next` alone."""
        while True:
            try:
                row = next(rows)
            except StopIteration:
                return
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                raise self._refused(f"it raised {text_of(error)}") from error
            yield self._checked(row)

    def _checked(self, row: Any) -> RawRow | BadRow:
        if type(row) is BadRow:
            return row
        if type(row) is not RawRow or type(row.line) is not int or not isinstance(row.values, Mapping):
            raise self._refused(f"it gave a value of type {type(row).__name__}, and neither a RawRow nor a BadRow")
        values: dict[str, object] = {}
        for column, value in row.values.items():
            if type(column) is not str or not column or not (value is None or type(value) is str):
                raise self._refused(f"on line {row.line} it gave {column!r}: {type(value).__name__}, and no text")
            if value is not None:
                values[column] = value
        return _limited(RawRow(row.line, values))

    def _refused(self, what: str) -> ImportRefused:
        name, plugin = self._foreign.name, self._foreign.plugin
        return ImportRefused(
            f"{self.path} cannot be imported: plugin {plugin!r}, which reads {name}, failed: {what}",
            file=str(self.path),
            plugin=plugin,
            format=name,
        )


def _limited(row: RawRow) -> RawRow | BadRow:
    """The row, unless it is longer than rows may be or has what no text may have."""
    total = 0
    for column, value in row.values.items():
        text = str(value)
        total += len(text)
        problem = storable_text(text) or storable_text(column)
        if len(text) > MAX_FIELD:
            problem = f"is too long: {len(text)} characters, at most {MAX_FIELD}"
        if problem:
            return BadRow(row.line, column, excerpt(text), problem, "")
    if total > MAX_RECORD:
        return BadRow(row.line, None, "", f"record too long: at most {MAX_RECORD} characters", "")
    return row


class ForeignSink(WrittenWhole):
    """A `RowSink` into a file that a plugin writes; all cells are texts. Raises `PluginFailed` for whatever the plugin
    does wrong; then there is no file."""

    def __init__(self, path: Path, columns: Sequence[str], foreign: ForeignFormat) -> None:
        if foreign.writer is None:
            raise InvalidSetting(
                f"files in {foreign.name}, a format of plugin {foreign.plugin!r}, are read only: none can be written",
                format=foreign.name,
            )
        make = foreign.writer()
        super().__init__(Replacement(path, binary=True))
        self._known = frozenset(columns)
        self._foreign = foreign
        self._writer = self._call(make, self.file.stream, tuple(columns))

    def write(self, values: Mapping[str, object]) -> None:
        """One row. Raises `InvalidValue` for a column that was not announced."""
        if not values.keys() <= self._known:
            unknown = ", ".join(sorted(values.keys() - self._known))
            raise InvalidValue(f"no such column in this file: {unknown}", columns=unknown)
        self._call(self._writer.write, {name: text for name, value in values.items() if (text := shown(value))})

    def close(self) -> None:
        """Have the plugin write its end, and put the file in its place."""
        if not self.file.done:
            self._call(self._writer.finish)
        super().close()

    def _call(self, function: Any, *given: object) -> Any:
        try:
            return function(*given)
        except OSError as error:
            raise self.file.failed(error) from error
        except BaseException as error:
            self.file.discard()
            if isinstance(error, KeyboardInterrupt):
                raise
            name, plugin = self._foreign.name, self._foreign.plugin
            what = f"plugin {plugin!r}, which writes {name}, failed: it raised {text_of(error)}"
            raise PluginFailed(what, plugin=plugin, format=name) from error
