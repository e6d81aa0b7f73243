"""The predicate tree: what it refuses, what its builders make, and that its text means the same tree."""

import datetime as dt
import enum
import string
import unicodedata
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.domain.errors import InvalidValue, PredicateError, UnknownName
from crmcore.domain.grammar import parse
from crmcore.domain.literal import ME, NOW, RESERVED, TODAY, UNITS, Ago, Kind, Value, is_reserved, value_of
from crmcore.domain.money import Money
from crmcore.domain.predicate import (
    MAX_DEPTH,
    OPERATORS,
    And,
    Compare,
    Exists,
    In,
    Missing,
    Not,
    Or,
    Path,
    Predicate,
    all_of,
    any_of,
    compare,
    equals,
    exists,
    missing,
    negate,
    one_of,
    render,
)

CAIRO = equals("city", "Cairo")
OPEN = equals("status", "open")
UNREAD: Any = "city = 1"  # text where a tree is due
WORD: Any = "is"  # what is neither a comparison nor a unit

# Strategies: every tree that the classes allow, short of the limits on length and depth.
LETTERS = st.characters(categories=["L", "Mn", "Nd"], include_characters="_")
NAMES = (
    st.text(LETTERS, min_size=1, max_size=8)
    .map(lambda name: unicodedata.normalize("NFC", name))
    .filter(str.isidentifier)
) | st.sampled_from(["name", "city", "نام", "where_to"])
FIRST_NAMES = NAMES.filter(lambda name: not is_reserved(name))
LATER_NAMES = NAMES | st.sampled_from(sorted(RESERVED))
DOTTED = st.builds(lambda first, rest: (first, *rest), FIRST_NAMES, st.lists(LATER_NAMES, max_size=2))
PATHS = DOTTED.map(Path)
TEXTS = st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=30) | st.text("\"'\\ a", max_size=8)
NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, places=4, max_value=10**20, min_value=-(10**20))
CURRENCIES = st.text(string.ascii_uppercase, min_size=3, max_size=3).filter(lambda word: not is_reserved(word))
OFFSETS = st.integers(-86_399, 86_399).map(lambda seconds: dt.timezone(dt.timedelta(seconds=seconds)))
NAIVE = st.datetimes(dt.datetime(1, 1, 3), dt.datetime(9999, 12, 28))
TIMES = NAIVE | st.builds(lambda time, zone: time.replace(tzinfo=zone), NAIVE, OFFSETS)
VALUES = st.one_of(
    TEXTS.map(lambda text: Value("text", text)),
    NUMBERS.map(lambda number: Value("number", number)),
    st.tuples(NUMBERS, CURRENCIES).map(lambda money: Value("money", money)),
    st.dates().map(lambda date: Value("date", date)),
    TIMES.map(lambda time: Value("time", time)),
    st.builds(Ago, NUMBERS, st.sampled_from(UNITS)).map(lambda ago: Value("ago", ago)),
    st.booleans().map(lambda flag: Value("flag", flag)),
    st.sampled_from((TODAY, NOW, ME)),
)
TESTS: st.SearchStrategy[Predicate] = st.one_of(
    st.builds(Compare, PATHS, st.sampled_from(OPERATORS), VALUES),
    st.builds(In, PATHS, st.lists(VALUES, min_size=1, max_size=4).map(tuple)),
    st.builds(Missing, PATHS),
    st.builds(Exists, DOTTED.map(".".join)),
)
TREES: st.SearchStrategy[Predicate] = st.recursive(
    TESTS,
    lambda part: st.one_of(
        st.builds(Not, part),
        st.builds(And, st.lists(part, min_size=2, max_size=3).map(tuple)),
        st.builds(Or, st.lists(part, min_size=2, max_size=3).map(tuple)),
        st.builds(Exists, DOTTED.map(".".join), part),
    ),
    max_leaves=12,
)


@given(TREES)
def test_the_text_of_a_tree_means_that_tree(tree: Predicate) -> None:
    """A saved segment or permission would mean another set of records when it is read again."""
    assert parse(render(tree)) == tree


@given(TREES)
def test_the_text_of_a_tree_is_settled(tree: Predicate) -> None:
    """The same predicate, saved again and again, would change its text each time."""
    assert render(parse(render(tree))) == render(tree)


