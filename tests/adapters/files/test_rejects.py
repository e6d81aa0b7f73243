"""The rejects file: what it says, and that it can be mended and imported again."""

from pathlib import Path

import pytest

from crmcore.adapters.files import open_rejects, open_rows
from crmcore.domain.errors import InvalidSetting
from crmcore.ports.exchange import BadRow, RawRow
from tests.adapters.files.conftest import cells, faults

COLUMNS = ("name", "email")
REFUSED = RawRow(7, {"name": "لیلا", "email": "no, address"})
SHORT = RawRow(8, {"name": "=Ali"})
UNREADABLE = BadRow(9, "name", "A\0li", "a NUL", 'A\0li,"x"')


def written(path: Path, *rows: RawRow | BadRow, columns: tuple[str, ...] = COLUMNS) -> Path:
    """A rejects file with these rows in it."""
    with open_rejects(path, columns) as rejects:
        for row in rows:
            if isinstance(row, RawRow):
                rejects.reject(row, "email", "no e-mail address")
            else:
                rejects.unreadable(row)
    return path


def test_a_rejects_file_says_where_what_and_why(tmp_path: Path) -> None:
    """The user could not find the row in the file, or not see what is wrong with it."""
    path = written(tmp_path / "rejects.csv", REFUSED, UNREADABLE)
    assert path.read_text("utf-8").splitlines() == [
        "name,email,_line,_column,_reason,_raw",
        'لیلا,"no, address",7,email,no e-mail address,',
        ',,9,name,a NUL,"A␀li,""x"""',
    ]


@pytest.mark.parametrize("name", ["rejects.csv", "rejects.tsv", "rejects.jsonl"])
def test_rejected_rows_can_be_imported_again(tmp_path: Path, name: str) -> None:
    """The notes would be taken for unknown columns, or a cell have changed on the way."""
    source = open_rows(written(tmp_path / name, REFUSED, SHORT))
    assert source.columns == COLUMNS
    again = cells(list(source))
    assert again[0] == REFUSED.values
    assert {key: value for key, value in again[1].items() if value} == SHORT.values


@pytest.mark.parametrize("name", ["rejects.csv", "rejects.jsonl"])
def test_an_unreadable_record_stays_rejected_until_it_is_mended(tmp_path: Path, name: str) -> None:
    """Its empty cells would be imported as a record without any content."""
    rows = list(open_rows(written(tmp_path / name, UNREADABLE)))
    assert cells(rows) == []
    [bad] = faults(rows)
    assert bad.reason == "not mended yet: a NUL"
    assert bad.raw == 'A␀li,"x"'


def test_a_mended_record_is_read(tmp_path: Path) -> None:
    """Filling in the cells would not be enough to get the row in."""
    path = written(tmp_path / "rejects.csv", UNREADABLE)
    path.write_text(path.read_text("utf-8").replace(",,9,", "Ali,a@example.com,9,"), "utf-8")
    assert cells(list(open_rows(path))) == [{"name": "Ali", "email": "a@example.com"}]


def test_a_column_of_that_name_alone_is_the_users_own(tmp_path: Path) -> None:
    """A file that happens to have a column "_line" would lose it."""
    path = tmp_path / "own.csv"
    path.write_text("name,_line\nAli,5\n")
    assert cells(list(open_rows(path))) == [{"name": "Ali", "_line": "5"}]


def test_a_source_with_such_a_column_is_refused(tmp_path: Path) -> None:
    """The rejects file would name a column twice and could not be imported again."""
    with pytest.raises(InvalidSetting, match="_line"):
        open_rejects(tmp_path / "rejects.csv", ("name", "_line"))


def test_values_of_json_lines_keep_their_form(tmp_path: Path) -> None:
    """A list would be written into a cell in a notation that only Python reads."""
    row = RawRow(1, {"name": "Ali", "email": ["a@example.com", None]})
    assert cells(list(open_rows(written(tmp_path / "rejects.jsonl", row)))) == [row.values]
    assert cells(list(open_rows(written(tmp_path / "rejects.csv", row)))) == [
        {"name": "Ali", "email": '["a@example.com", null]'}
    ]
