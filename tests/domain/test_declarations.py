"""Declaring record types, parts, facets and workflows: what follows from a good one, and how a bad one is refused."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any, get_args
from uuid import UUID

import pytest

from crmcore.domain import field
from crmcore.domain.customer import Customer
from crmcore.domain.errors import FacetNotLoaded, InvalidValue, NoFacet, UnknownName
from crmcore.domain.field import Field
from crmcore.domain.kinds import Kind
from crmcore.domain.money import Money
from crmcore.domain.record import ENVELOPE, NIL, Record, record, record_type
from tests.domain.clinic import (
    CATALOGUE,
    NOON,
    PATIENT,
    READING,
    VISIT,
    Finding,
    Patient,
    Reading,
    Visit,
    catalogue,
    visit,
)


def test_the_sample_has_every_kind_required_and_optional() -> None:
    """A kind that the sample lacks would be declared in no test."""
    required = {f.kind for f in VISIT.own if f.required}
    optional = {f.kind for f in VISIT.own if not f.required}
    assert required == optional == set(get_args(Kind))


def test_a_plugins_record_type_is_named_after_it() -> None:
    """Record types of two plugins, or of a plugin and the core, would clash."""
    assert (VISIT.name, VISIT.plugin, READING.name) == ("clinic.visit", "clinic", "clinic.reading")
    assert CATALOGUE.of(Customer).name == "customer"
    assert CATALOGUE.record("clinic.visit") is VISIT


def test_fields_keep_their_order_after_the_envelope() -> None:
    """Columns and files would change their order from one start to the next."""
    assert tuple(f.name for f in VISIT.fields[: len(ENVELOPE)]) == ENVELOPE
    assert [f.name for f in VISIT.own][:4] == ["code", "room", "seat", "weight"]
    assert VISIT.values(visit(1, NIL))[len(ENVELOPE) :][:3] == ("V1", "Room 1", 1)


def test_every_name_that_can_be_asked_for_is_listed() -> None:
    """Filters and messages would not know a field, a facet, a part or a figure."""
    names = CATALOGUE.names(VISIT)
    assert {"code", "version", "symptom", "last_reading", "finding.label"} <= set(names)
    assert "clinic.insured_as" in CATALOGUE.names(CATALOGUE.record("customer"))
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        # references of parts and facets are found too, or merging and erasing would leave them behind
        ("clinic.visit", {("clinic.visit", "", "before"), ("clinic.reading", "", "visit")}),
        ("customer", {("clinic.visit", "", "patient"), ("order", "", "customer")}),
        ("user", {("clinic.visit", "finding", "reported_by"), ("customer", "facet:clinic", "physician")}),
        # what may refer to anything may refer to this too
        ("product", {("link", "", "from_id"), ("link", "", "to_id"), ("order", "line", "product")}),
    ],
)
def test_references_to_a_type_are_found_everywhere(target: str, expected: set[tuple[str, str, str]]) -> None:
    """A reference that is not found is not repointed, not cleared, and dangles."""
    found = {(r.name, place, f.name) for r, place, f in CATALOGUE.references_to(target)}
    assert expected <= found
    assert not any(name == "id" for _, _, name in found)


def test_an_unknown_name_suggests_the_nearest() -> None:
    """A misspelt record type would be a riddle."""
    with pytest.raises(UnknownName, match=r"'custmer'; did you mean 'customer'"):
        CATALOGUE.record("custmer")
    with pytest.raises(UnknownName, match="Patient"):
        CATALOGUE.facet_of(Patient, CATALOGUE.record("order"))


def test_plugins_are_those_that_declare_something() -> None:
    """The database would remember the wrong plugins as active."""
    assert CATALOGUE.plugins() == ("clinic",)


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("code", "x" * 21, "too long"),
        ("code", "a\0b", "NUL"),
        ("code", "\ud800", "surrogate"),
        ("code", 5, "expected text"),
        ("seat", True, "whole number"),
        ("seat", 2**63, "64 bits"),
        ("weight", 1.5, "Decimal"),
        ("weight", Decimal("1.234"), "decimal places"),
        ("weight", Decimal("1e16"), "too large"),
        ("weight", Decimal("1e30"), "too large"),
        ("weight", Decimal("NaN"), "no amount"),
        ("price", Decimal(1), "Money"),
        ("urgent", 1, "true or false"),
        ("day", NOON, "date"),
        ("began_at", dt.datetime(2025, 1, 1), "zone"),
        ("began_at", dt.date(2025, 1, 1), "time"),
        ("state", "lost", "none of booked"),
        ("wards", {"north"}, "frozenset"),
        ("wards", frozenset({"west"}), "none of"),
        ("marks", frozenset({" "}), "empty"),
        ("patient", "x", "UUID"),
        ("form", 1.5, "float"),
        ("form", {1: "x"}, "key"),
        ("form", ["x" * 70_000], "longer"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(name: str, value: Any, problem: str) -> None:
    """Something else than what was given would be stored."""
    assert problem in str(_field(VISIT.field(name)).check(value))


def test_a_fitting_value_goes_to_its_plain_form_and_back() -> None:
    """History and JSON would not hold what the record held."""
    full = visit(3, UUID(int=7), note="n", rank=-1, dose=Decimal("0.1234"), refund=Money("-2.5", "JOD"), seen=True)
    for declared in VISIT.fields:
        value = getattr(full, declared.name)
        if value is not None:
            assert declared.check(value) is None, declared.name
            assert declared.from_plain(json.loads(json.dumps(declared.plain(value)))) == value, declared.name


def test_a_wrong_plain_form_is_refused() -> None:
    """A damaged log would be read as something."""
    with pytest.raises(InvalidValue):
        _field(VISIT.field("weight")).from_plain(1.5)
    with pytest.raises(InvalidValue, match="no time zone"):
        _field(VISIT.field("began_at")).from_plain("2025-01-01T00:00:00")


def _field(found: Field | None) -> Field:
    assert found is not None
    return found


def test_an_own_validator_is_asked_after_the_kind() -> None:
    """A plugin's validator would get values of the wrong type, or none."""

    @record("sample")
    class Sample(Record):
        size: int = field.integer(validators=(lambda value: None if value > 0 else "must be above 0",))

    declared = _field(record_type(Sample, None).field("size"))
    assert declared.check(0) == "must be above 0"
    assert declared.check("x") == "expected a whole number, got str"


