"""Relationships seen from either side, and what ownership along several paths amounts to."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from uuid import UUID

import attrs

from crmcore.application import reading
from crmcore.application.session import Session
from crmcore.domain.bound import Bound, BoundQuery, Some, Test, every
from crmcore.domain.customer import Customer
from crmcore.domain.label import label_of
from crmcore.domain.relationship import INVERSES, Relationship

MAJORITY = Decimal("0.5")


@attrs.frozen
class Seen:
    """A relationship from one customer's side: `kind` as read from there, the `other` customer and its label."""

    kind: str
    other: UUID
    label: str
    relationship: Relationship


def of_customer(unit: Session, customer: UUID, on: dt.date | None = None) -> list[Seen]:
    """The relationships of a customer whose other end the actor may see; with `on` those that hold on that day
    (from_date included, to_date not)."""
    type = unit.catalogue.of(Relationship)
    if not unit.rule(type).hidden.isdisjoint(("from_customer", "to_customer", "kind")):
        return []
    ends = [f for name in ("from_customer", "to_customer") if (f := type.field(name))]
    where: Bound = every(unit.binder().scope(type), Some(tuple(Test(f, "=", (customer,)) for f in ends)))
    found = [reading.blanked(unit, type, f.record) for f in unit.transaction.select(BoundQuery(type=type, where=where))]
    pairs = [(r, _other(r, customer)) for r in found if isinstance(r, Relationship) and (on is None or holds(r, on))]
    customers = unit.catalogue.of(Customer)
    others = reading.several(unit, customers, list({o for _, o in pairs}), shown=False)
    strangers = (c for c in others if reading.merged_into(customers, c) != customer)  # else it joins one with oneself
    labels = {c.id: label_of(customers, c) for c in strangers}
    return [
        Seen(r.kind if r.from_customer == customer else INVERSES[r.kind], other, labels[other], r)
        for r, other in pairs
        if other in labels
    ]


def _other(relationship: Relationship, customer: UUID) -> UUID:
    here = relationship.from_customer == customer
    return relationship.to_customer if here else relationship.from_customer


def holds(relationship: Relationship, on: dt.date) -> bool:
    """Whether it holds on that day: [from_date, to_date), open where a date is missing."""
    start, end = relationship.from_date, relationship.to_date
    return (start is None or start <= on) and (end is None or on < end)


def economic_share(unit: Session, owner: UUID, owned: UUID, on: dt.date) -> Decimal:
    """The part of `owned` that belongs to `owner` on a day, along all paths: the sum over paths of the product of
    shares, from 0 to 1."""
    shares: dict[UUID, Decimal] = {owned: Decimal(1)}
    return _share(unit, owner, on, shares)


def _share(unit: Session, holder: UUID, on: dt.date, known: dict[UUID, Decimal]) -> Decimal:
    """Ownership never goes in a circle, so each company is worked out once, below first."""
    if holder not in known:
        known[holder] = sum(
            (share * _share(unit, below, on, known) for below, share in owned_by(unit, holder, on).items()),
            Decimal(0),
        )
    return known[holder]


def owned_by(unit: Session, holder: UUID, on: dt.date) -> dict[UUID, Decimal]:
    """What a customer owns directly on a day, with its share (1 where none is stated)."""
    owned: dict[UUID, Decimal] = {}
    for seen in of_customer(unit, holder, on):
        if seen.kind == "owns":
            share = seen.relationship.share
            owned[seen.other] = owned.get(seen.other, Decimal(0)) + (Decimal(1) if share is None else share)
    return owned


def controlled(unit: Session, owner: UUID, on: dt.date) -> dict[UUID, Decimal]:
    """The companies that `owner` controls on a day, each with the votes that it and those it controls hold there
    (half or more of them is control)."""
    votes: dict[UUID, Decimal] = {}
    waiting, done = [owner], {owner}
    while waiting:
        for below, share in owned_by(unit, waiting.pop(), on).items():
            votes[below] = votes.get(below, Decimal(0)) + share
            if votes[below] >= MAJORITY and below not in done:
                done.add(below)
                waiting.append(below)
    return {company: held for company, held in votes.items() if held >= MAJORITY}
