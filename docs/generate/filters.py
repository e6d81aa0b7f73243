"""The page of the filter language: its grammar, and by trial which operator and value fits which type of field."""

from __future__ import annotations

import datetime as dt

from crmcore.domain import grammar, operand, predicate
from crmcore.domain.binder import ALL, Binder
from crmcore.domain.catalogue import Catalogue
from crmcore.domain.change import Actor
from crmcore.domain.errors import CrmError, PredicateError
from crmcore.domain.field import Field
from crmcore.domain.literal import UNITS
from crmcore.domain.predicate import Compare, Path
from crmcore.plugins.registry import load
from docs.generate.markdown import code, codes, document, table, yes
from docs.generate.records import PLUGINS

NOW = dt.datetime(2025, 6, 1, 12, tzinfo=dt.UTC)
ID = "019a0000-0000-7000-8000-000000000001"

INTRODUCTION = """\
One language serves `--where`, `query`, `count`, policies and everything else that picks records. An expression is a
text such as

    city = "Cairo" and loyalty.tier in ("gold", "platinum") and last_order < 90 days ago"""

GRAMMAR = """\
```ebnf
expr     = term { "or" term } ;
term     = factor { "and" factor } ;
factor   = [ "not" ] ( "(" expr ")" | test ) ;
test     = path op value
         | path [ "not" ] "in" "(" value { "," value } ")"
         | path "is" [ "not" ] "missing"
         | [ "no" ] record [ "where" "(" expr ")" ] ;
op       = "=" | "!=" | "<" | "<=" | ">" | ">=" | "~" ;
path     = name { "." name } ;
value    = string | number | money | date | time | ago | "today" | "now" | "true" | "false" | "me" ;
string   = '"' ... '"' | "'" ... "'" ;
number   = [ "-" ] digits [ "." digits ] ;
money    = number CURRENCY ;
date     = YYYY-MM-DD ;
time     = YYYY-MM-DDThh:mm[:ss[.ffffff]] [ "Z" | +hh:mm | -hh:mm ] ;
ago      = number UNITS "ago" ;
```"""

MEANING = """\
- A comparison with a missing value is false, and `not` negates that: a filter is true or false, never unknown.
- Text compares exactly. `~` asks whether the folded text contains the folded value, so that accents, case and the ways
  of writing Arabic and Persian letters do not count.
- A name is a field, a facet's field (`loyalty.tier`), a flat name (`email`), a part's field (`line.quantity`) or a
  field beyond a reference (`customer.city`). Where it has several values, any that fits will do.
- `record` alone asks whether some related record or part exists; `no order where (...)` whether none does.
- A bare number compared with money is an amount in the base currency of the Crm. Amounts of different currencies are
  never equal, and neither is greater.
- A date where a time is due is its midnight in the zone of the Crm; a time without a zone is read in that zone.
- `me` is the name of whoever asks: for a reference to a user, the user with that `external_id`.
- A quote within a text is doubled: `'l''été'`. There are no other escapes.
- At most {length:,} characters, and parentheses {depth} deep."""

EVERY_TYPE = """\
`is missing` and `is not missing` fit every type. Of a set (`choices`) any element that fits will do; an element is
text, or a choice where options are declared."""

SAMPLES = {
    "text in quotes": '"x"',
    "a whole number": "1",
    "a number": "1.5",
    "money": "1.50 EUR",
    "a date": "2025-01-31",
    "a time": "2025-01-31T09:30Z",
    "`today`": "today",
    "`now`": "now",
    "a span ago": "90 days ago",
    "`true`, `false`": "true",
    "`me`": "me",
    "an id in quotes": f'"{ID}"',
}
FIELDS: dict[str, Field] = {
    "text": Field(kind="text", name="x", fold=True),
    "text, exact": Field(kind="text", name="x"),
    "integer": Field(kind="integer", name="x"),
    "decimal": Field(kind="decimal", name="x", scale=2),
    "money": Field(kind="money", name="x"),
    "boolean": Field(kind="boolean", name="x"),
    "date": Field(kind="date", name="x"),
    "datetime": Field(kind="datetime", name="x"),
    "choice": Field(kind="choice", name="x", options=("x", "y")),
    "reference": Field(kind="reference", name="x", target="user"),
    "json": Field(kind="json", name="x"),
}

