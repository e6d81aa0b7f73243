"""Tests of rows read: each value is exactly what stands there, or is refused with the reason."""

import datetime as dt
import gc
import subprocess
import sys
import weakref
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from crmcore.adapters.serialization.schemas import RowSchemas
from crmcore.domain.errors import InvalidSetting, InvalidValue
from crmcore.domain.money import Money
from crmcore.domain.record import RecordType
from crmcore.ports.codec import FieldRule, Problem, Reading, Rules, Unresolved
from tests.adapters.serialization.declared import CATALOGUE, CUSTOMER, ORDER, SAMPLE, USER

SCHEMAS = RowSchemas(CATALOGUE)
ID = "0190a5a0-0000-7000-8000-000000000001"
LOOSE = Rules(partial=True)


def read(type: RecordType, raw: dict[str, Any], **rules: Any) -> Reading:
    """One row, nothing required unless asked for."""
    return SCHEMAS.read(type, raw, rules=Rules(**{"partial": True, **rules}))


def only_problem(reading: Reading) -> Problem:
    """The one problem of a row that has nothing else."""
    [problem] = reading.problems
    assert reading.values == {}
    return problem


@pytest.mark.parametrize(
    ("name", "raw", "value"),
    [
        ("note", " as it stands ", " as it stands "),  # trimming would change what was said
        ("note", "۱۲", "۱۲"),
        ("number", "۱۲", 12),
        ("number", " 7 ", 7),
        ("number", "-9223372036854775808", -(2**63)),
        ("number", 7, 7),
        ("ratio", "0.123456", Decimal("0.123456")),
        ("ratio", Decimal("0.5"), Decimal("0.5")),
        ("ratio", 3, Decimal(3)),
        ("price", "12.50 EUR", Money("12.50", "EUR")),
        ("price", "12.50\u00a0EUR", Money("12.50", "EUR")),
        ("price", "-3 KWD", Money("-3", "KWD")),
        ("price", {"amount": "12.50", "currency": "EUR"}, Money("12.50", "EUR")),
        ("active", "No", False),
        ("active", True, True),
        ("taken_on", "2025-01-31", dt.date(2025, 1, 31)),
        ("taken_at", "2025-01-31T12:00:00+01:00", dt.datetime(2025, 1, 31, 11, tzinfo=dt.UTC)),
        ("taken_at", "2025-01-31", dt.datetime(2025, 1, 31, tzinfo=dt.UTC)),
        ("colour", "red", "red"),
        ("tags", "a; b ;;c", frozenset("abc")),
        ("tags", ["a", "x;y"], frozenset({"a", "x;y"})),
        ("tags", [], frozenset()),
        ("marks", "a;c", frozenset("ac")),
        ("customer", ID, UUID(ID)),
        ("customer", ID.upper(), UUID(ID)),
        ("customer", "Nile Trading", Unresolved("Nile Trading")),
        ("customer", "{" + ID + "}", Unresolved("{" + ID + "}")),
        ("id", ID, UUID(ID)),
        ("data", '{"a": [1, null, "x"]}', {"a": [1, None, "x"]}),
        ("data", {"a": 1}, {"a": 1}),
    ],
)  # fmt: skip
def test_a_value_is_read_exactly(name: str, raw: Any, value: Any) -> None:
    """A row would be imported with another value than it states."""
    reading = read(SAMPLE, {name: raw})
    assert reading == Reading({name: value}, [])
    assert type(reading.values[name]) is type(value)


