"""Which files are opened, and as what."""

import os
from pathlib import Path

import pytest

from crmcore.adapters.files import open_rows, open_sink
from crmcore.domain.errors import CrmError, ImportRefused, InvalidSetting
from crmcore.ports.exchange import RowSource
from tests.adapters.files.conftest import Opener, cells

ROW = [{"a": "1", "b": "2"}]


@pytest.mark.parametrize(
    ("name", "data", "format"),
    [
        ("in.csv", b"a,b\n1,2\n", "csv"),
        ("IN.CSV", b"a;b\n1;2\n", "csv"),
        ("in.tsv", b"a\tb\n1\t2\n", "tsv"),
        ("in.jsonl", b'{"a": "1", "b": "2"}\n', "jsonl"),
    ],
)
def test_the_name_tells_the_format(opened: Opener, name: str, data: bytes, format: str) -> None:
    """Every import would need --format."""
    source = opened(data, name)
    assert (source.format, source.columns) == (format, ("a", "b"))
    assert cells(list(source)) == ROW


@pytest.mark.parametrize(
    ("data", "options"),
    [
        (b"a,b\n1,2\n", {"format": "csv"}),
        (b"a\tb,c\n1\t2\n", {"format": "tsv"}),  # tabs, though there is a comma as well
        (b"a#b\n1#2\n", {"format": "csv", "delimiter": "#"}),
    ],
)
def test_what_is_told_goes_before_the_name(opened: Opener, data: bytes, options: dict[str, str]) -> None:
    """A file that is misnamed, as exports often are, could not be imported."""
    rows = cells(list(opened(data, "export.txt", **options)))
    assert [list(row.values()) for row in rows] == [["1", "2"]]


def test_an_unknown_format_names_the_known_ones(tmp_path: Path) -> None:
    """The user would have to guess what to convert the file to."""
    (tmp_path / "in.ods").touch()
    (tmp_path / "in.dat").touch()
    with pytest.raises(ImportRefused, match="csv, tsv, jsonl, xlsx"):
        open_rows(tmp_path / "in.dat")
    with pytest.raises(ImportRefused, match="save it as xlsx or csv"):
        open_rows(tmp_path / "in.ods")
    with pytest.raises(ImportRefused, match=r"'vcf'.*csv, tsv, jsonl"):
        open_rows(tmp_path / "in.ods", format="vcf")
    with pytest.raises(InvalidSetting, match="csv, tsv, jsonl"):
        open_sink(tmp_path / "out.dat", ["a"])


@pytest.mark.parametrize("name", ["none.csv", "folder.csv", "pipe.csv", "no\0name.csv", "folder.csv/in.csv"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    """A traceback; or the import would wait for a pipe that nobody writes to."""
    (tmp_path / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(ImportRefused, match=r"cannot be read") as refused:
        open_rows(tmp_path / name)
    assert name in str(refused.value)


def test_a_file_that_vanishes_between_two_readings_is_refused(opened: Opener, tmp_path: Path) -> None:
    """The import would end in a traceback."""
    source = opened(b"a,b\n1,2\n")
    (tmp_path / "in.csv").unlink()
    with pytest.raises(ImportRefused, match=r"in\.csv"):
        list(source)


@pytest.mark.parametrize("delimiter", ["", ",,", '"', "\n"])
def test_a_delimiter_that_cannot_be_one_is_refused(opened: Opener, delimiter: str) -> None:
    """Rows would be cut at their quotes or line ends."""
    with pytest.raises(InvalidSetting, match="delimiter"):
        opened(b"a,b\n", delimiter=delimiter)


def test_json_lines_are_not_for_spreadsheets(tmp_path: Path) -> None:
    """The user would believe that formulas had been made harmless."""
    with pytest.raises(InvalidSetting, match="jsonl"):
        open_sink(tmp_path / "out.jsonl", ["a"], for_spreadsheet=True)


def test_errors_are_of_the_one_tree(tmp_path: Path) -> None:
    """The command line, which catches `CrmError`, would print a traceback."""
    with pytest.raises(CrmError):
        open_rows(tmp_path / "none.csv")


def test_sources_fit_the_port(opened: Opener) -> None:
    """The use cases would ask for something that a format does not have."""
    sources: list[RowSource] = [opened(b"a\n"), opened(b"{}", "in.jsonl")]
    assert [(source.format, source.columns) for source in sources] == [("csv", ("a",)), ("jsonl", ())]
