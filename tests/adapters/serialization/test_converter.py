"""Tests of plain forms: nothing is lost on the way out and back, nothing is coerced on the way in."""

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from crmcore.adapters.serialization.converter import RecordCodec
from crmcore.domain import catalogue, field
from crmcore.domain.customer import Customer, Organisation, Person
from crmcore.domain.errors import InvalidRecord, InvalidValue, UnknownName
from crmcore.domain.money import Money
from crmcore.domain.part import Part, part, parts
from crmcore.domain.product import Product
from crmcore.domain.record import Record, RecordType, record
from crmcore.ports.codec import Codec
from crmcore.testing.specimens import Profile, Sample
from tests.adapters.serialization.declared import CATALOGUE, CUSTOMER, PRODUCT, SAMPLE, any_record

CODEC: Codec = RecordCodec(CATALOGUE)
NOON = dt.datetime(2025, 1, 31, 12, tzinfo=dt.UTC)


@given(any_record(stored=True))
def test_a_record_survives_its_plain_form(drawn: tuple[RecordType, Record]) -> None:
    """History, sync or a subject's export would hold another record than the one that was dumped."""
    type, record = drawn
    text = json.dumps(CODEC.dump(record), ensure_ascii=False)
    assert CODEC.load(type, json.loads(text)) == record


def test_the_plain_form_is_as_documented() -> None:
    """Programs that read exports and the command line's JSON would look for other keys."""
    tagged = Organisation("Nile Trading", emails=["a@nile.example"], roles=["lead"], tags=frozenset("ba"))
    plain = CODEC.dump(tagged.with_facets(Profile(credit=Money(5, "EUR"), ratio=Decimal("0.50"), version=3)))
    assert plain["tags"] == ["a", "b"]
    assert plain["roles"] == [{"no": 0, "role": "lead", "from_date": None, "to_date": None}]
    assert plain["contact_points"][0]["value"] == "a@nile.example"
    assert plain["specimen.credit"] == {"amount": "5.00", "currency": "EUR"}
    assert plain["specimen.ratio"] == "0.50"
    assert plain["specimen.version"] == 3
    assert "facets" not in plain


def test_a_facet_that_the_record_lacks_has_no_keys() -> None:
    """A customer who is no member would come back as a member without data."""
    without = Customer(name="Leila", facets={Profile: None})
    assert [key for key in CODEC.dump(without) if "." in key] == []
    assert CODEC.load(CUSTOMER, CODEC.dump(without)).facets == {}


def test_what_is_left_out_takes_its_default() -> None:
    """History written before a field was declared could not be read."""
    assert CODEC.load(CUSTOMER, {"name": "Leila"}) == Person("Leila")


@pytest.mark.parametrize(
    ("type", "changes", "problems"),
    [
        (CUSTOMER, {"archived": "false"}, {"archived"}),  # truthy texts would archive everybody
        (CUSTOMER, {"archived": 0}, {"archived"}),
        (CUSTOMER, {"version": True}, {"version"}),
        (CUSTOMER, {"version": 1.0}, {"version"}),
        (CUSTOMER, {"version": "1"}, {"version"}),
        (CUSTOMER, {"name": 5}, {"name"}),
        (CUSTOMER, {"name": ["Leila"]}, {"name"}),
        (CUSTOMER, {"kind": None}, {"kind"}),  # no customer is without a kind
        (CUSTOMER, {"tags": None}, {"tags"}),
        (CUSTOMER, {"tags": "ab"}, {"tags"}),  # would become the tags a and b
        (CUSTOMER, {"tags": [1]}, {"tags"}),
        (CUSTOMER, {"tags": [["a"]]}, {"tags"}),
        (CUSTOMER, {"birth_date": "20250131"}, {"birth_date"}),
        (CUSTOMER, {"birth_date": "2025-01-31T00:00:00"}, {"birth_date"}),
        (CUSTOMER, {"created_at": "2025-01-31T12:00:00"}, {"created_at"}),  # in whose zone?
        (CUSTOMER, {"owner": "{0190a5a0-0000-7000-8000-000000000001}"}, {"owner"}),
        (CUSTOMER, {"owner": "sara"}, {"owner"}),
        (PRODUCT, {"price": {"amount": 5, "currency": "EUR"}}, {"price"}),
        (PRODUCT, {"price": {"amount": "5.00", "currency": "EUR", "vat": "1"}}, {"price"}),
        (PRODUCT, {"price": "5.00 EUR"}, {"price"}),
        (SAMPLE, {"ratio": "1_000"}, {"ratio"}),
        (SAMPLE, {"ratio": "NaN"}, {"ratio"}),
        (SAMPLE, {"ratio": 0.5}, {"ratio"}),
        (SAMPLE, {"data": [0.1]}, {"data"}),
        (SAMPLE, {"colour": 1}, {"colour"}),
        (CUSTOMER, {"contact_points": {}}, {"contact_points"}),
        (CUSTOMER, {"contact_points": None}, {"contact_points"}),
        (CUSTOMER, {"contact_points": [7]}, {"contact_points[0]"}),
        (CUSTOMER, {"contact_points": [{"kind": "email", "value": "a"}, {"no": "1"}]}, {
            "contact_points[1].no",
            "contact_points[1].kind",
            "contact_points[1].value",
        }),
        (CUSTOMER, {"nam": "Leila"}, {"nam"}),
        (CUSTOMER, {"facets": {}}, {"facets"}),
        (CUSTOMER, {"addresses": [{"town": "Cairo"}]}, {"addresses[0].town"}),
        (CUSTOMER, {"loyalty.tier": "gold"}, {"loyalty.tier"}),
        (CUSTOMER, {"specimen.points": "5", "specimen.poits": 5}, {"specimen.points", "specimen.poits"}),
        (CUSTOMER, {"specimen.version": None}, {"specimen.version"}),
    ],
)  # fmt: skip
def test_nothing_is_coerced(type: RecordType, changes: dict[str, Any], problems: set[str]) -> None:
    """A value that nobody stated would be taken, or a key that nobody knows would be dropped in silence."""
    sound: dict[RecordType, Record] = {
        CUSTOMER: Person("Leila"),
        PRODUCT: Product(name="Tea"),
        SAMPLE: Sample("one", NOON),
    }
    with pytest.raises(InvalidRecord) as refused:
        CODEC.load(type, {**CODEC.dump(sound[type]), **changes})
    assert set(refused.value.problems) == problems
    assert all(refused.value.problems.values())


