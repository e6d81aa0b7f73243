"""What a cell of a sheet holds, exactly as the spreadsheet shows it in full."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal

from crmcore.domain.cells import shown
from crmcore.domain.errors import InvalidValue

__all__ = ["as_text", "typed"]

_FIRST_UNSAFE = 10**15


def typed(cell: object) -> object:
    """The value of a cell: numbers as `int` or `Decimal` of at most 15 digits, times of day and durations as text.

    A spreadsheet computes in binary and shows 15 digits: 0.1 + 0.2 is 0.3 there. Raises `InvalidValue` for a whole
    number of more digits: what it was before the spreadsheet cut it (a card number, an id) cannot be known.
    """
    if isinstance(cell, float):
        return _number(cell)
    if isinstance(cell, dt.timedelta):
        return _duration(cell)
    if isinstance(cell, dt.time):
        return cell.isoformat()
    if isinstance(cell, int) and not isinstance(cell, bool) and abs(cell) >= _FIRST_UNSAFE:
        raise _cut(cell)
    return cell


def as_text(cell: object) -> str:
    """The text of a cell for messages, whatever it holds."""
    try:
        return shown(typed(cell))
    except InvalidValue as error:
        return str(error.details.get("value", cell))


def _number(number: float) -> int | Decimal:
    if number.is_integer():
        whole = int(number)
        if abs(whole) >= _FIRST_UNSAFE:
            raise _cut(whole)
        return whole
    if not math.isfinite(number):
        raise InvalidValue(f"{number} is no number", value=number)
    return Decimal(f"{number:.15g}")


def _cut(number: int) -> InvalidValue:
    return InvalidValue(
        f"{number} has more than the 15 digits that a spreadsheet keeps, so some may be lost: make the column text and "
        "type it again",
        value=number,
    )


def _duration(duration: dt.timedelta) -> str:
    """Hours, minutes and seconds, as [h]:mm:ss shows them."""
    seconds = round(duration.total_seconds())
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    return f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
