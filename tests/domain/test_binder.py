"""Binding: names to declarations, texts to typed values, read rules at every hop, and errors that help."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.domain import bound
from crmcore.domain.customer import Customer
from crmcore.domain.errors import PredicateError, UnknownName
from crmcore.domain.evaluate import fits
from crmcore.domain.query import Sort
from tests.domain.clinic import CATALOGUE, NOON, VISIT, Reading, World, bind, binder, visit
from tests.domain.sketch import sketch

CUSTOMER = CATALOGUE.of(Customer)
ID = "018f0000-0000-7000-8000-000000000001"
TEHRAN = ZoneInfo("Asia/Tehran")
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('code = "x"', "code = 'x'"),  # an own field
        ('external_id = "7"', "external_id = '7'"),  # the envelope
        ('symptom = "ache"', "finding[kind=symptom] > label = 'ache'"),  # a flat name with a condition
        ('labels = "ache"', "finding > label = 'ache'"),  # one without
        ('finding.label = "ache"', "finding > label = 'ache'"),  # the same, dotted
        ("finding.count > 2", "finding > count > 2"),
        ('finding where (kind = "sign" and count > 2)', "finding > (kind = 'sign' and count > 2)"),  # one part, both
        ("finding", "finding > always"),
        ("no finding", "not finding > always"),
        ('wards = "north"', "each wards > value = 'north'"),  # a set
        ("marks is missing", "not each marks > value there"),
        ('patient.name = "Sara"', "patient:customer > name = 'Sara'"),  # a reference
        ('patient.city = "Cairo"', "patient:customer > address > city = 'Cairo'"),
        ('patient.clinic.blood = "a"', "patient:customer > facet clinic > blood = 'a'"),  # a facet behind it
        ('patient.clinic.allergies = "nuts"', "patient:customer > facet clinic > each allergies > value = 'nuts'"),
        ('patient.clinic.physician.name = "x"', "patient:customer > facet clinic > physician:user > name = 'x'"),
        ('before.before.code = "x"', "before:clinic.visit > before:clinic.visit > code = 'x'"),
        ('finding.reported_by.name = "x"', "finding > reported_by:user > name = 'x'"),  # a part's reference
        ("clinic.reading", "clinic.reading by visit > always"),  # those that refer here
        ("no clinic.reading where (value > 1)", "not clinic.reading by visit > value > 1"),
        ("clinic.visit where (seat = 1)", "clinic.visit by before > seat = 1"),
        ("last_reading is missing", "not clinic.reading by visit > taken_at there"),
        ("note is missing", "not note there"),
        ("note is not missing", "not not note there"),
        ("form is missing", "not form there"),
        ('note ~ "ÉTÉ"', "note contains 'ete'"),
        ('not code = "a" and (seat = 1 or seat = 2)', "not code = 'a' and (seat = 1 or seat = 2)"),
        ("doctor = me", "doctor:user > external_id = 'sara'"),
        ("doctor != me", "doctor there and not doctor:user > external_id = 'sara'"),
        (f'doctor in (me, "{ID}")', f"doctor:user > external_id = 'sara' or doctor = {ID}"),
        ("patient.owner = me", "patient:customer > owner:user > external_id = 'sara'"),
        ("room = me", "room = 'sara'"),
    ],
)
def test_each_form_of_a_path_is_bound(text: str, expected: str) -> None:
    """The filter would look somewhere else than its words say."""
    assert sketch(bind(text)) == expected


def test_two_references_of_one_type_are_both_asked() -> None:
    """Of a relationship only one side would count."""
    found = sketch(bind("relationship", CUSTOMER))
    either = "relationship by from_customer > always or relationship by to_customer > always"
    assert found == f"not merged_into there and ({either})"


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("seat = 5", (5,)),
        ("seat = 5.00", (5,)),
        ("weight = 5.5", (Decimal("5.5"),)),
        ("price = 5", ("5.00 EUR",)),  # a bare number is in the base currency
        ("price = 5.5 USD", ("5.50 USD",)),
        ("price in (5, 6 USD)", ("5.00 EUR", "6.00 USD")),
        ("urgent = true", (True,)),
        ("day = 2025-01-31", (dt.date(2025, 1, 31),)),
        ("day = today", (dt.date(2025, 3, 1),)),
        ("day < 1 months ago", (dt.date(2025, 2, 1),)),
        ("state in ('booked', 'held')", ("booked", "held")),
        (f'patient = "{ID}"', (UUID(ID),)),
        ("began_at = now", (NOON,)),
        ("began_at = 2 hours ago", (NOON - dt.timedelta(hours=2),)),
        ("began_at = 2025-01-31T09:30Z", (dt.datetime(2025, 1, 31, 9, 30, tzinfo=dt.UTC),)),
        ("began_at = 2025-01-31T09:30+03:30", (dt.datetime(2025, 1, 31, 6, tzinfo=dt.UTC),)),
        ("seat = -9223372036854775808", (-(2**63),)),
    ],
)
def test_values_are_typed_by_their_field(text: str, values: tuple[Any, ...]) -> None:
    """A number would be compared with a text, or money with a number."""
    node = bind(text)
    assert isinstance(node, bound.Test)
    assert tuple(str(v) if isinstance(e, str) else v for v, e in zip(node.values, values, strict=True)) == values


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("began_at = 2025-01-31", TEHRAN, "2025-01-30T20:30:00+00:00"),  # midnight there
        ("began_at = 2025-01-31T09:30", TEHRAN, "2025-01-31T06:00:00+00:00"),
        ("began_at = today", TEHRAN, "2025-02-28T20:30:00+00:00"),
        ("began_at = 2025-07-01T00:00", BERLIN, "2025-06-30T22:00:00+00:00"),
        # 00:00 was skipped in Tehran on that day: the day began at 01:00
        ("began_at = 2022-03-22", TEHRAN, "2022-03-21T20:30:00+00:00"),
        # the same time of day, though the clock was changed on the 30th of March
        ("began_at = 1 days ago", BERLIN, "2025-03-29T10:30:00+00:00"),
        ("began_at = 24 hours ago", BERLIN, "2025-03-29T09:30:00+00:00"),
        ("began_at = 1 months ago", BERLIN, "2025-02-28T10:30:00+00:00"),
    ],
)
def test_times_without_a_zone_are_read_in_ours(text: str, zone: dt.tzinfo, expected: str) -> None:
    """A day would begin and end at somebody else's midnight."""
    now = dt.datetime(2025, 3, 30, 9, 30, tzinfo=dt.UTC) if zone is BERLIN else NOON
    node = bind(text, zone=zone, now=now)
    assert isinstance(node, bound.Test)
    assert node.values[0].isoformat() == expected


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("colour = 1", 0, "unknown field of clinic.visit: 'colour'"),
        ("seat = 1 and colour = 1", 13, "'colour'"),
        ('cod = "x"', 0, "did you mean 'code'?"),
        ('patient.nmae = "x"', 0, "did you mean 'patient.name'"),
        ('patient.clinic.bood = "a"', 0, "did you mean 'patient.clinic.blood'"),
        ('patient.clinic.bood = "a"', 0, "unknown field of customer: 'patient.clinic.bood'"),
        ('finding.lable = "x"', 0, "did you mean 'finding.label'"),
        ('finding where (lable = "x")', 15, "did you mean 'label'"),
        ('clinic.reading where (vlaue = "x")', 22, "did you mean 'value'"),
        ("seat = 1 and clinic.raeding", 13, "did you mean 'clinic.reading'"),
        ("fnding", 0, "did you mean 'finding'"),
        ("product", 0, "those that refer to clinic.visit"),
        ("room.x = 1", 0, "'room.x'"),
        ("id.x = 1", 0, "'id.x'"),
        ("symptom.x = 1", 0, "'symptom.x'"),
        ("last_reading.x = 1", 0, "did you mean 'last_reading'?"),
        ("finding where (clinic.reading)", 15, "cannot be asked for here"),
        ("seat = 'x'", 7, "seat is of type integer"),
        ("seat = 1.5", 7, "a whole number"),
        ("seat = 9223372036854775808", 7, "a whole number"),
        ("weight = 1.234", 9, "more than 2 decimal places"),
        ("weight = 1000000000000000000000000000000", 9, "too large"),
        ("price = 1.23456", 8, "price"),
        ("urgent = 1", 9, "true or false"),
        ("urgent < true", 0, "which < does not fit"),
        ("state < 'held'", 0, "which < does not fit"),
        ("state = 'hold'", 8, "did you mean held?"),
        ("state in ('held', 'hold')", 18, "did you mean held?"),
        ("wards = 'west'", 8, "wards: there is no 'west'"),
        ("patient = 'Sara'", 10, "write patient.name"),
        ("patient = me", 10, "an id in quotes"),
        ("day = now", 6, "a date"),
        ("day = 1.5 months ago", 6, "whole months"),
        ("day = 3000 years ago", 6, "before the first year"),
        ("began_at = 0001-01-01", 11, "outside the years"),
        ("began_at = 0001-01-01T00:00", 11, "outside the years"),
        ("began_at = 2022-03-22T00:30", 11, "a clock change skips it"),
        ("began_at = 'x'", 11, "a time"),
        ("form = 'x'", 0, '"is missing"'),
        ('code ~ "x"', 0, "compares exactly only"),
        ("room ~ 5", 7, "~ looks for text"),
        ('wards ~ "x"', 0, "compares exactly only"),
    ],
)
def test_an_error_points_at_what_does_not_fit(text: str, position: int, words: str) -> None:
    """A person would have to find the mistake in a long filter by themselves."""
    with pytest.raises(PredicateError) as refused:
        bind(text, zone=TEHRAN)
    assert refused.value.position == position
    assert words in str(refused.value)
    assert str(refused.value).endswith("^")


