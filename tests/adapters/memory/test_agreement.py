"""Memory and SQLite asked the same: one list, one order, one set of figures."""

from __future__ import annotations

import attrs
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

import crmcore
from crmcore.adapters.sql.storage import SqlStorage
from crmcore.domain.bound import Bound, BoundQuery
from crmcore.domain.copying import evolve
from crmcore.domain.query import Cursor
from crmcore.ports.storage import Transaction
from tests.adapters.memory.conftest import STAMP
from tests.adapters.memory.samples import ask
from tests.adapters.memory.test_selecting import SORTS, fill, stored
from tests.domain.clinic import CATALOGUE, NOON, VISIT, World
from tests.domain.questions import questions, worlds

BY = [(), ("state",), ("note", "rank"), ("urgent",), ("day",), ("doctor",), ("weight",), ("began_at",)]
MEASURES = [("count", ""), ("sum", "price"), ("sum", "dose"), ("min", "refund"), ("max", "began_at"), ("count", "due")]


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> SqlStorage:
    """A database file with the tables of the core and of the sample plugin."""
    url = f"sqlite:///{tmp_path_factory.mktemp('agreement') / 'crm.db'}"
    storage = SqlStorage(crmcore.prepare(sa.create_engine(url)), CATALOGUE, owned=True)
    storage.create(STAMP, ("core", "clinic"))
    return storage


@given(
    world=worlds(), where=questions(), sort=st.sampled_from([*SORTS, "-symptom", "fees", "note,-refund", "-began_at"])
)
def test_memory_and_sqlite_agree(sqlite: SqlStorage, world: World, where: Bound, sort: str) -> None:
    """What is tried out in memory would turn out otherwise in a database."""
    stamped = [evolve(each, created_at=NOON, changed_at=NOON) for each in world.records]
    world = World(*stamped, facets=world.facets)
    query = BoundQuery(type=VISIT, where=where, sort=ask("", sort).sort, order=sort)
    transaction = sqlite.begin()
    try:
        fill(transaction, world)
        _agree(stored(world), transaction, query)
    finally:
        transaction.rollback()


def _agree(memory: Transaction, database: Transaction, query: BoundQuery) -> None:
    found = memory.select(query)
    assert database.select(query) == found
    assert database.count(query) == len(found)
    for each in found:
        cursor = Cursor(query.order, each.keys, each.record.id)
        page = attrs.evolve(query, cursor=cursor, limit=2)
        assert database.select(page) == memory.select(page)
    for by in BY:
        assert database.aggregate(query, by, MEASURES) == memory.aggregate(query, by, MEASURES)
