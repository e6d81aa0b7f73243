"""A plugin for tests: a record type with every kind of field, parts, an append-only type, and a facet; and the plainest
way to ask about records of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from crmcore.domain import field
from crmcore.domain.binder import ALL, Binder, ReadRule
from crmcore.domain.bound import Bound
from crmcore.domain.catalogue import Catalogue, build
from crmcore.domain.change import Actor
from crmcore.domain.facet import Facet, FacetType, facet
from crmcore.domain.field import Field
from crmcore.domain.grammar import parse
from crmcore.domain.money import Money
from crmcore.domain.part import Part, part, parts
from crmcore.domain.record import Derived, Flat, Record, RecordType, record
from crmcore.domain.records import CORE
from crmcore.domain.workflow import Transition, Workflow


def no_size(value: Decimal) -> str | None:
    """What is wrong with a size that is to be written."""
    return None if value > 0 else "is no size"


@part("finding")
class Finding(Part):
    """A part with every kind that a part may hold."""

    kind: str = field.choice("symptom", "sign", "measure")
    label: str = field.text(length=60)
    preferred: bool = field.boolean(default=False)
    count: int | None = field.integer(default=None)
    size: Decimal | None = field.decimal(scale=3, default=None, validators=(no_size,))
    fee: Money | None = field.money(default=None)
    seen_on: dt.date | None = field.date(default=None)
    seen_at: dt.datetime | None = field.datetime(default=None)
    reported_by: UUID | None = field.reference("user", default=None)
    raw: Any = field.json(default=None)


@record(
    "visit",
    title=("code", "room"),
    subject="patient",
    timeline=("patient", "began_at"),
    flats=(
        Flat(name="symptom", part="finding", field="label", where={"kind": "symptom"}, search="name"),
        Flat(name="sign", part="finding", field="label", where={"kind": "sign"}),
        Flat(name="fees", part="finding", field="fee"),
        Flat(name="labels", part="finding", field="label", many=True),
    ),
    derived=(
        Derived(name="last_reading", record="clinic.reading", via="visit", field="taken_at", how="max"),
        Derived(name="least_value", record="clinic.reading", via="visit", field="value", how="min"),
    ),
    indexes=(("room", "began_at"),),
    unique=(("room", "seat"),),
)
class Visit(Record):
    """Every kind of field, required and optional."""

    code: str = field.text(length=20, unique=True, search="code", fold=False)
    room: str = field.text(length=40)
    seat: int = field.integer()
    weight: Decimal = field.decimal(scale=2)
    price: Money = field.money()
    urgent: bool = field.boolean()
    day: dt.date = field.date()
    began_at: dt.datetime = field.datetime()
    state: str = field.choice("booked", "held", "closed")
    wards: frozenset[str] = field.choices("north", "south", "east")
    patient: UUID = field.reference("customer")
    form: Any = field.json()
    note: str | None = field.text(default=None, length=30)
    rank: int | None = field.integer(default=None)
    dose: Decimal | None = field.decimal(scale=4, default=None)
    refund: Money | None = field.money(default=None)
    seen: bool | None = field.boolean(default=None)
    due: dt.date | None = field.date(default=None)
    ended_at: dt.datetime | None = field.datetime(default=None)
    grade: str | None = field.choice("a", "b", default=None)
    marks: frozenset[str] = field.choices(default=frozenset())
    doctor: UUID | None = field.reference("user", default=None, on_remove="clear")
    before: UUID | None = field.reference("clinic.visit", default=None)
    extra: Any = field.json(default=None)
    findings: tuple[Finding, ...] = parts(Finding, default=())


@record("reading", append_only=True)
class Reading(Record):
    """An append-only type that refers to another type of its plugin."""

    visit: UUID = field.reference("clinic.visit")
    taken_at: dt.datetime = field.datetime()
    value: Decimal | None = field.decimal(scale=2, default=None)


@facet("customer", label={"en": "Patient"})
class Patient(Facet):
    """A facet with a unique field, a set and a reference."""

    blood: str = field.choice("0", "a", "b", "ab", default="0")
    insured_as: str | None = field.text(default=None, length=30, unique=True)
    allergies: frozenset[str] = field.choices(default=frozenset())
    limit: Money | None = field.money(default=None)
    since: dt.date | None = field.date(default=None)
    physician: UUID | None = field.reference("user", default=None)


STATE = Workflow(
    record="clinic.visit",
    field="state",
    states=("booked", "held", "closed"),
    initial=("booked",),
    transitions=(
        Transition(name="hold", sources=("booked",), target="held"),
        Transition(name="close", sources=("held",), target="closed"),
    ),
)


def catalogue(
    records: Sequence[type[Record]] = (),
    facets: Sequence[tuple[str, type[Facet]]] = (),
    workflows: Sequence[Workflow] = (),
) -> Catalogue:
    """The core's and the clinic's declarations, and others of the clinic if given."""
    own = [("clinic", cls) for cls in (Visit, Reading, *records)]
    return build([*((None, cls) for cls in CORE), *own], [("clinic", Patient), *facets], [STATE, *workflows])


CATALOGUE = catalogue()
VISIT, READING = CATALOGUE.of(Visit), CATALOGUE.of(Reading)
PATIENT = CATALOGUE.facet_by_class[Patient]
NOON = dt.datetime(2025, 3, 1, 12, tzinfo=dt.UTC)


def visit(number: int, patient: UUID, **values: Any) -> Visit:
    """A visit with every required field, its values following from `number` unless given."""
    given: dict[str, Any] = {
        "code": f"V{number}",
        "room": f"Room {number}",
        "seat": number,
        "weight": Decimal(number),
        "price": Money(number, "EUR"),
        "urgent": False,
        "day": dt.date(2025, 1, 1) + dt.timedelta(days=number),
        "began_at": NOON + dt.timedelta(hours=number),
        "state": "booked",
        "wards": frozenset(("north",)),
        "patient": patient,
        "form": {"number": number},
        "version": 1,
        **values,
    }
    return Visit(**given)


class World:
    """Records held in a list: the plainest lookup there is, to compare others with."""

    def __init__(self, *records: Record, facets: Mapping[UUID, Facet] | None = None) -> None:
        self.records = records
        self.facets = facets or {}

    def facet(self, record: Record, facet: FacetType) -> Facet | None:
        """The facet of that record, if it is of that type."""
        found = self.facets.get(record.id)
        return found if isinstance(found, facet.cls) else None

    def record(self, type: RecordType, id: UUID) -> Record | None:
        """The record of that type and id."""
        return next((r for r in self.records if isinstance(r, type.cls) and r.id == id), None)

    def related(self, type: RecordType, via: Field, id: UUID) -> list[Record]:
        """The records of that type that hold the id there."""
        return [r for r in self.records if isinstance(r, type.cls) and getattr(r, via.name) == id]


def binder(
    text: str = "",
    *,
    rules: Mapping[str, ReadRule] | None = None,
    actor: str = "sara",
    now: dt.datetime = NOON,
    zone: dt.tzinfo = dt.UTC,
) -> Binder:
    """Binds for an actor under read rules by record type; what has no rule is open."""
    given = rules or {}
    return Binder(
        catalogue=CATALOGUE,
        actor=Actor(actor),
        now=now,
        zone=zone,
        currency="EUR",
        rule=lambda type: given.get(type.name, ALL),
        text=text,
    )


def bind(text: str, type: RecordType = VISIT, **options: Any) -> Bound:
    """A filter as text, bound for a record type."""
    return binder(text, **options).read(type, parse(text))
