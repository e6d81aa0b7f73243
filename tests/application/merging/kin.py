"""A plugin whose records, parts and facets refer to customers in every way there is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any, Final
from uuid import UUID

from crmcore.domain import field
from crmcore.domain.facet import Facet, facet
from crmcore.domain.part import Part, part, parts
from crmcore.domain.record import Record, record
from crmcore.plugins import Plugin, hookimpl

ROOT: Final = "root"


@part("holder")
class Holder(Part):
    """A part that refers to a customer."""

    who: UUID | None = field.reference("customer", default=None)
    share: int | None = field.integer(default=None)


@record("thing", subject="owner", unique=(("owner", "code"), ("owner", "payer", "mark")))
class Thing(Record):
    """Two references to customers, unique with other fields, and parts that refer to more."""

    owner: UUID = field.reference("customer", index=True)
    payer: UUID | None = field.reference("customer", default=None)
    code: str | None = field.choice("a", "b", default=None)
    mark: str | None = field.choice("x", "y", default=None)
    note: str | None = field.text(default=None, length=320)
    holders: tuple[Holder, ...] = parts(Holder, default=())


@record("solo", subject="customer")
class Solo(Record):
    """There is at most one for each customer."""

    customer: UUID = field.reference("customer", unique=True)


def refuse_self(pact: Any) -> Mapping[str, str]:
    """A pact is between two."""
    return {"two": "a pact is between two"} if pact.one == pact.two else {}


@record("pact", subject="one", unique=(("one", "two"),), validators=(refuse_self,))
class Pact(Record):
    """A pair that cannot be one and the same, and is there once."""

    one: UUID = field.reference("customer", index=True)
    two: UUID = field.reference("customer", index=True)


@record("deed", subject="by", append_only=True)
class Deed(Record):
    """A row that nobody changes; `seen` tells what was, and follows nobody."""

    by: UUID = field.reference("customer", index=True)
    seen: UUID | None = field.reference("customer", default=None, on_merge="stay")


@facet("customer")
class Kin(Facet):
    """A reference to another customer, and values of each rule."""

    sponsor: UUID | None = field.reference("customer", default=None)
    badge: str | None = field.choice("1", "2", "3", default=None, unique=True)
    level: int | None = field.integer(default=None, merge="most_restrictive")
    likes: frozenset[str] = field.choices("a", "b", "c", default=frozenset(), merge="union")


@facet("order")
class Bill(Facet):
    """References from another record's facet, one of them unique."""

    payer: UUID | None = field.reference("customer", default=None)
    guarantor: UUID | None = field.reference("customer", default=None, unique=True)


@hookimpl
def _records() -> Sequence[type[Record]]:
    return (Thing, Solo, Pact, Deed)


@hookimpl
def _facets() -> Sequence[type[Facet]]:
    return (Kin, Bill)


KIN: Final = SimpleNamespace(plugin=Plugin("kin"), declare_records=_records, declare_facets=_facets)
