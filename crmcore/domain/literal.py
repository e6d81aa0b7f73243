"""The literals of the predicate language: text, numbers, money, dates, times, spans before now."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any, Final, Literal, TypeAlias, get_args
from uuid import UUID

import attrs

from crmcore.domain.errors import InvalidValue
from crmcore.domain.kinds import storable_text
from crmcore.domain.money import Money
from crmcore.domain.reading import shorten

Unit = Literal["hours", "days", "weeks", "months", "years"]
Kind = Literal["text", "number", "money", "date", "time", "ago", "today", "now", "flag", "me"]

UNITS: Final[tuple[Unit, ...]] = get_args(Unit)
RESERVED: Final = frozenset("and or not in is missing no where ago today now true false me".split())
MAX_DIGITS: Final = 40


def is_reserved(word: str) -> bool:
    """Whether the word, in any case, belongs to the language, so that no path may begin with it."""
    return word.lower() in RESERVED


def is_currency(word: str) -> bool:
    """Whether the word can name a currency: three capitals, and no word of the language such as NOW."""
    return re.fullmatch("[A-Z]{3}", word) is not None and not is_reserved(word)


def _check_number(number: Decimal) -> None:
    if not number.is_finite():
        raise InvalidValue(f"{number} is no number to compare with; write a finite one")
    digits, adjusted = len(number.as_tuple().digits), number.adjusted()
    if max(digits, adjusted + 1, digits - adjusted) > MAX_DIGITS:  # as written out, without an exponent
        raise InvalidValue(f"{shorten(number)} has too many digits; write at most {MAX_DIGITS}")


def _in_utc(time: dt.datetime) -> dt.datetime:
    try:
        return time if time.utcoffset() is None else time.astimezone(dt.UTC)
    except OverflowError:
        raise InvalidValue(f"{time.isoformat()} is outside the years 1 to 9999 in UTC") from None


@attrs.frozen
class Ago:
    """A stretch of time before now; a negative count lies ahead."""

    count: Decimal
    unit: Unit

    def __attrs_post_init__(self) -> None:
        _check_number(self.count)
        if self.unit not in UNITS:
            raise InvalidValue(f"unknown unit {self.unit!r}; use one of {', '.join(UNITS)}", value=self.unit)


Plain: TypeAlias = str | Decimal | tuple[Decimal, str] | dt.date | dt.datetime | Ago | bool | None


@attrs.frozen
class Value:
    """One literal: str for text, Decimal for number, (amount, currency) for money, a naive or aware datetime
    (as written) for time, bool for flag, None for today, now and me. InvalidValue if the two do not agree.
    """

    kind: Kind
    value: Plain
    position: int = attrs.field(default=0, eq=False)

    def __attrs_post_init__(self) -> None:
        match self.kind, self.value:
            case "text", str() as text:
                if problem := storable_text(text):
                    raise InvalidValue(f"the text {shorten(text)} {problem}", value=text)
            case "number", Decimal() as number:
                _check_number(number)
            case "money", (Decimal() as number, str() as currency):
                _check_number(number)
                if not is_currency(currency):
                    raise InvalidValue(f"{currency!r} is no currency; write it as EUR", value=currency)
            case "time", dt.datetime() as time:
                _in_utc(time)
            case ("flag", bool()) | ("ago", Ago()) | ("today" | "now" | "me", None):
                pass
            case _ if self.kind != "date" or type(self.value) is not dt.date:
                raise InvalidValue(f"{shorten(self.value)} is no value of kind {self.kind}")


TODAY, NOW, ME = Value("today", None), Value("now", None), Value("me", None)


def value_of(plain: Any) -> Value:
    """The literal for a Python value: str, UUID, int, Decimal, Money or (Decimal, currency), bool, date,
    datetime (an aware one in UTC), Ago, or a Value as it is. InvalidValue for all else, float and None too.
    """
    match plain:
        case Value():
            return plain
        case bool():
            return Value("flag", plain)
        case str():
            return Value("text", str.__str__(plain))  # of an enumeration: the text, not the name
        case UUID():
            return Value("text", str(plain))
        case int() | Decimal():
            return Value("number", Decimal(plain))
        case Money(amount=amount, currency=currency) | (Decimal() as amount, str() as currency):
            return Value("money", (amount, currency))
        case dt.datetime():
            return Value("time", _in_utc(plain))
        case dt.date():
            return Value("date", plain)
        case Ago():
            return Value("ago", plain)
    hint = {float: "; a Decimal is exact", type(None): "; ask `missing` instead"}.get(type(plain), "")
    raise InvalidValue(f"{shorten(plain)} is no value to compare with{hint}")


def written(literal: Value) -> str:
    """The literal as the language writes it."""
    match literal.value:
        case None:
            return literal.kind
        case bool() as flag:
            return str(flag).lower()
        case str() as text:
            doubled = text.replace('"', '""')
            return f'"{doubled}"'
        case Decimal() as number:
            return format(number, "f")
        case Decimal() as amount, currency:
            return f"{amount:f} {currency}"
        case Ago(count, unit):
            return f"{count:f} {unit} ago"
        case dt.datetime() as time if (time.utcoffset() or dt.timedelta()) % dt.timedelta(minutes=1):
            return _in_utc(time).isoformat()  # the language has no offsets to the second, as of old local times
        case moment:
            return moment.isoformat()
