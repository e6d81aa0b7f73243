"""Tests of records made of flat values."""

import datetime as dt
from decimal import Decimal
from uuid import UUID

import pytest

from crmcore.domain import catalogue, listing
from crmcore.domain.columns import columns_of
from crmcore.domain.customer import Address, ContactPoint, Customer, Role
from crmcore.domain.errors import InvalidRecord, InvalidValue, UnknownName
from crmcore.domain.flatten import build, disagreements, line_parts, missing
from crmcore.domain.money import Money
from crmcore.domain.order import Order, OrderLine
from crmcore.domain.records import CORE
from crmcore.testing.specimens import Profile, Sample

FOUND = catalogue.build([*((None, cls) for cls in CORE), ("specimen", Sample)], [("specimen", Profile)])
CUSTOMER = columns_of(FOUND.of(Customer), FOUND.facets["customer"])
ORDER = columns_of(FOUND.of(Order))
SAMPLE = columns_of(FOUND.of(Sample))
TEA, CUP = UUID(int=1), UUID(int=2)
NOON = dt.datetime(2025, 1, 31, 12, tzinfo=dt.UTC)


def test_flat_values_become_parts() -> None:
    """A row's e-mail addresses, phone and address would be lost or scattered."""
    made = build(
        CUSTOMER,
        {
            "name": "Leila",
            "email": ("a@b.example", "c@d.example"),
            "phone": "+98 21 1",
            "street": "Vali Asr 1",
            "city": "Tehran",
            "country": None,
            "roles": ("lead", "donor"),
        },
    )
    assert made == Customer(
        name="Leila",
        contact_points=(
            ContactPoint("email", "a@b.example", preferred=True),
            ContactPoint("email", "c@d.example"),
            ContactPoint("phone", "+98 21 1", preferred=True),
        ),
        addresses=(Address(street="Vali Asr 1", city="Tehran", preferred=True),),
        roles=(Role("lead"), Role("donor")),
    )


def test_a_facet_is_made_only_if_something_of_it_is_stated() -> None:
    """Every imported customer would become a member, or none."""
    assert build(CUSTOMER, {"name": "Leila", "specimen.points": None}).facets == {}
    assert build(CUSTOMER, {"specimen.points": 0}).facets == {Profile: Profile(points=0)}


def test_rows_of_one_order_are_its_lines() -> None:
    """An order of three rows would have one line, or be three orders."""
    head = {"external_id": "42", "ordered_at": NOON}
    made = build(ORDER, {**head, "product": TEA, "quantity": Decimal(2)}, {**head, "product": CUP}, head)
    assert made == Order(
        external_id="42",
        ordered_at=NOON,
        lines=(OrderLine(TEA, Decimal(2)), OrderLine(CUP)),
    )
    assert line_parts(ORDER, {**head, "product": TEA}, {"product": CUP}) == {"lines": (OrderLine(TEA), OrderLine(CUP))}


def test_parts_may_be_given_whole() -> None:
    """A host that builds from its own values could not give what flat names cannot say."""
    work = ContactPoint("email", "w@x.example", usage="work")
    made = build(CUSTOMER, {"contact_points": (work,), "phone": "1"})
    assert made == Customer(contact_points=(work, ContactPoint("phone", "1", preferred=True)))


def test_what_is_required_and_missing_is_listed_at_once() -> None:
    """Who mends a row would learn of it one by one, or see a TypeError of Python."""
    with pytest.raises(InvalidRecord) as refused:
        build(SAMPLE, {"note": "x", "count": 2, "label": None})
    assert refused.value.problems == dict.fromkeys(["label", "taken_at", "title"], "is required")
    assert missing(SAMPLE, ["note", "count"]) == ["label", "taken_at", "title"]
    assert missing(SAMPLE, ["label", "taken_at"]) == []


def test_further_rows_are_asked_for_what_their_lines_require() -> None:
    """A piece without a title would be refused by Python instead of by us."""
    whole = {"label": "one", "taken_at": NOON}
    with pytest.raises(InvalidRecord, match="title: is required"):
        build(SAMPLE, whole, {"count": 2})


def test_an_unknown_name_is_refused() -> None:
    """A misspelt value would be dropped in silence."""
    with pytest.raises(UnknownName, match="did you mean 'name'"):
        build(CUSTOMER, {"nam": "Leila"})


def test_several_values_stand_only_where_they_can() -> None:
    """Two cities of one address would overwrite each other."""
    with pytest.raises(InvalidValue, match="city holds one value, not 2"):
        build(CUSTOMER, {"city": ("Cairo", "Giza")})


def test_rows_of_one_record_may_disagree() -> None:
    """An order that two rows give different totals would take one of them unsaid."""
    first = {"external_id": "42", "total": Money(5, "EUR"), "product": TEA}
    assert disagreements(ORDER, first, {**first, "product": CUP}) == []
    assert disagreements(ORDER, first, {"external_id": "42"}) == []
    assert disagreements(ORDER, first, {"total": Money(6, "EUR"), "status": "paid"}) == ["status", "total"]


def test_a_list_shows_the_preferred_part() -> None:
    """The list would show a number that the customer does not want to be called on."""
    points = (ContactPoint("phone", "old", no=1), ContactPoint("phone", "new", preferred=True, no=2))
    homes = (Address(city="Cairo", no=1), Address(city="Giza", no=2))
    customer = Customer(contact_points=points, addresses=homes, roles=(Role("lead"), Role("lead")))
    shown = listing.flat(CUSTOMER, customer)
    assert (shown["phone"], shown["email"], shown["city"], shown["roles"]) == ("new", None, "Cairo", ["lead"])


def test_a_list_shows_facets_that_were_fetched() -> None:
    """A customer would seem to have no points where nobody looked, or the columns of a list would vary by row."""
    assert "specimen.points" not in listing.flat(CUSTOMER, Customer())
    assert listing.flat(CUSTOMER, Customer(facets={Profile: None}))["specimen.points"] is None
    assert listing.flat(CUSTOMER, Customer().with_facets(Profile(points=7)))["specimen.points"] == 7


def test_an_order_is_exported_one_line_a_row() -> None:
    """Lines would be lost, or an order without lines left out."""
    order = Order(external_id="42", ordered_at=NOON, lines=(OrderLine(TEA), OrderLine(CUP)))
    rows = listing.rows(ORDER, order)
    assert [(row["external_id"], row["product"]) for row in rows] == [("42", str(TEA)), ("42", str(CUP))]
    assert len(listing.rows(ORDER, Order(ordered_at=NOON))) == 1


def test_hidden_columns_are_in_no_list_and_no_export() -> None:
    """A list or export would tell what a policy hides."""
    seen = CUSTOMER.visible({"email", "specimen"})
    customer = build(CUSTOMER, {"email": "a@b.example", "specimen.points": 5})
    assert {"email", "specimen.points"}.isdisjoint(listing.flat(seen, customer))
    assert {"product", "quantity"}.isdisjoint(
        listing.rows(ORDER.visible({"lines"}), Order(ordered_at=NOON, lines=(OrderLine(TEA),)))[0]
    )
