"""The periods of jobs: hours, days, weeks and months of a zone's calendar, or spans of time counted from 1970.

An hour that a clock change skips is no period; the one that it repeats is one period of two hours.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Final

import attrs

EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
Every = str | dt.timedelta


@attrs.frozen
class Period:
    """A period by its key (`2026-11-22`, `2026-11-22T10`, `2026-W47`, `2026-11`, or its beginning in UTC); `start` and
    `end` are moments in UTC, the end not included."""

    key: str
    start: dt.datetime
    end: dt.datetime


def period_at(every: Every, moment: dt.datetime, zone: dt.tzinfo) -> Period:
    """The period in which a moment lies."""
    if isinstance(every, dt.timedelta):
        start = EPOCH + (moment - EPOCH) // every * every
        return Period(start.strftime("%Y-%m-%dT%H:%M:%SZ"), start, start + every)
    begin = _begin(every, moment.astimezone(zone).replace(tzinfo=None))
    return _period(every, begin, zone)


def periods_after(every: Every, start: dt.datetime, now: dt.datetime, zone: dt.tzinfo) -> Iterator[Period]:
    """The periods after the one that began at `start`, in order, up to the one in which `now` lies."""
    current = period_at(every, start, zone)
    while current.end <= now:
        current = period_at(every, current.end, zone)
        if current.start > start:
            yield current


def _period(every: str, begin: dt.datetime, zone: dt.tzinfo) -> Period:
    return Period(_key(every, begin), _moment(begin, zone), _moment(_next(every, begin), zone))


def _moment(local: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    """A local time in UTC: the earlier one of two, and one that is skipped as what the clock shows instead."""
    return local.replace(tzinfo=zone, fold=0).astimezone(dt.UTC)


def _begin(every: str, local: dt.datetime) -> dt.datetime:
    if every == "hour":
        return local.replace(minute=0, second=0, microsecond=0, fold=0)
    day = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if every == "week":
        return day - dt.timedelta(days=day.weekday())
    return day.replace(day=1) if every == "month" else day


def _next(every: str, begin: dt.datetime) -> dt.datetime:
    if every == "month":
        return (begin + dt.timedelta(days=31)).replace(day=1)
    return begin + {"hour": dt.timedelta(hours=1), "day": dt.timedelta(days=1), "week": dt.timedelta(weeks=1)}[every]


def _key(every: str, begin: dt.datetime) -> str:
    if every == "week":
        year, week, _ = begin.isocalendar()
        return f"{year:04}-W{week:02}"
    return begin.isoformat()[: {"hour": 13, "day": 10, "month": 7}[every]]
