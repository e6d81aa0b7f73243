"""Writing workbooks: exact, never a formula, whole or not at all."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcore.adapters.files import open_rows, open_sink
from crmcore.domain.cells import shown
from crmcore.domain.errors import InvalidSetting, InvalidValue
from tests.adapters.files.conftest import cells
from tests.adapters.files.test_delimited_sink import FORMULAS

TEXT = st.text(
    st.characters(exclude_characters="\0\ufffe\uffff", exclude_categories=["Cs"]) | st.sampled_from("_x0041\r\n\t "),
    max_size=20,
)
NUMBERS = st.integers() | st.decimals(allow_nan=False, allow_infinity=False)
BLANKS = st.text(" \t\n\r\x1c\x1f\x85\u00a0\u2003\u3000", min_size=1, max_size=3)
ROWS = st.lists(st.tuples(TEXT | BLANKS, NUMBERS | st.booleans() | st.dates() | st.none()), min_size=1, max_size=5)


@given(rows=ROWS)
@settings(max_examples=60)
def test_every_value_comes_back(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, Any]]) -> None:
    """A control character, a blank or a digit would be lost, or a text be taken for what it looks like."""
    path = tmp_path_factory.mktemp("round") / "table.xlsx"
    with open_sink(path, ["n", "t", "v"]) as sink:
        for number, (text, value) in enumerate(rows):
            sink.write({"n": number, "t": text, "v": value})
    read = cells(list(open_rows(path)))
    assert [(row["n"], row["t"]) for row in read] == [(n, text) for n, (text, _) in enumerate(rows)]
    assert [_known(row["v"]) for row in read] == [_known(value) for _, value in rows]


def _known(value: Any) -> Any:
    """Values as equal as they are: a number is the same in a text, where a cell cannot hold all its digits."""
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return Decimal(value).normalize() if Decimal(value) else Decimal(0)
    text = shown(value)
    try:
        return Decimal(text).normalize()
    except ArithmeticError:
        return text


@pytest.mark.parametrize("for_spreadsheet", [True, False])
def test_no_cell_is_a_formula(tmp_path: Path, for_spreadsheet: bool) -> None:
    """CSV-01: a name that a stranger typed would run on the reader's machine; -5 of a number would become a text."""
    path = tmp_path / "out.xlsx"
    texts = [*FORMULAS, "#REF!"]
    with open_sink(path, ["=name", "amount"], for_spreadsheet=for_spreadsheet) as sink:
        for text in texts:
            sink.write({"=name": text, "amount": Decimal("-5.50")})
    sheet = openpyxl.load_workbook(path).active
    assert {row[0].data_type for row in sheet.iter_rows()} == {"s"}
    assert [row[1].value for row in sheet.iter_rows(min_row=2)] == [-5.5] * len(texts)
    assert {row[1].number_format for row in sheet.iter_rows(min_row=2)} == {"0.00" if for_spreadsheet else "General"}
    held = {bool(row[0].quotePrefix) for row in sheet.iter_rows(max_row=len(FORMULAS) + 1)}
    assert held == {for_spreadsheet}  # else it becomes a formula when its cell is edited
    assert [row["=name"] for row in cells(list(open_rows(path)))] == texts


def test_dates_are_dates(tmp_path: Path) -> None:
    """A column of dates could not be sorted or filtered; one before 1900 would be another day."""
    days = [dt.date(2025, 3, 20), dt.date(1899, 12, 31), dt.datetime(2025, 3, 20, 8, 30)]
    with open_sink(tmp_path / "out.xlsx", ["on"]) as sink:
        for day in days:
            sink.write({"on": day})
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx").active
    assert [cell.is_date for cell in sheet["A"][1:]] == [True, False, True]
    assert [row["on"] for row in cells(list(open_rows(tmp_path / "out.xlsx")))] == [days[0], "1899-12-31", days[2]]


def test_a_sheet_can_begin_at_the_right_under_other_headings(tmp_path: Path) -> None:
    """Persian and Arabic sheets would be mirrored, with the names of fields over their columns."""
    path = tmp_path / "out.xlsx"
    headers = {"name": "نام"}
    with open_sink(path, ["name", "city"], title="مشتری/[ها]", headers=headers, right_to_left=True) as sink:
        sink.write({"name": "علی"})
    sheet = openpyxl.load_workbook(path).active
    assert (sheet.sheet_view.rightToLeft, sheet.freeze_panes, sheet.title) == (True, "A2", "مشتری  ها ")
    assert open_rows(path).columns == ("نام", "city")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("x" * 32_768, "32,767"),
        ("a\0b", "no character"),
        ("\ud800", "no character"),
        ("\uffff", "no character"),
        (1.5, "no value of a cell"),
        (["a"], "no value of a cell"),
    ],
)
def test_what_a_cell_cannot_hold_is_refused(tmp_path: Path, value: object, message: str) -> None:
    """A text would be cut at its end, or the spreadsheet say that the file is damaged."""
    with pytest.raises(InvalidValue, match=message), open_sink(tmp_path / "out.xlsx", ["a"]) as sink:
        sink.write({"a": value})
    assert list(tmp_path.iterdir()) == []


def test_an_abort_leaves_the_older_file(tmp_path: Path) -> None:
    """Half an export would stand where a whole one was."""
    path = tmp_path / "out.xlsx"
    path.write_bytes(b"older")
    with pytest.raises(RuntimeError), open_sink(path, ["a"]) as sink:
        sink.write({"a": "1"})
        raise RuntimeError
    assert [each.name for each in tmp_path.iterdir()] == ["out.xlsx"]
    assert path.read_bytes() == b"older"


def test_a_missing_library_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever installed the core alone would see a traceback."""
    with open_sink(tmp_path / "a.xlsx", ["a"]):
        pass
    for name in ("openpyxl", "python_calamine"):
        monkeypatch.setitem(__import__("sys").modules, name, None)
    with pytest.raises(InvalidSetting, match=r"pip install 'crmcore\[xlsx\]'"):
        open_sink(tmp_path / "b.xlsx", ["a"])
    with pytest.raises(InvalidSetting, match=r"pip install 'crmcore\[xlsx\]'"):
        open_rows(tmp_path / "a.xlsx")
