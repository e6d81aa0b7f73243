"""A small world in which everything that an actor may not see holds the word CANARY, in one spelling or another."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final
from uuid import UUID

import attrs

from crmcore import (
    Actor,
    Address,
    AlternativeName,
    ContactPoint,
    Interaction,
    Link,
    Money,
    Order,
    Organisation,
    Person,
    Relationship,
    User,
)
from crmcore.crm import Crm
from crmcore.domain.order import OrderLine
from crmcore.domain.product import Product
from crmcore.testing.fakes import Restricted
from crmcore.testing.specimens import Entry, Piece, Profile, Sample

CANARY: Final = "CANARY"
NUMBER: Final = 424_242
"""What hidden numbers and amounts hold."""
AT: Final = dt.datetime(2025, 1, 10, 9, 0, tzinfo=dt.UTC)
SECRET_DAY: Final = dt.date(1942, 4, 24)
ROOT: Final = Actor("root")

ROWS: Final = {
    "customer": 'lead_source = "ours"',
    "order": 'customer.lead_source = "ours"',
    "interaction": 'channel != "secret"',
    "user": "active = true",
    "specimen.entry": 'customer.lead_source = "ours"',
}
HIDDEN: Final = {
    "customer": ("note", "birth_date", "email", "city", "roles", "alternative_names", "specimen.motto"),
    "order": ("total", "lines"),
    "interaction": ("body", "owner"),
    "relationship": ("share",),
    "specimen.sample": ("data", "piece", "tags", "code"),
}
POLICY: Final = Restricted(rows=ROWS, hidden=HIDDEN)


def assert_silent(*told: object) -> None:
    """Nothing hidden is in what was told."""
    text = repr(told)
    assert CANARY.lower() not in text.lower()
    assert str(NUMBER) not in text
    assert str(SECRET_DAY) not in text and repr(SECRET_DAY) not in text


@attrs.frozen
class World:
    """Ids of what was seeded: `ours` may be seen, `theirs` not."""

    ours: UUID
    theirs: UUID
    our_order: UUID
    their_order: UUID
    call: UUID
    secret_call: UUID
    owner: UUID
    sample: UUID
    product: UUID


def seed(crm: Crm) -> World:
    """Fill a Crm, as somebody who may do and see everything."""
    with crm.work(ROOT) as work:
        owner = work.users.add(User("Omar", external_id="sara", source="host"))
        gone = work.users.add(User(f"{CANARY} user", email=f"{CANARY}@users.example", active=False))
        product = work.products.add(Product("Tea", code="T1"))
        parts: dict[str, Any] = {
            "contact_points": (
                ContactPoint("email", f"{CANARY}.one@example.com", preferred=True),
                ContactPoint("phone", "+20 100", preferred=True),
            ),
            "addresses": (Address(street="Nile Street", city=f"{CANARY} City", preferred=True),),
            "alternative_names": (AlternativeName(f"{CANARY} maiden name"),),
        }
        ours = work.customers.add(
            Person(
                "Leila",
                lead_source="ours",
                note=f"{CANARY} note",
                birth_date=SECRET_DAY,
                owner=owner.id,
                roles=["patient"],
                **parts,
            ).with_facets(Profile(motto=f"{CANARY} motto", points=1, level="high"))
        )
        theirs = work.customers.add(
            Organisation(f"{CANARY} Ltd", emails=[f"{CANARY}.two@example.com"], lead_source="theirs", owner=gone.id)
        )
        line = OrderLine(product.id, description=f"{CANARY} line")
        our_order = work.orders.add(Order(AT, customer=ours.id, total=Money(NUMBER, "EUR"), lines=(line,)))
        their_order = work.orders.add(Order(AT, customer=theirs.id, total=Money(NUMBER, "USD"), external_id=CANARY))
        call = work.interactions.add(
            Interaction(AT, "call", customer=ours.id, subject="Hello", body=f"{CANARY} body", owner=owner.id)
        )
        secret = work.interactions.add(Interaction(AT, "secret", customer=ours.id, subject=f"{CANARY} subject"))
        work.relationships.add(Relationship(theirs.id, ours.id, "employs"))
        work.links.add(Link("interaction", call.id, "order", our_order.id, "about"))
        sample = work[Sample].add(
            Sample(
                "Blood",
                AT,
                customer=ours.id,
                data={CANARY: CANARY},
                pieces=(Piece(f"{CANARY} piece"),),
                tags=frozenset((f"{CANARY} tag",)),
                code=f"{CANARY}-1",
            )
        )
        work[Entry].add(Entry(theirs.id, AT, NUMBER, memo=f"{CANARY} memo"))
    with crm.work(ROOT) as work:  # so that history has changes of hidden values too
        work.customers.change(ours.id, {"note": f"{CANARY} changed", "name": "Leila H", "specimen.motto": f"{CANARY}!"})
        work.customers.change(ours.id, {"email": f"{CANARY}.three@example.com", "city": f"{CANARY} Town"})
        work.customers.change(ours.id, {"lead_source": "ours", "phone": "+20 200"})
    return World(ours.id, theirs.id, our_order.id, their_order.id, call.id, secret.id, owner.id, sample.id, product.id)
