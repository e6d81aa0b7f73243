"""Tests of what flat values change in a record."""

import datetime as dt
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given

from crmcore.domain import catalogue, listing
from crmcore.domain.columns import columns_of
from crmcore.domain.copying import evolve
from crmcore.domain.customer import Address, AlternativeName, ContactPoint, Customer, Role
from crmcore.domain.errors import InvalidRecord, InvalidValue, UnknownName
from crmcore.domain.flatten import apply
from crmcore.domain.order import Order, OrderLine
from crmcore.domain.records import CORE
from crmcore.testing.strategies import records

FOUND = catalogue.build([(None, cls) for cls in CORE])
CUSTOMER = FOUND.of(Customer)
ORDER = FOUND.of(Order)
NOON = dt.datetime(2025, 1, 31, 12, tzinfo=dt.UTC)

HOME = ContactPoint("email", "home@x.example", preferred=True, usage="private", verified_at=NOON, no=1)
WORK = ContactPoint("email", "work@x.example", no=2)
CALL = ContactPoint("phone", "1", preferred=True, no=3)
CAIRO = Address(kind="home", street="Nile 1", city="Cairo", preferred=True, no=1)
LEILA = Customer(
    name="Leila",
    tags=frozenset("ab"),
    contact_points=(HOME, WORK, CALL),
    addresses=(Address(city="Giza", no=2), CAIRO),
    roles=(Role("lead", from_date=dt.date(2024, 1, 1), no=1), Role("donor", no=2)),
)


def changed(**values: Any) -> dict[str, Any]:
    """What these values change in Leila."""
    return apply(CUSTOMER, LEILA, values)


def test_what_is_the_same_changes_nothing() -> None:
    """Importing the same file twice would count every row as updated."""
    assert changed(name="Leila", email="home@x.example", phone="1", city="Cairo", roles=("donor", "lead")) == {}
    assert changed(email=("home@x.example", "work@x.example"), tags=frozenset("ba"), fax=None) == {}
    assert changed(contact_points=LEILA.contact_points) == {}


@given(records(CUSTOMER, stored=True))
def test_what_a_list_shows_changes_nothing(record: Customer) -> None:
    """An export that is imported again unchanged would rewrite records."""
    columns = columns_of(CUSTOMER)
    shown = listing.values(columns, record)
    assert apply(CUSTOMER, record, {n: v for n, v in shown.items() if v is not None}) == {}


def test_a_new_address_takes_the_place_of_the_preferred_one() -> None:
    """The old one would stay preferred, or the new one be called verified because the old one was."""
    new = ContactPoint("email", "new@x.example", preferred=True, usage="private", no=1)
    assert changed(email="new@x.example") == {"contact_points": (new, WORK, CALL)}


def test_an_address_that_is_there_becomes_the_preferred_one() -> None:
    """It would stand there twice, or the other be lost."""
    points = (evolve(HOME, preferred=False), evolve(WORK, preferred=True), CALL)
    assert changed(email="work@x.example") == {"contact_points": points}


def test_several_values_keep_what_is_there() -> None:
    """The second address of a row would overwrite the first, or one that is kept lose its verification."""
    old = evolve(HOME, preferred=False)
    new = ContactPoint("email", "new@x.example", preferred=True)
    assert changed(email=("new@x.example", "home@x.example"))["contact_points"] == (old, WORK, CALL, new)
    more = changed(email=("home@x.example", "new@x.example"))["contact_points"]
    assert more == (HOME, WORK, CALL, ContactPoint("email", "new@x.example"))


def test_a_value_of_a_part_that_is_not_there_adds_it() -> None:
    """A customer without a website could get none."""
    [*_, added] = changed(website="x.example")["contact_points"]
    assert added == ContactPoint("website", "x.example", preferred=True)


def test_a_first_address_is_made_of_all_that_is_stated() -> None:
    """Who had no address could get none, or one for each of its fields."""
    values = {"city": "Cairo", "country": "EG", "street": None}
    made = apply(CUSTOMER, Customer(), values)
    assert made == {"addresses": (Address(city="Cairo", country="EG", preferred=True),)}
    assert apply(CUSTOMER, Customer(), {"city": None}) == {}


def test_part_of_an_address_changes_alone() -> None:
    """A new city would wipe the street, or make a second address."""
    giza, cairo = changed(city="Alexandria", region="Delta")["addresses"]
    assert giza == Address(city="Giza", no=2)
    assert cairo == evolve(CAIRO, city="Alexandria", region="Delta")


def test_none_clears() -> None:
    """What a person asked to be removed would stay, or take more away with it."""
    assert changed(email=None) == {"contact_points": (WORK, CALL)}
    assert changed(city=None)["addresses"][1] == evolve(CAIRO, city=None)
    assert changed(city=None, street=None) == {"addresses": (Address(city="Giza", no=2),)}
    assert changed(roles=None, tags=None, name=None) == {"roles": (), "tags": frozenset(), "name": None}


def test_a_name_of_many_replaces_all_and_keeps_what_stays() -> None:
    """A role that stays would lose since when it has been held."""
    assert changed(roles=("lead", "partner"))["roles"] == (LEILA.roles[0], Role("partner"))
    assert changed(roles=["lead"])["roles"] == (LEILA.roles[0],)
    assert changed(alternative_names="Layla")["alternative_names"] == (AlternativeName("Layla"),)


def test_parts_given_whole_keep_their_numbers() -> None:
    """Lines written anew would seem all changed, in history and to whoever refers to their numbers."""
    tea, cup = OrderLine(UUID(int=1), no=1), OrderLine(UUID(int=2), no=2)
    order = Order(ordered_at=NOON, lines=(tea, cup))
    again = (OrderLine(UUID(int=2)), OrderLine(UUID(int=3)), OrderLine(UUID(int=1)))
    assert apply(ORDER, order, {"lines": again}) == {"lines": (cup, OrderLine(UUID(int=3)), tea)}
    twice = (OrderLine(UUID(int=1)), OrderLine(UUID(int=1)))
    assert apply(ORDER, order, {"lines": twice}) == {"lines": (tea, OrderLine(UUID(int=1)))}
    assert apply(ORDER, order, {"lines": None}) == {"lines": ()}


@pytest.mark.parametrize("name", ["nam", "loyalty.tier", "product", "last_order"])
def test_an_unknown_name_is_refused(name: str) -> None:
    """A misspelt change would be dropped in silence; one of a facet or of which line would be guessed."""
    with pytest.raises(UnknownName):
        apply(ORDER if name == "product" else CUSTOMER, LEILA, {name: "x"})


def test_what_is_no_parts_is_refused() -> None:
    """A text given for parts would be taken apart into its letters."""
    with pytest.raises(InvalidRecord, match="expected a tuple of parts"):
        changed(contact_points="email")
    with pytest.raises(InvalidValue, match="city holds one value"):
        changed(city=("a", "b"))