@pytest.mark.parametrize(
    ("tree", "text"),
    [
        (And((CAIRO, Or((CAIRO, OPEN)))), 'city = "Cairo" and (city = "Cairo" or status = "open")'),
        (Or((And((CAIRO, OPEN)), CAIRO)), 'city = "Cairo" and status = "open" or city = "Cairo"'),
        (Not(CAIRO), 'not city = "Cairo"'),
        (Not(Or((CAIRO, OPEN))), 'not (city = "Cairo" or status = "open")'),
        (Not(Not(Missing(Path(("city",))))), "not (city is not missing)"),
        (negate(one_of("tier", ["gold", 'a "b"'])), 'tier not in ("gold", "a ""b""")'),
        (negate(missing("city")), "city is not missing"),
        (negate(exists("order", OPEN)), 'no order where (status = "open")'),
        (equals("total", (Decimal("1E+3"), "EUR")), "total = 1000 EUR"),
        (compare("at", "<", Ago(Decimal("90"), "days")), "at < 90 days ago"),
        (equals("owner", ME), "owner = me"),
        (equals("archived", False), "archived = false"),
    ],
)
def test_a_tree_is_written_as_a_person_would(tree: Predicate, text: str) -> None:
    """The text that is shown for a saved filter would be right but hard to read."""
    assert render(tree) == text


# Values that break out of their place wherever a query is put together as text.
HOSTILE = (
    "' OR '1'='1",
    "'; DROP TABLE contact; --",
    "x') UNION SELECT password_hash FROM user --",
    "1; SELECT pg_sleep(5)",
    "\\",
    "\\' OR 1=1 --",
    '" or name is missing or "',
    '""',
    "%",
    "_",
    "a_b",
    "100%",
    "*",
    "\u02bc OR 1=1 --",
    "\u2019; --",
    "' || (SELECT 1) || '",
    "E'\\''",
    "/*",
    "#",
    "'" * 400,
    '"' * 400,
    "(" * 400,
    "\u064a",
    "NULL",
    "true",
    "-1",
    "NaN",
    '{"$ne":null}',
    "__all__",
    "'+(select sqlite_version())+'",
    "{contact.name}",
    ":param",
    "%(x)s",
    "?1",
    "\x01\x7f\r\n\u2028\u202e",
)


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_value_stays_a_value(value: str) -> None:
    """A value would end its quotes and become a piece of the predicate."""
    for tree in (compare("name", "~", value), one_of("name", [value, value])):
        assert parse(render(tree)) == tree
    read = parse(f"name = {render(equals('x', value)).removeprefix('x = ')} and city is missing")
    assert read == all_of(equals("name", value), missing("city"))


def test_what_no_database_stores_is_no_value() -> None:
    """NUL or half a surrogate pair would reach a database, and be refused there in its own words, or not."""
    for text in ("\0\1", "a\ud800"):
        with pytest.raises(InvalidValue):
            equals("name", text)


Tier = enum.Enum("Tier", {"GOLD": "gold"}, type=str)


@pytest.mark.parametrize(
    ("plain", "kind", "value"),
    [
        ("x", "text", "x"),
        (Tier.GOLD, "text", "gold"),
        (UUID(int=1), "text", "00000000-0000-0000-0000-000000000001"),
        (3, "number", Decimal(3)),
        (Decimal("0.10"), "number", Decimal("0.10")),
        (Money("10", "EUR"), "money", (Decimal(10), "EUR")),
        ((Decimal(10), "EUR"), "money", (Decimal(10), "EUR")),
        (True, "flag", True),
        (dt.date(2025, 1, 31), "date", dt.date(2025, 1, 31)),
        (dt.datetime(2025, 1, 31, 9), "time", dt.datetime(2025, 1, 31, 9)),
        (Ago(Decimal(1), "days"), "ago", Ago(Decimal(1), "days")),
    ],
)
def test_a_python_value_becomes_its_literal(plain: Any, kind: Kind, value: Any) -> None:
    """An embedder's value would be compared as another kind: a flag as a number, a time as a date."""
    literal = value_of(plain)
    assert literal == Value(kind, value)
    assert type(literal.value) is type(value)
    assert value_of(literal) is literal


