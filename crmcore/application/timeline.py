"""A customer's timeline: whatever record types declare that they stand on it, in one order, page by page."""

from __future__ import annotations

import datetime as dt
import heapq
from typing import Any
from uuid import UUID

import attrs

from crmcore.application import reading
from crmcore.application.session import Session
from crmcore.domain.bound import Bound, BoundQuery, Const, Present, SortKey, Test, every
from crmcore.domain.customer import Customer
from crmcore.domain.errors import InvalidValue
from crmcore.domain.field import Field
from crmcore.domain.ordering import plain_instant
from crmcore.domain.query import Cursor, checked_limit, decode_cursor
from crmcore.domain.record import NIL, Record, RecordType

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
    merged = heapq.merge(*streams, key=lambda entry: (entry.at, entry.record.id), reverse=True)
    entries = [entry for entry, _ in zip(merged, range(wanted), strict=False)]
    kept, more = entries[:limit], len(entries) > limit
    return TimelinePage(tuple(_seen(unit, entry) for entry in kept), _cursor(kept[-1]) if more else None)


def _cursor(last: Entry) -> str:
    """Where a page ended: by the time of its last entry, also of one that has but a day."""
    return Cursor(ORDER, (plain_instant(last.at),), last.record.id).encode()


def _read(unit: Session, type: RecordType, customer: UUID, limit: int, cursor: Cursor | None) -> list[Entry]:
    """The entries of one record type; a record without a time stands nowhere on the timeline."""
    names = type.options.timeline
    who, when = (type.field(names[0]), type.field(names[1])) if names else (None, None)
    hidden = unit.rule(type).hidden
    if who is None or when is None or not hidden.isdisjoint((who.name, when.name)):
        return []
    query = BoundQuery(
        type=type,
        where=every(Test(who, "=", (customer,)), _dated(when), unit.binder().scope(type)),
        sort=(SortKey(when, descending=True),),
        order=ORDER,
        limit=limit,
        cursor=cursor if cursor is None or when.kind == "datetime" else _of_day(cursor),
    )
    return [Entry(type, moment(f.record, when.name), f.record) for f in unit.transaction.select(query)]


def _dated(when: Field) -> Bound:
    return Const(True) if when.required else Present(when)


def _of_day(cursor: Cursor) -> Cursor | None:
    """The same place among days, each of which stands at its midnight in UTC; None: all of them lie behind it."""
    try:
        reached = dt.datetime.fromisoformat(str(cursor.keys[0]))
        if reached == dt.datetime.combine(reached.date(), dt.time(), reached.tzinfo):
            return attrs.evolve(cursor, keys=(reached.date().isoformat(),))
        following = reached.date() + dt.timedelta(days=1)
    except OverflowError:
        return None
    except (ValueError, IndexError):
        raise InvalidValue("this cursor is none of a timeline: ask for the first page again") from None
    return attrs.evolve(cursor, keys=(following.isoformat(),), id=NIL)


def moment(record: Record, name: str) -> dt.datetime:
    """The time under which a record stands on the timeline; of a day, its midnight in UTC."""
    value: Any = getattr(record, name)
    if isinstance(value, dt.datetime):
        return value
    return dt.datetime.combine(value, dt.time(), dt.UTC)


def _seen(unit: Session, entry: Entry) -> Entry:
    return Entry(entry.type, entry.at, reading.blanked(unit, entry.type, entry.record))
