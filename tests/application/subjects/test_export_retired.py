"""Tables that are put aside are searched like any other: by what refers to a person, and by what refers to that."""

from __future__ import annotations

import json
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from crmcore import Order, Person
from crmcore.domain import field
from crmcore.domain.facet import Facet, facet
from crmcore.domain.part import Part, part, parts
from crmcore.domain.record import Record, record
from crmcore.plugins import Plugin, hookimpl
from tests.application.lifecycle.kept import EVERYWHERE, opened
from tests.application.subjects.persons import NOON
from tests.application.subjects.test_export import exported


@part("witness")
class Witness(Part):
    """Somebody who is named in a case of another."""

    person: UUID | None = field.reference("customer", default=None)
    said: str | None = field.text(default=None, personal=True)


@record("remark", title=("text",))
class Remark(Record):
    """Declared before what it refers to."""

    text: str = field.text(personal=True)
    matter: UUID = field.reference("law.matter")
    words: frozenset[str] = field.choices(default=frozenset())


@record("matter", title=("name",), subject="client")
class Matter(Record):
    """A matter of a customer."""

    name: str = field.text(personal=True)
    client: UUID = field.reference("customer")
    witnesses: tuple[Witness, ...] = parts(Witness, default=())


@record("receipt", title=("text",))
class Receipt(Record):
    """Belongs as the order does."""

    text: str = field.text(personal=True)
    order: UUID = field.reference("order")


@facet("order")
class Billed(Facet):
    """Of an order."""

    how: str | None = field.text(default=None, personal=True)


@hookimpl
def declare_records() -> Sequence[type[Record]]:
    return (Remark, Matter, Receipt)


@hookimpl
def declare_facets() -> Sequence[type[Facet]]:
    return (Billed,)


LAW = SimpleNamespace(plugin=Plugin("law"), declare_records=declare_records, declare_facets=declare_facets)


def write(work: Any, word: str, witness: UUID | None) -> UUID:
    """A customer with a matter, remarks about it, an order and a receipt; tokens begin with the word."""
    customer: UUID = work.customers.add(Person(f"{word}0!")).id
    told = (Witness(witness, f"of {word}4!"), Witness(None, f"{word}5!"))
    matter = work[Matter].add(Matter(f"{word}1!", customer, witnesses=told))
    work[Remark].add(Remark(f"{word}2!", matter.id, frozenset((f"{word}3!",))))
    order = work.orders.add(Order(NOON, customer=customer).with_facets(Billed(f"{word}6!")))
    work[Receipt].add(Receipt(f"{word}7!", order.id))
    return customer


@EVERYWHERE
def test_what_is_put_aside_is_found(storage: str, request: pytest.FixtureRequest) -> None:
    """Over two references, by an order that stands, in sets and facets; of another's matter only the own words."""
    with opened(storage, request, LAW) as crm:
        with crm.work("root") as work:
            ann = write(work, "ann", None)
            bob = write(work, "bob", ann)
        crm.plugins.disable("law", actor="root")
        crm.plugins.retire("law", actor="root")
        rows = exported(crm, ann)["retired"]["law"]
        text, whole = json.dumps(rows), json.dumps(exported(crm, bob)["retired"])
    assert [n for n in range(1, 8) if f"ann{n}!" not in text] == []
    assert [n for n in (1, 2, 3, 5, 6, 7) if f"bob{n}!" in text] == []
    assert "of bob4!" in text and "of bob4!" in whole
    assert len(rows["law_remark"]) == len(rows["law_receipt"]) == 1
