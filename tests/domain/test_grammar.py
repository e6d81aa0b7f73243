"""Reading the predicate language: every production, every fault at its place, and no text that breaks it."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crmcore.domain.errors import PredicateError
from crmcore.domain.grammar import MAX_LENGTH, parse
from crmcore.domain.literal import Ago, Kind, Value
from crmcore.domain.predicate import MAX_DEPTH, And, Compare, Exists, In, Missing, Not, Operator, Or, Path

A, B, C, D = (Exists(name) for name in "abcd")
GOLD = Value("text", "gold")


def city(op: Operator, value: str) -> Compare:
    return Compare(Path(("city",)), op, Value("text", value))


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a or b or c", Or((A, B, C))),  # one flat node
        ("a and b and c", And((A, B, C))),
        ("a or b and c or d", Or((A, And((B, C)), D))),  # and binds tighter than or
        ("(a or b) and c", And((Or((A, B)), C))),
        ("a and (b and c)", And((A, And((B, C))))),  # parentheses are kept
        ("not a and b", And((Not(A), B))),  # not binds tightest
        ("not (a and b)", Not(And((A, B)))),
        ("not (not a)", Not(Not(A))),
        ("(((a)))", A),
        ("\n a\tand(b)\u00a0", And((A, B))),  # any white space, and none where none is needed
        ('city = "x"', city("=", "x")),
        ('city="x"', city("=", "x")),
        ('city != "x"', city("!=", "x")),
        ('city < "x"', city("<", "x")),
        ('city <= "x"', city("<=", "x")),
        ('city > "x"', city(">", "x")),
        ('city >= "x"', city(">=", "x")),
        ('city ~ "x"', city("~", "x")),
        ('not city = "x"', Not(city("=", "x"))),
        ('tier in ("gold")', In(Path(("tier",)), (GOLD,))),
        ('tier in ("gold",1)', In(Path(("tier",)), (GOLD, Value("number", Decimal(1))))),
        ('tier not in ("gold")', Not(In(Path(("tier",)), (GOLD,)))),
        ('not tier in ("gold")', Not(In(Path(("tier",)), (GOLD,)))),
        ("email is missing", Missing(Path(("email",)))),
        ("email is not missing", Not(Missing(Path(("email",))))),
        ("order", Exists("order")),
        ("no order", Not(Exists("order"))),
        ("not no order", Not(Not(Exists("order")))),
        ("order where (a)", Exists("order", A)),
        ("no loyalty.entry where (a or b)", Not(Exists("loyalty.entry", Or((A, B))))),
        ("(order)", Exists("order")),
        ('order and city = "x"', And((Exists("order"), city("=", "x")))),
        ("order where (line where (a))", Exists("order", Exists("line", A))),
        ("loyalty.tier is missing", Missing(Path(("loyalty", "tier")))),
        ("line.no is missing", Missing(Path(("line", "no")))),  # a word of the language after a dot
        ("nowhere is missing", Missing(Path(("nowhere",)))),  # words of the language inside a name
        ("notes.in_2 is missing", Missing(Path(("notes", "in_2")))),
        ("نام is missing", Missing(Path(("نام",)))),
        ("e\u0301tat is missing", Missing(Path(("\u00e9tat",)))),  # names are brought to NFC
    ],
)
def test_every_production_gives_its_tree(text: str, tree: object) -> None:
    """A production would be read wrongly, or bind in another order than the grammar says."""
    assert parse(text) == tree


def test_the_sentence_of_the_manual() -> None:
    """The one sentence that every reader of the manual copies would mean something else."""
    text = (
        'city = "Cairo" and loyalty.tier in ("gold", "platinum") and last_order < 90 days ago '
        'and no opportunity where (status = "open")'
    )
    open_one = Compare(Path(("status",)), "=", Value("text", "open"))
    assert parse(text) == And(
        (
            city("=", "Cairo"),
            In(Path(("loyalty", "tier")), (GOLD, Value("text", "platinum"))),
            Compare(Path(("last_order",)), "<", Value("ago", Ago(Decimal(90), "days"))),
            Not(Exists("opportunity", open_one)),
        )
    )


def zone(hours: int, minutes: int = 0) -> dt.timezone:
    return dt.timezone(dt.timedelta(hours=hours, minutes=minutes))


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ('""', "text", ""),
        ("''", "text", ""),
        ('"it\'s"', "text", "it's"),
        ("'it''s'", "text", "it's"),  # the quote doubled stands for itself
        ('"a ""b"""', "text", 'a "b"'),
        ("'\"\"'", "text", '""'),  # the other quote does not double
        (r"'C:\n\'", "text", r"C:\n" + "\\"),  # a backslash escapes nothing
        ('"and or\nnot"', "text", "and or\nnot"),
        ('"e\u0301 ۱۲ ی"', "text", "e\u0301 ۱۲ ی"),  # texts are not normalised
        ("0", "number", Decimal(0)),
        ("-12.50", "number", Decimal("-12.50")),
        ("007", "number", Decimal(7)),
        ("1" * 40, "number", Decimal("1" * 40)),
        ("10 EUR", "money", (Decimal(10), "EUR")),
        ("-10.50EUR", "money", (Decimal("-10.50"), "EUR")),
        ("2024-02-29", "date", dt.date(2024, 2, 29)),
        ("2025-01-31T09:30", "time", dt.datetime(2025, 1, 31, 9, 30)),
        ("2025-01-31T09:30:15.5", "time", dt.datetime(2025, 1, 31, 9, 30, 15, 500_000)),
        ("2025-01-31T09:30:15Z", "time", dt.datetime(2025, 1, 31, 9, 30, 15, tzinfo=dt.UTC)),
        ("2025-01-31T09:30+03:30", "time", dt.datetime(2025, 1, 31, 9, 30, tzinfo=zone(3, 30))),
        ("2025-01-31T09:30-05:00", "time", dt.datetime(2025, 1, 31, 9, 30, tzinfo=zone(-5))),
        ("2 hours ago", "ago", Ago(Decimal(2), "hours")),
        ("90days ago", "ago", Ago(Decimal(90), "days")),
        ("1.5 weeks ago", "ago", Ago(Decimal("1.5"), "weeks")),
        ("-3 months ago", "ago", Ago(Decimal(-3), "months")),
        ("1 years ago", "ago", Ago(Decimal(1), "years")),
        ("today", "today", None),
        ("now", "now", None),
        ("me", "me", None),
        ("true", "flag", True),
        ("false", "flag", False),
    ],
)
def test_every_value_is_read_exactly(text: str, kind: Kind, value: Any) -> None:
    """A value would change, or change its kind, between what was written and what is compared."""
    tree = parse(f"x = {text}")
    assert tree == Compare(Path(("x",)), "=", Value(kind, value))
    assert repr(tree) == repr(Compare(Path(("x",)), "=", Value(kind, value, 4)))  # 1.50 is not 1.5


