"""Reading what people write: exact or refused, never guessed. Long because tables hold what is refused."""

import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.domain.errors import InvalidValue
from crmcore.domain.reading import (
    fitting_date_formats,
    fitting_decimals,
    looks_like_date,
    read_boolean,
    read_date,
    read_datetime,
    read_decimal,
    read_integer,
    shorten,
)

BERLIN = ZoneInfo("Europe/Berlin")
CAIRO = ZoneInfo("Africa/Cairo")
TEHRAN = ZoneInfo("Asia/Tehran")
DATES = st.dates(date(1583, 1, 1))
FIXED_DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**20), max_value=10**20)


@pytest.mark.parametrize(
    ("text", "decimal", "number"),
    [
        ("1234.56", None, "1234.56"),
        (" -5 ", None, "-5"),
        ("+5", None, "5"),
        ("\u22125", None, "-5"),  # a true minus sign
        ("\u200e-5\u200f", None, "-5"),
        (".5", None, "0.5"),
        ("007", None, "7"),
        ("1,234.56", None, "1234.56"),
        ("1,234,567", None, "1234567"),
        ("1,234", ".", "1234"),
        ("1,234", ",", "1.234"),
        ("1.234,56", ",", "1234.56"),
        ("1.234", ",", "1234"),
        ("12,00", ",", "12.00"),
        ("12345.67", None, "12345.67"),  # CSV-19, three times
        ("۱۲۳۴۵٫۶۷", None, "12345.67"),
        ("١٢٬٣٤٥٫٦٧", None, "12345.67"),
        ("١٢٬٣٤٥٫٦٧", ",", "12345.67"),
        ("١٬٢٣٤", None, "1234"),  # this mark parts groups and nothing else
        ("0.10", None, "0.10"),
    ],
)
def test_read_decimal(text: str, decimal: str | None, number: str) -> None:
    """Otherwise an amount is refused that can be read in one way only, or is read as another."""
    assert str(read_decimal(text, decimal)) == number


@pytest.mark.parametrize(
    ("text", "decimal", "reason"),
    [
        ("", None, "not a number"),
        ("-", None, "not a number"),
        ("NaN", None, "not a number"),
        ("Infinity", None, "not a number"),
        ("-Infinity", None, "not a number"),
        ("1e309", None, "not a number"),
        ("1E3", None, "not a number"),
        ("1_000", None, "not a number"),
        ("0x10", None, "not a number"),
        ("5.", None, "not a number"),
        ("1 000", None, "not a number"),
        ("12 EUR", None, "not a number"),
        ("--5", None, "not a number"),
        ("1.2.3", None, "not a number"),
        ("②", None, "not a number"),
        ("1,23,456.5", None, "not a number"),  # not in threes
        ("1234,567.5", None, "not a number"),
        ("0,123.5", None, "not a number"),
        ("12.34", ",", "not a number"),
        ("12,34", ".", "not a number"),
        ("1,234", None, "two ways"),
        ("0,123", None, "decimal comma"),
        ("1.234,56", None, "decimal comma"),
        ("12,5", None, "decimal comma"),
        ("1" * 65, None, "too long"),
        ("1", ";", "not a decimal mark"),
    ],
)
def test_numbers_that_are_refused(text: str, decimal: str | None, reason: str) -> None:
    """CSV-17, CSV-24: otherwise 1.234,56 becomes 1.23456 or 123456, or a word becomes a number."""
    with pytest.raises(InvalidValue, match=reason):
        read_decimal(text, decimal)


@given(FIXED_DECIMALS)
def test_numbers_come_back(number: Decimal) -> None:
    """Otherwise an export that is imported again changes numbers."""
    assert read_decimal(f"{number:f}") == number
    assert read_decimal(f"{number:,f}", ".") == number
    assert read_decimal(f"{number:f}".replace(".", ","), ",") == number


@given(st.text())
def test_any_text_is_a_number_or_refused(text: str) -> None:
    """Otherwise a strange value ends an import instead of being reported."""
    for decimal in (None, ".", ","):
        try:
            number = read_decimal(text, decimal)
        except InvalidValue as refusal:
            assert refusal.details["value"] == text
        else:
            assert number.is_finite()


@pytest.mark.parametrize(("text", "number"), [("12", 12), ("-۱۲", -12), ("1,234,567", 1234567), ("9" * 64, 10**64 - 1)])
def test_read_integer(text: str, number: int) -> None:
    """Otherwise a whole number is refused or read as another."""
    assert read_integer(text) == number


