"""Tables for people: aligned by the width that a terminal gives each character, and nothing in a cell is obeyed."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from crmcore.domain.fold import visible

GAP: Final = "  "
NARROWEST: Final = 8
ELLIPSIS: Final = "…"
ISOLATE: Final = "\u2068"
POP: Final = "\u2069"
_ZERO_WIDTH: Final = frozenset({"Mn", "Me", "Cf"})
_RIGHT_TO_LEFT: Final = frozenset({"R", "AL", "AN"})


def width(text: str) -> int:
    """The columns that a terminal needs for a text: two for wide characters, none for marks and joiners."""
    return len(text) if text.isascii() else sum(map(_width, text))


def _width(character: str) -> int:
    if unicodedata.category(character) in _ZERO_WIDTH:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def cut(text: str, most: int) -> str:
    """The text in at most `most` columns; an ellipsis shows that something is left out."""
    if width(text) <= most:
        return text
    kept, used = "", 0
    for character in text:
        used += _width(character)
        if used > most - 1:
            break
        kept += character
    return kept + ELLIPSIS


def plain_text(value: Any) -> str:
    """A plain value (what JSON holds) as a person reads it; nothing in it is obeyed by a terminal."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case {"amount": str() as amount, "currency": str() as currency}:
            return f"{amount} {currency}"
        case dict():
            return ", ".join(f"{visible(str(n))} {plain_text(v)}" for n, v in value.items() if v not in (None, "", []))
        case list() | tuple():
            return "; ".join(plain_text(each) for each in value)
    return visible(str(value))


def table(rows: Iterable[Mapping[str, Any]], columns: Sequence[str] | None = None, most: int | None = None) -> str:
    """Rows of plain values under their headings; numbers and money stand to the right, empty columns are left out if
    no `columns` are asked for. With `most` (a terminal's columns) wide cells are cut, and right-to-left text is kept
    from moving what stands beside it."""
    listed = list(rows)
    names = list(columns) if columns is not None else _filled(listed)
    if not names or not listed:
        return ""
    grid = [[plain_text(row.get(name)) for name in names] for row in listed]
    right = [all(_is_number(row.get(name)) for row in listed) for name in names]
    widths = [max(width(visible(name)), *(width(r[i]) for r in grid), 0) for i, name in enumerate(names)]
    if most is not None:
        widths = fitted(widths, most - len(GAP) * (len(names) - 1))
    lines = [[visible(name) for name in names], ["─" * w for w in widths], *grid]
    return "\n".join(_line(cells, widths, right, most is not None) for cells in lines)


def sheet(values: Mapping[str, Any], most: int | None = None) -> str:
    """One record as a list of names and values; what is empty is left out."""
    shown = {visible(n): text for n, v in values.items() if (text := plain_text(v))}
    first = max(map(width, shown), default=0)
    room = None if most is None else max(most - first - len(GAP), NARROWEST)
    return "\n".join(
        f"{_padded(n, first)}{GAP}{_isolated(text if room is None else cut(text, room), most is not None)}"
        for n, text in shown.items()
    )


def fitted(widths: Sequence[int], room: int) -> list[int]:
    """The widths narrowed to fit the room, the widest columns first, none below what is legible."""
    narrowed = list(widths)
    while sum(narrowed) > room and max(narrowed) > NARROWEST:
        narrowed[narrowed.index(max(narrowed))] -= 1
    return narrowed


def _filled(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    names = dict.fromkeys(name for row in rows for name in row)
    return [name for name in names if any(plain_text(row.get(name)) for row in rows)]


def _is_number(value: Any) -> bool:
    is_money = isinstance(value, dict) and set(value) == {"amount", "currency"}
    return value is None or is_money or (isinstance(value, int | float) and not isinstance(value, bool))


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool], isolate: bool) -> str:
    shown = [cut(cell, w) for cell, w in zip(cells, widths, strict=True)]
    padded = [_padded(_isolated(c, isolate), w, to_right) for c, w, to_right in zip(shown, widths, right, strict=True)]
    return GAP.join(padded).rstrip(" ")


def _padded(text: str, columns: int, to_right: bool = False) -> str:
    blanks = " " * (columns - width(text))
    return blanks + text if to_right else text + blanks


def _isolated(text: str, isolate: bool) -> str:
    """Right-to-left text between isolates, so that it moves no figure of the next column to its other side."""
    if not isolate or text.isascii():
        return text
    if not any(unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for character in text):
        return text
    return f"{ISOLATE}{text}{POP}"