EXAMPLES = (
    ("customer", 'city = "Cairo" or city = "Tehran"', "customers with such an address"),
    ("customer", 'name ~ "husseini" and not archived = true', "by a part of the folded name"),
    ("customer", "email is missing and phone is not missing", "reachable by telephone only"),
    ("customer", 'loyalty.tier in ("gold", "platinum")', "by a plugin's field"),
    ("customer", "last_order < 90 days ago", "by a derived figure: bought once, but not lately"),
    ("customer", 'no order where (status = "paid")', "who never paid an order"),
    ("customer", 'role where (role = "donor" and to_date is missing)', "one part that fits both conditions"),
    ("customer", "owner = me", "mine"),
    ("order", 'customer.country = "Egypt" and total >= 1200 EUR', "beyond a reference"),
    ("order", "line where (quantity < 0)", "orders with returns"),
    ("relationship", 'kind = "owns" and share > 0.5', "majorities"),
)
FAULTS = (
    ("customer", "city = Cairo"),
    ("customer", 'citty = "Cairo"'),
    ("customer", 'birth_date > "soon"'),
    ("customer", 'loyalty.tier = "golden"'),
    ("order", "total > 100 and"),
)


def page() -> str:
    """The page."""
    catalogue = load(PLUGINS).catalogue
    meaning = MEANING.format(length=grammar.MAX_LENGTH, depth=predicate.MAX_DEPTH)
    units = f"`CURRENCY` is three capitals, `UNITS` one of {codes(UNITS)}. Words are lower case."
    return document(
        "The filter language",
        INTRODUCTION,
        f"## Grammar\n\n{GRAMMAR}\n\n{units}",
        f"## What it means\n\n{meaning}",
        f"## Operators and values by type of field\n\n{_operators()}\n\n{EVERY_TYPE}",
        f"## Examples\n\n{_examples(catalogue)}",
        f"## Faults\n\nAn error points at the character and says what could stand there.\n\n{_faults(catalogue)}",
    )


def _operators() -> str:
    rows = [
        (name, *(yes(_fitting(each, op), "✓") for op in (*predicate.OPERATORS, "in")), _values(each))
        for name, each in FIELDS.items()
    ]
    return table(("type", *map(code, (*predicate.OPERATORS, "in")), "compared with"), rows)


def _fitting(each: Field, op: str) -> list[str]:
    """The kinds of values that fit a field and an operator."""
    return [name for name, literal in SAMPLES.items() if _fits(each, op, literal)]


def _values(each: Field) -> str:
    found = {name: None for op in (*predicate.OPERATORS, "in") for name in _fitting(each, op)}
    if "an id in quotes" in found and "text in quotes" in found:
        del found["an id in quotes"]  # which is a text
    if "a number" in found:
        found.pop("a whole number", None)
    return ", ".join(found)


def _fits(each: Field, op: str, literal: str) -> bool:
    typing = operand.Typing(NOW, dt.UTC, "EUR", "sara")
    compared = grammar.parse(f"x = {literal}")
    assert isinstance(compared, Compare)
    try:
        typing.test(each, op, (compared.value,), Path(("x",)))
    except PredicateError:
        return False
    return True


def _binder(catalogue: Catalogue, text: str) -> Binder:
    return Binder(
        catalogue=catalogue,
        actor=Actor("sara"),
        now=NOW,
        zone=dt.UTC,
        currency="EUR",
        rule=lambda _: ALL,
        text=text,
    )


def _examples(catalogue: Catalogue) -> str:
    """Each is bound against the declarations, so that none can be wrong."""
    for record, text, _ in EXAMPLES:
        _binder(catalogue, text).read(catalogue.record(record), grammar.parse(text))
    return table(("record", "filter", "finds"), [(code(r), code(text), what) for r, text, what in EXAMPLES])


def _faults(catalogue: Catalogue) -> str:
    return "\n\n".join(f"```text\n{_fault(catalogue, record, text)}\n```" for record, text in FAULTS)


def _fault(catalogue: Catalogue, record: str, text: str) -> str:
    try:
        _binder(catalogue, text).read(catalogue.record(record), grammar.parse(text))
    except CrmError as error:
        return error.message
    raise AssertionError(f"{text!r} is no fault of a {record}")