@pytest.mark.parametrize("text", ["", "1.5", "5.0", "1.000", "1,234", "1e3", "true"])
def test_integers_that_are_refused(text: str) -> None:
    """Otherwise a fraction is cut off, or the 1.000 of a German file becomes 1."""
    with pytest.raises(InvalidValue):
        read_integer(text)


@pytest.mark.parametrize(
    ("values", "marks"),
    [
        (["1.234,56", "12,00"], [","]),
        (["1,234.56", "12"], ["."]),
        (["1,234", "12"], [".", ","]),
        (["1.5", "1,5"], []),
        (["12,5", "", " "], [","]),
        ([], [".", ","]),
    ],
)
def test_fitting_decimals(values: list[str], marks: list[str]) -> None:
    """CSV-17: otherwise a column is read with a mark that its other rows contradict."""
    assert fitting_decimals(values) == marks


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("YES", True), (" 1 ", True), ("۱", True), ("False", False), ("no", False), ("0", False)],
)
def test_read_boolean(text: str, value: bool) -> None:
    """Otherwise a yes is refused or turned into a no."""
    assert read_boolean(text) is value


@pytest.mark.parametrize("text", ["", "2", "y", "n", "t", "on", "off", "x", "نعم", "None", "00"])
def test_booleans_that_are_refused(text: str) -> None:
    """Otherwise a value that means something else becomes a yes or a no."""
    with pytest.raises(InvalidValue, match="neither yes nor no"):
        read_boolean(text)


@given(DATES)
def test_dates_come_back(day: date) -> None:
    """Otherwise an export that is imported again changes dates."""
    if not 1300 <= day.year <= 1500:
        assert read_date(day.isoformat()) == day
        assert read_date(f"{day:%d/%m/%Y}", "%d/%m/%Y") == day


@pytest.mark.parametrize(
    ("text", "date_format", "day"),
    [
        (" 2025-03-21 ", None, date(2025, 3, 21)),
        ("۲۰۲۵-۰۳-۲۱", None, date(2025, 3, 21)),
        ("3/4/2025", "%d/%m/%Y", date(2025, 4, 3)),
        ("3/4/2025", "%m/%d/%Y", date(2025, 3, 4)),
        ("2025060", "%Y%j", date(2025, 3, 1)),
        ("21.03.2025 00:00", "%d.%m.%Y %H:%M", date(2025, 3, 21)),
    ],
)
def test_read_date(text: str, date_format: str | None, day: date) -> None:
    """Otherwise a date is refused or read as another day."""
    assert read_date(text, date_format) == day


@pytest.mark.parametrize(
    ("text", "date_format", "reason"),
    [
        ("", None, "not a date"),
        ("tomorrow", None, "not a date"),
        ("20250321", None, "not a date"),
        ("2025-W12-5", None, "not a date"),
        ("2025-03-21T10:00:00", None, "not a date"),
        ("03/04/2025", None, "several ways"),
        ("2025-3-1", None, "several ways"),
        ("2025-02-29", None, "does not exist"),
        ("2025-13-01", None, "does not exist"),
        ("0999-01-01", None, "before 1583"),
        ("31/12/2024", "%m/%d/%Y", "not written as the format"),
        ("2025-03-21", "%d/%m/%Y", "not written as the format"),
        ("21.03.2025 10:00", "%d.%m.%Y %H:%M", "time of day"),
    ],
)
def test_dates_that_are_refused(text: str, date_format: str | None, reason: str) -> None:
    """CSV-21: otherwise the order of day and month is guessed, row by row."""
    with pytest.raises(InvalidValue, match=reason):
        read_date(text, date_format)


@pytest.mark.parametrize(
    ("text", "date_format"),
    [
        ("1403/12/30", None),
        ("۱۴۰۴/۰۱/۰۱", None),
        ("1403-12-30", None),
        ("1404-02-31", None),  # a day that the Gregorian calendar lacks
        ("1404/02/31", "%Y/%m/%d"),
        ("1403/12/30", "%Y/%m/%d"),
        ("30.12.1403", "%d.%m.%Y"),
    ],
)
def test_csv_22_jalali_dates_are_refused_with_a_hint(text: str, date_format: str | None) -> None:
    """CSV-22: otherwise somebody is born in the Middle Ages."""
    with pytest.raises(InvalidValue, match="Solar Hijri"):
        read_date(text, date_format)
    with pytest.raises(InvalidValue, match="Solar Hijri"):
        read_datetime(text, UTC, date_format)


