"""Tests of the fast way to read rows: it gives what the schema gives, and what exports write it reads back."""

import json
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from crmcore.adapters.serialization.schemas import RowSchemas
from crmcore.domain import flatten, listing
from crmcore.domain.record import Record, RecordType
from crmcore.ports.codec import FieldRule, Rules, Schemas
from crmcore.testing.strategies import values
from tests.adapters.serialization.declared import CATALOGUE, CUSTOMER, ORDER, SAMPLE, any_record

SCHEMAS: Schemas = RowSchemas(CATALOGUE)
TYPES = (CUSTOMER, ORDER, SAMPLE)
TYPED = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.decimals()
    | st.lists(st.text(max_size=3), max_size=3)
    | st.dictionaries(st.sampled_from(["amount", "currency", "x"]), st.sampled_from(["5", "EUR", 5, None]))
)
WRITTEN = st.text(max_size=5) | st.sampled_from(
    [
        "",
        " ",
        "1",
        "1,5",
        "-2.50 EUR",
        "yes",
        "2025-01-31",
        "2025-01-31T09:30Z",
        "a;b",
        "lead",
        "red",
        "{}",
        "[1]",
        "null",
    ]
)


def raw_rows(type: RecordType) -> st.SearchStrategy[dict[str, Any]]:
    """Rows of known and unknown columns, with sound values, unsound ones and rubbish."""
    names = [*SCHEMAS.columns(type).by_name, "nam", "x.y", ""]
    return st.dictionaries(st.sampled_from(names), WRITTEN | TYPED, max_size=8)


@st.composite
def rules(draw: st.DrawFn) -> Rules:
    """Rules of every sort."""
    return Rules(
        currency=draw(st.sampled_from([None, "EUR"])),
        decimal=draw(st.sampled_from([None, ".", ","])),
        fields={
            "tags": FieldRule(split="|"),
            "email": FieldRule(split=";"),
            "colour": FieldRule(values={"red": "blue"}),
        },
        hidden=draw(
            st.sampled_from([frozenset(), frozenset({"name", "contact_points", "lines", "specimen", "label"})])
        ),
        partial=draw(st.booleans()),
        clear=draw(st.booleans()),
        typed=draw(st.booleans()),
    )


@given(st.data(), rules())
def test_the_fast_way_and_the_schema_agree(data: st.DataObject, drawn: Rules) -> None:
    """A file would be read by other rules than a request or a command line."""
    type = data.draw(st.sampled_from(TYPES))
    row = data.draw(raw_rows(type))
    slow = SCHEMAS.read(type, row, rules=drawn)
    fast = SCHEMAS.reader(type, row.keys(), drawn)(row)
    assert repr(fast.values) == repr({name: slow.values[name] for name in fast.values})
    assert fast.values.keys() == slow.values.keys()
    assert {(p.field, repr(p.value), p.reason) for p in fast.problems} == {
        (p.field, repr(p.value), p.reason) for p in slow.problems
    }


def test_a_row_may_lack_columns_and_name_them_otherwise() -> None:
    """Rows would have to be copied under other names, and a JSON line without a key would stop the import."""
    reader = SCHEMAS.reader(CUSTOMER, ["name", "email"], Rules(), keys={"email": "E-mail"})
    assert reader({"E-mail": "a@b.example", "email": "other"}).values == {"email": "a@b.example"}
    assert reader({"name": "Leila"}).values == {"name": "Leila"}


def shown(type: RecordType, record: Record) -> dict[str, Any]:
    """What lists show of a record, without facets of which nothing is known."""
    columns = SCHEMAS.columns(type)
    found = listing.values(columns, record)
    return {name: value for name, value in found.items() if value not in (None, (), frozenset())}


@given(any_record(stored=True))
def test_what_is_exported_as_text_is_imported_as_it_was(drawn: tuple[RecordType, Record]) -> None:
    """An export could not be taken back: money, sets, names of many values or lines would differ."""
    type, record = drawn
    columns = SCHEMAS.columns(type)
    rows = listing.rows(columns, record)
    reader = SCHEMAS.reader(type, rows[0], Rules())
    readings = [reader(row) for row in rows]
    assert [p for reading in readings for p in reading.problems] == []
    first, *more = [reading.values for reading in readings]
    assert [flatten.disagreements(columns, first, other) for other in more] == [[]] * len(more)
    again = flatten.build(columns, first, *more)
    assert shown(type, again) == shown(type, record)
    for group in columns.groups:
        if group.place == "line":
            new, old = (map(group.holder.values, getattr(r, group.attribute)) for r in (again, record))
            assert list(new) == [line for line in old if any(value is not None for value in line)]


@given(any_record(stored=True))
def test_what_is_exported_as_json_is_imported_as_it_was(drawn: tuple[RecordType, Record]) -> None:
    """JSON lines would lose what CSV keeps."""
    type, record = drawn
    columns = SCHEMAS.columns(type)
    line = json.loads(json.dumps(listing.flat(columns, record)), parse_float=Decimal)
    reading = SCHEMAS.read(type, line, rules=Rules(typed=True))
    assert reading.problems == []
    assert shown(type, flatten.build(columns, reading.values)) == shown(type, record)


@given(st.data())
def test_every_sound_value_has_a_cell_that_reads_back(data: st.DataObject) -> None:
    """A single kind of value, at the edges of what its field takes, would be refused or changed."""
    columns = SCHEMAS.columns(SAMPLE)
    column = data.draw(st.sampled_from([c for c in columns if c.group is None]))
    value = data.draw(values(column.field).filter(lambda v: v is not None and v != frozenset()))
    text = listing.text(column, value)
    assert SCHEMAS.reader(SAMPLE, [column.name], Rules(partial=True))({column.name: text}).values == {
        column.name: value
    }