def test_an_offset_is_kept_as_written() -> None:
    """The zone that a person wrote would be lost before the reading that needs it."""
    tree = parse("at > 2025-01-31T09:30+03:30")
    assert isinstance(tree, Compare) and isinstance(tree.value.value, dt.datetime)
    assert tree.value.value.utcoffset() == dt.timedelta(hours=3, minutes=30)


def test_nodes_know_where_they_stood() -> None:
    """A name that the catalogue does not know would be pointed out at the wrong place."""
    tree = parse("  a.b = 1 and c in (2, me) and d where (e is missing)")
    assert isinstance(tree, And)
    compared, listed, existing = tree.parts
    assert isinstance(compared, Compare) and (compared.path.position, compared.value.position) == (2, 8)
    assert isinstance(listed, In) and [value.position for value in listed.values] == [20, 23]
    assert isinstance(existing, Exists) and existing.position == 31
    assert isinstance(existing.where, Missing) and existing.where.path.position == 40


@pytest.mark.parametrize(
    ("text", "position", "said"),
    [
        ("", 0, "the predicate is empty"),
        (" \n ", 3, "the predicate is empty"),
        ("a and", 5, "ends too early"),
        ("and", 0, "unexpected 'and'"),
        ("a and or b", 6, "unexpected 'or'"),
        ("not not a", 4, "unexpected 'not'"),
        ("()", 1, "unexpected ')'"),
        ("(a", 2, 'expected "and", "or" or ")"'),
        ("a)", 1, 'expected "and", "or" or the end'),
        ("(a) b", 4, 'expected "and", "or" or the end'),
        ('city = "x" city', 11, 'expected "and", "or" or the end'),
        ("city Cairo", 5, 'a comparison (=, !=, <, <=, >, >=, ~), "in", "is", "not in", "where"'),
        ("city == 1", 6, "expected a value"),
        ("city <> 1", 6, "expected a value"),
        ("city ! 1", 5, "unexpected '!'"),
        ("city = ", 7, "expected a value"),
        ("city = Cairo", 7, 'a text stands in quotes: "Cairo"'),
        ("city = name and a", 7, 'a text stands in quotes: "name"'),
        ("city = where", 7, "unexpected 'where'"),
        ("city = “x”", 7, "unexpected '“'"),
        ("where = 1", 0, "unexpected 'where'"),
        ("no.x = 1", 0, "unexpected 'no.x'"),
        ("a not b", 6, 'expected "in"'),
        ("a in 1", 5, 'expected "("'),
        ("a in ()", 6, "expected a value"),
        ("a in (1,)", 8, "expected a value"),
        ("a in (1 2)", 8, 'expected "," or ")"'),
        ("a in (1", 7, 'expected "," or ")"'),
        ("a is null", 5, 'expected "missing" or "not missing"'),
        ("a is not null", 9, 'expected "missing"'),
        ("no", 2, "expected the name of a record"),
        ("no order = 1", 9, 'expected "where", "and", "or" or the end'),
        ("order where a", 12, 'expected "("'),
        ("order where (a", 14, 'expected "and", "or" or ")"'),
        ("a AND b", 2, 'words are lower case: write "and", not "AND"'),
        ("a = 10 AND b", 7, 'write "and", not "AND"'),
        ("NOT a", 0, 'write "not", not "NOT"'),
        ("a IN (1)", 2, 'write "in", not "IN"'),
        ("a is Missing", 5, 'write "missing", not "Missing"'),
        ("a = True", 4, 'write "true", not "True"'),
        ("a..b = 1", 2, "expected a name"),
        ("a. b = 1", 2, "expected a name"),
        ("a.1 = 1", 2, "expected a name"),
        ("1a = 1", 0, "expected the name of a field"),
        ("a-b = 1", 1, "unexpected '-'"),
        ("a\u200fb = 1", 1, r"unexpected '\u200f'"),  # an invisible mark is named, not printed
        ('a = "x', 4, 'expected " at its end too'),
        ("a = 'it's'", 8, "unexpected 's'"),
        ("a = '''", 4, "does not end"),
        ('a = "x\0y"', 6, "has a NUL character"),
        ('a = "\ud800"', 5, "has a lone surrogate"),
        ("a = ۱۲", 4, "unexpected '۱'"),
        ("a = 1۲", 5, "unexpected '۲'"),
        ("a = +1", 4, "unexpected '+'"),
        ("a = .5", 4, "unexpected '.'"),
        ("a = 1.", 5, "unexpected '.'"),
        ("a = 1_000", 5, "_000 cannot follow a number"),
        ("a = 1e5", 5, "e5 cannot follow a number"),
        ("a = 1,5", 5, "unexpected ','"),
        ("a = NaN", 4, "a text stands in quotes"),
        ("a = " + "1" * 41, 4, "at most 40 digits"),
        ("a = 0." + "0" * 40, 4, "at most 40 digits"),
        ("a = 10 eur", 7, "eur cannot follow a number; write EUR"),
        ("a = 10 EURO", 7, "EURO cannot follow a number"),
        ("a < 1 day ago", 6, "day cannot follow a number; write days"),
        ("a < 2 DAYS ago", 6, "write days"),
        ("a < 2 days", 10, 'expected "ago"'),
        ("a < 2 days and b", 11, 'expected "ago"'),
        ("a < 2 ago", 6, "unexpected 'ago'"),
        ("a = 2025-02-30", 4, "there is no 2025-02-30"),
        ("a = 2025-2-3", 4, "neither a date nor a time"),
        ("a = 0000-01-01", 4, "there is no 0000-01-01"),
        ("a = 2025-01-31T24:30", 4, "there is no 2025-01-31T24:30"),
        ("a = 2025-01-31T09:30+25:00", 4, "there is no"),
        ("a = 0001-01-01T00:00+05:00", 4, "there is no"),  # before the first year in UTC
        ("a = 2025-01-31T09", 4, "neither a date nor a time"),
        ("a = 2025-01-31 09:30", 15, 'expected "and", "or" or the end'),
        ("a = 1; drop table customer", 5, "unexpected ';'"),
    ],
)
def test_a_fault_is_told_at_its_place(text: str, position: int, said: str) -> None:
    """A person would look for the mistake in the wrong place, or not be told what could stand there."""
    with pytest.raises(PredicateError) as caught:
        parse(text)
    assert caught.value.position == position
    assert said in caught.value.message