@pytest.mark.parametrize(
    ("name", "raw", "reason"),
    [
        ("code", "x" * 101, "is too long: 101 characters, at most 100"),
        ("note", "a\0b", "NUL"),
        ("note", "a\ud800b", "surrogate"),
        ("note", 5, "expected text, got int"),  # 007 and 7 would be one code
        ("note", True, "expected text, got bool"),
        ("number", "1.5", "not a whole number"),
        ("number", "1,234", "declare the decimal mark"),
        ("number", "9223372036854775808", "out of the range"),
        ("number", True, "expected a whole number, got bool"),
        ("number", Decimal("1.0"), "expected a whole number, got Decimal"),
        ("number", 1.0, "expected a whole number, got float"),
        ("ratio", "0.1234567", "more than 6 decimal places"),
        ("ratio", 0.5, "expected a number, exact"),
        ("ratio", "1e3", "no exponent"),
        ("ratio", "NaN", "not a number"),
        ("ratio", Decimal("NaN"), "usual size"),
        ("ratio", Decimal("1E+999999"), "usual size"),
        ("ratio", Decimal("1E-999999"), "usual size"),
        ("ratio", 10**100, "usual size"),
        ("price", "12.50", "has no currency"),
        ("price", 12, "has no currency"),
        ("price", 12.5, "expected an amount, exact"),
        ("price", "12.50 eur", "not a number"),
        ("price", "12.50EUR", "not a number"),
        ("price", "1.23456 EUR", "at most 4 decimals"),
        ("price", {"amount": 12.5, "currency": "EUR"}, "not a text"),
        ("price", {"amount": "12.50"}, "not money"),
        ("active", "maybe", "neither yes nor no"),
        ("active", 1, "expected true or false, got int"),
        ("taken_on", "31/01/2025", "declare the order"),
        ("taken_on", "2025-02-30", "does not exist"),
        ("taken_on", 20250131, "expected a date as text, got int"),
        ("taken_at", 1738324800, "expected a time as text, got int"),
        ("colour", "redd", "did you mean 'red'?"),
        ("colour", "Red", "did you mean 'red'?"),
        ("colour", "red ", "none of red, green, blue"),
        ("marks", "a;d", "none of a, b, c"),
        ("tags", ["a", 1], "expected text, got int"),
        ("tags", {"a": 1}, "expected text or a list, got dict"),
        ("tags", "x" * 101, "is too long"),
        ("customer", 42, "expected text, got int"),
        ("customer", "a\0b", "NUL"),
        ("id", "42", "is no id"),
        ("version", "one", "not a number"),
        ("data", "{", "is not JSON"),
        ("data", "[1.5]", "not exact in JSON"),
        ("data", "[NaN]", "not exact in JSON"),
        ("data", '{"a": 1, "a": 2}', "a key twice"),
        ("data", "[" * 100_000, "longer than"),
        ("data", "[" * 50_000, "nested too deep"),
        ("data", "[" * 30 + "]" * 30, "nested deeper"),
        ("data", [Decimal("0.5")], "not exact JSON"),
    ],
)  # fmt: skip
def test_a_value_that_does_not_fit_is_refused(name: str, raw: Any, reason: str) -> None:
    """A value would be guessed, cut or rounded in silence, or a bad one would stop the whole import."""
    problem = only_problem(read(SAMPLE, {name: raw}))
    assert (problem.field, problem.value) == (name, raw)
    assert reason in problem.reason


def test_every_problem_of_a_row_comes_at_once() -> None:
    """Who mends a file would import it once for each fault."""
    raw = {"label": "", "number": "x", "colour": "pink", "colr": "red", "code": "fine"}
    reading = SCHEMAS.read(SAMPLE, raw, rules=Rules())
    assert reading.values == {"code": "fine"}
    assert [(p.field, p.value) for p in reading.problems] == [
        ("number", "x"),
        ("colour", "pink"),
        ("colr", "red"),
        ("label", ""),
        ("taken_at", None),
    ]
    reasons = {p.field: p.reason for p in reading.problems}
    assert reasons["label"] == reasons["taken_at"] == "is required"
    assert "did you mean 'colour'?" in reasons["colr"]


@pytest.mark.parametrize("raw", ["", None, "  "])
def test_what_is_empty_is_absent(raw: Any) -> None:
    """An empty cell would wipe a value that is stored, or be refused."""
    assert read(SAMPLE, {"number": raw, "price": raw, "customer": raw, "tags": raw}) == Reading({}, [])


@pytest.mark.parametrize("raw", ["", None])
def test_what_is_empty_clears_where_that_is_meant(raw: Any) -> None:
    """`crm change ... phone=` could not take a phone number away."""
    assert read(CUSTOMER, {"name": raw, "phone": raw, "tags": raw}, clear=True).values == {
        "name": None,
        "phone": None,
        "tags": None,
    }


