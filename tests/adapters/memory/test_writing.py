"""Writes to a storage in memory: what it keeps, and why it refuses, in the words of every storage."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from crmcore.adapters.memory import MemoryDatabase, MemoryStorage
from crmcore.adapters.memory.transaction import MemoryTransaction
from crmcore.domain.catalogue import build
from crmcore.domain.copying import evolve
from crmcore.domain.customer import ContactPoint, Customer
from crmcore.domain.errors import (
    ConcurrentChange,
    CrmError,
    DanglingReference,
    DuplicateValue,
    StillReferenced,
    StorageFailed,
)
from crmcore.domain.link import Link
from crmcore.domain.record import Record
from crmcore.domain.records import CORE
from tests.adapters.memory.conftest import STAMP, opened
from tests.adapters.memory.samples import ALI, CUSTOMER, SARA, USER, ask, sample
from tests.domain.clinic import CATALOGUE, NOON, PATIENT, READING, VISIT, Finding, Patient, Reading, Visit

NOBODY = UUID(int=999)
MEMBER = Patient("ab", insured_as="I-1", version=1)


@pytest.fixture
def clinic(transaction: MemoryTransaction) -> MemoryTransaction:
    """A transaction that knows Ali, Sara, and her first visit."""
    transaction.insert(USER, [ALI])
    transaction.insert(CUSTOMER, [SARA])
    transaction.insert(VISIT, [sample(1)])
    return transaction


def _stored(transaction: MemoryTransaction, id: UUID) -> Record:
    found = transaction.select(ask(f"id = '{id}'"))
    assert len(found) == 1
    return found[0].record


def test_a_record_is_read_back_as_it_was_written(clinic: MemoryTransaction) -> None:
    """Some field or part would be lost."""
    findings = (Finding("sign", "pulse", count=3, no=1), Finding("symptom", "ache", no=4))
    full = sample(2, findings=findings, marks=frozenset({"x"}), source="s", external_id="e", created_at=NOON)
    clinic.insert(VISIT, [full])
    assert _stored(clinic, full.id) == full


def test_parts_come_back_by_number(clinic: MemoryTransaction) -> None:
    """Their order would depend on the storage."""
    clinic.insert(VISIT, [sample(2, findings=(Finding("sign", "b", no=2), Finding("sign", "a", no=1)))])
    found = _stored(clinic, sample(2).id)
    assert isinstance(found, Visit)
    assert [part.no for part in found.findings] == [1, 2]


def test_facets_are_kept_beside_the_record(clinic: MemoryTransaction) -> None:
    """A facet that came along with a record would be stored twice, or shown to those who did not ask for it."""
    clinic.insert(CUSTOMER, [Customer(id=UUID(int=3), version=1).with_facets(MEMBER)])
    clinic.insert_facets(CUSTOMER, PATIENT, [(SARA.id, MEMBER)])
    found = clinic.select(ask("kind = 'person'", type=CUSTOMER, facets=(PATIENT,)))
    assert [dict(each.record.facets) for each in found] == [{Patient: MEMBER}, {Patient: None}]
    plain = clinic.select(ask("kind = 'person'", type=CUSTOMER))
    assert [dict(each.record.facets) for each in plain] == [{}, {}]


@pytest.mark.parametrize(
    ("values", "field", "value"),
    [
        ({"code": "V1"}, "code", "V1"),
        ({"source": "shop", "external_id": "7"}, "source, external_id", "shop, 7"),
        ({"room": "Room 1", "seat": 1}, "room, seat", "Room 1, 1"),
        ({"id": sample(1).id}, "id", str(sample(1).id)),
    ],
)
def test_a_taken_value_is_refused(clinic: MemoryTransaction, values: dict[str, str], field: str, value: str) -> None:
    """Two records would be one to everybody who looks for that value."""
    clinic.update(VISIT, sample(1), sample(1, version=2, source="shop", external_id="7"))
    with pytest.raises(DuplicateValue) as refused:
        clinic.insert(VISIT, [sample(2, **values)])
    assert refused.value.details == {"record": "clinic.visit", "field": field, "value": value}
    assert value in str(refused.value)


@pytest.mark.parametrize(
    "values",
    [
        {"code": "v1"},  # text is exact
        {"code": "V1 "},
        {"source": "shop", "external_id": "8"},
        {"source": "till", "external_id": "7"},
        {"external_id": "7"},  # a missing value shares nothing
        {"room": "Room 1"},
    ],
)
def test_a_different_value_is_not_taken(clinic: MemoryTransaction, values: dict[str, str]) -> None:
    """A record would be refused for a value that nobody has."""
    clinic.insert(VISIT, [sample(2, source="shop", external_id="7")])
    clinic.insert(VISIT, [sample(3, external_id="7")])
    clinic.insert(VISIT, [sample(4, **values)])


def test_a_changed_or_removed_value_is_free_again(clinic: MemoryTransaction) -> None:
    """A code could be used once in the life of a database."""
    clinic.update(VISIT, sample(1), sample(1, version=2, code="new"))
    clinic.insert(VISIT, [sample(2, code="V1")])
    clinic.delete(VISIT, sample(2))
    clinic.insert(VISIT, [sample(3, code="V1")])
    clinic.update(VISIT, sample(3), sample(3, version=2, code="V1"))  # its own value is not in its way


def test_a_write_over_another_version_is_refused(clinic: MemoryTransaction) -> None:
    """A colleague's change would be lost without a word."""
    clinic.update(VISIT, sample(1), sample(1, version=2))
    with pytest.raises(ConcurrentChange, match=r"at version 2, not 1") as refused:
        clinic.update(VISIT, sample(1), sample(1, version=2))
    id = str(sample(1).id)
    assert refused.value.details == {"record": "clinic.visit", "id": id, "expected": 1, "found": 2}
    with pytest.raises(ConcurrentChange, match=r"at version 2, not 1"):
        clinic.delete(VISIT, sample(1))


