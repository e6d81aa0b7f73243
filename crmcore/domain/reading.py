"""Strict reading of what people write in files and on command lines: numbers, yes and no, dates, times.

Everything here gives the exact value or raises InvalidValue with the value and a remedy; what could be read
in two ways is refused, never guessed. Digits of every script count, blanks and bidi controls around a value
do not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from functools import lru_cache

from crmcore.domain.errors import InvalidValue
from crmcore.domain.fold import ascii_digits, visible, without_bidi_controls

__all__ = [
    "cleaned",
    "fitting_date_formats",
    "fitting_decimals",
    "in_utc",
    "looks_like_date",
    "read_boolean",
    "read_date",
    "read_datetime",
    "read_decimal",
    "read_integer",
    "shorten",
]

DECIMAL_MARKS = (".", ",")
MAX_NUMBER_LENGTH = 64
FIRST_YEAR = 1583
"""The first whole year of the Gregorian calendar: an earlier one is a slip, or a date of another calendar."""

_NUMBER = re.compile(r"[+-]?(?:(?:[0-9]+|[1-9][0-9]{0,2}(?:,[0-9]{3})+)(?:\.[0-9]+)?|\.[0-9]+)")
_ONE_GROUP = re.compile(r"[+-]?[0-9]{1,3},[0-9]{3}")
_ARABIC_MARKS = str.maketrans({"\u066b": ".", "\u066c": ","})
_SWAPPED_MARKS = str.maketrans(".,", ",.")
_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}

_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ISO_MOMENT = re.compile(
    r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[Tt ](?P<time>[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,6})?)?)(?:(?<=[.,][0-9]{6})0+)?"
    r" ?(?P<zone>[Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)?)?"
)
_NUMERIC_DATE = re.compile(r"([0-9]{1,4})([/.-])([0-9]{1,2})\2([0-9]{1,4})")
_CLOCK = re.compile(r"[T ]+[0-9]{1,2}:[0-9]{2}.*", re.DOTALL)
_YEAR_OF_OTHER_CALENDAR = re.compile(r"(?<![0-9])1[34][0-9]{2}(?![0-9])")
_OTHER_CALENDAR = "looks like a Solar Hijri (Jalali) date; declare the calendar (--calendar jalali)"
_DATE_FORMATS = tuple(order.replace("/", mark) for mark in "/.-" for order in ("%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d"))


def shorten(value: object, length: int = 60) -> str:
    """`value` for a message: texts in quotes, nothing that a terminal obeys, cut at `length` characters."""
    try:
        shown = f"'{visible(value[: length + 1])}'" if isinstance(value, str) else visible(repr(value))
    except ValueError:  # a whole number of more than 4,300 digits has no repr
        shown = f"<a huge {type(value).__name__}>"
    return shown if len(shown) <= length else f"{shown[: length - 2]}…{shown[-1]}"


def read_decimal(text: str, decimal: str | None = None) -> Decimal:
    """The number that `text` is, exactly; at most 64 characters, without exponent.

    `decimal` declares the mark before the fraction, "." or ","; the other one may then part groups of three
    digits. Undeclared, the mark is the dot, and what a comma could turn into another number is refused:
    "1,234", "12,5", "1.234,56". U+066B and U+066C are always the decimal mark and the mark between groups.
    Raises InvalidValue.
    """
    if decimal is not None and decimal not in DECIMAL_MARKS:
        raise InvalidValue(f"{shorten(decimal)} is not a decimal mark; give '.' or ','", value=decimal)
    written = cleaned(text).replace("\u2212", "-")
    dotted = (written.translate(_SWAPPED_MARKS) if decimal == "," else written).translate(_ARABIC_MARKS)
    if len(written) > MAX_NUMBER_LENGTH or not _NUMBER.fullmatch(dotted):
        raise _refused(text, _why_no_number(written, decimal))
    if decimal is None and _ONE_GROUP.fullmatch(written):
        why = "can be read in two ways; leave the comma out or write a dot, or declare the decimal mark"
        raise _refused(text, f"{why} (--decimal . or --decimal ,)")
    return Decimal(dotted.replace(",", ""))


def read_integer(text: str, decimal: str | None = None) -> int:
    """The whole number that `text` is, as `read_decimal` reads it. Raises InvalidValue, also for "5.0"."""
    number = read_decimal(text, decimal)
    if number.as_tuple().exponent != 0:
        raise _refused(text, "is not a whole number; leave out the decimal mark and what follows it")
    return int(number)


def fitting_decimals(values: Iterable[str]) -> list[str]:
    """Which decimal marks, "." and ",", let every value be read as a number; blank values do not count."""
    fitting = list(DECIMAL_MARKS)
    for value in filter(str.strip, values):
        fitting = [mark for mark in fitting if _is_number(value, mark)]
    return fitting


def read_boolean(text: str) -> bool:
    """True for true, yes and 1, False for false, no and 0, in any case. Raises InvalidValue for all else."""
    found = _BOOLEANS.get(cleaned(text).lower())
    if found is None:
        raise _refused(text, "is neither yes nor no; give true, yes or 1, or false, no or 0")
    return found


def read_date(text: str, date_format: str | None = None) -> date:
    """The Gregorian date that `text` is: YYYY-MM-DD, or as `date_format` (of `strptime`) says.

    Raises InvalidValue, also for years before 1583; one between 1300 and 1500 is likely a Solar Hijri date.
    """
    written = cleaned(text)
    if date_format is None:
        if not _ISO_DATE.fullmatch(written):
            raise _refused(text, _why_not_iso(written, "a date; give YYYY-MM-DD"))
        return _iso_moment(written, text).date()
    moment = _formatted(written, date_format, UTC, text)
    if moment != moment.replace(hour=0, minute=0, second=0, microsecond=0):
        raise _refused(text, "has a time of day where a date alone is asked")
    return moment.date()


def read_datetime(text: str, zone: tzinfo, date_format: str | None = None) -> datetime:
    """The moment that `text` is, in UTC, to the microsecond: ISO 8601, or as the `strptime` format says.

    Without a zone it is local time in `zone`, a date alone is midnight there. Of a local time that a clock
    change repeats the first is taken. Raises InvalidValue, also for a local time that a clock change skips.
    """
    written = cleaned(text)
    local = _iso_moment(written, text) if date_format is None else _formatted(written, date_format, zone, text)
    return in_utc(local, zone, text)


def in_utc(local: datetime, zone: tzinfo, text: str) -> datetime:
    """A time in UTC, local to `zone` if it has none; `text` is what it was read from, for messages.

    Of a local time that a clock change repeats the first is taken. Raises InvalidValue for one that is skipped.
    """
    if local.tzinfo is None:
        local = local.replace(tzinfo=zone)
    try:
        moment = local.astimezone(UTC)
        seen = moment.astimezone(local.tzinfo)
    except OverflowError as error:
        raise _refused(text, "lies outside the years that can be kept, 1583 to 9999") from error
    if seen.replace(tzinfo=None) != local.replace(tzinfo=None):
        raise _refused(text, f"does not exist in {zone}: a clock change skips it; give another time, or its zone")
    return moment


def looks_like_date(text: str) -> bool:
    """Whether `text` is a date in digits, yet not ISO, such as 03/04/2025 or 3.4.2025 10:15."""
    written = _CLOCK.sub("", cleaned(text))
    match = _NUMERIC_DATE.fullmatch(written)
    if match is None or _ISO_DATE.fullmatch(written):
        return False
    first, mark, _, last = match.groups()
    return (len(first), len(last)) in ((4, 1), (4, 2), (1, 4), (2, 4)) or (mark == "/" and len(first) <= 2 == len(last))


def fitting_date_formats(values: Iterable[str]) -> list[str]:
    """The formats, of day-month-year, month-day-year and year-month-day with / . or -, that `read_date` could
    read every value in; blank values do not count. Empty if none fits, or if there was no value.
    """
    fitting: set[str] | None = None
    for written in filter(None, map(cleaned, values)):
        fitting = _formats_of(written) if fitting is None else fitting & _formats_of(written)
        if not fitting:
            break
    return [date_format for date_format in _DATE_FORMATS if date_format in (fitting or ())]


def cleaned(text: str) -> str:
    """A text of digits and marks without what does not count: digits in ASCII, no bidi controls, no blanks around."""
    return without_bidi_controls(ascii_digits(text)).strip()


def _refused(text: str, why: str) -> InvalidValue:
    return InvalidValue(f"{shorten(text)} {why}", value=text)


def _is_number(text: str, decimal: str) -> bool:
    try:
        read_decimal(text, decimal)
    except InvalidValue:
        return False
    return True


def _why_no_number(written: str, decimal: str | None) -> str:
    if len(written) > MAX_NUMBER_LENGTH:
        return f"is too long for a number: at most {MAX_NUMBER_LENGTH} characters"
    if decimal is None and _NUMBER.fullmatch(written.translate(_SWAPPED_MARKS)):
        return "seems to have a decimal comma; write a dot, or declare it (--decimal ,)"
    return "is not a number; give digits with at most one decimal mark, no exponent and no unit"


def _other_calendar(written: str) -> str:
    """What to say of a date with a year between 1300 and 1499; empty for all else."""
    return _OTHER_CALENDAR if _YEAR_OF_OTHER_CALENDAR.search(written) else ""


def _why_not_iso(written: str, asked: str) -> str:
    if _other_calendar(written):
        return _OTHER_CALENDAR
    if looks_like_date(written):
        return (
            "can be read in several ways; write YYYY-MM-DD, or declare the order of day, month and year (--date-format)"
        )
    return f"is not {asked} or declare another form (--date-format)"


def _why_no_year(year: int) -> str | None:
    if 1300 <= year <= 1500:
        return _OTHER_CALENDAR
    return f"lies before {FIRST_YEAR}, the first year that can be kept" if year < FIRST_YEAR else None


def _checked_year(moment: datetime, text: str) -> datetime:
    why = _why_no_year(moment.year)
    if why:
        raise _refused(text, why)
    return moment


def _iso_moment(written: str, text: str) -> datetime:
    match = _ISO_MOMENT.fullmatch(written)
    if match is None:
        raise _refused(text, _why_not_iso(written, "a time; give YYYY-MM-DDTHH:MM:SS, to the microsecond at most,"))
    time, zone = match["time"] or "00:00", match["zone"] or ""
    try:
        moment = datetime.fromisoformat(f"{match['date']}T{time}{'+00:00' if zone in ('Z', 'z') else zone}")
    except ValueError as error:
        raise _refused(text, _other_calendar(written) or f"does not exist: {error}") from error
    return _checked_year(moment, text)


def _formatted(written: str, date_format: str, zone: tzinfo, text: str) -> datetime:
    _check_format(date_format)
    try:
        if "%z" in date_format:
            moment = datetime.strptime(written, date_format).astimezone(UTC)
        else:
            moment = datetime.strptime(written, date_format).replace(tzinfo=zone)
    except (ValueError, OverflowError) as error:
        otherwise = f"does not exist, or is not written as the format {shorten(date_format)} says"
        raise _refused(text, _other_calendar(written) or otherwise) from error
    return _checked_year(moment, text)


@lru_cache(maxsize=64)
def _check_format(date_format: str) -> None:
    """Refuse a format that would leave a part of the date to a default, to the locale or to a guess."""
    parts = set(re.findall("%(.)", date_format))
    has_day = "j" in parts or ("d" in parts and parts & set("mbB"))
    if not (parts & set("Yy") and has_day) or parts & set("cxXZ"):
        raise InvalidValue(
            f"{shorten(date_format)} is not a date format; it needs year, month and day, such as '%d/%m/%Y', "
            "and must not use %c, %x, %X or %Z",
            value=date_format,
        )


def _formats_of(written: str) -> set[str]:
    match = _NUMERIC_DATE.fullmatch(written)
    if match is None:
        return set()
    first, mark, middle, last = match.groups()
    if len(first) == 4 and len(last) <= 2:
        return {f"%Y{mark}%m{mark}%d"} if _is_day(first, middle, last) else set()
    if len(first) <= 2 and len(last) == 4:
        orders = ((f"%d{mark}%m{mark}%Y", middle, first), (f"%m{mark}%d{mark}%Y", first, middle))
        return {date_format for date_format, month, day in orders if _is_day(last, month, day)}
    return set()


def _is_day(year: str, month: str, day: str) -> bool:
    try:
        return _why_no_year(date(int(year), int(month), int(day)).year) is None
    except ValueError:
        return False
