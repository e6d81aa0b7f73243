"""The clock, and ids that sort by time."""

from __future__ import annotations

import datetime as dt
import os
import threading
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.adapters.clock import SystemClock, Uuid7Ids


def test_the_clock_tells_utc_to_the_microsecond() -> None:
    """Times would be local, or without a zone."""
    before = dt.datetime.now(dt.UTC)
    now = SystemClock().now()
    assert before <= now <= dt.datetime.now(dt.UTC)
    assert now.tzinfo is dt.UTC


def test_an_id_is_a_uuid_of_version_7() -> None:
    """Other software would not take it for one, or not read its time."""
    moment = dt.datetime(2025, 3, 1, 12, 0, 0, 123_000, tzinfo=dt.UTC)
    one = Uuid7Ids(lambda: int(moment.timestamp() * 1000) * 1_000_000 + 999_999).new()
    assert (one.version, one.variant) == (7, UUID(int=0x8 << 60).variant)
    assert one.int >> 80 == 1_740_830_400_123


@given(st.lists(st.integers(0, 5_000_000), min_size=2, max_size=50))
def test_ids_ascend_whatever_the_clock_does(nanoseconds: list[int]) -> None:
    """After a correction of the clock, ids would repeat or sort before older ones."""
    clock = iter(nanoseconds)
    ids = Uuid7Ids(lambda: next(clock))
    given_ids = [ids.new() for _ in nanoseconds]
    assert given_ids == sorted(set(given_ids))
    assert all((each.version, each.int >> 62 & 0b11) == (7, 0b10) for each in given_ids)


def test_many_ids_within_one_millisecond_ascend() -> None:
    """A bulk import would run out of numbers."""
    ids = Uuid7Ids(lambda: 0)
    given_ids = [ids.new() for _ in range(5_000)]
    assert given_ids == sorted(set(given_ids))
    assert given_ids[-1].int >> 80 == 0


def test_threads_share_one_order() -> None:
    """Two threads would give one id, or a later id would sort before an earlier one."""
    ids, found = Uuid7Ids(), list[list[UUID]]()

    def draw() -> None:
        found.append([ids.new() for _ in range(2_000)])

    threads = [threading.Thread(target=draw) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id for each in found for id in each}) == 8_000
    assert all(each == sorted(each) for each in found)


def test_two_makers_do_not_meet() -> None:
    """Two processes that started in one millisecond would give the same ids."""
    one, other = Uuid7Ids(lambda: 0), Uuid7Ids(lambda: 0)
    assert not {one.new() for _ in range(100)} & {other.new() for _ in range(100)}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_repeats_nothing() -> None:
    """Every worker of a web server would give the ids of its siblings; or hang on a lock held at the fork."""
    ids = Uuid7Ids(lambda: 0)
    ids.new()
    read, write = os.pipe()
    with ids._lock:
        child = os.fork()
        if child == 0:
            os.write(write, b"".join(ids.new().bytes for _ in range(100)))
            os._exit(0)
    os.waitpid(child, 0)
    drawn = os.read(read, 1_600)
    os.close(read)
    os.close(write)
    theirs = {UUID(bytes=drawn[n : n + 16]) for n in range(0, 1_600, 16)}
    assert len(theirs) == 100
    assert not theirs & {ids.new() for _ in range(100)}
