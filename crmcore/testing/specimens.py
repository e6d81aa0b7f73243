"""A plugin for tests that declares one of everything: every kind of field on a record, its parts and a facet, sets,
unique fields, references that refuse and that clear, an append-only ledger. Storages are tested on it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from crmcore.domain import field
from crmcore.domain.facet import Facet, facet
from crmcore.domain.money import Money
from crmcore.domain.part import Part, part, parts
from crmcore.domain.record import Record, record
from crmcore.plugins import Plugin, hookimpl

__all__ = ["Entry", "Piece", "Profile", "Sample", "plugin"]

plugin = Plugin(name="specimen", description="One of everything, for tests")


@part("piece")
class Piece(Part):
    """A part with every kind of field that a part may have."""

    title: str = field.text(index=True)
    remark: str | None = field.text(default=None, length=2_000, fold=False)
    count: int | None = field.integer(default=None)
    weight: Decimal | None = field.decimal(scale=6, default=None)
    price: Money | None = field.money(default=None)
    sound: bool = field.boolean(default=True)
    made_on: dt.date | None = field.date(default=None)
    made_at: dt.datetime | None = field.datetime(default=None)
    shape: str | None = field.choice("round", "square", default=None)
    maker: UUID | None = field.reference("customer", default=None)
    data: Any = field.json(default=None)


@record(
    "sample",
    title=("label",),
    subject="customer",
    timeline=("customer", "taken_at"),
    unique=(("batch", "number"),),
    indexes=(("colour", "taken_on"),),
)
class Sample(Record):
    """A record with every kind of field."""

    label: str = field.text(search="name", index=True)
    taken_at: dt.datetime = field.datetime()
    note: str | None = field.text(default=None, length=20_000)
    code: str | None = field.text(default=None, length=100, fold=False, unique=True, search="code")
    batch: str | None = field.text(default=None, length=40, fold=False)
    number: int | None = field.integer(default=None, index=True)
    ratio: Decimal | None = field.decimal(scale=6, default=None, index=True)
    fine: Decimal | None = field.decimal(scale=12, default=None)
    price: Money | None = field.money(default=None, index=True)
    active: bool = field.boolean(default=True)
    checked: bool | None = field.boolean(default=None)
    taken_on: dt.date | None = field.date(default=None)
    colour: str | None = field.choice("red", "green", "blue", default=None)
    tags: frozenset[str] = field.choices(default=frozenset())
    marks: frozenset[str] = field.choices("a", "b", "c", default=frozenset())
    customer: UUID | None = field.reference("customer", default=None, index=True)
    parent: UUID | None = field.reference("specimen.sample", default=None, on_remove="clear")
    data: Any = field.json(default=None)
    pieces: tuple[Piece, ...] = parts(Piece, default=())


@record("entry", subject="customer", timeline=("customer", "at"), append_only=True)
class Entry(Record):
    """A line of a ledger: added, never changed."""

    customer: UUID = field.reference("customer", index=True)
    at: dt.datetime = field.datetime()
    points: int = field.integer()
    memo: str | None = field.text(default=None)


@facet("customer")
class Profile(Facet):
    """A facet with every kind of field, all of which may be missing."""

    motto: str | None = field.text(default=None, index=True)
    card: str | None = field.text(default=None, length=64, fold=False, unique=True)
    points: int | None = field.integer(default=None, index=True)
    ratio: Decimal | None = field.decimal(scale=2, default=None)
    credit: Money | None = field.money(default=None)
    active: bool | None = field.boolean(default=None)
    since_day: dt.date | None = field.date(default=None)
    seen_at: dt.datetime | None = field.datetime(default=None)
    level: str | None = field.choice("low", "high", default=None, index=True)
    likes: frozenset[str] = field.choices(default=frozenset())
    adviser: UUID | None = field.reference("user", default=None)
    data: Any = field.json(default=None)


@hookimpl
def declare_records() -> Sequence[type[Record]]:
    return (Sample, Entry)


@hookimpl
def declare_facets() -> Sequence[type[Facet]]:
    return (Profile,)
