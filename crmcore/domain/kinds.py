"""The closed set of field types: what each accepts, and its plain form (what JSON can hold) and back.

A plain form is exact: decimals are text, money is amount and currency, times are ISO 8601 in UTC.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from decimal import Context, Decimal
from typing import Any, Final, Literal, Protocol
from uuid import UUID

from crmcore.domain.errors import InvalidValue
from crmcore.domain.money import Money

Kind = Literal[
    "text",
    "integer",
    "decimal",
    "money",
    "boolean",
    "date",
    "datetime",
    "choice",
    "choices",
    "reference",
    "json",
]

INTEGER_LIMIT: Final = 2**63
DECIMAL_DIGITS: Final = 18
JSON_LIMIT: Final = 60_000
JSON_DEPTH: Final = 20
_WIDE: Final = Context(prec=60)
"""A context of our own: a host may have set the thread's to any precision."""


class Limits(Protocol):
    """What a declared field says about its values."""

    @property
    def length(self) -> int: ...
    @property
    def scale(self) -> int: ...
    @property
    def options(self) -> tuple[str, ...]: ...


Check = Callable[[Limits, Any], str | None]


def storable_text(value: str) -> str | None:
    """What is wrong with a text for every database at once: NUL, or half of a surrogate pair."""
    if value.isascii():
        return "has a NUL character" if "\0" in value else None
    if "\0" in value:
        return "has a NUL character"
    try:
        value.encode()
    except UnicodeEncodeError:
        return "has a lone surrogate, which is no character"
    return None


def _text(field: Limits, value: Any) -> str | None:
    if type(value) is not str:
        return f"expected text, got {type(value).__name__}"
    if len(value) > field.length:
        return f"is too long: {len(value)} characters, at most {field.length}"
    return storable_text(value)


def _integer(field: Limits, value: Any) -> str | None:
    if type(value) is not int:
        return f"expected a whole number, got {type(value).__name__}"
    return None if -INTEGER_LIMIT <= value < INTEGER_LIMIT else "is out of the range of 64 bits"


def _decimal(field: Limits, value: Any) -> str | None:
    if not isinstance(value, Decimal):
        return f"expected a Decimal, got {type(value).__name__}"
    if not value.is_finite():
        return f"{value} is no amount"
    if value.copy_abs() >= 10 ** (DECIMAL_DIGITS - field.scale):
        return f"{value} is too large"
    if value != value.quantize(Decimal(1).scaleb(-field.scale), context=_WIDE):
        return f"{value} has more than {field.scale} decimal places"
    return None


def _money(field: Limits, value: Any) -> str | None:
    return None if isinstance(value, Money) else f"expected Money, got {type(value).__name__}"


def _boolean(field: Limits, value: Any) -> str | None:
    return None if type(value) is bool else f"expected true or false, got {value!r}"


def _date(field: Limits, value: Any) -> str | None:
    return None if type(value) is dt.date else f"expected a date, got {type(value).__name__}"


def _datetime(field: Limits, value: Any) -> str | None:
    if not isinstance(value, dt.datetime):
        return f"expected a time, got {type(value).__name__}"
    if value.utcoffset() is None:
        return "has no time zone"
    try:
        value.astimezone(dt.UTC)
    except OverflowError:
        return "is outside the years 1 to 9999 in UTC"
    return None


def _choice(field: Limits, value: Any) -> str | None:
    if value in field.options:
        return None
    return f"{value!r} is none of {', '.join(field.options)}"


def _choices(field: Limits, value: Any) -> str | None:
    if not isinstance(value, frozenset):
        return f"expected a frozenset of texts, got {type(value).__name__}"
    for each in value:
        if problem := _text(field, each):
            return problem
        if field.options and each not in field.options:
            return f"{each!r} is none of {', '.join(field.options)}"
        if not each.strip():
            return "holds an empty value"
    return None


def _reference(field: Limits, value: Any) -> str | None:
    return None if isinstance(value, UUID) else f"expected an id (UUID), got {value!r}"


def _json_depth(value: Any, depth: int = 0) -> str | None:
    if depth > JSON_DEPTH:
        return f"is nested deeper than {JSON_DEPTH}"
    if value is None or type(value) in (str, int, bool):
        return storable_text(value) if type(value) is str else None
    if type(value) is list:
        return next((p for v in value if (p := _json_depth(v, depth + 1))), None)
    if type(value) is dict:
        if any(type(key) is not str or storable_text(key) for key in value):
            return "has a key that is no text"
        return next((p for v in value.values() if (p := _json_depth(v, depth + 1))), None)
    return f"holds {type(value).__name__}, which is not exact JSON (text, whole number, true, false, null)"


def _json(field: Limits, value: Any) -> str | None:
    if problem := _json_depth(value):
        return problem
    return None if len(json.dumps(value)) <= JSON_LIMIT else f"is longer than {JSON_LIMIT} characters"


CHECKS: Final[dict[str, Check]] = {
    "text": _text,
    "integer": _integer,
    "decimal": _decimal,
    "money": _money,
    "boolean": _boolean,
    "date": _date,
    "datetime": _datetime,
    "choice": _choice,
    "choices": _choices,
    "reference": _reference,
    "json": _json,
}


def plain_datetime(value: dt.datetime) -> str:
    """ISO 8601 in UTC with a Z; microseconds only where there are any."""
    return value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


def plain_decimal(value: Decimal) -> str:
    """Fixed notation without an exponent."""
    return format(value, "f")


TO_PLAIN: Final[dict[str, Callable[[Any], Any] | None]] = {
    "text": None,
    "integer": None,
    "decimal": plain_decimal,
    "money": Money.plain,
    "boolean": None,
    "date": dt.date.isoformat,
    "datetime": plain_datetime,
    "choice": None,
    "choices": sorted,
    "reference": str,
    "json": None,
}
"""From a value to its plain form; None where the value is plain already."""


def _typed(expected: type, convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def read(plain: Any) -> Any:
        if type(plain) is not expected:
            raise InvalidValue(f"expected {expected.__name__}, got {plain!r}", value=repr(plain))
        try:
            return convert(plain)
        except (ValueError, ArithmeticError) as error:
            raise InvalidValue(f"cannot read {plain!r}: {error}", value=repr(plain)) from None

    return read


def _aware(plain: str) -> dt.datetime:
    value = dt.datetime.fromisoformat(plain)
    if value.utcoffset() is None:
        raise ValueError("no time zone")
    return value.astimezone(dt.UTC)


FROM_PLAIN: Final[dict[str, Callable[[Any], Any]]] = {
    "text": _typed(str, str),
    "integer": _typed(int, int),
    "decimal": _typed(str, Decimal),
    "money": _typed(dict, Money.from_plain),
    "boolean": _typed(bool, bool),
    "date": _typed(str, dt.date.fromisoformat),
    "datetime": _typed(str, _aware),
    "choice": _typed(str, str),
    "choices": _typed(list, frozenset),
    "reference": _typed(str, UUID),
    "json": lambda plain: plain,
}
"""From a plain form to the value, strictly: anything else is `InvalidValue`."""