def test_a_write_over_a_removed_record_is_refused(clinic: MemoryTransaction) -> None:
    """A removed record would come back, or an error of another kind would come."""
    clinic.delete(VISIT, sample(1))
    with pytest.raises(ConcurrentChange, match="removed") as refused:
        clinic.update(VISIT, sample(1), sample(1, version=2))
    assert refused.value.details["found"] is None
    with pytest.raises(ConcurrentChange):
        clinic.delete(VISIT, sample(1))


def test_a_facet_has_a_version_of_its_own(clinic: MemoryTransaction) -> None:
    """An earning would collide with an edit of the name, or two earnings would not collide."""
    clinic.insert_facets(CUSTOMER, PATIENT, [(SARA.id, MEMBER)])
    clinic.update(CUSTOMER, SARA, evolve(SARA, version=2))
    clinic.update_facet(CUSTOMER, PATIENT, SARA.id, MEMBER, evolve(MEMBER, blood="0", version=2))
    with pytest.raises(ConcurrentChange, match="clinic of customer") as refused:
        clinic.update_facet(CUSTOMER, PATIENT, SARA.id, MEMBER, evolve(MEMBER, version=2))
    assert (refused.value.details["expected"], refused.value.details["found"]) == (1, 2)
    with pytest.raises(ConcurrentChange):
        clinic.delete_facet(CUSTOMER, PATIENT, SARA.id, MEMBER)
    clinic.delete_facet(CUSTOMER, PATIENT, SARA.id, evolve(MEMBER, version=2))
    with pytest.raises(ConcurrentChange):
        clinic.delete_facet(CUSTOMER, PATIENT, SARA.id, evolve(MEMBER, version=2))


def test_facets_are_refused_like_records(clinic: MemoryTransaction) -> None:
    """A plugin's values would be kept less strictly than the core's."""
    other = Customer(id=UUID(int=3), version=1)
    clinic.insert(CUSTOMER, [other])
    clinic.insert_facets(CUSTOMER, PATIENT, [(SARA.id, MEMBER)])
    _refused(clinic, [(other.id, MEMBER)], DuplicateValue, "clinic.insured_as", "I-1")
    _refused(clinic, [(SARA.id, Patient())], DuplicateValue, "clinic", str(SARA.id))
    _refused(clinic, [(NOBODY, Patient())], DanglingReference, "clinic", str(NOBODY))
    _refused(clinic, [(other.id, Patient(physician=NOBODY))], DanglingReference, "clinic.physician", str(NOBODY))


def _refused(
    transaction: MemoryTransaction, rows: list[tuple[UUID, Patient]], error: type[CrmError], field: str, value: str
) -> None:
    with pytest.raises(error) as refused:
        transaction.insert_facets(CUSTOMER, PATIENT, rows)
    assert (refused.value.details["field"], refused.value.details["value"]) == (field, value)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"patient": NOBODY}, "patient"),
        ({"doctor": NOBODY}, "doctor"),
        ({"before": NOBODY}, "before"),
        ({"patient": sample(1).id}, "patient"),  # there is such a record, but of another type
        ({"findings": (Finding("sign", "x", reported_by=NOBODY, no=1),)}, "finding.reported_by"),
    ],
)
def test_a_reference_to_nothing_is_refused(clinic: MemoryTransaction, values: dict[str, Any], field: str) -> None:
    """Records would point into the void."""
    with pytest.raises(DanglingReference) as refused:
        clinic.insert(VISIT, [sample(2, **values)])
    assert (refused.value.details["record"], refused.value.details["field"]) == ("clinic.visit", field)
    with pytest.raises(DanglingReference):
        clinic.update(VISIT, sample(1), sample(1, version=2, **values))
    assert _stored(clinic, sample(1).id) == sample(1)


