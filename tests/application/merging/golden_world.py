"""Customers with a facet of a field for every rule of survivorship, and the golden record of some of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import attrs

from crmcore.application.merging.golden import Choices, Golden, golden
from crmcore.application.merging.merging import merge
from crmcore.application.unit import UnitOfWork
from crmcore.domain import field
from crmcore.domain.copying import evolve
from crmcore.domain.customer import Customer
from crmcore.domain.errors import InvalidValue
from crmcore.domain.facet import Facet, facet
from crmcore.domain.money import Money
from crmcore.domain.record import ENVELOPE, Record
from crmcore.plugins import Plugin, hookimpl

SHUT = "it says shut, and has nobody who shuts it"


@facet("customer")
class Trial(Facet):
    """A field for every rule, of every kind of value that a rule ranks."""

    recent: str | None = field.text(default=None)
    trusted: str | None = field.text(default=None, merge="source_priority")
    complete: str | None = field.text(default=None, merge="most_complete")
    frequent: str | None = field.text(default=None, merge="most_frequent")
    longest: str | None = field.text(default=None, merge="longest")
    checked: str | None = field.text(default=None, merge="verified_first")
    checked_verified_at: dt.datetime | None = field.datetime(default=None)
    labels: frozenset[str] = field.choices(default=frozenset(), merge="union")
    barred: bool | None = field.boolean(default=None, merge="most_restrictive")
    consent: str | None = field.choice("given", "withdrawn", default=None, merge="most_restrictive")
    until: dt.date | None = field.date(default=None, merge="most_restrictive")
    share: Decimal | None = field.decimal(scale=2, default=None, merge="most_restrictive")
    credit: Money | None = field.money(default=None, merge="most_restrictive")
    data: Any = field.json(default=None, merge="most_frequent")
    partner: UUID | None = field.reference("customer", default=None)


@facet("customer")
class Door(Facet):
    """A facet that not every mix of values makes: a shut one needs a keeper."""

    state: str = field.choice("open", "shut", default="open", merge="most_restrictive")
    keeper: str | None = field.text(default=None, merge="longest")

    def __attrs_post_init__(self) -> None:
        if self.state == "shut" and self.keeper != "Zoë":
            raise InvalidValue(SHUT)


@hookimpl
def _trial() -> Sequence[type[Facet]]:
    return (Trial,)


@hookimpl
def _door() -> Sequence[type[Facet]]:
    return (Door,)


TRIAL = SimpleNamespace(plugin=Plugin("trial"), declare_facets=_trial)
DOOR = SimpleNamespace(plugin=Plugin("door"), declare_facets=_door)


def rows(work: UnitOfWork, ids: Iterable[UUID]) -> list[Any]:
    """The very rows, with every facet."""
    found = []
    for id in ids:
        with_ = tuple(f.cls for f in work.catalogue.facets.get("customer", ()))
        found.append(work.customers.get(id, with_=with_))
        assert found[-1].id == id
    return found


def golden_of(work: UnitOfWork, *ids: UUID, **choices: Any) -> Golden:
    """The golden record of these, the first of whom survives."""
    survivor, *others = rows(work, ids)
    return golden(work, work.catalogue.of(Customer), survivor, others, Choices(**choices))


def merged(work: UnitOfWork, survivor: UUID, *others: UUID, **choices: Any) -> Any:
    """Merge them; the survivor afterwards, with every facet."""
    merge(work, survivor, others, Choices(**choices))
    return rows(work, [survivor])[0]


def view(record: Record) -> dict[str, Any]:
    """What a person sees of a customer: whoever survived, its parts in any order and under any number."""
    held: Any = record
    mine = {*ENVELOPE, "facets", "contact_points", "addresses", "alternative_names", "roles"}
    declared: Any = Customer
    plain = {a.name: getattr(held, a.name) for a in attrs.fields(declared) if a.name not in mine}
    for attribute in ("contact_points", "addresses", "alternative_names", "roles"):
        plain[attribute] = sorted(repr(evolve(part, no=0)) for part in getattr(held, attribute))
    for cls, value in record.facets.items():
        plain[cls.__name__] = None if value is None else evolve(value, version=0)
    return plain