@pytest.mark.parametrize("date_format", ["", "%d/%m", "%Y", "%m/%Y", "%x", "%Y-%m-%d %Z", "d/m/y", "%Y-%d"])
def test_formats_that_are_refused(date_format: str) -> None:
    """Otherwise a format without a year gives every date the year 1900."""
    with pytest.raises(InvalidValue, match="not a date format"):
        read_date("2025", date_format)
    with pytest.raises(InvalidValue, match="not a date format"):
        read_datetime("2025", UTC, date_format)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2025-07-01T10:00:00Z", datetime(2025, 7, 1, 10, tzinfo=UTC)),
        ("2025-07-01t10:00z", datetime(2025, 7, 1, 10, tzinfo=UTC)),
        ("2025-07-01 10:00:00 +02:00", datetime(2025, 7, 1, 8, tzinfo=UTC)),
        ("2025-07-01T10:00-0330", datetime(2025, 7, 1, 13, 30, tzinfo=UTC)),
        ("2025-07-01T10:00+02", datetime(2025, 7, 1, 8, tzinfo=UTC)),
        ("2025-07-01 10:00", datetime(2025, 7, 1, 8, tzinfo=UTC)),  # Berlin, from here on
        ("2025-01-01 10:00:00.123456", datetime(2025, 1, 1, 9, 0, 0, 123456, tzinfo=UTC)),
        ("2025-01-01 10:00:00,5", datetime(2025, 1, 1, 9, 0, 0, 500000, tzinfo=UTC)),
        ("2025-01-01 10:00:00.1234560000", datetime(2025, 1, 1, 9, 0, 0, 123456, tzinfo=UTC)),
        ("2025-07-01", datetime(2025, 6, 30, 22, tzinfo=UTC)),  # its midnight there
        ("۲۰۲۵-۰۷-۰۱ ۱۰:۰۰", datetime(2025, 7, 1, 8, tzinfo=UTC)),
        ("2025-10-26 02:30", datetime(2025, 10, 26, 0, 30, tzinfo=UTC)),  # repeated: the first
        ("2025-10-26 02:30+01:00", datetime(2025, 10, 26, 1, 30, tzinfo=UTC)),  # the second
    ],
)
def test_read_datetime(text: str, moment: datetime) -> None:
    """TIM-01: otherwise something happened at another time than was written."""
    found = read_datetime(text, BERLIN)
    assert found == moment
    assert found.tzinfo is UTC


def test_read_datetime_with_a_format() -> None:
    """Otherwise the zone of the value, or that of the file, is ignored."""
    assert read_datetime("1/7/2025 10:00", BERLIN, "%d/%m/%Y %H:%M") == datetime(2025, 7, 1, 8, tzinfo=UTC)
    assert read_datetime("1/7/2025", BERLIN, "%d/%m/%Y") == datetime(2025, 6, 30, 22, tzinfo=UTC)
    with_zone = read_datetime("1/7/2025 10:00 +0330", BERLIN, "%d/%m/%Y %H:%M %z")
    assert with_zone == datetime(2025, 7, 1, 6, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "zone", "date_format"),
    [
        ("2025-03-30 02:30", BERLIN, None),
        ("30.03.2025 02:30", BERLIN, "%d.%m.%Y %H:%M"),
        ("2024-04-26", CAIRO, None),  # that day began at one o'clock
    ],
)
def test_times_that_a_clock_change_skips_are_refused(text: str, zone: ZoneInfo, date_format: str | None) -> None:
    """Otherwise a time that no clock has shown is moved in silence."""
    with pytest.raises(InvalidValue, match="a clock change skips it"):
        read_datetime(text, zone, date_format)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not a time"),
        ("10:00", "not a time"),
        ("20250701T100000", "not a time"),
        ("2025-07-01T10", "not a time"),
        ("2025-07-01T10:00:00.1234567", "not a time"),  # finer than a microsecond
        ("2025-07-01T10:00 CET", "not a time"),
        ("01/07/2025 10:00", "several ways"),
        ("2025-07-01T24:00", "does not exist"),
        ("2025-07-01T10:00:60", "does not exist"),
        ("2025-07-01T10:00+24:00", "does not exist"),
        ("1500-13-01", "Solar Hijri|does not exist"),
        ("9999-12-31T23:59-10:00", "outside the years"),
        ("1066-10-14", "before 1583"),
    ],
)
def test_times_that_are_refused(text: str, reason: str) -> None:
    """Otherwise a time is completed, rounded or moved to one that was not written."""
    with pytest.raises(InvalidValue, match=reason):
        read_datetime(text, UTC)