def test_what_is_expected_can_be_read_as_data() -> None:
    """A web face could not offer what may be typed next."""
    with pytest.raises(PredicateError) as caught:
        parse("(a = 'x' b)")
    assert caught.value.expected == '"and", "or" or ")"'
    assert caught.value.details["position"] == 9


NESTED = [("(", "a", ")"), ("not (", "a", ")"), ("order where (", "a", ")"), ("a and (b or (", "c", "))")]


@pytest.mark.parametrize(("opening", "inside", "closing"), NESTED)
def test_nesting_is_limited_before_the_interpreter_is(opening: str, inside: str, closing: str) -> None:
    """Legitimate nesting would be refused, or a hostile one would exhaust the stack."""
    fits = MAX_DEPTH // opening.count("(")
    parse(opening * fits + inside + closing * fits)
    too_deep = opening * (fits + 1) + inside + closing * (fits + 1)
    with pytest.raises(PredicateError, match="nested deeper than 20") as caught:
        parse(too_deep)
    assert too_deep[: caught.value.position + 1].count("(") == MAX_DEPTH + 1


def test_depth_is_counted_along_one_branch_only() -> None:
    """A long predicate of many small groups would be refused as a deep one."""
    assert isinstance(parse(" and ".join(["(a or b)"] * (MAX_DEPTH * 2))), And)


