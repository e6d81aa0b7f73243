"""A plugin whose author thought of tables alone: no hook, no subject, no timeline; persons are named in parts, in a
facet, by a reference to anything, and over two corners. What it keeps is merged, handed out and erased all the same."""

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

__all__ = ["Errand", "Guest", "Label", "Leaflet", "Minutes", "Seat", "Table", "plugin"]

plugin = Plugin("forgetful", description="Keeps persons in every corner")


@part("seat")
class Seat(Part):
    """Who sits where, and what they eat."""

    guest: UUID | None = field.reference("customer", default=None)
    wish: str | None = field.text(default=None, personal=True)
    data: Any = field.json(default=None, personal=True)


@record("table", title=("number",))
class Table(Record):
    """It belongs to nobody; persons stand in its parts."""

    number: str = field.text(length=40, fold=False, unique=True)
    seats: tuple[Seat, ...] = parts(Seat, default=())


@record("label", unique=(("of_type", "of", "colour"),))
class Label(Record):
    """A label on anything, a customer among others."""

    of_type: str = field.text(length=100, fold=False)
    of: UUID = field.reference("*", target_field="of_type")
    remark: str = field.text(personal=True, length=2_000)
    colour: str = field.choice("red", "green", default="red")


@record("errand", unique=(("customer", "day"),))
class Errand(Record):
    """One errand a day for each customer, with personal fields of every kind."""

    customer: UUID = field.reference("customer")
    day: dt.date = field.date()
    code: str = field.text(length=40, fold=False, unique=True, personal=True, search="code")
    asked_by: UUID | None = field.reference("customer", default=None)
    number: int | None = field.integer(default=None, personal=True)
    weight: Decimal | None = field.decimal(scale=6, default=None, personal=True)
    share: Decimal | None = field.decimal(scale=12, default=None, personal=True)
    price: Money | None = field.money(default=None, personal=True)
    born_on: dt.date | None = field.date(default=None, personal=True)
    seen_at: dt.datetime | None = field.datetime(default=None, personal=True)
    words: frozenset[str] = field.choices(default=frozenset(), personal=True)
    shape: str | None = field.choice("round", "square", default=None, personal=True)
    sound: bool | None = field.boolean(default=None, personal=True)
    data: Any = field.json(default=None, personal=True)


@record("minutes", append_only=True)
class Minutes(Record):
    """What was said on an errand: a person is reached over that alone. Never changed."""

    errand: UUID = field.reference("forgetful.errand")
    text: str = field.text(personal=True, length=5_000)


@record("leaflet")
class Leaflet(Record):
    """Nobody is in it."""

    title: str = field.text()


@facet("customer")
class Guest(Facet):
    """Whom a guest comes with."""

    nickname: str | None = field.text(default=None, personal=True, unique=True, length=60)
    diet: Any = field.json(default=None, personal=True)
    host: UUID | None = field.reference("customer", default=None)


@hookimpl
def declare_records() -> Sequence[type[Record]]:
    return (Table, Label, Errand, Minutes, Leaflet)


@hookimpl
def declare_facets() -> Sequence[type[Facet]]:
    return (Guest,)