def test_a_validator_for_writing_is_not_asked_about_filters() -> None:
    """Nobody could look for values that must not be written any more."""
    assert sketch(bind("finding.size < -1")) == "finding > size < -1"


VALUES = st.integers(0, 4)


@given(
    held=st.lists(st.one_of(st.none(), VALUES), max_size=4),
    op=st.sampled_from(["=", "!=", "<", "<=", ">", ">=", "in"]),
    asked=st.lists(VALUES, min_size=1, max_size=3),
    name=st.sampled_from(["last_reading", "least_value"]),
)
def test_a_figure_is_asked_as_its_aggregate_means(held: list[int | None], op: str, asked: list[int], name: str) -> None:
    """`last_order < 90 days ago` would find customers by any order, not by the last one."""
    patient = UUID(int=1)
    one = visit(1, patient, id=UUID(int=2))
    at = [NOON + dt.timedelta(hours=n or 0) for n in held]
    readings = [
        Reading(one.id, at[n], None if value is None else Decimal(value), id=UUID(int=10 + n))
        for n, value in enumerate(held)
    ]
    other = Reading(UUID(int=3), NOON + dt.timedelta(hours=9), Decimal(-9), id=UUID(int=9))
    last = name == "last_reading"
    texts = [(NOON + dt.timedelta(hours=n)).isoformat().replace("+00:00", "Z") if last else str(n) for n in asked]
    text = f"{name} in ({', '.join(texts)})" if op == "in" else f"{name} {op} {texts[0]}"
    known = [n or 0 for n in held] if last else [n for n in held if n is not None]
    figure = (max if last else min)(known, default=None)
    found = fits(bind(text), one, World(one, other, *readings))
    assert found == (figure is not None and _holds(figure, op, asked))


