"""Cells: values as the text of one cell of a table, exact, so that reading the cell gives the value back.

Numbers have a decimal point and no grouping, money is "12.50 EUR", booleans are true and false, times ISO 8601 in UTC,
JSON is itself; what is missing is empty (so an empty text reads as missing). Several values stand in one cell, parted
by ";". In such a cell a backslash keeps what follows it from parting or being trimmed: "\\;" is a semicolon, "\\\\" a
backslash, a backslash before a blank that blank; before anything else it is itself.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

from crmcore.domain.field import Field

MARK: Final = ";"
_TOKENS: Final = re.compile(r"\\[;\\\s]|[\s\S]")
_SPECIAL: Final = re.compile(r"[;\\]")


def cell(field: Field, value: Any) -> str:
    """The text of one value of this field."""
    if value is None:
        return ""
    match field.kind:
        case "text" | "choice":
            return str(value)
        case "boolean":
            return "true" if value else "false"
        case "choices":
            return joined(sorted(value))
        case "json":
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        case "money":
            return str(value)
    return str(field.plain(value))


def cells(field: Field, values: Iterable[Any]) -> str:
    """The text of several values of this field."""
    return joined(cell(field, value) for value in values)


def shown(value: object) -> str:
    """A typed cell of a sheet as text: a number in digits, with a decimal point and without an exponent, a truth value
    as true or false, a date or time as ISO 8601 (one without a zone stays so), nothing as the empty text."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def joined(texts: Iterable[str]) -> str:
    """Several texts in one cell; `parted` gives them back, but for empty ones."""
    return MARK.join(_escaped(text) for text in texts)


def parted(text: str) -> list[str]:
    """The texts in one cell, blanks around them trimmed and empty ones left out."""
    if "\\" not in text:
        return [piece for each in text.split(MARK) if (piece := each.strip())]
    pieces, piece, solid = [], "", 0
    for token in _TOKENS.findall(text):
        if token == MARK:
            pieces.append(piece[:solid])
            piece, solid = "", 0
        elif len(token) == 2:
            piece += token[1]
            solid = len(piece)
        elif piece or not token.isspace():
            piece += token
            solid = solid if token.isspace() else len(piece)
    return [each for each in (*pieces, piece[:solid]) if each]


def _escaped(text: str) -> str:
    safe = _SPECIAL.sub(r"\\\g<0>", text)
    if safe[:1].isspace():
        safe = "\\" + safe
    if safe[-1:].isspace() and len(text) > 1:
        safe = safe[:-1] + "\\" + safe[-1]
    return safe
