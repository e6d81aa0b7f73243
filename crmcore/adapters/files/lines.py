"""Physical lines of a text file, in constant memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from crmcore.adapters.files.encoding import decoded
from crmcore.adapters.files.limits import MAX_RECORD

__all__ = ["line_end", "physical_lines"]


def line_end(path: Path, codec: str) -> str:
    """What ends a line of this file: a line feed (after a carriage return or not), or a bare carriage return.

    Decided by the first line, so that within the rest the other character is content, or a fault.
    """
    head = next(_unmarked(path, codec), "")
    carriage, feed = head.find("\r"), head.find("\n")
    if carriage < 0 or 0 <= feed < carriage:
        return "\n"
    inside_quotes = head.count('"', 0, carriage) % 2
    return "\n" if inside_quotes or head[carriage:].lstrip("\r")[:1] in ("\n", "") else "\r"


def physical_lines(path: Path, codec: str, end: str) -> Iterator[str]:
    """Each line without its `end`; a carriage return before a line feed stays, for it may be inside a quoted
    cell.

    Of a line longer than `MAX_RECORD` more than that many characters are given, and not all: too long to be
    used.
    """
    rest = ""
    for text in _unmarked(path, codec):
        pieces = (rest + text).split(end)
        rest = pieces.pop()
        if len(rest) > MAX_RECORD:
            rest = rest[: MAX_RECORD + 1]
        yield from pieces
    if rest:
        yield rest


def _unmarked(path: Path, codec: str) -> Iterator[str]:
    """The decoded pieces, without a byte order mark that the codec itself has left standing."""
    pieces = (piece for piece in decoded(path, codec) if piece)
    first = next(pieces, "")
    yield first.removeprefix("\ufeff")
    yield from pieces
