"""JSON lines: one object a line."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from functools import cached_property
from pathlib import Path
from typing import NoReturn

from crmcore.adapters.files.limits import MAX_COLUMNS, MAX_DEPTH, MAX_FIELD, MAX_RAW, MAX_RECORD, excerpt
from crmcore.adapters.files.lines import line_end, physical_lines
from crmcore.adapters.files.notes import are_noted, without_notes
from crmcore.adapters.files.replacement import Replacement, WrittenWhole
from crmcore.domain.errors import ImportRefused, InvalidValue
from crmcore.ports.exchange import BadRow, RawRow

__all__ = ["JsonLinesRows", "JsonLinesSink"]

_TOO_DEEP = f"nested too deeply: at most {MAX_DEPTH} levels"
_encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


class JsonLinesRows:
    """A `RowSource` over JSON lines. Numbers are read as `int` and `Decimal`, never as binary fractions."""

    format = "jsonl"

    def __init__(self, path: Path, codec: str, notes: tuple[str, ...] = ()) -> None:
        self.path = path
        self.notes = notes
        self._codec = codec
        self._end = line_end(path, codec)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Every key of the file, by first appearance; asking for it reads the file once through."""
        seen: dict[str, None] = {}
        for row in self:
            if isinstance(row, RawRow):
                seen |= dict.fromkeys(row.values)
            if len(seen) > MAX_COLUMNS:
                raise ImportRefused(
                    f"{self.path} cannot be imported: more than {MAX_COLUMNS} different keys",
                    file=str(self.path),
                )
        return tuple(seen)

    def __iter__(self) -> Iterator[RawRow | BadRow]:
        lines = physical_lines(self.path, self._codec, self._end)
        for number, text in enumerate(lines, 1):
            if text and not text.isspace():
                yield _row(number, text.strip("\r\n"))


class JsonLinesSink(WrittenWhole):
    """A `RowSink` for JSON lines in UTF-8: plain values only, a `Decimal` as a number with all its digits."""

    def __init__(self, path: Path, columns: Sequence[str] = ()) -> None:
        super().__init__(Replacement(path))
        self._known = frozenset(columns)

    def write(self, values: Mapping[str, object]) -> None:
        """One object, its keys in the order of `values`. Raises `InvalidValue` for what JSON cannot hold."""
        if self._known and not values.keys() <= self._known:
            unknown = ", ".join(sorted(values.keys() - self._known))
            raise InvalidValue(f"no such column in this file: {unknown}", columns=unknown)
        try:
            self.file.write(_written(values) + "\n")
        except UnicodeEncodeError as error:
            raise InvalidValue(f"half a surrogate pair is no text: {error.object!r}") from error


def _row(line: int, text: str) -> RawRow | BadRow:
    try:
        values = _parsed(text)
    except RecursionError:
        problem = _TOO_DEEP
    except ValueError as error:
        problem = str(error)
    else:
        return without_notes(line, values) if are_noted(values) else RawRow(line, values)
    return BadRow(line, None, excerpt(text), problem, excerpt(text, MAX_RAW))


def _parsed(text: str) -> dict[str, object]:
    """The object in one line. Raises `ValueError` with what is wrong, or `RecursionError`."""
    if len(text) > MAX_RECORD:
        raise ValueError(f"record too long: at most {MAX_RECORD} characters")
    try:
        value = _decoder.decode(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} at character {error.pos + 1}") from error
    if not isinstance(value, dict):
        raise ValueError("not an object: every line has to be one, {...}")
    if len(value) > MAX_COLUMNS:
        raise ValueError(f"{len(value)} keys, at most {MAX_COLUMNS}")
    # Few lines could fail the walk through all values; only they are walked.
    if "\\u" in text or len(text) > MAX_FIELD or text.count("[") + text.count("{") > MAX_DEPTH:
        _check(value, 1)
    return value


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    values = dict(pairs)
    if len(values) < len(pairs):
        counts = Counter(key for key, _ in pairs)
        twice = ", ".join(repr(excerpt(key)) for key, count in counts.most_common(3) if count > 1)
        raise ValueError(f"a key more than once in one object: {twice}")
    return values


def _decimal(digits: str) -> Decimal:
    try:
        return Decimal(digits)
    except InvalidOperation as error:
        raise ValueError(f"a number out of all bounds: {excerpt(digits)}") from error


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


_decoder = json.JSONDecoder(object_pairs_hook=_object, parse_float=_decimal, parse_constant=_constant)


def _check(value: object, depth: int) -> None:
    """Raise `ValueError` for text that no field can hold, and for nesting beyond `MAX_DEPTH`."""
    if depth > MAX_DEPTH:
        raise ValueError(_TOO_DEEP)
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_text(key)
            _check(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _check(item, depth + 1)


def _check_text(text: str) -> None:
    if len(text) > MAX_FIELD:
        raise ValueError(f"field too long: {len(text)} characters, at most {MAX_FIELD}")
    if "\0" in text:
        raise ValueError("a NUL character, which no text may have")
    if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
        raise ValueError("half a surrogate pair, which is no text")


def _written(value: object) -> str:
    """JSON text of a plain value. The standard encoder could write a `Decimal` only as text or as a float."""
    if isinstance(value, Decimal) and value.is_finite():
        return str(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(key)}: {_written(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_written(item) for item in value) + "]"
    if isinstance(value, str):
        return _text(value)
    if value is None or isinstance(value, int | float):
        try:
            return _encoder.encode(value)
        except ValueError as error:
            raise InvalidValue(f"no JSON number: {value!r}") from error
    raise InvalidValue(f"not a plain value: {value!r}")


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise InvalidValue(f"not a name: {key!r}")
    return _text(key)


def _text(text: str) -> str:
    if "\0" in text:
        raise InvalidValue(f"a NUL character cannot be written: {text!r}")
    return _encoder.encode(text)