@pytest.mark.parametrize(("type", "name"), [(SAMPLE, "label"), (CUSTOMER, "kind"), (CUSTOMER, "archived")])
def test_what_every_record_has_cannot_be_cleared(type: RecordType, name: str) -> None:
    """A record without a required value would be stored, or refused only later and by a less clear message."""
    assert only_problem(read(type, {name: ""}, clear=True)).reason == "is required"


def test_an_unknown_and_a_hidden_name_look_the_same() -> None:
    """A name that a policy hides could be found out by trying."""
    hidden = read(CUSTOMER, {"note": "x"}, hidden=frozenset({"note"}))
    unknown = read(CUSTOMER, {"nota": "x"}, hidden=frozenset({"note"}))
    assert only_problem(hidden).reason.replace("'note'", "'nota'") == only_problem(unknown).reason
    assert "note" not in only_problem(unknown).reason


@pytest.mark.parametrize(
    ("hidden", "names"),
    [
        ("contact_points", ["email", "phone", "website"]),
        ("address", ["city", "country"]),
        ("specimen", ["specimen.points", "specimen.motto"]),
        ("specimen.motto", ["specimen.motto"]),
        ("email", ["email"]),
    ],
)
def test_what_hides_a_part_or_facet_hides_its_names(hidden: str, names: list[str]) -> None:
    """An import could write what the actor may not even see."""
    rules = Rules(hidden=frozenset({hidden}))
    assert SCHEMAS.unknown(CUSTOMER, names, rules).keys() == set(names)
    assert SCHEMAS.unknown(CUSTOMER, ["name", "employer"], rules) == {}


def test_what_is_required_is_asked_for() -> None:
    """A row without a required value would be typed as if it were whole, unless it is a change."""
    assert [p.field for p in SCHEMAS.read(USER, {"team": "south"}, rules=Rules()).problems] == ["name"]
    assert read(USER, {"team": "south"}).problems == []


def test_a_line_is_asked_for_what_it_requires_only_if_there_is_one() -> None:
    """A sample without pieces would be refused, or a piece without a title let through."""
    whole = {"label": "one", "taken_at": "2025-01-31"}
    assert SCHEMAS.read(SAMPLE, whole, rules=Rules()).problems == []
    short = SCHEMAS.read(SAMPLE, {**whole, "count": "2"}, rules=Rules())
    assert [(p.field, p.reason) for p in short.problems] == [("title", "is required")]


def test_a_required_value_that_is_bad_is_one_problem() -> None:
    """The same cell would be called both bad and missing."""
    assert [p.field for p in SCHEMAS.read(ORDER, {"ordered_at": "soon"}, rules=Rules()).problems] == ["ordered_at"]


def test_facets_and_flat_names_are_read_by_their_fields() -> None:
    """A plugin's column, or one of a contact point, would be taken as unchecked text."""
    raw = {"specimen.points": "5", "specimen.level": "high", "email": "a@b.example", "roles": "lead;donor"}
    assert read(CUSTOMER, raw).values == {
        "specimen.points": 5,
        "specimen.level": "high",
        "email": "a@b.example",
        "roles": ("lead", "donor"),
    }
    assert "did you mean 'donor'" in only_problem(read(CUSTOMER, {"roles": "doner"})).reason
    assert only_problem(read(CUSTOMER, {"specimen.points": "5 points"})).field == "specimen.points"


def test_an_address_with_a_semicolon_is_one_unless_declared() -> None:
    """One value would be taken for two."""
    assert read(CUSTOMER, {"email": "a;b"}).values == {"email": "a;b"}
    split = {"email": FieldRule(split=";")}
    assert read(CUSTOMER, {"email": "a; b;a"}, fields=split).values == {"email": ("a", "b")}
    assert read(CUSTOMER, {"email": ["a", "b"]}).values == {"email": ("a", "b")}


def test_a_declared_split_is_literal() -> None:
    """A backslash in a foreign file would be taken for an escape of our own."""
    rules = {"tags": FieldRule(split="|")}
    assert read(SAMPLE, {"tags": "a\\|b | c;d"}, fields=rules).values == {"tags": frozenset({"a\\", "b", "c;d"})}


