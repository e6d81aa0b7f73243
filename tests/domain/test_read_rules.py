"""Read rules in filters: what is hidden does not exist, and every hop stays within what may be read there."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from crmcore.domain.binder import ReadRule
from crmcore.domain.bound import Const
from crmcore.domain.customer import Customer
from crmcore.domain.errors import PredicateError, UnknownName
from crmcore.domain.grammar import parse
from crmcore.domain.query import Sort
from crmcore.domain.record import RecordType
from tests.domain.clinic import CATALOGUE, VISIT, bind, binder
from tests.domain.sketch import sketch

CUSTOMER = CATALOGUE.of(Customer)

HIDING: Mapping[str, ReadRule] = {
    "clinic.visit": ReadRule(hidden=frozenset({"room", "doctor", "symptom", "fees", "last_reading"})),
    "customer": ReadRule(hidden=frozenset({"name", "clinic.insured_as", "addresses"})),
    "clinic.reading": ReadRule(hidden=frozenset({"value"})),
    "order": ReadRule(hidden=frozenset({"customer"})),
}


@pytest.mark.parametrize(
    ("text", "hidden", "type"),
    [
        ("{} = 'x'", "room", VISIT),  # an own field
        ("{}.name = 'x'", "doctor", VISIT),  # a reference to look through
        ("patient.{} = 'x'", "name", VISIT),  # a field behind a reference
        ("patient.{} = 'x'", "city", VISIT),  # a flat name over a hidden part
        ("patient.{}.city = 'x'", "address", VISIT),  # the hidden part
        ("patient.clinic.{} = 'x'", "insured_as", VISIT),  # a facet's field
        ("{} = 'x'", "symptom", VISIT),  # a flat name
        ("{} = 'x'", "labels", VISIT),  # another one, which would show the same parts
        ("finding.{} = 1", "fee", VISIT),  # the field behind a hidden flat name
        ("finding where ({} = 1)", "fee", VISIT),
        ("{} = now", "last_reading", VISIT),  # a figure
        ("{} = 1", "least_value", VISIT),  # a figure over a field that is hidden there
        ("{} = now", "last_order", CUSTOMER),  # one by a reference that is hidden there
        ("{}", "order", CUSTOMER),  # a step by that reference
        ("{} where (total > 1)", "order", CUSTOMER),
        ("{}", "address", CUSTOMER),  # the hidden part, asked for itself
    ],
)
def test_hidden_and_unknown_are_one_case(text: str, hidden: str, type: RecordType) -> None:
    """The message would tell that a hidden field exists."""
    bind(text.format(hidden), type)  # it does exist for those from whom it is not hidden
    known, unknown = _refusal(text.format(hidden), type), _refusal(text.format("q" * len(hidden)), type)
    assert known == unknown.replace("q" * len(hidden), hidden)


def _refusal(text: str, type: RecordType) -> str:
    with pytest.raises(PredicateError) as refused:
        bind(text, type, rules=HIDING)
    message, _, place = str(refused.value).partition(" at character")
    return message.partition("; did you mean")[0] + place


def test_a_hidden_name_is_suggested_to_nobody() -> None:
    """The nearest known name would give the hidden one away."""
    with pytest.raises(PredicateError) as refused:
        bind("roon = 'x'", rules=HIDING)
    assert "'room'" not in str(refused.value)
    assert "room" not in binder(rules=HIDING).visible_names(VISIT)


def test_parts_that_a_hidden_name_picks_out_are_not_looked_at() -> None:
    """A hidden e-mail address could be guessed letter by letter through the part that holds it."""
    asked = sketch(bind("finding.count = 1", rules=HIDING))
    assert asked == "finding > (not kind = 'symptom' and count = 1)"
    assert sketch(bind("sign = 'x'", rules=HIDING)) == "finding[kind=sign] > label = 'x'"
    assert sketch(bind("no finding", rules=HIDING)) == "not finding > not kind = 'symptom'"


RULES: Mapping[str, ReadRule] = {
    "clinic.visit": ReadRule(parse("not urgent = true")),
    "customer": ReadRule(parse("owner = me"), frozenset({"owner"})),
    "clinic.reading": ReadRule(parse("value > 0")),
    "user": ReadRule(parse("active = true")),
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("seat = 1", "not urgent = True and seat = 1"),
        ("patient.name = 'x'", "patient:customer > (owner:user > external_id = 'sara' and name = 'x')"),
        ("before.seat = 1", "before:clinic.visit > (not urgent = True and seat = 1)"),
        (
            "doctor.manager.name = 'x'",
            "doctor:user > (active = True and manager:user > (active = True and name = 'x'))",
        ),
        ("clinic.reading", "clinic.reading by visit > value > 0"),
        ("clinic.reading where (value < 9)", "clinic.reading by visit > (value > 0 and value < 9)"),
        ("last_reading is missing", "not clinic.reading by visit > (value > 0 and taken_at there)"),
        ("least_value < 9", "clinic.reading by visit > (value > 0 and value < 9)"),
    ],
)
def test_every_hop_carries_the_read_rule_of_where_it_leads(text: str, expected: str) -> None:
    """A filter would tell about records that a direct look hides. The rule itself may look at hidden fields."""
    own = "not urgent = True and "
    assert sketch(bind(text, rules=RULES)).removeprefix(own).strip("()") == expected.removeprefix(own).strip("()")


def test_without_a_filter_the_read_rule_alone_is_left() -> None:
    """A list without a filter would show everything."""
    assert sketch(binder(rules=RULES).read(VISIT, None)) == "not urgent = True"
    assert binder().read(VISIT, None) == Const(True)


@pytest.mark.parametrize("path", ["room", "symptom", "fees", "doctor"])
def test_hidden_fields_cannot_be_sorted_by(path: str) -> None:
    """The order of a list would tell the values that it hides."""
    with pytest.raises(UnknownName) as refused:
        binder(rules=HIDING).sort_key(VISIT, Sort(path))
    assert "mean" not in str(refused.value)