def test_an_aware_time_is_taken_in_utc() -> None:
    """Of the two half past twos of a night in autumn, the wrong one would be compared with."""
    second = dt.datetime(2025, 10, 26, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Berlin"))
    assert render(compare("at", "<", second)) == "at < 2025-10-26T01:30:00+00:00"


def test_an_offset_to_the_second_is_written_in_utc() -> None:
    """A local time of before the railways would be written so that it cannot be read again."""
    tehran = dt.timezone(dt.timedelta(hours=3, minutes=25, seconds=44))
    tree = Compare(Path(("at",)), "<", Value("time", dt.datetime(1900, 1, 1, tzinfo=tehran)))
    assert render(tree) == "at < 1899-12-31T20:34:16+00:00"
    assert parse(render(tree)) == tree


@pytest.mark.parametrize(
    ("plain", "said"),
    [
        (1.5, "a Decimal is exact"),
        (None, "ask `missing` instead"),
        (b"x", "no value to compare with"),
        (["x"], "no value to compare with"),
        (("10", "EUR"), "no value to compare with"),
        (Decimal("NaN"), "no number to compare with"),
        (Decimal("sNaN"), "no number to compare with"),
        (Decimal("-Infinity"), "no number to compare with"),
        (10**40, "at most 40"),
        pytest.param(10**5_000, "at most 40", id="beyond what str() writes"),
        (Decimal("1E+999999"), "at most 40"),
        (Decimal("1E-40"), "at most 40"),
        ((Decimal(10), "eur"), "write it as EUR"),
        ((Decimal(10), "NOW"), "write it as EUR"),
        (dt.datetime.min.replace(tzinfo=dt.timezone(dt.timedelta(hours=5))), "outside the years"),
    ],
)
def test_a_value_that_is_not_exact_is_refused(plain: object, said: str) -> None:
    """A value that cannot be written exactly would be rounded, or fail where nobody can say why."""
    with pytest.raises(InvalidValue, match=said) as caught:
        value_of(plain)
    assert len(caught.value.message) < 200


def test_the_longest_number_is_still_written_out() -> None:
    """The limit would be counted otherwise for trees than for text."""
    for number in (10**40 - 1, Decimal("1E+39"), Decimal("1E-39")):
        assert parse(render(equals("x", number))) == equals("x", number)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("text", 1),
        ("number", 1),
        ("number", True),
        ("flag", Decimal(1)),
        ("money", Decimal(1)),
        ("date", dt.datetime(2025, 1, 31)),
        ("time", dt.date(2025, 1, 31)),
        ("today", dt.date(2025, 1, 31)),
        ("ago", Decimal(1)),
        ("colour", "red"),
    ],
)
def test_kind_and_value_agree(kind: Any, value: Any) -> None:
    """A literal would say that it is of one kind and hold another."""
    with pytest.raises(InvalidValue, match="is no value of kind"):
        Value(kind, value)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "a.",
        ".a",
        "a..b",
        "1a",
        "a b",
        "a-b",
        "a;b",
        'a"b',
        "name = 1 or name",
        "name; DROP TABLE contact",
        "(CASE WHEN (SELECT 1)=1 THEN name ELSE email END)",
        "a\u200fb",
        "where",
        "Where",
        "no.x",
    ],
)
def test_what_is_no_name_makes_no_path(name: str) -> None:
    """Text would come into the predicate through a name."""
    with pytest.raises(UnknownName, match="unknown field"):
        equals(name, 1)
    with pytest.raises(UnknownName, match="unknown record type"):
        exists(name)


def test_names_are_brought_to_nfc() -> None:
    """The same name, typed on another keyboard, would be another field."""
    assert missing("e\u0301tat") == missing("\u00e9tat")
    assert exists("e\u0301tat") == exists("\u00e9tat")
    assert str(missing("customer.e\u0301tat").path) == "customer.\u00e9tat"
    with pytest.raises(UnknownName):
        Path(("e\u0301tat",))


def test_joining_keeps_trees_flat() -> None:
    """A policy added to a filter again and again would nest it deeper each time."""
    city, status = missing("city"), missing("status")
    assert all_of(city) == city
    assert all_of(all_of(city, status), city) == And((city, status, city))
    assert any_of(any_of(city, status), city) == Or((city, status, city))
    assert all_of(any_of(city, status), city) == And((Or((city, status)), city))
    assert all_of(city, status) != any_of(city, status)


def test_a_negation_is_undone() -> None:
    """Negating twice would nest a predicate that has not changed."""
    assert negate(CAIRO) == Not(CAIRO)
    assert negate(negate(CAIRO)) == CAIRO


@pytest.mark.parametrize(
    "build",
    [
        all_of,
        any_of,
        lambda: all_of(UNREAD),
        lambda: negate(UNREAD),
        lambda: exists("order", UNREAD),
        lambda: And((CAIRO,)),
        lambda: Or(()),
        lambda: one_of("city", []),
        lambda: one_of("city", "Cairo"),
        lambda: compare("city", WORD, "Cairo"),
        lambda: Ago(Decimal(1), WORD),
    ],
)
def test_what_has_no_meaning_is_refused_when_built(build: Any) -> None:
    """A mistake of the embedder would show only later, in a query, or as a filter that filters nothing."""
    with pytest.raises(InvalidValue):
        build()


def test_where_a_name_stood_is_no_part_of_its_meaning() -> None:
    """Two filters that mean the same would not be found equal, or fill a cache twice."""
    spaced = parse('   city   =   "Cairo"')
    assert spaced == CAIRO and hash(spaced) == hash(CAIRO)
    assert exists("order") == parse("  order") and len({exists("order"), parse("  order")}) == 1


def test_depth_is_limited_alike_for_text_and_tree() -> None:
    """A tree would be written that cannot be read again, or exhaust the stack."""
    tree: Predicate = CAIRO
    for _ in range(MAX_DEPTH):
        tree = Exists("order", tree)
    assert parse(render(tree)) == tree
    with pytest.raises(InvalidValue, match="deeper than 20"):
        render(Exists("order", tree))
    with pytest.raises(PredicateError, match="deeper than 20"):
        parse(f"order where ({render(tree)})")
