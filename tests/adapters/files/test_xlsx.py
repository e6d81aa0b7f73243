"""Reading a sheet of a workbook: every cell as the spreadsheet shows it, or a bad row that says why not."""

import datetime as dt
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from crmcore.adapters.files import Limits, open_rejects, open_rows
from crmcore.domain.errors import ImportRefused, InvalidSetting
from crmcore.ports.exchange import RawRow
from tests.adapters.files.conftest import cells, faults
from tests.adapters.files.workbooks import SHEET, cell, one_sheet, raw_sheet, workbook

TEXTS = ["علی", "=1+1", "#N/A", "  x ", "a\nb", "007", "1e5", "TRUE", "2025-01-02", "𝄞\u200cx"]


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (45631.0, 45631),
        (-5, -5),
        (0.1 + 0.2, Decimal("0.3")),
        (1234567890123.45, Decimal("1234567890123.45")),
        (1e-7, Decimal("0.0000001")),
        (999_999_999_999_999, 999_999_999_999_999),
        (-0.0, 0),
        (True, True),
        (dt.date(2025, 3, 20), dt.date(2025, 3, 20)),
        (dt.datetime(2025, 3, 20, 17, 4, 5), dt.datetime(2025, 3, 20, 17, 4, 5)),
        (dt.time(17, 4), "17:04:00"),
        (dt.timedelta(hours=30, minutes=5), "30:05:00"),
    ],
)
def test_a_cell_is_what_the_spreadsheet_shows(tmp_path: Path, given: Any, read: Any) -> None:
    """An id would end in .0, an amount in the noise of binary fractions, and a date be a number of days."""
    [row] = open_rows(one_sheet(tmp_path / "in.xlsx", ["k", "v"], ["x", given]))
    assert isinstance(row, RawRow)
    assert (row.values["v"], type(row.values["v"])) == (read, type(read))


def test_texts_are_texts_to_the_letter(tmp_path: Path) -> None:
    """A telephone number would lose its zeros, a blank or a line end be trimmed, a text run as a formula."""
    path = tmp_path / "in.xlsx"
    inline = "".join(
        f'<row r="{n}"><c r="A{n}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c></row>'
        for n, text in enumerate(["v", *TEXTS], 1)
    )
    assert [row["v"] for row in cells(list(open_rows(raw_sheet(path, inline))))] == TEXTS


def test_lines_are_the_rows_of_the_sheet(tmp_path: Path) -> None:
    """Nobody would find the row that the report names; empty rows would be rejected, short ones not come in."""
    sheet = [[], [None, "name", "note"], [None, "Ali", "x"], [], [None, "", None], [None, "Sara"]]
    source = open_rows(one_sheet(tmp_path / "in.xlsx", *sheet))
    assert source.columns == ("name", "note")
    rows = [row for row in source if isinstance(row, RawRow)]
    assert [(row.line, row.values["name"]) for row in rows] == [(3, "Ali"), (6, "Sara")]
    assert [row.line for row in source] == [3, 6]


@pytest.mark.parametrize(
    ("bad", "column", "value", "reason"),
    [
        ('<c r="B3" t="e"><v>#N/A</v></c>', "v", "#N/A", "error"),
        ('<c r="B3"><f>A1+1</f></c>', "v", "", "without a result"),
        ('<c r="B3"><f>A1+1</f><v></v></c>', "v", "", "without a result"),
        (cell("B3", "12345678901234567890"), "v", "12345678901234567168", "15 digits"),
        (cell("C3", "7"), None, "7", "no name for column 3"),
        ('<c r="B3" t="inlineStr"><is><t>a_x0000_b</t></is></c>', "v", "a\0b", "NUL"),
        (f'<c r="B3" t="inlineStr"><is><t>{"x" * 200_000}</t></is></c>', "v", "x" * 200 + "…", "too long"),
    ],
)
def test_a_cell_without_a_value_is_a_bad_row(
    tmp_path: Path, bad: str, column: str | None, value: str, reason: str
) -> None:
    """An error or a formula that nobody computed would come in as an empty cell, and an id with other digits."""
    rows = (
        f'<row r="1">{cell("A1", "k", " t=" + chr(34) + "str" + chr(34))}'
        '<c r="B1" t="str"><v>v</v></c></row>'
        f'<row r="2">{cell("A2", "1")}{cell("B2", "2")}</row><row r="3">{cell("A3", "1")}{bad}</row>'
        f'<row r="4">{cell("A4", "3")}<c r="B4" t="str"><f>A1</f><v></v></c></row>'
    )
    read = list(open_rows(raw_sheet(tmp_path / "in.xlsx", rows)))
    assert [row["k"] for row in cells(read)] == [1, 3]
    [fault] = faults(read)
    assert (fault.line, fault.column, fault.value) == (3, column, value)
    assert reason in fault.reason


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (["a", "b", "a"], "more than once: 'a'"),
        (["\ufeff"], "names no column"),
        ([f"c{n}" for n in range(1_001)], "1001 columns, at most 1000"),
    ],
)
def test_headers_are_checked(tmp_path: Path, header: list[str], message: str) -> None:
    """Of two columns of one name the last would win, in silence."""
    with pytest.raises(ImportRefused, match=message):
        open_rows(one_sheet(tmp_path / "in.xlsx", header, ["1"]))


