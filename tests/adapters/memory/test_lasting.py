"""Match keys, change log, settings and stamps in memory."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.adapters.memory import MemoryDatabase, MemoryStorage
from crmcore.adapters.memory.match_keys import MatchKeys
from crmcore.adapters.memory.transaction import MemoryTransaction
from crmcore.domain.change import LogEntry
from crmcore.domain.copying import evolve
from crmcore.ports.storage import KeyRow
from crmcore.testing.plugins.dumping import reachable
from tests.adapters.memory.conftest import STAMP, made, opened
from tests.adapters.memory.samples import SARA, entry
from tests.domain.clinic import CATALOGUE, NOON

ROWS = st.builds(
    KeyRow,
    st.sampled_from(["name", "email"]),
    st.sampled_from(["", "a", "ab", "b", "\ue000", "\U0001f600"]),
    st.sampled_from(["customer", "user"]),
    st.sampled_from([UUID(int=n) for n in range(3)]),
)
CHANGES = st.lists(st.tuples(st.booleans(), st.lists(ROWS, max_size=4), st.booleans()), max_size=8)


@given(CHANGES, st.sampled_from([None, 0]))
def test_keys_are_found_as_in_a_plain_set(changes: Sequence[tuple[bool, list[KeyRow], bool]], few: int | None) -> None:
    """A key that was dropped would be found, or one that was added again would be missing."""
    keys, plain = MatchKeys(), set[KeyRow]()
    with pytest.MonkeyPatch.context() as patch:
        if few is not None:
            patch.setattr("crmcore.adapters.memory.match_keys.FEW", few)  # always sort anew
        for is_added, rows, is_read in changes:
            done = keys.add(rows) if is_added else keys.drop(rows)
            assert len(done) == len(set(done))
            assert set(done) == (set(rows) - plain if is_added else plain & set(rows))
            plain = plain | set(rows) if is_added else plain - set(rows)
            if is_read:
                assert list(keys.between("name", "a", "c", ["customer", "user"])) == _range(plain, "a", "c")
        assert list(keys.between("name", "", "\U0010ffff", ["customer"])) == [
            row for row in _range(plain, "", "\U0010ffff") if row.record == "customer"
        ]
        assert set(keys.rows()) == plain


@pytest.mark.parametrize("count", [3, 600])
@pytest.mark.parametrize("is_read", [False, True])
def test_a_key_that_nobody_has_is_left_nowhere(count: int, is_read: bool) -> None:
    """The name of a person who was erased would stay in memory."""
    keys, rows = MatchKeys(), [_key(f"person{n}", n) for n in range(count)]
    keys.add([*rows, _key("somebody")])
    if is_read:
        assert len(list(keys.between("name", "p", "q", ["customer"]))) == count
    keys.drop(rows)
    assert "person" not in " ".join(reachable(keys))
    assert [row.key for row in keys.between("name", "", "z", ["customer"])] == ["somebody"]


def _range(rows: set[KeyRow], low: str, high: str) -> list[KeyRow]:
    found = [row for row in rows if row.kind == "name" and low <= row.key < high]
    return sorted(found, key=lambda row: (row.key, row.record, row.id))


def _key(key: str, number: int = 1, kind: str = "name", record: str = "customer") -> KeyRow:
    return KeyRow(kind, key, record, UUID(int=number))


def test_keys_are_found_exactly_or_by_range(transaction: MemoryTransaction) -> None:
    """A search would find too much, too little, or in no order."""
    transaction.add_keys([_key("sarah"), _key("sara", 2), _key("sara", 3, record="user"), _key("ali"), _key("sara")])
    transaction.add_keys([_key("sara", 2)])
    exact = transaction.find_keys("name", "sara", None, ["customer", "user"], 10)
    assert exact == [_key("sara", 1), _key("sara", 2), _key("sara", 3, record="user")]
    by_range = transaction.find_keys("name", "sar", "sas", ["customer"], 10)
    assert by_range == [_key("sara", 1), _key("sara", 2), _key("sarah")]
    assert transaction.find_keys("name", "sar", "sas", ["customer"], 1) == [_key("sara", 1)]
    assert transaction.find_keys("name", "sarah", "sarah", ["customer"], 10) == []
    assert transaction.find_keys("email", "sara", None, ["customer"], 10) == []


def test_a_key_that_comes_back_is_found_once(transaction: MemoryTransaction) -> None:
    """A customer who was renamed there and back would stand in a search twice."""
    for _ in range(2):
        transaction.add_keys([_key("sara")])
        assert transaction.find_keys("name", "s", "t", ["customer"], 10) == [_key("sara")]
        transaction.drop_keys([_key("sara")])
        assert transaction.find_keys("name", "s", "t", ["customer"], 10) == []


def test_keys_of_many_rows_are_found_at_once(transaction: MemoryTransaction) -> None:
    """Each row of an import would ask for itself."""
    transaction.add_keys([_key("sara"), _key("s@x", 2, "email"), _key("s@x", 3, "email", "user")])
    wanted = [("name", "sara"), ("email", "s@x"), ("name", "nobody"), ("name", "sara")]
    assert transaction.keyed("customer", wanted) == [_key("sara"), _key("s@x", 2, "email")]


def test_keys_can_be_made_anew(transaction: MemoryTransaction) -> None:
    """Keys of an older fold would stay after a rekey."""
    transaction.add_keys([_key("sara"), _key("s@x", 2, "email")])
    transaction.drop_all_keys()
    assert transaction.find_keys("name", "", "\U0010ffff", ["customer"], 10) == []
    transaction.add_keys([_key("sara")])
    assert transaction.find_keys("name", "sara", None, ["customer"], 10) == [_key("sara")]
    transaction.drop_keys([_key("nobody")])


def _numbers(entries: list[LogEntry]) -> list[tuple[int, int | None]]:
    return [(each.version, each.position) for each in entries]


def test_the_feed_has_committed_and_numbered_entries_only(storage: MemoryStorage) -> None:
    """A consumer would see what is rolled back later, or skip what is committed later."""
    with opened(storage) as first:
        first.append([entry(1), entry(2)])
        assert first.number(10) == 0  # its own entries are not committed yet
        assert first.feed(0, 10) == []
    with opened(storage) as pump:
        assert pump.feed(0, 10) == []
        assert pump.number(1) == 1
        assert _numbers(pump.feed(0, 10)) == [(1, 1)]
    undone = storage.begin()
    undone.append([entry(3)])
    undone.rollback()
    with opened(storage) as later:
        later.append([entry(4)])
    with opened(storage) as pump:
        assert pump.number(10) == 2
        assert pump.number(10) == 0
        assert _numbers(pump.feed(0, 10)) == [(1, 1), (2, 2), (4, 3)]
        assert _numbers(pump.feed(1, 1)) == [(2, 2)]
        assert pump.feed(3, 10) == []


def test_numbers_that_are_rolled_back_are_given_again(storage: MemoryStorage) -> None:
    """An entry would be skipped by every consumer after a pump that failed."""
    with opened(storage) as first:
        first.append([entry(1), entry(2)])
    pump = storage.begin()
    pump.number(2)
    pump.rollback()
    with opened(storage) as again:
        assert again.feed(0, 10) == []
        assert again.number(10) == 2
        assert _numbers(again.feed(0, 10)) == [(1, 1), (2, 2)]


def test_seq_is_given_once_and_grows(storage: MemoryStorage) -> None:
    """Two entries would share a number, one of them after a rollback."""
    undone = storage.begin()
    undone.append([entry(1)])
    seen = undone.history("customer", SARA.id)[0].seq
    undone.rollback()
    with opened(storage) as transaction:
        transaction.append([entry(1), evolve(entry(2), seq=7, position=9)])
        found = transaction.history("customer", SARA.id)
    assert seen < found[0].seq < found[1].seq
    assert [each.position for each in found] == [None, None]


def test_history_is_of_one_record_up_to_a_time(transaction: MemoryTransaction) -> None:
    """What was known then would include what came later, or what is about somebody else."""
    late = evolve(entry(2), at=NOON + dt.timedelta(seconds=1))
    transaction.append([entry(1), entry(5, "order"), late])
    assert [each.version for each in transaction.history("customer", SARA.id)] == [1, 2]
    assert [each.version for each in transaction.history("customer", SARA.id, NOON)] == [1]
    assert transaction.history("customer", UUID(int=77)) == []


def test_settings_are_kept(storage: MemoryStorage) -> None:
    """The core would forget what it knows about this database."""
    with opened(storage) as one:
        assert one.setting("cursor") is None
        one.put_setting("cursor", "1")
        one.put_setting("cursor", "2")
    undone = storage.begin()
    undone.put_setting("cursor", "3")
    undone.rollback()
    with opened(storage) as later:
        assert later.setting("cursor") == "2"


def test_a_stamp_tells_what_made_the_database() -> None:
    """A start against other declarations would not be refused."""
    database = MemoryDatabase()
    fresh = MemoryStorage(CATALOGUE, database)
    assert fresh.stamp() is None
    assert {name: holds for name, holds, _ in fresh.checks()} == {"tables": False, "durability": False}
    made(database)
    assert MemoryStorage(CATALOGUE, database).stamp() == STAMP
    assert {name: holds for name, holds, _ in fresh.checks()}["tables"]
    fresh.close()