def test_facets_are_typed_and_tell_missing_from_not_fetched() -> None:
    """A facet that was not fetched would look like one that is not there."""
    member = Patient("ab")
    held = Customer(name="Sara").with_facets(member)
    assert held.facet(Patient) is member
    with pytest.raises(FacetNotLoaded, match="with_="):
        Customer(name="Sara").facet_or_none(Patient)
    with pytest.raises(NoFacet):
        Customer(name="Sara", facets={Patient: None}).facet(Patient)
    assert (PATIENT.dotted(PATIENT.fields[0]), PATIENT.record) == ("clinic.blood", "customer")


def test_parts_become_a_tuple() -> None:
    """A list given for parts could be changed under a stored record."""
    assert visit(1, NIL, findings=[Finding("sign", "pulse")]).findings == (Finding("sign", "pulse"),)


def test_fingerprints_change_with_what_tables_depend_on() -> None:
    """A changed declaration would start against an old schema."""

    @record("extra")
    class Extra(Record):
        size: int = field.integer()

    wider = catalogue([Extra])
    assert wider.fingerprint("clinic") != CATALOGUE.fingerprint("clinic")
    assert wider.fingerprint(None) == CATALOGUE.fingerprint(None)
    assert catalogue().fingerprint("clinic") == CATALOGUE.fingerprint("clinic")


def test_each_catalogue_has_types_of_its_own() -> None:
    """Two applications in one process would change each other's declarations."""
    assert catalogue().of(Reading) is not READING
    assert catalogue().of(Visit).fields == VISIT.fields