def test_the_one_sheet_with_content_is_meant(tmp_path: Path) -> None:
    """Workbooks have empty and hidden sheets beside the one that people see."""
    rows = [["name"], ["Ali"]]
    path = workbook(tmp_path / "in.xlsx", {"Empty": [], "People": rows, "Lists": [["x"], ["y"]]}, hidden=["Lists"])
    assert cells(list(open_rows(path))) == [{"name": "Ali"}]
    assert cells(list(open_rows(path, sheet="Lists"))) == [{"x": "y"}]
    with pytest.raises(ImportRefused, match="no sheet 'Persons'; it has 'Empty', 'People', 'Lists'"):
        open_rows(path, sheet="Persons")


def test_of_several_sheets_one_must_be_named(tmp_path: Path) -> None:
    """The people on the second sheet would be left behind without a word."""
    path = workbook(tmp_path / "in.xlsx", {"2024": [["name"], ["Ali"]], "2025": [["name"], ["Sara"]]})
    with pytest.raises(ImportRefused, match="'2024', '2025'; say which with --sheet"):
        open_rows(path)
    assert cells(list(open_rows(path, sheet="2025"))) == [{"name": "Sara"}]


@pytest.mark.parametrize("rows", [[], [["name"]]])
def test_nothing_is_nothing(tmp_path: Path, rows: list[list[str]]) -> None:
    """CSV-30: an empty sheet would be a fault."""
    source = open_rows(one_sheet(tmp_path / "in.xlsx", *rows))
    assert (source.columns, list(source)) == (tuple(rows[0]) if rows else (), [])


@pytest.mark.parametrize(
    "content", [b"", b"name,email\nA,a@x\n", b"PK\x03\x04broken", bytes.fromhex("d0cf11e0a1b11ae1")]
)
def test_what_is_no_workbook_is_refused(tmp_path: Path, content: bytes) -> None:
    """A traceback for a file of text that is called .xlsx, or for one with a password."""
    path = tmp_path / "in.xlsx"
    path.write_bytes(content)
    with pytest.raises(ImportRefused, match="no xlsx workbook"):
        open_rows(path)


def test_another_zip_is_no_workbook(tmp_path: Path) -> None:
    """A traceback for a text document."""
    with zipfile.ZipFile(tmp_path / "in.xlsx", "w") as made:
        made.writestr("word/document.xml", "<x/>")
    with pytest.raises(ImportRefused, match=r"no xl/workbook\.xml"):
        open_rows(tmp_path / "in.xlsx")


@pytest.mark.parametrize(
    "place", ["XFD1048576", "ALL1048576", "Z1048576"], ids=["everything", "a thousand columns", "tall"]
)
def test_a_cell_far_away_does_not_fill_the_memory(tmp_path: Path, place: str) -> None:
    """One cell in the last corner would make a grid of 17 thousand million cells."""
    row = "".join(filter(str.isdigit, place))
    far = raw_sheet(tmp_path / "in.xlsx", f'<row r="1">{cell("A1", "1")}</row><row r="{row}">{cell(place, "2")}</row>')
    if place.startswith("Z"):
        assert [row.line for row in open_rows(far)] == [1_048_576]
        return
    with pytest.raises(ImportRefused, match="at most 30,000,000 cells"):
        open_rows(far)


PLACES = ["ZZZZZZ2", "zzzz2", "A4294967295", "A99999999999999999999", "A" + "9" * 5_000, "!!", "", "\u0661"]


@pytest.mark.parametrize("mark", [' r="', '\tr="', '\nr = "'])
@pytest.mark.parametrize("place", PLACES)
def test_a_cell_at_no_place_of_a_sheet_is_refused(tmp_path: Path, place: str, mark: str) -> None:
    """The library would ask for a grid as large as it says, and the process end without a word."""
    for rows in (f'<row r="2"><c{mark}{place}"><v>2</v></c></row>', f'<row{mark}{place}"><c><v>2</v></c></row>'):
        with pytest.raises(ImportRefused, match="no place in a sheet"):
            open_rows(raw_sheet(tmp_path / "in.xlsx", f'<row r="1">{cell("A1", "1")}</row>{rows}'))


