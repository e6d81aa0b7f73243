"""Transactions in memory: what lasts, what is taken back, and who waits for whom."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.adapters.memory import MemoryDatabase, MemoryStorage
from crmcore.adapters.memory.transaction import MemoryTransaction
from crmcore.domain.copying import evolve
from crmcore.domain.errors import CrmError, DuplicateValue, InvalidSetting, StorageBusy, StorageFailed
from crmcore.ports.storage import KeyRow
from tests.adapters.memory.conftest import made, opened
from tests.adapters.memory.samples import ALI, CUSTOMER, SARA, USER, codes, entry, sample
from tests.domain.clinic import PATIENT, VISIT, Patient


def test_a_commit_lasts_and_a_rollback_leaves_nothing(storage: MemoryStorage) -> None:
    """Work would be lost, or what was undone would stay."""
    with opened(storage) as one:
        one.insert(CUSTOMER, [SARA])
    two = storage.begin()
    two.insert(VISIT, [sample(1)])
    two.rollback()
    with opened(storage) as three:
        assert three.lock(CUSTOMER, SARA.id)
        assert codes(three) == []


def test_a_savepoint_takes_back_its_own_part_only(transaction: MemoryTransaction) -> None:
    """One bad row of an import would undo the good ones, or stay itself."""
    transaction.insert(CUSTOMER, [SARA])
    with pytest.raises(ZeroDivisionError), transaction.savepoint():
        transaction.insert(VISIT, [sample(1)])
        with transaction.savepoint():
            transaction.insert(VISIT, [sample(2)])
        raise ZeroDivisionError
    with transaction.savepoint():
        transaction.insert(VISIT, [sample(3)])
    assert codes(transaction) == ["V3"]


def test_a_refused_write_leaves_nothing_behind(transaction: MemoryTransaction) -> None:
    """Half a batch would be stored after its refusal."""
    transaction.insert(CUSTOMER, [SARA])
    with pytest.raises(DuplicateValue):
        transaction.insert(VISIT, [sample(1), sample(2), sample(3, code="V1")])
    assert codes(transaction) == []
    transaction.insert(VISIT, [sample(1)])  # and nothing is taken by what was refused


@pytest.mark.parametrize(
    "use",
    [
        lambda t: t.insert(CUSTOMER, [SARA]),
        lambda t: t.add_keys([]),
        lambda t: t.setting("x"),
        lambda t: t.history("customer", SARA.id),
        lambda t: t.commit(),
        lambda t: t.rollback(),
    ],
)
def test_a_transaction_that_has_ended_refuses_everything(
    storage: MemoryStorage, use: Callable[[MemoryTransaction], Any]
) -> None:
    """A write after the commit would be nobody's, and somebody else's turn would be given up."""
    ended = storage.begin()
    ended.commit()
    with pytest.raises(StorageFailed, match="ended"):
        use(ended)


def test_a_second_writer_waits_for_its_turn() -> None:
    """Two units of work would mix their writes."""
    storage = made(timeout=10)
    first = storage.begin()
    first.insert(CUSTOMER, [SARA])
    seen: list[bool] = []

    def second() -> None:
        with opened(storage) as later:
            seen.append(later.lock(CUSTOMER, SARA.id))

    thread = threading.Thread(target=second)
    thread.start()
    thread.join(0.05)
    assert seen == []
    first.commit()
    thread.join(10)
    assert seen == [True]


def test_a_writer_that_waits_too_long_is_told_to_repeat(storage: MemoryStorage) -> None:
    """A thread would hang for ever."""
    first = storage.begin()
    refused: list[CrmError] = []

    def second() -> None:
        try:
            storage.begin()
        except StorageBusy as busy:
            refused.append(busy)

    thread = threading.Thread(target=second)
    thread.start()
    thread.join(10)
    assert len(refused) == 1
    first.rollback()
    storage.begin().commit()


def test_one_thread_cannot_wait_for_itself() -> None:
    """A unit of work inside another one would hang until the time is over."""
    storage = made(timeout=60)
    outer = storage.begin()
    with pytest.raises(StorageBusy, match="this thread"):
        storage.begin()
    outer.commit()
    storage.begin().commit()


def test_a_joined_transaction_leaves_the_end_to_the_other(storage: MemoryStorage) -> None:
    """The host's work would be committed or undone by ours."""
    outer = storage.begin()
    outer.insert(USER, [ALI])
    joined = storage.join(outer)
    joined.insert(CUSTOMER, [SARA])
    joined.commit()
    outer.rollback()
    with opened(storage) as later:
        assert not later.lock(CUSTOMER, SARA.id)
        assert not later.lock(USER, ALI.id)


def test_a_joined_rollback_takes_back_its_own_part_only(storage: MemoryStorage) -> None:
    """A unit of work that failed would undo what the host had done before."""
    outer = storage.begin()
    outer.insert(USER, [ALI])
    joined = storage.join(outer)
    joined.insert(CUSTOMER, [SARA])
    joined.rollback()
    outer.commit()
    with opened(storage) as later:
        assert later.lock(USER, ALI.id)
        assert not later.lock(CUSTOMER, SARA.id)


