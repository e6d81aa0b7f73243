"""Hypothesis strategies for visits and for predicates about them, bound."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from crmcore.domain import grammar, predicate
from crmcore.domain.bound import Bound
from crmcore.domain.copying import evolve
from crmcore.domain.customer import Address, ContactPoint, Customer
from crmcore.domain.facet import Facet
from crmcore.domain.field import Field
from crmcore.domain.money import Money
from crmcore.domain.predicate import Predicate
from crmcore.domain.record import Record
from crmcore.domain.user import User
from tests.domain.clinic import NOON, PATIENT, READING, VISIT, Finding, Patient, Reading, Visit, World, binder

USERS: Final = tuple(UUID(int=100 + n) for n in range(2))
CUSTOMERS: Final = tuple(UUID(int=200 + n) for n in range(3))
VISITS: Final = tuple(UUID(int=300 + n) for n in range(3))

TEXTS: Final = st.sampled_from(["", "a", "A", "b", "é", "ye ی", "ye ي", "aa ", "ß", "\U0001f600", "%_", "Room 1"])
VALUES: Final[dict[str, SearchStrategy[Any]]] = {
    "text": TEXTS,
    "integer": st.integers(-3, 3),
    "decimal": st.sampled_from([Decimal(0), Decimal("1.5"), Decimal("-1.50"), Decimal(2)]),
    "money": st.builds(Money, st.sampled_from([-1, 0, 1, 2]), st.sampled_from(["EUR", "USD"])),
    "boolean": st.booleans(),
    "date": st.sampled_from([dt.date(2025, 1, day) for day in (1, 2, 3)]),
    "datetime": st.sampled_from([NOON + dt.timedelta(hours=n) for n in range(3)]),
    "json": st.sampled_from([0, [], {"a": "b"}]),
}
"""Few values of each kind, so that records often agree."""

OPERATORS: Final = {
    "text": ("=", "!=", "<", "<=", ">", ">=", "~"),
    **dict.fromkeys(("integer", "decimal", "money", "date", "datetime"), ("=", "!=", "<", "<=", ">", ">=")),
    **dict.fromkeys(("boolean", "choice", "reference"), ("=", "!=")),
}


def values_of(field: Field) -> SearchStrategy[Any]:
    """Values that the field can hold, None included where it may."""
    if field.kind == "reference":
        ids = {"user": USERS, "customer": CUSTOMERS, "clinic.visit": VISITS}[field.target]
        values: SearchStrategy[Any] = st.sampled_from(ids)
    elif field.kind == "choice":
        values = st.sampled_from(field.options)
    elif field.kind == "choices":
        values = st.frozensets(st.sampled_from(field.options or ("a", "A", "b")), max_size=3)
    else:
        values = VALUES[field.kind]
    return st.one_of(st.none(), values) if field.optional else values


def _made(cls: type, fields: tuple[Field, ...], **fixed: Any) -> SearchStrategy[Any]:
    given = {field.name: values_of(field) for field in fields}
    return st.builds(cls, **{**given, **{name: st.just(value) for name, value in fixed.items()}})


@st.composite
def visits(draw: DrawFn, number: int) -> Visit:
    """A visit with any values; its unique ones follow from `number`."""
    parts = draw(st.lists(_made(Finding, _fields("finding")), max_size=2))
    findings = tuple(evolve(each, no=no) for no, each in enumerate(parts, 1))
    before = draw(st.one_of(st.none(), st.sampled_from(VISITS[:number]))) if number else None
    fixed = {"id": VISITS[number], "code": f"V{number}", "seat": number, "version": 1}
    made: Visit = draw(_made(Visit, VISIT.own, **fixed, before=before, findings=findings))
    return made


def _fields(part: str) -> tuple[Field, ...]:
    found = VISIT.part(part)
    assert found is not None
    return found.fields


@st.composite
def worlds(draw: DrawFn) -> World:
    """Visits among themselves, with readings, customers, facets and users."""
    count = draw(st.integers(1, len(VISITS)))
    found: list[Record] = [draw(visits(number)) for number in range(count)]
    for number in range(draw(st.integers(0, 3))):
        visit = draw(st.sampled_from(VISITS[:count]))
        found.append(draw(_made(Reading, READING.own, id=UUID(int=400 + number), visit=visit, version=1)))
    found += [User(f"user {n}", id=id, external_id=f"u{n}", version=1) for n, id in enumerate(USERS)]
    for id in CUSTOMERS:
        points = tuple(ContactPoint("email", v, no=n) for n, v in enumerate(draw(st.lists(TEXTS, max_size=2)), 1))
        city = draw(values_of(VISIT_NOTE))
        owner = draw(st.one_of(st.none(), st.sampled_from(USERS)))
        places = (Address(city=city, no=1),)
        found.append(Customer(name=city, owner=owner, contact_points=points, addresses=places, id=id, version=1))
    facets: dict[UUID, Facet] = {}
    for number, id in enumerate(CUSTOMERS):
        if draw(st.booleans()):
            facets[id] = draw(_made(Patient, PATIENT.fields, insured_as=f"i{number}", version=1))
    return World(*found, facets=facets)


VISIT_NOTE: Final = next(field for field in VISIT.fields if field.name == "note")

PATHS: Final[dict[str, Field]] = {
    **{f.name: f for f in VISIT.fields if f.kind not in ("json", "choices") and f.name not in ("version", "id")},
    **{f"finding.{f.name}": f for f in _fields("finding") if f.kind != "json"},
    "symptom": _fields("finding")[1],
    "fees": _fields("finding")[5],
    "wards": Field(kind="choice", options=("north", "south", "east")),
    "marks": Field(kind="text", fold=False),
    "patient.name": VISIT_NOTE,
    "patient.email": VISIT_NOTE,
    "patient.city": VISIT_NOTE,
    "patient.owner": Field(kind="reference", target="user"),
    "patient.clinic.blood": PATIENT.fields[0],
    "patient.clinic.limit": PATIENT.fields[3],
    "patient.clinic.allergies": Field(kind="text", fold=False),
    "before.room": VISIT_NOTE,
    "doctor.name": VISIT_NOTE,
    "last_reading": READING.fields[-2],
    "least_value": READING.fields[-1],
}
"""Paths from a visit, each with the field that it ends at."""


@st.composite
def comparisons(draw: DrawFn) -> Predicate:
    """One test of any path."""
    path = draw(st.sampled_from(sorted(PATHS)))
    field = PATHS[path]
    if draw(st.integers(0, 5)) == 0:
        return predicate.missing(path)
    values = values_of(field).filter(lambda value: value is not None)
    if draw(st.integers(0, 3)) == 0:
        return predicate.one_of(path, draw(st.lists(values, min_size=1, max_size=3)))
    operators = [op for op in OPERATORS[field.kind] if op != "~" or field.fold]
    op: Any = draw(st.sampled_from(operators))
    return predicate.compare(path, op, draw(values))


STEPS: Final = (
    "finding",
    "finding where (kind = 'sign' and count > 0)",
    "clinic.reading",
    "no clinic.reading where (value > 0)",
    "clinic.visit where (urgent = true)",
)
"""Predicates about what belongs to a visit or refers to it."""


def predicates() -> SearchStrategy[Predicate]:
    """Predicates about visits, a few levels deep."""
    leaves = st.one_of(comparisons(), st.sampled_from(STEPS).map(grammar.parse))
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            inner.map(predicate.Not),
            st.lists(inner, min_size=2, max_size=3).map(lambda parts: predicate.all_of(*parts)),
            st.lists(inner, min_size=2, max_size=3).map(lambda parts: predicate.any_of(*parts)),
        ),
        max_leaves=5,
    )


def questions() -> SearchStrategy[Bound]:
    """The same, bound."""
    return predicates().map(lambda tree: binder().read(VISIT, tree))