def _holds(figure: int, op: str, asked: list[int]) -> bool:
    first = asked[0]
    return {
        "=": figure == first,
        "!=": figure != first,
        "<": figure < first,
        "<=": figure <= first,
        ">": figure > first,
        ">=": figure >= first,
        "in": figure in asked,
    }[op]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("room", (None, None, "room")),
        ("symptom", (None, "finding", "label")),
        ("id", (None, None, "id")),
        ("price", (None, None, "price")),
    ],
)
def test_a_sort_key_stands_for_a_field(path: str, expected: tuple[str | None, str | None, str]) -> None:
    """A list would be sorted by something else than its heading says."""
    key = binder().sort_key(VISIT, Sort(path, descending=True))
    part, facet = key.part and key.part.name, key.facet and key.facet.name
    assert (facet, part, key.field.name) == expected
    assert key.descending


def test_a_facets_field_is_a_sort_key() -> None:
    """Members could not be listed by tier."""
    key = binder().sort_key(CUSTOMER, Sort("clinic.blood"))
    assert (key.facet and key.facet.name, key.field.name, key.descending) == ("clinic", "blood", False)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("romo", "did you mean 'room'"),
        ("wards", "unknown field of clinic.visit to sort by: 'wards'"),  # a set has no order
        ("form", "'form'"),
        ("labels", "'labels'"),  # a name for many values
        ("last_reading", "'last_reading'"),
        ("finding.label", "'finding.label'"),
        ("patient.name", "'patient.name'"),
    ],
)
def test_what_has_no_order_cannot_be_sorted_by(path: str, words: str) -> None:
    """The order would depend on the storage; or the message would suggest the very name that it refuses."""
    with pytest.raises(UnknownName) as refused:
        binder().sort_key(VISIT, Sort(path))
    assert words in str(refused.value)
    assert f"mean '{path}'" not in str(refused.value)
