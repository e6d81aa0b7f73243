"""Periods of jobs: without gap or overlap in every zone, also where clocks change."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.application.observing.periods import Period, period_at, periods_after

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = ("UTC", "Europe/Berlin", "Asia/Tehran", "Africa/Cairo", "Australia/Lord_Howe", "America/St_Johns")
MOMENTS = st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2035, 1, 1), timezones=st.just(dt.UTC))
SPANS = st.integers(1, 50_000).map(lambda minutes: dt.timedelta(minutes=minutes))
EVERY = st.one_of(st.sampled_from(["hour", "day", "week", "month"]), SPANS)


def moment(text: str) -> dt.datetime:
    """A moment from its ISO form."""
    return dt.datetime.fromisoformat(text).astimezone(dt.UTC)


@pytest.mark.parametrize(
    ("every", "key", "start", "end"),
    [
        ("hour", "2026-11-22T10", "2026-11-22T10:00+01:00", "2026-11-22T11:00+01:00"),
        ("day", "2026-11-22", "2026-11-22T00:00+01:00", "2026-11-23T00:00+01:00"),
        ("week", "2026-W47", "2026-11-16T00:00+01:00", "2026-11-23T00:00+01:00"),
        ("month", "2026-11", "2026-11-01T00:00+01:00", "2026-12-01T00:00+01:00"),
        (dt.timedelta(minutes=15), "2026-11-22T09:30:00Z", "2026-11-22T09:30Z", "2026-11-22T09:45Z"),
    ],
)
def test_the_periods_of_a_moment(every: str, key: str, start: str, end: str) -> None:
    """A job's key would be that of another day than its zone's calendar says."""
    found = period_at(every, moment("2026-11-22T10:30+01:00"), BERLIN)
    assert found == Period(key, moment(start), moment(end))


def test_a_day_begins_at_the_midnight_of_the_zone() -> None:
    """A job of the new day would run before it has begun where the customers live."""
    assert period_at("day", moment("2026-11-22T23:30Z"), BERLIN).key == "2026-11-23"
    assert period_at("week", moment("2027-01-01T12:00Z"), BERLIN).key == "2026-W53"


def test_an_hour_that_is_skipped_is_no_period_and_one_that_is_repeated_is_one() -> None:
    """A clock change would make a job run twice for one key, or for an hour that never was."""
    spring = list(periods_after("hour", moment("2026-03-29T00:00Z"), moment("2026-03-29T02:30Z"), BERLIN))
    assert [each.key for each in spring] == ["2026-03-29T03", "2026-03-29T04"]
    autumn = list(periods_after("hour", moment("2026-10-24T23:00Z"), moment("2026-10-25T02:30Z"), BERLIN))
    assert [each.key for each in autumn] == ["2026-10-25T02", "2026-10-25T03"]
    assert autumn[0].end - autumn[0].start == dt.timedelta(hours=2)


@given(EVERY, MOMENTS, st.sampled_from(ZONES))
def test_a_moment_lies_in_its_period(every: str | dt.timedelta, at: dt.datetime, zone: str) -> None:
    """A job would be run for a period that is over, or not yet there."""
    found = period_at(every, at, ZoneInfo(zone))
    assert found.start <= at < found.end
    assert period_at(every, found.start, ZoneInfo(zone)) == found
    assert period_at(every, found.end - dt.timedelta(microseconds=1), ZoneInfo(zone)) == found


@given(EVERY, MOMENTS, st.integers(1, 60), st.sampled_from(ZONES))
def test_periods_follow_each_other(every: str | dt.timedelta, at: dt.datetime, length: int, zone: str) -> None:
    """Catching up would leave a period out, run one twice, or never end."""
    first = period_at(every, at, ZoneInfo(zone))
    until = at + length * (first.end - first.start)
    found = [first, *periods_after(every, first.start, until, ZoneInfo(zone))]
    assert all(before.end == after.start for before, after in pairwise(found))
    assert len({each.key for each in found}) == len(found)
    assert found[-1] == period_at(every, until, ZoneInfo(zone))
