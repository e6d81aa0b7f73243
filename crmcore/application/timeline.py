"""A customer's timeline: whatever record types declare that they stand on it, in one order, page by page."""

from __future__ import annotations

import datetime as dt
import heapq
from typing import Any
from uuid import UUID

import attrs

from crmcore.application import reading
from crmcore.application.session import Session
from crmcore.domain.bound import BoundQuery, SortKey, Test, every
from crmcore.domain.customer import Customer
from crmcore.domain.query import Cursor, checked_limit, decode_cursor
from crmcore.domain.record import Record, RecordType
from crmcore.ports.storage import Found

ORDER = "-timeline"


@attrs.frozen
class Entry:
    """One entry: its record type, its time and the record."""

    type: RecordType
    at: dt.datetime
    record: Record


@attrs.frozen
class TimelinePage:
    """Entries newest first, and the cursor of the next page (None: this was the last)."""

    items: tuple[Entry, ...]
    next: str | None


def timeline(unit: Session, customer: UUID, limit: int = 50, after: str | None = None) -> TimelinePage:
    """One page of a customer's timeline; `NotFound` where the actor may not see the customer.

    Each type is read from its index (customer, time, id) from the cursor on, so that a late page costs no more than
    the first.
    """
    reading.get(unit, unit.catalogue.of(Customer), customer)
    cursor = decode_cursor(after, ORDER) if after else None
    wanted = checked_limit(limit) + 1
    streams = [
        _read(unit, type, customer, wanted, cursor)
        for type in unit.catalogue.records.values()
        if type.options.timeline is not None
    ]
    merged = heapq.merge(*streams, key=lambda pair: (pair[0].at, pair[0].record.id), reverse=True)
    pairs = [pair for pair, _ in zip(merged, range(wanted), strict=False)]
    kept = pairs[:limit]
    more = len(pairs) > limit
    last = Cursor(ORDER, kept[-1][1].keys, kept[-1][0].record.id).encode() if more else None
    return TimelinePage(tuple(_seen(unit, entry) for entry, _ in kept), last)


def _read(
    unit: Session, type: RecordType, customer: UUID, limit: int, cursor: Cursor | None
) -> list[tuple[Entry, Found]]:
    names = type.options.timeline
    who, when = (type.field(names[0]), type.field(names[1])) if names else (None, None)
    hidden = unit.rule(type).hidden
    if who is None or when is None or not hidden.isdisjoint((who.name, when.name)):
        return []
    query = BoundQuery(
        type=type,
        where=every(Test(who, "=", (customer,)), unit.binder().scope(type)),
        sort=(SortKey(when, descending=True),),
        order=ORDER,
        limit=limit,
        cursor=cursor,
    )
    return [(Entry(type, moment(f.record, when.name), f.record), f) for f in unit.transaction.select(query)]


def moment(record: Record, name: str) -> dt.datetime:
    """The time under which a record stands on the timeline; of a day, its midnight in UTC."""
    value: Any = getattr(record, name)
    if isinstance(value, dt.datetime):
        return value
    return dt.datetime.combine(value, dt.time(), dt.UTC)


def _seen(unit: Session, entry: Entry) -> Entry:
    return attrs.evolve(entry, record=reading.blanked(unit, entry.type, entry.record))
