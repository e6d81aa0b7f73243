"""Dates and numbers that could mean two things: the file is refused and says what would settle it."""

import datetime as dt
from decimal import Decimal

import pytest

from crmcore.domain.errors import ImportRefused
from tests.application.importing.desk import Desk, counts

BIRTHDAYS = "name,birthday\nA,2025-04-03\nB,{}\nC,{}\n"


@pytest.mark.parametrize(
    ("first", "second", "formats"),
    [
        ("03/04/2025", "05/06/2025", ["%d/%m/%Y", "%m/%d/%Y"]),
        ("03/04/2025", "31/12/2024", ["%d/%m/%Y"]),
        ("03.04.2025", "12.31.2024", ["%m.%d.%Y"]),
        ("31/12/2024", "12/31/2024", []),
        ("1403/12/30", "۱۴۰۴/۰۱/۰۱", []),
    ],
)
def test_dates_in_doubt_refuse_the_file(desk: Desk, first: str, second: str, formats: list[str]) -> None:
    """Half of the birthdays would be in another month, row by row."""
    with pytest.raises(ImportRefused, match="column 'birthday', line 3") as refused:
        desk.take(BIRTHDAYS.format(first, second))
    assert refused.value.details == {"column": "birthday", "line": 3, "value": first, "formats": formats}
    assert all(f"--date-format '{each}'" in refused.value.message for each in formats)
    assert desk.all() == []


def test_the_value_that_fits_no_format_of_the_others_is_named(in_memory: Desk) -> None:
    """One day that does not exist would have to be looked for by hand among all the good ones."""
    with pytest.raises(ImportRefused, match=r"line 3: '03\.08\.2026' .* fits all values up to line 4: '31\.02\.2026'"):
        in_memory.take(BIRTHDAYS.format("03.08.2026", "31.02.2026"))


def test_a_date_of_another_calendar_is_named(in_memory: Desk) -> None:
    """A Jalali year would be stored as the year 1403, or the user be left without a word of help."""
    with pytest.raises(ImportRefused, match="--calendar jalali"):
        in_memory.take(BIRTHDAYS.format("1403/12/30", "1404/01/01"))


def test_a_declared_format_settles_it_and_misfits_are_refused_singly(desk: Desk) -> None:
    """The file could not be imported at all, or a date that is none would be stored."""
    report = desk.take(BIRTHDAYS.format("03/04/2025", "12/31/2024"), date_format="%d/%m/%Y")
    assert counts(report) == (3, 1, 0, 0, 2)
    assert [(r.line, r.value) for r in report.rejects] == [(2, "2025-04-03"), (4, "12/31/2024")]
    assert [each.birth_date for each in desk.all()] == [dt.date(2025, 4, 3)]


def test_a_map_settles_its_own_column_alone(in_memory: Desk) -> None:
    """A format for one column would be taken for another."""
    rule = '[columns]\nbirthday = { field = "birth_date", date_format = "%d/%m/%Y" }\n'
    assert in_memory.take("name,birthday\nA,03/04/2025\n", map=rule).created == 1
    assert in_memory.all()[0].birth_date == dt.date(2025, 4, 3)
    with pytest.raises(ImportRefused, match=r"column 'specimen\.since_day'"):
        in_memory.take("name,birthday,specimen.since_day\nA,03/04/2025,01/02/2024\n", map=rule)


def test_times_are_in_doubt_as_well_and_words_are_not(in_memory: Desk) -> None:
    """The time of day would hide that the day is in doubt; a date in words would refuse the whole file."""
    with pytest.raises(ImportRefused, match="column 'at', line 2"):
        in_memory.take("at,channel\n12/1/2010 8:26,phone\n", "interaction")
    report = in_memory.take("at,channel\n1 Dec 2010,phone\n2010-12-01 08:26,phone\n", "interaction")
    assert counts(report) == (2, 1, 0, 0, 1)
    assert in_memory.all("interaction")[0].at == dt.datetime(2010, 12, 1, 7, 26, tzinfo=dt.UTC)  # Berlin is at +1


@pytest.mark.parametrize(
    ("first", "second", "decimals"),
    [
        ("1.234,56", "12,00", [","]),
        ("1,234", "12.5", [".", ","]),
        ("1,234", "1.234,56", [","]),
        ("1,5", "1,234.5", [","]),
    ],
)
def test_numbers_in_doubt_refuse_the_file(desk: Desk, first: str, second: str, decimals: list[str]) -> None:
    """1.234,56 would be 1.23456 or 123456, and 1,234 would be one thing in this row and another in that."""
    with pytest.raises(ImportRefused, match="column 'price', line 2") as refused:
        desk.take(f"name;price\nTea;{first}\nRice;{second}\n", "product")
    assert refused.value.details == {"column": "price", "line": 2, "value": first, "decimals": decimals}
    assert desk.all("product") == []


def test_a_declared_decimal_mark_settles_it(desk: Desk) -> None:
    """Amounts would be off by powers of ten."""
    desk.take("name;price\nTea;1.234,56\nRice;12,00 USD\n", "product", decimal=",")
    assert [(p.price.amount, p.price.currency) for p in desk.all("product")] == [
        (Decimal("1234.56"), "EUR"),
        (Decimal("12.00"), "USD"),
    ]


def test_groups_with_a_point_are_in_no_doubt(in_memory: Desk) -> None:
    """A file that can be read in one way only would be refused all the same."""
    in_memory.take('name,price\nTea,"1,234.56"\nRice,-3\n', "product")
    assert [p.price.amount for p in in_memory.all("product")] == [Decimal("1234.56"), Decimal(-3)]
