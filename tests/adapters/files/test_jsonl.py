"""JSON lines: exact values, and one bad line costs no other."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.adapters.files import open_rows, open_sink
from crmcore.adapters.files.limits import MAX_DEPTH, MAX_FIELD
from crmcore.domain.errors import ImportRefused, InvalidValue
from crmcore.ports.exchange import BadRow, RawRow
from tests.adapters.files.conftest import Opener, cells, faults

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
NUMBERS = st.integers(-(10**18), 10**18) | st.decimals(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
ROWS = st.lists(st.dictionaries(TEXT.filter(lambda key: not key.startswith("_")), VALUES, max_size=5))


@given(rows=ROWS)
def test_every_row_of_plain_values_comes_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, object]]
) -> None:
    """Export and import would not be inverse: a number would lose digits, a text a character."""
    path = tmp_path_factory.mktemp("round") / "rows.jsonl"
    with open_sink(path, ()) as sink:
        for row in rows:
            sink.write(row)
    assert cells(list(open_rows(path))) == rows


def test_numbers_keep_their_digits(opened: Opener) -> None:
    """An amount would pass through a binary fraction: 0.1 + 0.2 would not be 0.3."""
    [row] = cells(list(opened(b'{"a": 0.10, "b": 12345678901234567890.123, "c": 5, "d": 1e309}', "in.jsonl")))
    assert [str(value) for value in row.values()] == ["0.10", "12345678901234567890.123", "5", "1E+309"]
    assert [type(value) for value in row.values()] == [Decimal, Decimal, int, Decimal]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"{", "not JSON"),
        (b"[1]", "not an object"),
        (b"null", "not an object"),
        (b'{"a": 1, "a": 2}', "'a'"),  # the last would silently win
        (b'{"a": {"b": 1, "c": 1, "b": 2}}', "'b'"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": -Infinity}', "Infinity"),
        (b'{"a": 1e99999999999999999999}', "out of all bounds"),
        (b'{"a": ' + b"9" * 5000 + b"}", "limit"),
        (rb'{"a": "A\u0000li"}', "NUL"),
        (rb'{"A\u0000": 1}', "NUL"),
        (b'{"a": "A\x00li"}', "control character"),
        (rb'{"a": "\ud800"}', "surrogate"),
        (b'{"a": "' + b"x" * (MAX_FIELD + 1) + b'"}', "too long"),
        (b'{"a": ' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}", "nested too deeply"),
        (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
        (b'{"' + b'":1,"'.join(str(i).encode() for i in range(1001)) + b'":1}', "1001 keys"),
        (b'{"a": "' + b"x" * 1_200_000 + b'"}', "record too long"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_bad_line_costs_itself_only(opened: Opener, line: bytes, said: str) -> None:
    """The file would be given up, or a value be stored that no database or nobody else can read."""
    rows = list(opened(b'{"a": "before"}\n\n' + line + b'\r\n{"a": "after"}', "in.jsonl"))
    assert cells(rows) == [{"a": "before"}, {"a": "after"}]
    [bad] = faults(rows)
    assert bad.line == 3
    assert said in bad.reason
    assert bad.raw[:10].encode() == line[:10]


def test_what_only_looks_suspicious_is_read(opened: Opener) -> None:
    """A backslash before u0000, a pair of surrogates or many brackets in a text would be refused."""
    line = rb'{"a": "\\u0000", "b": "\ud83d\ude00", "c": "[[[[[[[[[[[[[[[[[[[[[[[[["}'
    assert cells(list(opened(line, "in.jsonl"))) == [{"a": "\\u0000", "b": "😀", "c": "[" * 25}]


def test_columns_are_those_of_all_lines(opened: Opener) -> None:
    """A column that only later lines have would be found unknown after half the import."""
    source = opened(b'{"name": 1}\n{"email": 2, "name": 3}\nnot json\n{"phone": 4}\n', "in.ndjson")
    assert source.columns == ("name", "email", "phone")
    assert [row.line for row in source] == [1, 2, 3, 4]


def test_too_many_different_keys_are_refused(opened: Opener) -> None:
    """A file with a new key in every line would fill the memory."""
    with pytest.raises(ImportRefused, match="1000"):
        _ = opened(b"\n".join(b'{"k%d": 1}' % i for i in range(1001)), "in.jsonl").columns


def test_lines_are_written_as_they_are_read_by_people(tmp_path: Path) -> None:
    """Persian would be written as numbers of characters, an amount as a rounded fraction."""
    path = tmp_path / "out.jsonl"
    with open_sink(path, ["name", "amount", "parts"]) as sink:
        sink.write({"name": "علی", "amount": Decimal("1000.10"), "parts": [{"a": None, "b": True}]})
    assert path.read_text("utf-8") == '{"name": "علی", "amount": 1000.10, "parts": [{"a": null, "b": true}]}\n'
    assert json.loads(path.read_text("utf-8"))["amount"] == 1000.10


@pytest.mark.parametrize(
    "values",
    [
        {"name": "A\0li"},
        {"name": "\ud800"},
        {"name": Decimal("NaN")},
        {"name": float("inf")},
        {"name": {1, 2}},
        {"name": {1: "a"}},
        {"nmae": "Ali"},
    ],
    ids=str,
)
def test_what_json_cannot_hold_is_refused(tmp_path: Path, values: dict[str, object]) -> None:
    """A line would be written that no other program reads, or a key would change its type."""
    with open_sink(tmp_path / "out.jsonl", ["name"]) as sink, pytest.raises(InvalidValue):
        sink.write(values)


@given(data=st.binary() | st.text(alphabet='{}[]":,\\u0aef\r\n').map(str.encode))
def test_no_bytes_break_the_reader(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    """Some file would end in a traceback instead of a report."""
    path = tmp_path_factory.mktemp("any") / "any.jsonl"
    path.write_bytes(data)
    try:
        rows = list(open_rows(path))
    except ImportRefused:
        return
    assert all(isinstance(row, RawRow | BadRow) for row in rows)