def test_only_an_open_transaction_of_the_same_database_is_joined(storage: MemoryStorage) -> None:
    """Records would go to another database, or into a transaction that is over."""
    ended = storage.begin()
    open_joined = storage.join(ended)
    ended.commit()
    with pytest.raises(StorageFailed):
        open_joined.lock(USER, ALI.id)
    for handle in (ended, made().begin(), object()):
        with pytest.raises(InvalidSetting, match="its own database"):
            storage.join(handle)


def _everything(database: MemoryDatabase) -> dict[str, Any]:
    """All that a database holds, indexes included, in a form that compares."""
    tables = {
        (table.record, n): (
            dict(table.rows),
            [dict(unique.owners) for unique in table.uniques],
            [{target: set(ids) for target, ids in reference.owners.items()} for reference in table.references],
        )
        for n, table in enumerate(database.tables())
    }
    keys = set(database.keys.rows()) | set(database.keys.between("name", "", "\U0010ffff", ["customer"]))
    log = database.log
    return {
        "tables": tables,
        "keys": keys,
        "log": (list(log.entries), log.numbered),
        "settings": dict(database.settings),
    }


NUMBERS = st.integers(0, 3)
WRITES: dict[str, Callable[[MemoryTransaction, int, int], object]] = {
    "insert": lambda t, a, b: t.insert(VISIT, [sample(a, code=f"V{b}"), sample(a + 1, room="x", seat=b)]),
    "update": lambda t, a, b: t.update(VISIT, sample(a), sample(a, version=2, code=f"V{b}", before=sample(b).id)),
    "delete": lambda t, a, b: t.delete(VISIT, sample(a)),
    "refer": lambda t, a, b: t.insert(VISIT, [sample(a, before=sample(b).id, doctor=ALI.id)]),
    "remove user": lambda t, a, b: t.delete(USER, ALI),
    "facet": lambda t, a, b: t.insert_facets(CUSTOMER, PATIENT, [(SARA.id, Patient(insured_as=f"{a}", version=1))]),
    "change facet": lambda t, a, b: t.update_facet(
        CUSTOMER, PATIENT, SARA.id, Patient(version=1), Patient(insured_as=f"{b}", version=2)
    ),
    "drop facet": lambda t, a, b: t.delete_facet(CUSTOMER, PATIENT, SARA.id, Patient(version=1)),
    "add keys": lambda t, a, b: t.add_keys([KeyRow("name", f"k{n}", "customer", SARA.id) for n in (a, b)]),
    "drop keys": lambda t, a, b: t.drop_keys([KeyRow("name", f"k{a}", "customer", SARA.id)]),
    "drop all keys": lambda t, a, b: t.drop_all_keys(),
    "append": lambda t, a, b: t.append([entry(a), entry(b)]),
    "number": lambda t, a, b: t.number(a),
    "setting": lambda t, a, b: t.put_setting(f"s{a}", str(b)),
}
STEPS = st.lists(st.tuples(st.sampled_from(sorted(WRITES)), NUMBERS, NUMBERS), max_size=8)


def _run(transaction: MemoryTransaction, steps: list[tuple[str, int, int]]) -> None:
    for name, a, b in steps:
        try:
            WRITES[name](transaction, a, b)
        except CrmError:
            continue


@given(before=STEPS, undone=STEPS, how=st.sampled_from(["rollback", "savepoint", "join"]))
def test_whatever_is_undone_leaves_no_trace(
    before: list[tuple[str, int, int]], undone: list[tuple[str, int, int]], how: str
) -> None:
    """A unique value, a reference, a key or an entry of something undone would stay behind."""
    database = MemoryDatabase()
    storage = made(database)
    with opened(storage) as first:
        first.insert(USER, [ALI])
        first.insert(CUSTOMER, [SARA])
        _run(first, before)
    one = storage.begin()
    state = _everything(database)
    if how == "savepoint":
        with pytest.raises(ZeroDivisionError), one.savepoint():
            _run(one, undone)
            raise ZeroDivisionError
    elif how == "join":
        joined = storage.join(one)
        _run(joined, undone)
        joined.rollback()
    else:
        _run(one, undone)
        one.rollback()
    assert _everything(database) == state


@given(STEPS)
def test_indexes_are_what_the_rows_say(steps: list[tuple[str, int, int]]) -> None:
    """A value would seem taken that nobody has, or a reference would be missed when its target is removed."""
    database = MemoryDatabase()
    with opened(made(database)) as transaction:
        transaction.insert(USER, [ALI])
        transaction.insert(CUSTOMER, [SARA])
        _run(transaction, steps)
    for table in database.tables():
        for unique in table.uniques:
            values = {unique.read(row): id for id, row in table.rows.items() if None not in unique.read(row)}
            assert unique.owners == values
        for reference in table.references:
            held: dict[UUID, set[UUID]] = {}
            for id, row in table.rows.items():
                for target in reference.read(row):
                    if target is not None:
                        held.setdefault(target, set()).add(id)
            assert reference.owners == held


def test_a_change_is_seen_by_the_same_transaction(transaction: MemoryTransaction) -> None:
    """A unit of work could not build upon what it has just written."""
    transaction.insert(CUSTOMER, [SARA])
    transaction.insert(VISIT, [sample(1)])
    transaction.update(VISIT, sample(1), evolve(sample(1), version=2, room="far"))
    assert codes(transaction, "room = 'far'") == ["V1"]
