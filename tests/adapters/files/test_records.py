"""Quotes that are never closed: nothing around them may be lost, and no text may make the reader slow."""

import pytest

from crmcore.adapters.files.limits import MAX_RECORD
from crmcore.adapters.files.records import Records
from tests.adapters.files.conftest import Opener, cells, faults

MANY = 200_000


def test_an_unclosed_quote_costs_its_own_line_only(opened: Opener) -> None:
    """The standard reader takes the rest of the file for one cell and says nothing."""
    rows = list(opened(b'name,email\r\nAli,"a@example.com\r\nSara,s@example.com\r\nMina,m@example.com\r\n'))
    assert [(row["name"], row["email"]) for row in cells(rows)] == [
        ("Sara", "s@example.com"),
        ("Mina", "m@example.com"),
    ]
    [bad] = faults(rows)
    assert (bad.line, bad.column, bad.value, bad.raw) == (2, "email", "a@example.com", 'Ali,"a@example.com')


def test_an_unclosed_quote_spares_quoted_rows_below(opened: Opener) -> None:
    """The quote would be closed by the next row's opening one, and what is between them be swallowed."""
    data = b'name,note\nAli,"open\nSara,x\n"Mina","two\nlines"\nReza,y\n'
    rows = list(opened(data))
    assert [row["name"] for row in cells(rows)] == ["Sara", "Mina", "Reza"]
    assert [row.line for row in rows] == [2, 3, 4, 6]


def test_an_unclosed_quote_in_a_long_file_spares_what_is_far_below(opened: Opener) -> None:
    """The search for the closing quote would reach to the end of any file."""
    line = "Sara,s@example.com\n"
    count = 2 * MAX_RECORD // len(line)
    rows = list(opened(('name,email\nAli,"a\n' + line * count).encode()))
    assert len(faults(rows)) == 1
    assert len(cells(rows)) == count


def test_a_row_of_its_own_is_told_from_a_piece_of_a_broken_one(opened: Opener) -> None:
    """The lines of a note with bare quotes in it would be imported as people of those names."""
    broken = b'Ali,a@example.com,"said\nsome "thing" odd\nand left"\n'
    data = b"name,email,note\n" + broken + b"Sara,s@example.com,x\nMina,m@example.com\n"
    rows = list(opened(data))
    assert [row["name"] for row in cells(rows)] == ["Sara", "Mina"]
    assert [bad.line for bad in faults(rows)] == [2, 3, 4]
    assert "line 2" in faults(rows)[1].reason


def test_text_behind_a_closing_quote_is_a_fault(opened: Opener) -> None:
    """The standard reader glues it to the cell, so that the value is one that nobody wrote."""
    rows = list(opened(b'name,note\nAli,"a"b\nSara,"c" \nMina,"d"\n'))
    assert cells(rows) == [{"name": "Mina", "note": "d"}]
    assert [(bad.line, bad.reason) for bad in faults(rows)] == [
        (2, "text after a closing quote"),
        (3, "text after a closing quote"),
    ]


def test_a_fault_in_a_record_of_several_lines_leaves_no_pieces_behind(opened: Opener) -> None:
    """A record whose end is known would be read again from its second line."""
    data = b'name,note\nAli,"one\ntwo",surplus\nSara,"a\nb\x00"\nMina,"c\nd"\n'
    rows = list(opened(data))
    assert cells(rows) == [{"name": "Mina", "note": "c\nd"}]
    assert [bad.line for bad in faults(rows)] == [2, 4]
    assert faults(rows)[0].raw == 'Ali,"one\ntwo",surplus'


@pytest.mark.parametrize(
    "line",
    [
        'a,"b',  # an opening quote in every line: two of them make a broken record
        '"a""b',
        '",x","',  # opens a quote, read fresh; ends inside quotes, read as the inside of quotes
        '"',
        '""""',
        'a,""',
        '"a',
    ],
)
def test_unclosed_quotes_are_read_in_linear_time(line: str) -> None:
    """Looking for the closing quote from every line anew would take hours for a file of some megabytes."""
    records = Records(iter(["name,email", *[line] * MANY]), ",", "\n")
    records.header()
    rows = sum(1 for _ in records)
    assert rows > 0
    assert records.scanned <= 2 * MANY + 2


def test_one_unclosed_quote_is_looked_after_once() -> None:
    """Every later line with a quote of its own would search the same lines again."""
    lines = ["name,email", 'Ali,"a', *['Sara,""'] * MANY]
    records = Records(iter(lines), ",", "\n")
    records.header()
    rows = list(records)
    assert len(cells(rows)) == MANY
    assert records.scanned <= 2 * MANY + 2