def test_a_rule_of_a_column_goes_before_the_general_one() -> None:
    """A file of mixed origin could not be described."""
    fields = {
        "price": FieldRule(currency="USD", decimal=","),
        "taken_on": FieldRule(date_format="%d.%m.%Y"),
        "colour": FieldRule(values={"rot": "red"}),
        "customer": FieldRule(match="external_id"),
    }
    raw = {"price": "1.234,50", "ratio": "1,234.5", "taken_on": "31.01.2025", "taken_at": "2025-01-31 12:00"}
    raw |= {"colour": "rot", "customer": ID}
    berlin = ZoneInfo("Europe/Berlin")
    reading = read(SAMPLE, raw, fields=fields, decimal=".", currency="EUR", zone=berlin)
    assert reading == Reading(
        {
            "price": Money("1234.50", "USD"),
            "ratio": Decimal("1234.5"),
            "taken_on": dt.date(2025, 1, 31),
            "taken_at": dt.datetime(2025, 1, 31, 11, tzinfo=dt.UTC),
            "colour": "red",
            "customer": Unresolved(ID),
        },
        [],
    )


def test_a_value_outside_of_the_map_is_refused() -> None:
    """A stage that nobody mapped would be imported under its foreign name."""
    problem = only_problem(read(SAMPLE, {"colour": "red"}, fields={"colour": FieldRule(values={"rot": "red"})}))
    assert problem.value == "red"
    assert "not among the values that the map lists" in problem.reason


def test_another_calendar_can_read_dates() -> None:
    """A Jalali file could not be imported, or its dates would be taken as Gregorian."""

    def jalali(text: str) -> dt.date:
        if text != "1403-11-12":
            raise InvalidValue(f"{text} is no day of the Jalali calendar")
        return dt.date(2025, 1, 31)

    fields = {"taken_on": FieldRule(read=jalali)}
    assert read(SAMPLE, {"taken_on": "1403-11-12"}, fields=fields).values == {"taken_on": dt.date(2025, 1, 31)}
    assert "no day of" in only_problem(read(SAMPLE, {"taken_on": "1403-13-01"}, fields=fields)).reason


def test_text_in_typed_json_is_no_json() -> None:
    """A JSON field that holds a text would be refused, or read as something else, when its own export is imported."""
    assert read(SAMPLE, {"data": "true"}, typed=True).values == {"data": "true"}
    assert read(SAMPLE, {"data": "true"}).values == {"data": True}


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("label", FieldRule(split=";")),
        ("city", FieldRule(split=";")),
        ("email", FieldRule(split=" ")),
        ("email", FieldRule(currency="EUR")),
        ("birth_date", FieldRule(match="name")),
        ("owner", FieldRule(date_format="%Y")),
        ("owner", FieldRule(read=str)),
        ("birth_date", FieldRule(decimal="'")),
    ],
)
def test_a_rule_that_cannot_work_is_refused_at_once(name: str, rule: FieldRule) -> None:
    """Every row of the file would be rejected, or the rule be ignored in silence."""
    type = SAMPLE if name == "label" else CUSTOMER
    with pytest.raises(InvalidSetting, match=name if rule.decimal is None else "decimal mark"):
        SCHEMAS.reader(type, [name], Rules(fields={name: rule}))


def test_marshmallow_is_loaded_only_to_read_rows() -> None:
    """Every start of a host or command would pay for a library that most never use."""
    program = (
        "import sys, crmcore.ports.codec, crmcore.domain.listing, crmcore.adapters.serialization.converter\n"
        "print('marshmallow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"


def test_schemas_go_with_the_rules_that_they_were_made_for() -> None:
    """A host that reads a row per request would keep a schema of every one."""
    rules = Rules(currency="EUR")
    SCHEMAS.read(SAMPLE, {"data": "1", "price": "1"}, rules=rules)
    kept = weakref.ref(rules)
    del rules
    gc.collect()
    assert kept() is None


def test_a_schema_tells_tools_what_a_column_is() -> None:
    """A description for other programs, made from the schema, would call every column a text."""
    fields = SCHEMAS.schema(SAMPLE, LOOSE).fields
    kinds = {name: type(fields[name]).__name__ for name in ("label", "number", "taken_at", "active")}
    assert kinds == {
        "label": "TextField",
        "number": "IntegerField",
        "taken_at": "DateTimeField",
        "active": "BooleanField",
    }
    assert fields["label"].required
    assert not fields["number"].required