def test_all_problems_come_at_once() -> None:
    """Who mends a record would learn of its faults one by one."""
    bad = {"taken_at": "noon", "number": "1", "pieces": [{"count": "2"}], "colr": "red", "x.y": 1}
    with pytest.raises(InvalidRecord) as refused:
        CODEC.load(SAMPLE, bad)
    assert refused.value.problems.keys() == {
        *("label", "taken_at", "number", "pieces[0].title", "pieces[0].count", "colr", "x.y"),
    }
    assert "did you mean 'colour'" in refused.value.problems["colr"]
    assert refused.value.problems["label"] == "is required"


@pytest.mark.parametrize("plain", [None, 5, "x", []])
def test_what_is_no_object_is_refused(plain: Any) -> None:
    """A caller would see a traceback of the library in use."""
    with pytest.raises(InvalidRecord, match="expected an object"):
        CODEC.load(CUSTOMER, plain)


def test_an_unknown_class_is_refused() -> None:
    """A record of a plugin that is not active would be written without its declaration."""

    @record("stranger")
    class Stranger(Record):
        """Of no plugin."""

    with pytest.raises(UnknownName, match="Stranger"):
        CODEC.dump(Stranger())


def test_a_class_that_refuses_is_a_problem_and_a_broken_one_an_error() -> None:
    """A value that a plugin's class refuses would be a traceback, or a fault of its code be taken for bad data."""

    @record("span")
    class Span(Record):
        """Refuses what ends before it starts, and breaks at 0."""

        start: int = field.integer()
        end: int = field.integer()

        def __attrs_post_init__(self) -> None:
            if self.end // self.start < 1:
                raise InvalidValue("ends before it starts")

    found = catalogue.build([("office", Span)])
    codec = RecordCodec(found)
    with pytest.raises(InvalidRecord, match="ends before it starts"):
        codec.load(found.of(Span), {"start": 2, "end": 1})
    with pytest.raises(ZeroDivisionError):
        codec.load(found.of(Span), {"start": 0, "end": 1})


def test_annotations_need_not_resolve() -> None:
    """A plugin that imports its types for the type checker only would break as soon as it is dumped."""

    @part("note")
    class Note(Part):
        """A part known in this function only."""

        text: "NowhereToBeFound" = field.text()  # type: ignore[name-defined]  # noqa: F821  # the point of the test

    @record("folder")
    class Folder(Record):
        """Likewise."""

        notes: "tuple[Note, ...]" = parts(Note, default=())

    found = catalogue.build([("office", Folder)])
    folder = Folder(notes=(Note("read", no=1),))
    codec = RecordCodec(found)
    assert codec.load(found.of(Folder), codec.dump(folder)) == folder
