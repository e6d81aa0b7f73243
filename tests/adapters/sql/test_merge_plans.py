"""A merge finds what refers to its customers, what it moved and what the log says of them by indexes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from crmcore.adapters.sql import SqlSource, SqlStorage
from crmcore.adapters.sql.asking import Asking
from crmcore.adapters.sql.auditing import SqlAuditing
from crmcore.adapters.sql.moving import SqlMoving
from crmcore.crm import Crm
from crmcore.ports.moving import Move, Reference
from crmcore.testing import specimens
from crmcore.testing.crm import make_crm
from tests.adapters.sql.plans import Plan, Recorder, plan_of
from tests.adapters.sql.test_plans import fill
from tests.databases import MariaDatabase, PostgresSchema, _server, storages

EARLIER, MERGE = UUID(int=1), UUID(int=2)


class Sent(Recorder):
    """A runner that remembers what is changed too."""

    def run(self, sql: str, values: tuple[Any, ...] = ()) -> int:
        """Passed on, with a note."""
        self.fetched.append((sql, values))
        return super().run(sql, values)


@pytest.fixture(scope="module", params=storages())
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crm]:
    """A database with hundreds of moves and thousands of links of the chain, and its statistics."""
    place: Any = None
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('plans') / 'crm.db'}"
    else:
        made = {"postgres": PostgresSchema, "mariadb": MariaDatabase}[request.param]
        place = made(_server(request.param))
        url = place.url
    with make_crm(SqlSource.own(url), plugins=(specimens,)) as crm:
        fill(crm)
        merge_most(crm)
        look(crm)
        yield crm
    if place is not None:
        place.remove()


def merge_most(crm: Crm) -> None:
    """A merge of hundreds, before the one that is looked at."""
    ids = customers(crm)
    transaction = crm.storage.begin()
    for record, name in (("opportunity", "party.customer"), ("opportunity", "customer"), ("order", "customer")):
        assert transaction.moving.repoint(EARLIER, reference(crm, record, name), ids[400:], ids[0])
    transaction.commit()


def look(crm: Crm) -> None:
    """Let the database look at what it has."""
    assert isinstance(crm.storage, SqlStorage)
    with crm.storage._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        tables = ", ".join(t.name for t in crm.storage.metadata.sorted_tables)
        word = f"ANALYZE TABLE {tables}" if connection.dialect.name == "mysql" else "ANALYZE"
        connection.exec_driver_sql(word).close()


def customers(crm: Crm) -> list[UUID]:
    """The customers in the order in which they were added."""
    with crm.work("test") as work:
        return [each.id for each in work.customers.query(sort="created_at", limit=2_000).items]


def reference(crm: Crm, record: str, name: str) -> Reference:
    """The declared reference of that name."""
    found = [Reference(*each) for each in crm.catalogue.references_to("customer") if each[0].name == record]
    return next(each for each in found if each.name == name)


class Looking:
    """A transaction whose statements are explained, and which is rolled back."""

    def __init__(self, crm: Crm) -> None:
        assert isinstance(crm.storage, SqlStorage)
        self._storage, self._transaction = crm.storage, crm.storage.begin()
        self._runner = Sent(self._transaction._runner)
        asking = Asking(self._transaction._model, self._runner, lambda call, *arguments: call(*arguments))
        self.moving = SqlMoving(asking)
        self.auditing = SqlAuditing(asking, self._transaction._statements.log)

    def plans(self) -> list[Plan]:
        """What the database means to do for what was sent."""
        try:
            sent = list(self._runner.fetched)
            return [plan_of(self._storage._backend, self._transaction._runner, *each) for each in sent]
        finally:
            self._transaction.rollback()


FOLLOWING = [
    ("order", "customer"),
    ("link", "from_id"),
    ("opportunity", "customer"),
    ("opportunity", "party.customer"),
]


@pytest.mark.parametrize(("record", "name"), FOLLOWING)
def test_references_are_found_by_their_index(filled: Crm, record: str, name: str) -> None:
    """A merge of two customers would read, and hold, every row of the tables that refer to customers."""
    ids, place, look = customers(filled), reference(filled, record, name), Looking(filled)
    assert look.moving.repoint(MERGE, place, ids[20:22], ids[3]) > 0
    assert look.moving.repoint(MERGE, place, ids[24:25], ids[3], [UUID(int=5)]) > 0
    for plan in look.plans():
        assert not plan.scanned, plan.account


@pytest.mark.parametrize(("record", "name"), FOLLOWING)
def test_what_was_moved_is_found_by_its_index(filled: Crm, record: str, name: str) -> None:
    """Undoing a merge would read every move that ever was, or every row of a table that refers to customers."""
    ids, place, look = customers(filled), reference(filled, record, name), Looking(filled)
    moved = look.moving.repoint(MERGE, place, ids[20:22], ids[3])
    look._runner.fetched.clear()
    assert look.moving.astray(MERGE, place, ids[3], 10) == []
    assert look.moving.give_back(MERGE, place, ids[3], [UUID(int=5)]) == moved
    for plan in look.plans():
        assert not plan.scanned, plan.account


def test_moves_are_read_by_their_index(filled: Crm) -> None:
    """A page of a merge's moves, or those of one record, would read every move that ever was."""
    ids, look = customers(filled), Looking(filled)
    page = look.moving.moves(EARLIER, 5)
    assert look.moving.moves(EARLIER, 5, page[-1]) != page
    look.moving.moves_of("customer", ids[7])
    look.moving.moves(MERGE, 5, Move("order", "customer", ids[0], 0, ids[0]))
    for plan in look.plans():
        assert not plan.scanned, plan.account


def test_the_chain_and_persons_use_indexes(filled: Crm) -> None:
    """Proving a few new entries, or erasing one person, would read the whole chain or the whole log."""
    ids, look = customers(filled), Looking(filled)
    assert len(look.auditing.links(2_000, 10)) == 10
    assert look.auditing.of_subjects(ids[20:22], 0, 50)
    look.auditing.rewrite([(1, "{}")])
    for plan in look.plans():
        assert not plan.scanned, plan.account


def test_the_newest_link_comes_from_an_index(filled: Crm) -> None:
    """Every numbering would sort the whole chain; on SQLite the table itself is the index."""
    look = Looking(filled)
    assert look.auditing.last_link(hold=True) == look.auditing.last_link()
    for plan in look.plans():
        assert not plan.sorts, plan.account
