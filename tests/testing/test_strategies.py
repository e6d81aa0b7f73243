"""Tests of the strategies: what they draw is sound, whole and as various as was asked for."""

from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from crmcore.domain import catalogue
from crmcore.domain.customer import Customer
from crmcore.domain.errors import InvalidSetting
from crmcore.domain.facet import Facet
from crmcore.domain.link import Link
from crmcore.domain.record import NIL, Record, RecordType
from crmcore.domain.records import CORE
from crmcore.domain.relationship import Relationship
from crmcore.testing.ruled import RULED
from crmcore.testing.specimens import Entry, Profile, Sample
from crmcore.testing.strategies import facets, records, values

FOUND = catalogue.build(
    [*((None, cls) for cls in CORE), ("specimen", Sample), ("specimen", Entry)], [("specimen", Profile)]
)
TYPES = sorted(FOUND.records.values(), key=lambda type: type.name)
CUSTOMERS = {"customer": [UUID(int=1), UUID(int=2)]}
POINTS = next(f for f in FOUND.facets["customer"][0].fields if f.name == "points")
QUICK = settings(phases=[Phase.generate], database=None, suppress_health_check=list(HealthCheck))


@given(st.data(), st.booleans())
def test_every_record_drawn_is_sound(data: st.DataObject, stored: bool) -> None:
    """A plugin's tests would fail on records that no one could have stored."""
    type = data.draw(st.sampled_from(TYPES))
    record = data.draw(records(type, stored=stored))
    held = [(type.fields, record), *((p.fields, each) for p in type.parts for each in getattr(record, p.attribute))]
    for fields, holder in held:
        for field in fields:
            value = getattr(holder, field.name)
            assert field.optional or value is not None
            assert value is None or field.check(value) is None
    assert not any(validate(record) for validate in type.options.validators)


@pytest.mark.parametrize("type", TYPES, ids=lambda type: type.name)
def test_every_field_is_drawn_with_and_without_a_value(type: RecordType) -> None:
    """A field that is always missing, or never, would be tested by half."""
    fixed = {"created_at", "changed_at", *RULED.get(type.name, ())}
    optional = [f.name for f in type.fields if f.optional and not f.system and f.name not in fixed]
    seen: set[tuple[str, bool]] = set()

    @settings(QUICK, max_examples=150)
    @given(records(type))
    def look(record: Record) -> None:
        seen.update((name, getattr(record, name) is None) for name in optional)

    look()
    assert seen == {(name, missing) for name in optional for missing in (False, True)}


@given(records(Customer), records(Customer, stored=True))
def test_new_records_are_new_and_stored_ones_are_not(new: Customer, stored: Customer) -> None:
    """What is drawn to be added would clash with what is there, or what is drawn as stored have no identity."""
    assert (new.id, new.version, new.created_at) == (NIL, 0, None)
    assert {point.no for point in new.contact_points} <= {0}
    assert stored.id != NIL or stored.version > 0
    assert [p.no for p in stored.contact_points] == list(range(1, len(stored.contact_points) + 1))


@given(records(Relationship, CUSTOMERS), records(Link, CUSTOMERS))
def test_references_point_at_what_is_given(relationship: Relationship, link: Link) -> None:
    """A storage would refuse every record that was drawn, for references to nothing."""
    assert {relationship.from_customer, relationship.to_customer} == set(CUSTOMERS["customer"])
    assert (link.from_type, link.to_type) == ("customer", "customer")
    assert {link.from_id, link.to_id} <= set(CUSTOMERS["customer"])


def test_a_reference_that_cannot_be_drawn_is_told() -> None:
    """The test of a plugin would fail far from its cause."""
    with pytest.raises(InvalidSetting, match="needs a customer"):
        records(Relationship, {"order": [UUID(int=1)]})
    with pytest.raises(InvalidSetting, match="needs a record of any type"):
        records(Link, {})


@given(records(Customer, {}))
def test_optional_references_to_nothing_given_are_missing(customer: Customer) -> None:
    """A customer could not be drawn for a storage without users."""
    assert customer.owner is None


@given(records(Customer, name=st.just("Leila"), roles=st.just(())))
def test_single_fields_can_be_given(customer: Customer) -> None:
    """A test about one value could not hold it still."""
    assert (customer.name, customer.roles) == ("Leila", ())


@given(facets(Profile, stored=True), values(POINTS))
def test_facets_and_values_are_drawn_alone(profile: Profile, points: int | None) -> None:
    """A plugin could test its facet only through a whole record."""
    assert profile.version > 0
    assert points is None or POINTS.check(points) is None


def test_records_are_drawn_with_and_without_facets() -> None:
    """Code that forgets customers who have none, or those who have one, would pass."""
    seen: set[frozenset[type[Facet]]] = set()

    @settings(QUICK)
    @given(records(FOUND.of(Customer), facets=FOUND.facets["customer"]))
    def look(record: Record) -> None:
        seen.add(frozenset(record.facets))

    look()
    assert seen == {frozenset(), frozenset({Profile})}
