"""Selecting in memory: the same answers as looking at every record, in order, page by page."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.adapters.memory import MemoryDatabase
from crmcore.adapters.memory.selection import candidates
from crmcore.adapters.memory.transaction import MemoryTransaction
from crmcore.domain.bound import Bound, BoundQuery
from crmcore.domain.customer import Customer
from crmcore.domain.errors import InvalidValue
from crmcore.domain.evaluate import fits
from crmcore.domain.query import Cursor
from crmcore.domain.user import User
from crmcore.ports.storage import Transaction
from tests.adapters.memory.conftest import made
from tests.adapters.memory.samples import ALI, CUSTOMER, SARA, USER, ask, codes, sample
from tests.domain.clinic import PATIENT, READING, VISIT, Finding, Patient, Reading, Visit, World
from tests.domain.questions import questions, worlds


def fill(transaction: Transaction, world: World) -> None:
    """Store what is in a world."""
    for type in (USER, CUSTOMER, VISIT, READING):
        transaction.insert(type, [each for each in world.records if isinstance(each, type.cls)])
    transaction.insert_facets(CUSTOMER, PATIENT, list(world.facets.items()))


def stored(world: World, database: MemoryDatabase | None = None) -> MemoryTransaction:
    """A transaction over a database that holds this world."""
    transaction = made(database).begin()
    fill(transaction, world)
    return transaction


def _ids(transaction: MemoryTransaction, query: BoundQuery) -> list[UUID]:
    return [found.record.id for found in transaction.select(query)]


@given(worlds(), questions())
def test_what_is_found_is_what_fits(world: World, question: Bound) -> None:
    """A list would lack records, or show others; a count would differ from the list."""
    query = BoundQuery(type=VISIT, where=question)
    expected = sorted(v.id for v in world.records if isinstance(v, Visit) and fits(question, v, world))
    transaction = stored(world)
    assert _ids(transaction, query) == expected
    assert transaction.count(query) == len(expected)


SORTS = ["", "room", "-rank", "refund,-seen", "-fees", "symptom,due", "grade,-ended_at", "-doctor,room"]


@given(worlds(), questions(), st.sampled_from(SORTS), st.integers(1, 3))
def test_pages_add_up_to_the_whole(world: World, question: Bound, sort: str, limit: int) -> None:
    """Turning pages would skip records or show some twice."""
    transaction = stored(world)
    whole = ask("", sort)
    query = BoundQuery(type=VISIT, where=question, sort=whole.sort, order=sort)
    assert list(_paged(transaction, query, limit)) == _ids(transaction, query)


def _paged(transaction: MemoryTransaction, query: BoundQuery, limit: int) -> Iterator[UUID]:
    cursor = None
    while True:
        page = transaction.select(
            BoundQuery(
                type=query.type, where=query.where, sort=query.sort, order=query.order, limit=limit, cursor=cursor
            )
        )
        yield from (found.record.id for found in page)
        if len(page) < limit:
            return
        cursor = Cursor(query.order, page[-1].keys, page[-1].record.id)


@pytest.fixture
def clinic(transaction: MemoryTransaction) -> MemoryTransaction:
    """Three visits, of which the first two are with Ali."""
    transaction.insert(USER, [ALI, User("Reza", external_id="sara", id=UUID(int=3), version=1)])
    transaction.insert(CUSTOMER, [SARA])
    first = sample(1, doctor=ALI.id, rank=2, source="s", external_id="e")
    second = sample(2, doctor=ALI.id, rank=None, findings=(Finding("sign", "x", reported_by=ALI.id, no=1),))
    transaction.insert(VISIT, [second, first, sample(3, rank=1)])
    transaction.insert_facets(CUSTOMER, PATIENT, [(SARA.id, Patient(insured_as="I", physician=ALI.id, version=1))])
    return transaction


def test_without_a_sort_the_order_is_by_id(clinic: MemoryTransaction) -> None:
    """The order would be that in which records were written."""
    assert codes(clinic) == ["V1", "V2", "V3"]


def test_a_sort_and_a_limit_hold(clinic: MemoryTransaction) -> None:
    """A page would be longer than asked for, or its missing values would come first."""
    assert codes(clinic, sort="rank") == ["V3", "V1", "V2"]
    assert codes(clinic, sort="-rank", limit=2) == ["V1", "V3"]


def test_a_found_record_tells_its_place(clinic: MemoryTransaction) -> None:
    """The cursor of the next page could not be made."""
    keys = [found.keys for found in clinic.select(ask("", "-rank,room"))]
    assert keys == [(2, "room 1"), (1, "room 3"), (None, "room 2")]


def test_a_cursor_that_does_not_fit_is_refused(clinic: MemoryTransaction) -> None:
    """A page would begin anywhere, or Python's own error would come out."""
    with pytest.raises(InvalidValue):
        clinic.select(ask("", "rank", cursor=Cursor("rank", ("x",), SARA.id)))


