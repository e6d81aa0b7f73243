"""Workbooks taken in: typed cells mean what they are, whatever is declared about texts."""

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from crmcore.domain.errors import ImportRefused
from tests.adapters.files.workbooks import one_sheet, workbook
from tests.application.importing.desk import Desk, counts, phones


def test_typed_cells_fit_fields_of_every_kind(desk: Desk, tmp_path: Path) -> None:
    """A telephone number that is a number there would be refused, a date be a number, a name of digits no name."""
    header = ["external_id", "name", "phone", "birth_date", "archived", "tags", "specimen.points", "specimen.motto"]
    born = dt.datetime(1984, 3, 2)
    rows = [[7, 1984, 2155550101, born, True, 2025, 3.0, 0.5], [8, "Omar", "0021", "1990-11-20", 0, "a;b", "4", False]]
    report = desk.take(one_sheet(tmp_path / "in.xlsx", header, *rows))
    assert (counts(report), report.rejects) == ((2, 2, 0, 0, 0), ())
    first, second = desk.all(with_=[facet.cls for facet in desk.crm.catalogue.facets["customer"]])
    assert (first.external_id, first.name, phones(first), first.archived) == ("7", "1984", ["2155550101"], True)
    assert (first.birth_date, first.tags) == (dt.date(1984, 3, 2), {"2025"})
    assert [(f.points, f.motto) for f in first.facets.values()] == [(3, "0.5")]
    assert (second.birth_date, second.archived, second.tags) == (dt.date(1990, 11, 20), False, {"a", "b"})


def test_what_is_declared_about_texts_holds_for_texts_alone(in_memory: Desk, tmp_path: Path) -> None:
    """1.234 would be 1234 where the comma is declared, and a date be refused for its format."""
    path = one_sheet(tmp_path / "in.xlsx", ["name", "price"], ["Tea", 1.234], ["Rice", "1.234,5"])
    in_memory.take(path, "product", decimal=",")
    assert [p.price.amount for p in in_memory.all("product")] == [Decimal("1.234"), Decimal("1234.5")]
    people = one_sheet(tmp_path / "p.xlsx", ["name", "birth_date"], ["A", dt.date(2025, 4, 3)], ["B", "03/04/2025"])
    with pytest.raises(ImportRefused, match="column 'birth_date', line 3"):
        in_memory.take(people)
    in_memory.take(people, date_format="%d/%m/%Y")
    assert {each.birth_date for each in in_memory.all()} == {dt.date(2025, 4, 3)}


def test_times_of_a_sheet_are_local(in_memory: Desk, tmp_path: Path) -> None:
    """A call at ten in Berlin would be at ten in Greenwich; the day after midnight would not be a date."""
    moments = [dt.datetime(2025, 7, 1, 10, 0), dt.date(2025, 7, 2)]
    in_memory.take(one_sheet(tmp_path / "in.xlsx", ["at", "channel"], *([m, "phone"] for m in moments)), "interaction")
    utc = [dt.datetime(2025, 7, 1, 8, tzinfo=dt.UTC), dt.datetime(2025, 7, 1, 22, tzinfo=dt.UTC)]
    assert [each.at for each in in_memory.all("interaction")] == utc
    late = one_sheet(tmp_path / "late.xlsx", ["name", "birth_date"], ["A", moments[0]])
    [reject] = in_memory.take(late).rejects
    assert (reject.line, reject.column, reject.value) == (2, "birth_date", "2025-07-01T10:00:00")
    assert "time of day" in reject.reason


def test_values_of_a_map_are_texts(in_memory: Desk, tmp_path: Path) -> None:
    """A code that Excel holds as a number could not be translated."""
    path = one_sheet(tmp_path / "in.xlsx", ["name", "type"], ["A", 1], ["B", 2], ["C", 3])
    rule = '[columns]\ntype = { field = "kind", values = { 1 = "person", 2 = "organisation" } }\n'
    report = in_memory.take(path, map=rule)
    assert ([each.kind for each in in_memory.all()], report.rejected) == (["person", "organisation"], 1)
    assert (report.rejects[0].value, report.rejects[0].column) == ("3", "type")


def test_several_columns_of_numbers_are_one_field(in_memory: Desk, tmp_path: Path) -> None:
    """Two telephone numbers in two columns would be refused for being numbers."""
    path = one_sheet(tmp_path / "in.xlsx", ["Name", "Home Phone", "Mobile Phone"], ["A", 123, "0456"])
    in_memory.take(path)
    assert phones(in_memory.all()[0]) == ["123", "0456"]


def test_an_error_costs_its_row_alone(desk: Desk, tmp_path: Path) -> None:
    """A cell that says #N/A would be imported as a name, or stop everything."""
    path = one_sheet(tmp_path / "in.xlsx", ["name", "note"], ["A", "x"], ["B", "=NA()"], ["#N/A", "y"], ["D", None])
    report = desk.take(path)
    assert counts(report) == (4, 2, 0, 0, 2)
    assert [(r.line, r.column) for r in report.rejects] == [(3, "note"), (4, "name")]
    assert [each.name for each in desk.all()] == ["A", "D"]


def test_the_sheet_can_be_said(in_memory: Desk, tmp_path: Path) -> None:
    """Of a workbook with a sheet for each year only one could come in."""
    path = workbook(tmp_path / "in.xlsx", {"2024": [["name"], ["A"]], "2025": [["name"], ["B"]]})
    in_memory.take(path, sheet="2025")
    assert [each.name for each in in_memory.all()] == ["B"]
