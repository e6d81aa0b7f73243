"""Persons of whom everything is known: each personal field of each record type holds a token of its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any, Final
from uuid import UUID

import attrs
import pytest

from crmcore import Address, AlternativeName, ContactPoint, Interaction, Link, Money, Order, Person, Relationship, User
from crmcore.application.unit import UnitOfWork
from crmcore.crm import Crm
from crmcore.domain import field
from crmcore.domain.copying import evolve
from crmcore.domain.customer import Customer
from crmcore.domain.leads.lead import Lead, Qualification
from crmcore.domain.merging.not_duplicate import NotDuplicate
from crmcore.domain.order import OrderLine
from crmcore.domain.part import Part, part, parts
from crmcore.domain.product import Product
from crmcore.domain.record import Record, record
from crmcore.domain.sales.invoice import Invoice, Payment
from crmcore.domain.sales.opportunity import Opportunity, Party
from crmcore.domain.sales.pipeline import Pipeline, Stage
from crmcore.plugins import Plugin, hookimpl
from crmcore.ports.policy import Policy
from crmcore.testing import specimens
from crmcore.testing.crm import make_crm
from crmcore.testing.fakes import FrozenClock
from crmcore.testing.specimens import Entry, Piece, Profile, Sample
from crmcore_loyalty import LoyaltyMember
from tests.plugins import visits
from tests.plugins.visits import Guest, Visit, Visiting

NOON: Final = dt.datetime(2025, 1, 15, 12, tzinfo=dt.UTC)


@part("page")
class Page(Part):
    """What is about one person."""

    about: UUID | None = field.reference("customer", default=None)
    text: str | None = field.text(default=None, personal=True)


@record("dossier", title=("name",))
class Dossier(Record):
    """Belongs to nobody by itself: its pages are about persons."""

    name: str = field.text()
    pages: tuple[Page, ...] = parts(Page, default=())


@hookimpl
def declare_records() -> Sequence[type[Record]]:
    return (Dossier,)


class Archive:
    """A plugin that is active: a record type in which only parts are about somebody."""

    plugin = Plugin("archive", description="Dossiers")
    declare_records = staticmethod(declare_records)


@attrs.define
class Told:
    """One person: the customer, one who was merged into it, and every token that was written about them."""

    word: str
    customer: UUID = attrs.field(init=False)
    merged: UUID = attrs.field(init=False)
    tokens: list[str] = attrs.field(factory=list)
    ids: dict[str, UUID] = attrs.field(factory=dict)
    _numbers: Any = attrs.field(factory=count)

    def token(self, kind: str = "") -> str:
        """A text that stands nowhere else."""
        made = f"{self.word}{next(self._numbers):03d}x{kind}"
        self.tokens.append(made)
        return made


@contextmanager
def opened(storage: str, request: pytest.FixtureRequest, policy: Policy | None = None) -> Iterator[Crm]:
    """A Crm over an empty database with plugins, and with fields that were added at run time."""
    url = "memory" if storage == "memory" else request.getfixturevalue(f"{storage}_url")
    plugins = [specimens, visits, Archive, "loyalty"]
    with make_crm(url, plugins=plugins, clock=FrozenClock(NOON), policy=policy) as crm:
        crm.fields.add("customer", "nickname", "text", personal=True)
        crm.fields.add("interaction", "mood", "text", personal=True)
        yield crm


def fill(crm: Crm, word: str) -> Told:
    """Write everything about one person and about one who is merged into them."""
    told = Told(word)
    with crm.work("root") as work:
        told.customer = _customer(work, told)
        told.merged = _customer(work, told)
        for customer in (told.customer, told.merged):
            _records(work, told, customer)
            _of_plugins(work, told, customer)
        merge(work, told.customer, told.merged)
    with crm.work("root") as work:
        work.customers.change(told.customer, name=told.token(), note=told.token())
        gone = work.interactions.add(Interaction(NOON, "call", customer=told.customer, body=told.token()))
        work.interactions.remove(gone.id)
    return told


def merge(work: UnitOfWork, survivor: UUID, loser: UUID) -> None:
    """As a merge leaves the two rows that it is about."""
    type = work.catalogue.of(Customer)
    before = work.customers.get(loser)
    work.transaction.update(type, before, evolve(before, merged_into=survivor, version=before.version + 1))


def _customer(work: UnitOfWork, told: Told) -> UUID:
    t = told.token
    made = Person(
        t(),
        tags=frozenset((t(),)), given_name=t(), family_name=t(), employer=t(), job_title=t(), gender=t(), note=t(),
        birth_date=dt.date(1950 + len(told.word), 1, 1), source=t(), external_id=t(), language="fa",
        contact_points=(ContactPoint("email", f"{t()}@example.com"), ContactPoint("social", t())),
        addresses=(Address(street=t(), city=t(), region=t(), postal_code=t(), country=t()),),
        alternative_names=(AlternativeName(t()),),
    )  # fmt: skip
    profile = Profile(motto=t(), card=t(), likes=frozenset((t(),)), data={"a": [t()]})
    facets = (profile, LoyaltyMember(card_number=t()), Visiting(t("v")[-20:]))
    found = work.customers.add(made.with_facets(*facets)).id
    work.customers.change(found, {"custom.nickname": t()})
    return found


def _records(work: UnitOfWork, told: Told, customer: UUID) -> None:
    t = told.token
    user, other = work.users.add(User("Sara")), work.customers.add(Person("Bystander")).id
    product = work.products.add(Product("Tea"))
    order = work.orders.add(Order(NOON, customer=customer, lines=(OrderLine(product.id, description=t()),))).id
    call = work.interactions.add(
        Interaction(NOON, "call", customer=customer, subject=t(), body=t(), outcome=t(), order=order, owner=user.id)
    )
    work.interactions.change(call.id, {"custom.mood": t()})
    line = work.pipelines.add(Pipeline(f"line of {customer}", stages=(Stage("new"),)))
    deal = work.opportunities.add(
        Opportunity(
            t(),
            customer=customer,
            pipeline=line.id,
            stage="new",
            note=t(),
            parties=(Party("partner", customer=other, note="of the bystander"), Party("competitor", name=t())),
        )
    )
    work.opportunities.add(
        Opportunity(
            "another's",
            customer=other,
            pipeline=line.id,
            stage="new",
            note="of the bystander",
            parties=(Party("partner", name=t(), customer=customer, note=t()),),
        )
    )
    paid = Payment(NOON.date(), Money("5", "EUR"), reference=t())
    work.invoices.add(Invoice(customer=customer, number=t(), note=t(), order=order, payments=(paid,)))
    answer = Qualification("need", 2, evidence=t())
    lead = work.leads.add(Lead(customer, qualifications=(answer,)))
    work.leads.change(lead.id, stage="mql", reason=t())
    work.relationships.add(Relationship(other, customer, "employs"))
    about = work.links.add(Link("customer", other, "customer", customer, t()))
    work.links.change(about.id, kind=t())
    one, two = sorted((customer, other))
    envelope: dict[str, Any] = {"id": work.kernel.ids.new(), "version": 1, "created_at": NOON, "changed_at": NOON}
    decision = NotDuplicate(one, two, NOON, "sara", t(), **envelope)
    work.transaction.insert(work.catalogue.of(NotDuplicate), [decision])
    told.ids.update({"deal": deal.id, "call": call.id, "lead": lead.id, "other": other})


def _of_plugins(work: UnitOfWork, told: Told, customer: UUID) -> None:
    t = told.token
    pieces = (Piece(t(), remark=t()), Piece("theirs", maker=customer))
    sample = Sample(t(), NOON, note=t(), tags=frozenset((t(),)), customer=customer, pieces=pieces)
    work[Sample].add(sample)
    work[Sample].add(Sample("another's", NOON, pieces=(Piece(t(), maker=customer), Piece("of nobody"))))
    work[Entry].add(Entry(customer, NOON, 7, memo=t()))
    visit = work[Visit].add(Visit(customer, NOON, place=t(), guests=(Guest(t()),)))
    told.ids["visit"] = visit.id
    work[Dossier].add(Dossier("all", pages=(Page(customer, t()), Page(None, "of nobody"))))
