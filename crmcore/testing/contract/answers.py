"""Two small worlds, and what each filter finds there: the names of what fits, in order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from crmcore.application.unit import UnitOfWork
from crmcore.domain.customer import Address, Person
from crmcore.domain.interaction import Interaction
from crmcore.domain.money import Money
from crmcore.domain.order import Order, OrderLine
from crmcore.domain.product import Product
from crmcore.domain.user import User
from crmcore.testing.specimens import Piece, Profile, Sample

OVER_FIELDS: Final[Mapping[str, str]] = {
    # text: exact, by code point; ~ folds and knows no wildcards
    'label = "a"': "a",
    'label != "a"': "bcd",
    'label < "c"': "ab",
    'label >= "c"': "cd",
    'label in ("a", "d")': "ad",
    'label not in ("a", "d")': "bc",
    'note ~ "HELLO w"': "a",
    'note ~ "سلام علی"': "b",
    'note ~ "strasse"': "c",
    'note ~ "%"': "",
    'note ~ "_"': "",
    'note ~ "\\"': "",
    'note ~ ""': "abc",
    'not note ~ "hello"': "bcd",
    "note is missing": "d",
    "note is not missing": "abc",
    'code = "A1"': "a",
    'code = "a1"': "b",
    'code != "A1"': "bc",
    'not code = "A1"': "bcd",
    "code = 'B''2'": "c",
    'code < "a"': "ac",
    # numbers
    "number = 1": "a",
    "number != 1": "bc",
    "number < 2": "ac",
    "number <= 2": "abc",
    "number > -3": "ab",
    "not number > -3": "cd",
    "number in (1, -3)": "ac",
    "number not in (1, -3)": "bd",
    "number is missing": "d",
    "ratio = 0.50": "a",
    "ratio > 0": "ab",
    "ratio <= -1": "c",
    "not ratio > 0": "cd",
    "ratio in (2.25, 7)": "b",
    # money: ordered within a currency only; a bare number is of the base currency
    "price = 10": "a",
    "price = 10 USD": "c",
    "price != 10 EUR": "bc",
    "price > 10": "b",
    "price >= 10.00": "ab",
    "price < 11 USD": "c",
    "not price < 11 USD": "abd",
    "price in (10 EUR, 10 USD)": "ac",
    # booleans and choices
    "active = true": "acd",
    "active = false": "b",
    "checked != true": "b",
    "not checked = true": "bcd",
    "checked is missing": "cd",
    'colour = "red"': "a",
    'colour != "red"': "bc",
    'colour in ("red", "blue")': "ac",
    'not colour in ("red")': "bcd",
    # sets: some element fits
    'tags = "y"': "ab",
    'tags != "y"': "a",
    'not tags = "y"': "cd",
    'tags in ("x", "z")': "a",
    'tags < "y"': "a",
    "tags is missing": "cd",
    'marks = "b" and marks = "c"': "c",
    # days and moments; a day where a moment is due is its midnight in the zone of the Crm
    "taken_on = 2025-01-10": "a",
    "taken_on < 2025-01-01": "c",
    "taken_on = today": "b",
    "taken_on >= 5 days ago": "ab",
    "not taken_on >= 5 days ago": "cd",
    "taken_on in (today, 2024-02-29)": "bc",
    "taken_on < 1 years ago": "",
    "taken_on > 11 months ago": "abc",
    "taken_at = 2025-01-10T12:00Z": "a",
    "taken_at = 2025-01-10T13:00": "a",
    "taken_at >= today": "bd",
    "taken_at < now": "abc",
    "taken_at < 1 hours ago": "ac",
    "taken_at <= 1 hours ago": "abc",
    "taken_at < 2024-03-01": "",
    "taken_at != 2025-01-10T12:00Z": "bcd",
    # JSON is there or not
    "data is missing": "bcd",
    "data is not missing": "a",
    # parts: some part fits; in one `where` the same part
    'piece.title = "p"': "ab",
    'piece where (title = "p" and count > 1)': "b",
    'piece.title = "p" and piece.count > 1': "ab",
    "piece": "ab",
    "no piece": "cd",
    "piece.count is missing": "cd",
    'piece where (shape = "round" and not sound = true)': "a",
    # joined
    'number = 1 or ratio > 0 and not colour = "green"': "a",
    '(number = 1 or ratio > 0) and not colour = "red"': "b",
    "not (number = 1 or number = 2)": "cd",
}

REFUSED: Final = (
    'tags ~ "y"',
    'colour > "red"',
    'colour = "pink"',
    'marks = "z"',
    'data = "x"',
    "nothing = 1",
    'number = "1"',
    "number = 9223372036854775808",
    "active > true",
    "ratio = 0.1234567",
    "code ~ 'a'",
    "customer.nothing = 1",
    "parent = 'Leila'",
    "opportunity",
)

OVER_CUSTOMERS: Final[Mapping[str, str]] = {
    # flat names: any part of that kind
    'email = "a@x.com"': "a",
    'email != "a@x.com"': "ab",
    'not email = "a@x.com"': "bcd",
    'email ~ "A2@X"': "a",
    'email in ("a2@x.com", "b@x.com")': "ab",
    "email is missing": "cd",
    'city = "Cairo"': "a",
    'not city = "Cairo"': "bcd",
    'roles = "lead"': "b",
    'contact_point where (kind = "email" and preferred = true)': "ab",
    'contact_point where (kind = "phone" and value = "+20 1")': "c",
    # facets: their fields are missing where there is none
    "specimen.points > 1": "b",
    "not specimen.points > 1": "acd",
    "specimen.points is missing": "cd",
    'specimen.level = "low" or specimen.likes = "tea"': "ab",
    'specimen.adviser.name = "Omar"': "a",
    # references and the one who asks
    'owner.name = "Sara"': "a",
    "owner = me": "a",
    "owner != me": "b",
    "not owner = me": "bcd",
    'owner.manager.name = "Sara"': "b",
    # related records
    "order": "abc",
    "no order": "d",
    "order where (total > 50)": "b",
    'order where (line.product.code = "T1")': "a",
    'no order where (line.product.code = "T1")': "bcd",
    # derived figures, without a figure ever being computed
    "last_order = 2025-01-10T12:00Z": "a",
    "last_order != 2025-01-10T12:00Z": "bc",
    "last_order > 10 days ago": "ab",
    "last_order >= 2025-01-10T12:00Z": "ab",
    "last_order < 90 days ago": "c",
    "last_order <= 2025-01-10T12:00Z": "ac",
    "not last_order < 90 days ago": "abd",
    "last_order in (2025-01-10T12:00Z, 2024-01-01T00:00Z)": "ac",
    "last_order is missing": "d",
    "last_interaction is missing": "bcd",
    'specimen.sample where (label = "x")': "d",
}


def add_samples(work: UnitOfWork) -> None:
    """Four samples, of which the last has nothing but what is required."""

    def at(text: str) -> dt.datetime:
        return dt.datetime.fromisoformat(text)

    a = Sample("a", at("2025-01-10T12:00Z"), "Hello World", code="A1", number=1, ratio=Decimal("0.5"),
               price=Money(10, "EUR"), checked=True, taken_on=dt.date(2025, 1, 10), colour="red",
               tags=frozenset("xy"), marks=frozenset("a"), data={"k": 1},
               pieces=(Piece("p", count=1), Piece("q", count=2, shape="round", sound=False)))  # fmt: skip
    b = Sample("b", at("2025-01-15T09:00Z"), "سلام علي", code="a1", number=2, ratio=Decimal("2.25"),
               price=Money(20, "EUR"), active=False, checked=False, taken_on=dt.date(2025, 1, 15), colour="green",
               tags=frozenset("y"), pieces=(Piece("p", count=2, shape="round"),))  # fmt: skip
    c = Sample("c", at("2024-02-29T23:30Z"), "Straße 5%_\\", code="B'2", number=-3, ratio=Decimal(-1),
               price=Money(10, "USD"), taken_on=dt.date(2024, 2, 29), colour="blue", marks=frozenset("bc"))  # fmt: skip
    work[Sample].add_many([a, b, c, Sample("d", at("2025-01-20T00:00Z"))])


def add_customers(work: UnitOfWork) -> None:
    """Four customers with orders, of whom the last has nothing but a name."""
    sara = work.users.add(User("Sara", external_id="sara", source="host"))
    omar = work.users.add(User("Omar", external_id="omar", source="host", manager=sara.id))
    tea = work.products.add(Product("Tea", code="T1"))
    a = work.customers.add(
        Person("a", emails=["a@x.com", "a2@x.com"], owner=sara.id, addresses=(Address(city="Cairo"),)).with_facets(
            Profile(points=1, likes=frozenset(("tea",)), adviser=omar.id)
        )
    )
    b = work.customers.add(
        Person("b", emails=["b@x.com"], roles=["lead"], owner=omar.id).with_facets(Profile(points=2, level="low"))
    )
    c = work.customers.add(Person("c", phones=["+20 1"]))
    d = work.customers.add(Person("d"))
    for customer, day, lines, total in (
        (a, "2024-12-01", (), 1),
        (a, "2025-01-10", (OrderLine(tea.id),), 2),
        (b, "2025-01-14", (), 100),
        (c, "2024-01-01", (), 3),
    ):
        time = "12:00" if customer is not c else "00:00"
        at = dt.datetime.fromisoformat(f"{day}T{time}Z")
        work.orders.add(Order(at, customer=customer.id, lines=lines, total=Money(total, "EUR")))
    work.interactions.add(Interaction(dt.datetime(2025, 1, 2, tzinfo=dt.UTC), "call", customer=a.id))
    work[Sample].add(Sample("x", dt.datetime(2025, 1, 1, tzinfo=dt.UTC), customer=d.id))