def test_a_record_may_refer_to_itself_and_to_earlier_ones(clinic: MemoryTransaction) -> None:
    """A manager could not be imported together with the team."""
    clinic.insert(VISIT, [sample(2, before=sample(2).id), sample(3, before=sample(2).id)])
    with pytest.raises(DanglingReference):
        clinic.insert(VISIT, [sample(4, before=sample(5).id), sample(5)])
    clinic.delete(VISIT, sample(3, before=sample(2).id))
    clinic.delete(VISIT, sample(2, before=sample(2).id))


def test_what_is_referred_to_cannot_be_removed(clinic: MemoryTransaction) -> None:
    """A visit would be left without its patient, a facet without its physician."""
    clinic.insert_facets(CUSTOMER, PATIENT, [(SARA.id, Patient(physician=ALI.id, version=1))])
    clinic.insert(VISIT, [sample(2, doctor=ALI.id, findings=(Finding("sign", "x", reported_by=ALI.id, no=1),))])
    with pytest.raises(StillReferenced) as refused:
        clinic.delete(USER, ALI)
    assert refused.value.details["references"] == {"clinic.visit": 1, "customer": 1}
    assert "1 clinic.visit and 1 customer" in str(refused.value)
    with pytest.raises(StillReferenced):
        clinic.delete(CUSTOMER, SARA)
    clinic.delete(VISIT, sample(1))


def test_a_record_goes_with_its_facets(clinic: MemoryTransaction) -> None:
    """The facet's unique value would stay taken, and its reference would stand in the way."""
    member = Patient(insured_as="I-1", physician=ALI.id, version=1)
    clinic.delete(VISIT, sample(1))
    clinic.insert_facets(CUSTOMER, PATIENT, [(SARA.id, member)])
    clinic.delete(CUSTOMER, SARA)
    clinic.delete(USER, ALI)
    clinic.insert(CUSTOMER, [SARA])
    clinic.insert_facets(CUSTOMER, PATIENT, [(SARA.id, Patient(insured_as="I-1", version=1))])


def test_references_to_any_type_are_left_to_the_core(clinic: MemoryTransaction) -> None:
    """A link could be made to nothing the storage knows of, which no database could check."""
    link = Link("customer", SARA.id, "clinic.visit", NOBODY, "about", id=UUID(int=50), version=1)
    clinic.insert(CATALOGUE.of(Link), [link])
    assert clinic.count(ask(f"to_id = '{NOBODY}'", type=CATALOGUE.of(Link))) == 1


def test_what_a_plugin_left_still_counts_when_it_is_off() -> None:
    """A customer could be removed while rows of a disabled plugin refer to it; or their facets would stay."""
    database = MemoryDatabase()
    both = MemoryStorage(CATALOGUE, database)
    both.create(STAMP, ("core", "clinic"))
    other = Customer(id=UUID(int=3), version=1)
    with opened(both) as clinic:
        clinic.insert(CUSTOMER, [SARA, other])
        clinic.insert(VISIT, [sample(1)])
        clinic.insert_facets(CUSTOMER, PATIENT, [(other.id, MEMBER)])
    core = build((None, cls) for cls in CORE)
    without = MemoryStorage(core, database)
    with opened(without) as alone:
        with pytest.raises(StillReferenced):
            alone.delete(core.of(Customer), SARA)
        alone.delete(core.of(Customer), other)
    with opened(both) as again:
        again.insert(CUSTOMER, [other])
        assert again.select(ask("kind = 'person'", type=CUSTOMER, facets=(PATIENT,)))[1].record.facets == {
            Patient: None
        }


def test_a_type_without_a_table_says_so() -> None:
    """A plugin whose tables were never made would seem to have no records."""
    storage = MemoryStorage(CATALOGUE)
    storage.create(STAMP, ("core",))
    with opened(storage) as transaction:
        transaction.insert(CUSTOMER, [SARA])
        with pytest.raises(StorageFailed, match=r"clinic\.visit"):
            transaction.insert(VISIT, [sample(1)])
        with pytest.raises(StorageFailed, match="customer:clinic"):
            transaction.insert_facets(CUSTOMER, PATIENT, [(SARA.id, MEMBER)])
    storage.create(STAMP, ("clinic",))
    with opened(storage) as transaction:
        transaction.insert(VISIT, [sample(1)])
        assert transaction.lock(CUSTOMER, SARA.id)


def test_append_only_types_are_rows_like_others(clinic: MemoryTransaction) -> None:
    """A ledger could not be written in bulk, or would let its owner go."""
    readings = [Reading(sample(1).id, NOON, id=UUID(int=200 + n), version=1) for n in range(3)]
    clinic.insert(READING, readings)
    assert clinic.count(ask(type=READING)) == 3
    with pytest.raises(StillReferenced):
        clinic.delete(VISIT, sample(1))


def test_a_contact_point_may_be_shared(clinic: MemoryTransaction) -> None:
    """A family with one telephone could not be stored."""
    shared = (ContactPoint("phone", "110", no=1),)
    clinic.insert(CUSTOMER, [Customer(id=UUID(int=n), contact_points=shared, version=1) for n in (11, 12)])
    assert clinic.count(ask("phone = '110'", type=CUSTOMER)) == 2