def test_cells_that_do_not_say_where_they_are_are_counted(tmp_path: Path) -> None:
    """A wide row of them would make a grid that fills the memory."""
    wide = "<c><v>1</v></c>" * 4_000
    with pytest.raises(ImportRefused, match="spans"):
        open_rows(raw_sheet(tmp_path / "in.xlsx", f'<row r="1">{wide}</row><row r="9999">{cell("A9999", "2")}</row>'))


def test_formatted_cells_without_content_do_not_count(tmp_path: Path) -> None:
    """A sheet whose columns were coloured down to the end would be refused."""
    rows = f'<row r="1">{cell("A1", "1")}</row><row r="1048576"><c r="XFD1048576" s="1"/></row>'
    assert open_rows(raw_sheet(tmp_path / "in.xlsx", rows)).columns == ("1",)


def test_an_archive_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of some kilobytes would fill the memory."""
    monkeypatch.setattr("crmcore.adapters.files.xlsx.package.MAX_UNPACKED", 50_000)
    with pytest.raises(ImportRefused, match="at most 50,000"):
        open_rows(raw_sheet(tmp_path / "in.xlsx", " " * 100_000))


def test_an_archive_that_says_less_than_it_has_is_refused(tmp_path: Path) -> None:
    """The size would be checked, and something else be read."""
    path = raw_sheet(tmp_path / "in.xlsx", f'<row r="1">{cell("A1", "1")}</row>' + " " * 5_000)
    with zipfile.ZipFile(path) as source:
        size = source.getinfo(SHEET).file_size
    data = path.read_bytes()
    path.write_bytes(data.replace(size.to_bytes(4, "little"), (100).to_bytes(4, "little")))
    with pytest.raises(ImportRefused, match="cannot be unpacked"):
        open_rows(path)


def test_entities_are_refused(tmp_path: Path) -> None:
    """A few lines could unfold to gigabytes."""
    bomb = b'<!DOCTYPE x [<!ENTITY a "xxxxxxxx">]><workbook><sheets/></workbook>'
    with pytest.raises(ImportRefused, match="document type"):
        open_rows(raw_sheet(tmp_path / "in.xlsx", "", {"xl/workbook.xml": bomb}))


def test_what_means_nothing_for_a_format_is_refused(tmp_path: Path) -> None:
    """An option would seem to be obeyed."""
    path = one_sheet(tmp_path / "in.xlsx", ["a"], ["1"])
    with pytest.raises(InvalidSetting, match="encoding 'cp1256' means nothing for xlsx"):
        open_rows(path, encoding="cp1256")
    (tmp_path / "in.csv").write_text("a\n1\n")
    with pytest.raises(InvalidSetting, match="sheet 'People' means nothing for csv"):
        open_rows(tmp_path / "in.csv", sheet="People")


@pytest.mark.parametrize("name", ["in.csv", "in.jsonl", "in.xlsx"])
def test_files_beyond_the_limits_are_refused_at_once(tmp_path: Path, name: str) -> None:
    """A file by mistake, or by malice, would fill the database or take the night."""
    path = tmp_path / name
    if name == "in.xlsx":
        one_sheet(path, ["a"], *([n] for n in range(11)))
    elif name == "in.csv":
        path.write_text("a\n" + '"x\n\n\n\n"\n' * 11)
    else:
        path.write_text('{"a": 1}\n' * 11)
    with pytest.raises(ImportRefused, match="at most 10"):
        open_rows(path, limits=Limits(bytes=10))
    with pytest.raises(ImportRefused, match=r"10 rows|at most 10"):
        open_rows(path, limits=Limits(rows=10))
    assert len(list(open_rows(path, limits=Limits(rows=11)))) == 11


def test_rejects_of_a_sheet_can_be_imported_again(tmp_path: Path) -> None:
    """1.250 in a file of text would be 1250 where the comma is the decimal mark."""
    row = RawRow(4, {"n": 7, "d": Decimal("1.250"), "on": dt.date(2025, 3, 20), "yes": True, "t": "x"})
    for name in ("rejects.csv", "rejects.jsonl"):
        with open_rejects(tmp_path / name, tuple(row.values)) as rejects:
            rejects.reject(row, "d", "no")
    [[text], [plain]] = (cells(list(open_rows(tmp_path / name))) for name in ("rejects.csv", "rejects.jsonl"))
    assert text == {"n": "7", "d": "1.2500", "on": "2025-03-20", "yes": "true", "t": "x"}
    assert plain == {"n": 7, "d": Decimal("1.250"), "on": "2025-03-20", "yes": True, "t": "x"}
