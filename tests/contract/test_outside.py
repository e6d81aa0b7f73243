"""The clocks and ids that come with crmcore keep their contracts."""

from __future__ import annotations

import datetime as dt

import pytest

from crmcore.adapters.clock import SystemClock, Uuid7Ids
from crmcore.domain.errors import InvalidValue
from crmcore.ports.clock import Clock, Ids
from crmcore.testing.contract import ClockContract, IdsContract
from crmcore.testing.fakes import START, CountingIds, FrozenClock


class TestSystemClock(ClockContract):
    """The system's."""

    def clock(self) -> Clock:
        return SystemClock()


class TestFrozenClock(ClockContract):
    """That of tests."""

    def clock(self) -> Clock:
        return FrozenClock(dt.datetime(2025, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=1))))


class TestUuid7Ids(IdsContract):
    """The system's."""

    def ids(self) -> Ids:
        return Uuid7Ids()


class TestCountingIds(IdsContract):
    """Those of tests."""

    def ids(self) -> Ids:
        return CountingIds()


def test_a_frozen_clock_goes_by_request() -> None:
    """Tests of time would depend on the time that they take, or a clock be set to an unclear moment."""
    clock = FrozenClock()
    assert clock.now() == clock.now() == START
    assert clock.advance(days=1, hours=2) == clock.now() == START + dt.timedelta(days=1, hours=2)
    clock.set(START)
    assert clock.now() == START
    stepping = FrozenClock(step=dt.timedelta(seconds=1))
    assert [(stepping.now() - START).seconds for _ in range(3)] == [0, 1, 2]
    with pytest.raises(InvalidValue):
        clock.set(START.replace(tzinfo=None))


def test_counting_ids_are_the_same_in_every_run() -> None:
    """Tests could not say which id a record will have."""
    assert str(CountingIds().new()) == "01946967-d500-7000-8000-000000000001"