def test_a_cursor_need_not_stand_on_a_record(clinic: MemoryTransaction) -> None:
    """A page would be lost because its last record was removed meanwhile."""
    assert codes(clinic, sort="rank", cursor=Cursor("rank", (1,), UUID(int=0))) == ["V3", "V1", "V2"]
    assert codes(clinic, sort="rank", cursor=Cursor("rank", (1,), UUID(int=2**127))) == ["V1", "V2"]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (f"id = '{sample(1).id}'", {1}),
        (f"id in ('{sample(1).id}', '{sample(3).id}') and rank > 0", {1, 3}),
        ("code = 'V2'", {2}),
        ("code = 'V9'", set()),
        ("source = 's' and external_id = 'e'", {1}),
        ("room = 'Room 3' and seat = 3", {3}),
        (f"doctor = '{ALI.id}'", {1, 2}),
        (f"rank > 0 and doctor = '{ALI.id}'", {1, 2}),
        (f"finding.reported_by = '{ALI.id}'", {2}),
        ("code in ('V1', 'V2')", None),  # no index serves: every record is looked at
        (f"doctor != '{ALI.id}'", None),
        (f"not doctor = '{ALI.id}'", None),
        (f"doctor = '{ALI.id}' or seat = 3", None),
        ("external_id = 'e'", None),
    ],
)
def test_an_index_serves_where_it_can(where: str, expected: set[int] | None) -> None:
    """Each record that is got or imported would cost a look at all the others."""
    database = MemoryDatabase()
    transaction = stored(World(ALI, SARA), database)
    findings = (Finding("sign", "x", reported_by=ALI.id, no=1),)
    first = sample(1, doctor=ALI.id, rank=2, source="s", external_id="e")
    transaction.insert(VISIT, [first, sample(2, doctor=ALI.id, findings=findings), sample(3, rank=1)])
    found = candidates(database, ask(where))
    assert (None if found is None else {id.int - 100 for id in found}) == expected


def test_indexes_of_facets_serve_too(clinic: MemoryTransaction) -> None:
    """A card number at the till would cost a look at every customer."""
    for where in ("clinic.insured_as = 'I'", f"clinic.physician = '{ALI.id}'"):
        query = ask(where, type=CUSTOMER)
        assert list(candidates(clinic._database, query) or ()) == [SARA.id]
        assert clinic.count(query) == 1
    assert list(candidates(clinic._database, ask("clinic.insured_as = 'J'", type=CUSTOMER)) or ()) == []


def test_predicates_see_the_whole_database(clinic: MemoryTransaction) -> None:
    """A filter would not reach over to other records."""
    clinic.insert(READING, [Reading(sample(1).id, sample(1).began_at, id=UUID(int=9), version=1)])
    assert codes(clinic, "doctor.name = 'Ali'") == ["V1", "V2"]
    assert codes(clinic, "clinic.reading") == ["V1"]
    assert codes(clinic, "patient.clinic.insured_as = 'I'") == ["V1", "V2", "V3"]
    assert clinic.count(ask("owner = me", type=CUSTOMER)) == 0
    clinic.update(CUSTOMER, SARA, Customer(name="Sara", owner=UUID(int=3), id=SARA.id, version=2))
    assert clinic.count(ask("owner = me", type=CUSTOMER)) == 1