def test_length_is_limited() -> None:
    """A text of any size would be read, and repeated in the error."""
    parse("a".ljust(MAX_LENGTH))
    with pytest.raises(PredicateError, match="at most 20000 characters") as caught:
        parse("a".ljust(MAX_LENGTH + 1))
    assert len(caught.value.message) < 200


@pytest.mark.parametrize(
    "name",
    [
        "name; DROP TABLE contact",
        'name" FROM user --',
        "name, (SELECT password_hash FROM user LIMIT 1)",
        "(CASE WHEN (SELECT 1)=1 THEN name ELSE email END)",
        "owner->password_hash",
        "name ASC; --",
        'name COLLATE "C"',
        "pg_sleep(5)",
        "name DESC NULLS LAST, secret_note",
        "",
        "a.",
        "$.a",
        "a'b",
        "name--",
        "name/**/",
        "`name`",
        "[name]",
    ],
)
@pytest.mark.parametrize("test", ["{}", "{} = 1", "{} is missing", '{} in ("a")', "no {}", "{} where (a)"])
def test_what_is_no_name_is_refused(name: str, test: str) -> None:
    """A piece of another language would pass for a name."""
    with pytest.raises(PredicateError):
        parse(test.format(name))


@pytest.mark.parametrize(
    "name", ["password_hash", "owner.password_hash", "metadata", "_sa_instance_state", "tenant_id", "n\u0430me"]
)
def test_a_name_is_looked_up_as_it_was_written(name: str) -> None:
    """A name that only looks like another (a Cyrillic а) would be taken for it, or lose a part on the way."""
    assert parse(f"{name} = 1") == Compare(Path(tuple(name.split("."))), "=", Value("number", Decimal(1)))
    assert parse(name) == Exists(name)


def read_or_refuse(text: str) -> None:
    try:
        parse(text)
    except PredicateError as error:
        assert 0 <= error.position <= len(text)


@given(st.text(st.characters(exclude_categories=()), max_size=200))
@example("(" * 10_000)
@example("not " * 4_000)
@example('"' * 9_999)
@example("a." * 9_999)
@example("a" + "\u0301" * 9_999)
@example("9" * 9_999)
def test_no_text_breaks_the_parser(text: str) -> None:
    """Some text would end in another error than the one that tells the mistake, or in no end at all."""
    read_or_refuse(text)


PIECES = (
    "a city.b and or not in is missing no where ago today now true false me days day EUR AND ( ( ) , = != < <= > >= "
    "~ ! . - 1 -2.5 90 2025-01-31 2025-02-30 2025-01-31T09:30Z 'x' \"y\" ' \" ۱ نام \0"
).split(" ")


@given(st.lists(st.sampled_from(PIECES), max_size=25), st.sampled_from([" ", ""]))
def test_no_sequence_of_words_breaks_the_parser(pieces: list[str], space: str) -> None:
    """Words of the language in an order that nobody thought of would break the parser."""
    read_or_refuse(space.join(pieces))
