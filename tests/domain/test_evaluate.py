"""Evaluation of bound predicates: two-valued, exact, and the same for every way of getting to a value."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given

from crmcore.domain import bound
from crmcore.domain.bound import Bound, Const
from crmcore.domain.customer import Address, ContactPoint, Customer, Role
from crmcore.domain.evaluate import fits, matcher
from crmcore.domain.money import Money
from crmcore.domain.record import Record
from crmcore.domain.user import User
from tests.domain.clinic import CATALOGUE, NOON, Finding, Patient, Reading, Visit, World, bind, visit
from tests.domain.questions import questions, worlds

USER, PATIENT, ONE, TWO = (UUID(int=n) for n in range(1, 5))


def _fits(text: str, world: World | None = None, **values: Any) -> bool:
    """Whether a visit with these values fits the filter."""
    return fits(bind(text), visit(1, PATIENT, **{"id": ONE, **values}), world or World())


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("note = 'a'", {"note": "a"}, True),
        ("note = 'a'", {"note": "A"}, False),  # text compares exactly
        ("note = 'a'", {"note": "a "}, False),  # trailing blanks count
        ("note = 'é'", {"note": "e\u0301"}, False),  # and so do code points
        ("note = ''", {"note": ""}, True),  # empty is a value
        ("note < 'b'", {"note": "Z"}, True),  # by code point, not by alphabet
        ("note > '\uffff'", {"note": "\U0001f600"}, True),  # beyond the basic plane
        ("note ~ 'HEAD'", {"note": "severe  head-ache"}, True),
        ("note ~ 'علي'", {"note": "علی"}, True),
        ("note ~ 'x'", {"note": "severe"}, False),
        ("note ~ ''", {"note": ""}, True),
        ("note in ('a', 'b')", {"note": "b"}, True),
        ("note in ('a', 'b')", {"note": "c"}, False),
        ("rank <= -1", {"rank": -1}, True),
        ("dose = 1.5", {"dose": Decimal("1.5000")}, True),
        ("dose != 1.5", {"dose": Decimal("1.5001")}, True),
        ("refund = 5 EUR", {"refund": Money("5.00", "EUR")}, True),
        ("refund = 5 EUR", {"refund": Money(5, "USD")}, False),
        ("refund != 5 EUR", {"refund": Money(5, "USD")}, True),  # the currency differs
        ("refund != 5 EUR", {"refund": Money(6, "EUR")}, True),
        ("refund > 5 EUR", {"refund": Money(6, "USD")}, False),  # never over currencies
        ("refund < 5 EUR", {"refund": Money(4, "USD")}, False),
        ("refund <= 5 EUR", {"refund": Money(5, "EUR")}, True),
        ("refund in (1 USD, 5 EUR)", {"refund": Money(5, "EUR")}, True),
        ("refund in (1 USD, 5 EUR)", {"refund": Money(5, "USD")}, False),
        ("seen = false", {"seen": False}, True),
        ("seen != true", {"seen": False}, True),
        ("due < 2025-01-02", {"due": dt.date(2025, 1, 1)}, True),
        ("ended_at = 2025-03-01T12:00Z", {"ended_at": NOON}, True),
        ("grade != 'a'", {"grade": "b"}, True),
        ("marks = 'x'", {"marks": frozenset({"x", "y"})}, True),
        ("marks != 'x'", {"marks": frozenset({"x", "y"})}, True),  # any of several values
        ("marks != 'x'", {"marks": frozenset({"x"})}, False),
        ("marks is missing", {"marks": frozenset()}, True),
        ("marks is not missing", {"marks": frozenset({"x"})}, True),
        ("extra is missing", {"extra": None}, True),
        ("extra is missing", {"extra": False}, False),
    ],
)
def test_a_test_of_a_field_means_what_it_says(text: str, values: dict[str, Any], expected: bool) -> None:
    """A filter would find other records than it describes."""
    assert _fits(text, **values) is expected


@pytest.mark.parametrize(
    "test",
    [
        "note = 'a'",
        "note != 'a'",
        "note < 'a'",
        "note >= 'a'",
        "note ~ ''",
        "note in ('a', 'b')",
        "rank != 1",
        "dose > 0",
        "refund != 1 EUR",
        "seen != true",
        "due > 2025-01-01",
        "ended_at < now",
        "grade != 'a'",
        "marks != 'a'",
        "symptom != 'a'",
        "doctor.name != 'a'",
        "patient.clinic.blood != 'a'",
        "last_reading != now",
    ],
)
def test_a_test_of_a_missing_value_is_false_and_its_negation_true(test: str) -> None:
    """A filter and its negation together would lose the records without a value."""
    world = World(Customer(id=PATIENT))
    assert not _fits(test, world)
    assert _fits(f"not {test}", world)


def test_times_compare_as_instants() -> None:
    """In the hour that a clock change repeats, a later time would come before an earlier one."""
    berlin = ZoneInfo("Europe/Berlin")
    early = dt.datetime(2024, 10, 27, 2, 50, tzinfo=berlin)
    late = dt.datetime(2024, 10, 27, 2, 10, fold=1, tzinfo=berlin)
    field = bind("ended_at = now")
    assert isinstance(field, bound.Test)
    world = World()
    assert fits(bound.Test(field.field, ">", (early,)), visit(1, PATIENT, ended_at=late), world)
    assert fits(bound.Test(field.field, "=", (late,)), visit(1, PATIENT, ended_at=late.astimezone(dt.UTC)), world)
    assert fits(bound.Test(field.field, "in", (late,)), visit(1, PATIENT, ended_at=late), world)


def test_contains_sees_as_much_as_a_storage_keeps() -> None:
    """Of a text whose fold is longer than the field, memory would find the end and a database would not."""
    long = "ﬃ" * 20  # each letter folds to three
    assert _fits("note ~ 'ffiffi'", note=long)
    assert not _fits("note ~ 'x'", note=long + "x")


def test_parts_are_asked_one_by_one() -> None:
    """Two conditions would be met by two different parts."""
    findings = (Finding("sign", "pulse", count=1, no=1), Finding("symptom", "ache", count=5, no=2))
    assert not _fits("finding where (kind = 'sign' and count > 1)", findings=findings)
    assert _fits("finding.kind = 'sign' and finding.count > 1", findings=findings)
    assert _fits("finding where (kind = 'symptom' and count > 1)", findings=findings)


def test_a_flat_name_asks_only_the_parts_that_it_stands_for() -> None:
    """A telephone number would be found among e-mail addresses."""
    findings = (Finding("sign", "pulse", no=1),)
    assert _fits("sign = 'pulse'", findings=findings)
    assert not _fits("symptom = 'pulse'", findings=findings)
    assert _fits("symptom is missing", findings=findings)


def _world() -> World:
    return World(
        Customer(name="Sara", owner=USER, contact_points=(ContactPoint("email", "s@x"),), id=PATIENT),
        User("Ali", external_id="sara", id=USER),
        visit(1, PATIENT, id=ONE, before=TWO),
        visit(2, PATIENT, id=TWO, room="far"),
        Reading(ONE, NOON, Decimal(3), id=UUID(int=9)),
        facets={PATIENT: Patient("ab", allergies=frozenset({"nuts"}), physician=USER)},
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("patient.name = 'Sara'", True),
        ("patient.email = 's@x'", True),
        ("patient.owner.name = 'Ali'", True),
        ("patient.owner = me", True),
        ("patient.owner != me", False),
        ("patient.clinic.blood = 'ab'", True),
        ("patient.clinic.allergies = 'nuts'", True),
        ("patient.clinic.physician.name = 'Ali'", True),
        ("before.room = 'far'", True),
        ("before.before.room is missing", True),
        ("clinic.reading", True),
        ("clinic.reading where (value > 3)", False),
        ("no clinic.reading where (value > 3)", True),
        ("clinic.visit", False),  # nothing comes after the first one
        ("doctor = me", False),
        ("doctor != me", False),
    ],
)
def test_steps_lead_to_other_records(text: str, expected: bool) -> None:
    """A filter would look at the wrong records."""
    assert fits(bind(text), visit(1, PATIENT, id=ONE, before=TWO), _world()) is expected


def test_a_reference_to_nothing_leads_nowhere() -> None:
    """A filter would fail where a record was removed meanwhile."""
    assert not _fits("patient.name = 'Sara'", World())


def test_the_customers_own_names_work() -> None:
    """The flat names of the core would lead to the wrong parts."""
    one = Customer(
        name="Sara",
        contact_points=(ContactPoint("phone", "110"), ContactPoint("email", "s@x")),
        addresses=(Address(city="Cairo"),),
        roles=(Role("lead"), Role("donor")),
        tags=frozenset({"vip"}),
    )
    customer = CATALOGUE.of(Customer)
    for text in ("email = 's@x'", "phone = '110'", "city = 'Cairo'", "roles in ('donor')", "tags = 'vip'"):
        assert fits(bind(text, customer), one, World()), text
    for text in ("email = '110'", "fax = '110'", "roles = 'member'", "last_order > 1 days ago"):
        assert not fits(bind(text, customer), one, World()), text


@given(worlds(), questions())
def test_a_filter_and_its_negation_split_all_records(world: World, question: Bound) -> None:
    """Some record would be in both lists, or in neither."""
    yes, no = matcher(question, world), matcher(bound.Not(question), world)
    for each in _visits(world):
        assert yes(each) is not no(each)


@given(worlds(), questions(), questions())
def test_and_narrows_and_or_widens(world: World, one: Bound, other: Bound) -> None:
    """A second condition would add records, or an alternative would lose some."""
    first, second = matcher(one, world), matcher(other, world)
    both, either = matcher(bound.Every((one, other)), world), matcher(bound.Some((one, other)), world)
    for each in _visits(world):
        assert both(each) is (first(each) and second(each))
        assert either(each) is (first(each) or second(each))


@given(worlds(), questions())
def test_an_answer_does_not_change(world: World, question: Bound) -> None:
    """A prepared filter would carry something over from one record to the next."""
    ask = matcher(question, world)
    found = [ask(each) for each in _visits(world)]
    assert found == [fits(question, each, world) for each in _visits(world)]
    assert fits(bound.every(question, Const(True)), world.records[0], world) is found[0]


def _visits(world: World) -> list[Record]:
    return [each for each in world.records if isinstance(each, Visit)]
