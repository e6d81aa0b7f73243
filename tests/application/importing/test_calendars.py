"""Dates of the Jalali calendar: taken in where they are declared, refused where they are not."""

import datetime as dt
from typing import Any

import pytest

from crmcore.domain.errors import CrmError, ImportRefused
from tests.application.importing.desk import Desk, counts
from tests.cases import case_file

ESFAND, NOWRUZ = dt.date(2025, 3, 20), dt.date(2025, 3, 21)
PEOPLE = "name,birth_date,specimen.since_day\nA,1403/12/30,2025-01-02\nB,1404/07/31,2025-01-02\n"


def test_declared_dates_are_exact_and_days_that_are_none_cost_their_row(desk: Desk) -> None:
    """CSV-22: 1403/12/30 would be the year 1403, or the 30th of Esfand be a day in a year that has none."""
    content = "name,birth_date\nA,1403/12/30\nB,۱۴۰۴/۰۱/۰۱\nC,1404/12/30\nD,1404/07/31\n"
    report = desk.take(content, calendar="jalali")
    assert counts(report) == (4, 2, 0, 0, 2)
    assert [(r.line, r.column, r.value) for r in report.rejects] == [
        (4, "birth_date", "1404/12/30"),
        (5, "birth_date", "1404/07/31"),
    ]
    assert "no leap year" in report.rejects[0].reason
    assert [each.birth_date for each in desk.all()] == [ESFAND, NOWRUZ]


def test_the_shared_case(in_memory: Desk) -> None:
    """CSV-22, with its own file: undeclared, the year 1403 would be stored."""
    path = case_file("csv/csv22_jalali.csv")
    header = path.read_text(encoding="utf-8").splitlines()[0].split(",")
    map = "[columns]\n" + "".join(
        f'{column} = {{ field = "birth_date", calendar = "jalali" }}\n' for column in header if "birth" in column
    )
    report = in_memory.take(path, map=map, ignore_unknown=True)
    assert {each.birth_date for each in in_memory.all()} == {ESFAND, NOWRUZ}
    assert {r.value for r in report.rejects} == {"1404/12/30", "1404/07/31"}
    with pytest.raises(ImportRefused, match="--calendar jalali"):
        in_memory.take(path, map=map.replace(', calendar = "jalali"', ""), ignore_unknown=True)


def test_a_map_declares_it_for_its_column_alone(in_memory: Desk) -> None:
    """A file with both calendars could not be imported, or one would be taken for the other."""
    rule = '[columns]\nbirth_date = { field = "birth_date", calendar = "jalali" }\n'
    assert in_memory.take(PEOPLE, map=rule).created == 1
    assert in_memory.all()[0].birth_date == ESFAND
    other = '[columns]\n"specimen.since_day" = { field = "specimen.since_day", calendar = "gregorian" }\n'
    assert in_memory.take(PEOPLE.replace("A,", "C,"), map=other, calendar="jalali").created == 1
    report = in_memory.take(PEOPLE.replace("A,", "E,"), calendar="jalali")
    assert (report.created, "is it a Gregorian one" in report.rejects[0].reason) == (0, True)


def test_times_and_formats_of_that_calendar(in_memory: Desk) -> None:
    """A call's time of day would be lost, or the order of a date be guessed."""
    report = in_memory.take("at,channel\n30.12.1403 10:00,phone\n", "interaction", calendar="jalali")
    assert (report.created, report.rejected) == (0, 1)
    form = "%d.%m.%Y %H:%M"
    in_memory.take("at,channel\n30.12.1403 10:00,phone\n", "interaction", calendar="jalali", date_format=form)
    assert [each.at for each in in_memory.all("interaction")] == [dt.datetime(2025, 3, 20, 9, tzinfo=dt.UTC)]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"calendar": "hijri"}, "gregorian, jalali"),
        ({"calendar": "jalali", "date_format": "%d/%m"}, "no format of Jalali dates"),
        ({"map": '[columns]\nname = { field = "name", calendar = "jalali" }\n'}, "no date"),
        ({"map": '[columns]\nname = { field = "name", calendar = "lunar" }\n'}, "gregorian, jalali"),
    ],
)
def test_what_cannot_be_obeyed_is_refused(in_memory: Desk, options: dict[str, Any], message: str) -> None:
    """An option would seem to be obeyed."""
    with pytest.raises(CrmError, match=message):
        in_memory.take(PEOPLE, **options)
