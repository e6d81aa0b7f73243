"""The Jalali calendar: every date is the one that the reference table has, and no day that is none is taken."""

import datetime as dt
import json
from typing import Any

import pytest

from crmcore.domain.errors import InvalidValue
from crmcore.domain.jalali import gregorian, is_leap, read_jalali_date, read_jalali_datetime
from tests.cases import case_file

TEHRAN = dt.timezone(dt.timedelta(hours=3, minutes=30))


def table() -> dict[str, Any]:
    """The reference table, of another implementation."""
    found: dict[str, Any] = json.loads(case_file("tools/jalali_table.json").read_text(encoding="utf-8"))
    return found


def test_dates_are_those_of_the_reference_table() -> None:
    """A birthday would be a day off, in some years."""
    given = table()
    assert len(given["valid"]) > 300
    wrong = [(jalali, day) for jalali, day in given["valid"] if read_jalali_date(jalali).isoformat() != day]
    assert wrong == []
    assert [year for year in range(1300, 1500) if is_leap(year)] == given["leap_years"]


def test_days_that_are_none_are_refused() -> None:
    """CSV-22: the 30th of Esfand would become the first day of the next year."""
    for day in table()["invalid"]:
        with pytest.raises(InvalidValue, match="does not exist in the Jalali calendar"):
            read_jalali_date(str(day))


def test_every_day_follows_the_day_before() -> None:
    """A day would be left out, or two days be one, at the end of some month or year."""
    expected = gregorian(962, 1, 1)
    for year in range(962, 1501):
        for month in range(1, 13):
            for day in range(1, (31 if month < 7 else 30 if month < 12 or is_leap(year) else 29) + 1):
                assert gregorian(year, month, day) == expected
                expected += dt.timedelta(1)


@pytest.mark.parametrize(
    "text", ["1403/12/30", "1403-12-30", "1403.12.30", "۱۴۰۳/۱۲/۳۰", " \u200f١٤٠٣/١٢/٣٠ ", "1403/12/30 00:00"]
)
def test_dates_are_read_as_people_write_them(text: str) -> None:
    """CSV-22: dates in Persian digits, or parted by another mark, would be refused."""
    assert read_jalali_date(text) == dt.date(2025, 3, 20)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2025-03-20", "is it a Gregorian one"),
        ("0403/12/30", "is it a Gregorian one"),
        ("03/12/30", "as 1403/12/30"),
        ("30/12/1403", "as 1403/12/30"),
        ("1403/12-30", "as 1403/12/30"),
        ("1403/12/30 10:15", "time of day"),
        ("1403/12/30 25:15", "does not exist"),
        ("", "no Jalali date"),
    ],
)
def test_what_is_no_jalali_date_is_refused(text: str, message: str) -> None:
    """A Gregorian date in the column would be stored as one of the 27th century."""
    with pytest.raises(InvalidValue, match=message):
        read_jalali_date(text)


def test_times_are_local() -> None:
    """A call at ten in Tehran would be at ten in Greenwich."""
    for text, hour in (
        ("1404/01/01 10:00", 6),
        ("۱۴۰۴/۱/۱ ۱۰:۰۰:۰۵", 6),
        ("1404-01-01T10:00:05", 6),
        ("1404/01/02", 20),
    ):
        found = read_jalali_datetime(text, TEHRAN)
        assert (found.tzinfo, found.date(), found.hour, found.minute) == (dt.UTC, dt.date(2025, 3, 21), hour, 30)


def test_a_format_orders_the_parts() -> None:
    """Files with the day first could not be imported, or a format without a year would make one up."""
    assert read_jalali_date("30/12/1403", "%d/%m/%Y") == dt.date(2025, 3, 20)
    assert read_jalali_datetime("1403.12.30 (08:15)", dt.UTC, "%Y.%m.%d (%H:%M)").hour == 8
    for form in ("%d/%m", "%y/%m/%d", "%Y/%m/%d %Z", "%Y/%Y/%m/%d"):
        with pytest.raises(InvalidValue, match="is no format of Jalali dates"):
            read_jalali_date("1403/12/30", form)
    with pytest.raises(InvalidValue, match="is not written as the format '%d/%m/%Y' says"):
        read_jalali_date("1403/12/30", "%d/%m/%Y")
