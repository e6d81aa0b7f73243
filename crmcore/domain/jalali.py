"""The Solar Hijri (Jalali) calendar of Iran and Afghanistan: its dates as Gregorian ones.

The rule of leap years is that of Borkowski, "The Persian calendar for 3000 years" (1996): cycles of 33 years, each with
eight leap years, between the years at which the astronomical calendar breaks them.
"""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache
from typing import Final

from crmcore.domain.errors import InvalidValue
from crmcore.domain.reading import cleaned, in_utc, shorten

__all__ = ["check_jalali_format", "gregorian", "is_leap", "read_jalali_date", "read_jalali_datetime"]

FIRST_YEAR: Final = 962
"""The first whole year after 1583 of the Gregorian calendar, as in `domain.reading`."""
LAST_YEAR: Final = 1500
"""AD 2121. A later year is that of a Gregorian date; read as Jalali it would lie in the 27th century."""

_BREAKS: Final = (-61, 9, 38, 199, 426, 686, 756, 818, 1111, 1181, 1210, 1635, 2060)
_PLAIN: Final = re.compile(
    r"(?P<Y>[0-9]{4})(?P<mark>[/.-])(?P<m>[0-9]{1,2})(?P=mark)(?P<d>[0-9]{1,2})"
    r"(?:[T ]+(?P<H>[0-9]{1,2}):(?P<M>[0-9]{2})(?::(?P<S>[0-9]{2}))?)?"
)
_DIRECTIVES: Final = {"Y": "[0-9]{4}", **dict.fromkeys("mdHMS", "[0-9]{1,2}")}


def is_leap(year: int) -> bool:
    """Whether a Jalali year has 366 days; `InvalidValue` outside 1 to 2059."""
    return _year(year)[0]


def gregorian(year: int, month: int, day: int) -> dt.date:
    """The Gregorian date of a Jalali one; `InvalidValue` if there is no such day, or no such year in 1 to 2059."""
    leap, new_year = _year(year)
    if not 1 <= month <= 12:
        raise InvalidValue(f"there is no month {month}", value=month)
    length = 31 if month <= 6 else 30 if month < 12 or leap else 29
    if not 1 <= day <= length:
        short = f"; {year} is no leap year" if (month, day) == (12, 30) else ""
        raise InvalidValue(f"month {month} of {year} has {length} days{short}", value=day)
    return new_year + dt.timedelta(31 * min(month - 1, 6) + 30 * max(month - 7, 0) + day - 1)


def read_jalali_date(text: str, date_format: str | None = None) -> dt.date:
    """The date that `text` is in the Jalali calendar: year, month and day parted by / - or ., or as `date_format` says.

    A format has %Y, %m and %d, for times %H, %M and %S as well. Raises `InvalidValue`, also for odd years.
    """
    moment = _moment(text, date_format)
    if moment.time() != dt.time():
        raise _refused(text, "has a time of day where a date alone is asked")
    return moment.date()


def read_jalali_datetime(text: str, zone: dt.tzinfo, date_format: str | None = None) -> dt.datetime:
    """The moment that `text` is, in UTC: a Jalali date as in `read_jalali_date` and a time of day, local to `zone`."""
    return in_utc(_moment(text, date_format), zone, text)


def check_jalali_format(date_format: str | None) -> None:
    """`InvalidValue` for a format that says not all of a Jalali date, or something else."""
    _pattern(date_format)


@lru_cache(maxsize=512)
def _year(year: int) -> tuple[bool, dt.date]:
    """Whether a year is leap, and the Gregorian date of its first day."""
    if not 1 <= year < _BREAKS[-1]:
        raise InvalidValue(f"the year {year} lies outside 1 to {_BREAKS[-1] - 1}", value=year)
    leaps, start = -14, _BREAKS[0]
    for end in _BREAKS[1:]:
        span = end - start
        if year < end:
            break
        leaps += span // 33 * 8 + span % 33 // 4
        start = end
    past = year - start
    leaps += past // 33 * 8 + (past % 33 + 3) // 4
    if span % 33 == 4 and span - past == 4:
        leaps += 1
    of_gregorian = (year + 621) // 4 - ((year + 621) // 100 + 1) * 3 // 4 - 150
    if span - past < 6:
        past = past - span + (span + 4) // 33 * 33
    leap = ((past + 1) % 33 - 1) % 4 == 0
    return leap, dt.date(year + 621, 3, 20 + leaps - of_gregorian)


def _moment(text: str, date_format: str | None) -> dt.datetime:
    match = _pattern(date_format).fullmatch(cleaned(text))
    if match is None:
        asked = f"as the format {shorten(date_format)} says" if date_format else "as 1403/12/30"
        raise _refused(text, f"is no Jalali date, or is not written {asked}")
    year, month, day, hour, minute, second = (int(match.groupdict().get(part) or 0) for part in "YmdHMS")
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise _refused(text, f"is no Jalali date of the years {FIRST_YEAR} to {LAST_YEAR}; is it a Gregorian one?")
    try:
        return dt.datetime.combine(gregorian(year, month, day), dt.time(hour, minute, second))
    except ValueError as error:  # InvalidValue is one
        raise _refused(text, f"does not exist in the Jalali calendar: {error}") from None


@lru_cache(maxsize=64)
def _pattern(date_format: str | None) -> re.Pattern[str]:
    """What matches texts of a format; `InvalidValue` for a format that leaves a part of the date open."""
    if date_format is None:
        return _PLAIN
    pieces = re.split("%(.)", date_format)
    named = pieces[1::2]
    if not {"Y", "m", "d"} <= set(named) or set(named) - _DIRECTIVES.keys() or len(set(named)) < len(named):
        raise InvalidValue(
            f"{shorten(date_format)} is no format of Jalali dates; it needs %Y, %m and %d, and may have %H, %M and %S",
            value=date_format,
        )
    found = [f"(?P<{p}>{_DIRECTIVES[p]})" if at % 2 else re.escape(p) for at, p in enumerate(pieces)]
    return re.compile("".join(found))


def _refused(text: str, why: str) -> InvalidValue:
    return InvalidValue(f"{shorten(text)} {why}", value=text)