@given(
    st.datetimes(datetime(1600, 1, 1), datetime(9999, 1, 1)),
    st.sampled_from([UTC, BERLIN, TEHRAN, timezone(timedelta(hours=-9, minutes=-30))]),
)
def test_times_come_back(written: datetime, zone: ZoneInfo) -> None:
    """Otherwise a local time, written with or without its offset, is read as another or loses microseconds."""
    moment = written.replace(tzinfo=UTC)
    local = moment.astimezone(zone)
    assert read_datetime(moment.isoformat(), zone) == moment
    if local.utcoffset() == local.replace(fold=0).utcoffset():
        assert read_datetime(local.replace(tzinfo=None).isoformat(" "), zone) == moment


@pytest.mark.parametrize(
    "text",
    ["03/04/2025", "3.4.2025", "03-04-2025", "2025/04/03", "2025-4-3", "۰۳/۰۴/۲۰۲۵", "3/4/25", "03/04/2025 10:15"],
)
def test_looks_like_date(text: str) -> None:
    """CSV-21: otherwise nobody is asked for the order of day and month."""
    assert looks_like_date(text)


@pytest.mark.parametrize(
    "text", ["2025-04-03", "2025-04-03 10:15", "1.2.3", "10.0.0.1", "3/4", "3.4.25", "03/04-2025", "abc", "", "123/4/5"]
)
def test_does_not_look_like_date(text: str) -> None:
    """Otherwise a version number or an ISO date is taken for a date of unknown order."""
    assert not looks_like_date(text)


@pytest.mark.parametrize(
    ("values", "formats"),
    [
        (["03/04/2025"], ["%d/%m/%Y", "%m/%d/%Y"]),
        (["03/04/2025", "31/12/2024"], ["%d/%m/%Y"]),
        (["03/04/2025", "12/31/2024"], ["%m/%d/%Y"]),
        (["03/04/2025", "31/12/2024", "12/31/2024"], []),  # CSV-21
        (["2025/4/3", "", " "], ["%Y/%m/%d"]),
        (["3.4.2025", "13.4.2025"], ["%d.%m.%Y"]),
        (["3-4-2025", "4-13-2025"], ["%m-%d-%Y"]),
        (["2025-04-03"], ["%Y-%m-%d"]),
        (["3/4/2025", "3.4.2025"], []),
        (["1403/12/30"], []),  # a Jalali year
        (["3/4/25"], []),
        (["30/02/2025"], []),
        (["x"], []),
        ([""], []),
    ],
)
def test_fitting_date_formats(values: list[str], formats: list[str]) -> None:
    """CSV-21: otherwise a column is read in an order that some of its rows contradict."""
    assert fitting_date_formats(iter(values)) == formats


@given(st.lists(st.from_regex(r"[0-9]{1,4}[/.-][0-9]{1,2}[/.-][0-9]{1,4}", fullmatch=True), min_size=1, max_size=3))
def test_fitting_formats_are_those_that_can_be_read(values: list[str]) -> None:
    """Otherwise a format is proposed that refuses rows, or the right one is not proposed."""
    every = [re.sub("[/]", mark, order) for mark in "/.-" for order in ("%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d")]
    assert fitting_date_formats(values) == [found for found in every if all(_reads(value, found) for value in values)]


def _reads(text: str, date_format: str) -> bool:
    try:
        read_date(text, date_format)
    except InvalidValue:
        return False
    return True


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("abc", "'abc'"),
        ("x" * 100, f"'{'x' * 57}…'"),
        ("a\u202eb\n", "'a\\u202eb\\n'"),
        ("می\u200cخواهم", "'می\u200cخواهم'"),
        (None, "None"),
        (Decimal("1.5"), "Decimal('1.5')"),
    ],
)
def test_shorten(value: object, shown: str) -> None:
    """Otherwise a message is drowned, turned round or ended by the value that it is about."""
    assert shorten(value) == shown


@given(st.text())
def test_shortened_values_fit(text: str) -> None:
    """Otherwise a message is longer than a line."""
    assert len(shorten(text, 20)) <= 20
