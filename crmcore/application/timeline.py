"""A customer's timeline: whatever record types declare that they stand on it, and what plugins tell beside, in one
order, page by page."""

from __future__ import annotations

import datetime as dt
import heapq
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import attrs

from crmcore.application import reading
from crmcore.application.contributing import entries
from crmcore.application.contributing.asking import Missing
from crmcore.application.contributing.entries import Place, Told
from crmcore.application.repository import repository
from crmcore.application.session import Session
from crmcore.domain.bound import Bound, BoundQuery, Const, Present, SortKey, Test, every
from crmcore.domain.customer import Customer
from crmcore.domain.errors import InvalidValue
from crmcore.domain.field import Field
from crmcore.domain.ordering import plain_instant
from crmcore.domain.query import Cursor, checked_limit, decode_cursor
from crmcore.domain.record import NIL, Record, RecordType

ORDER = "-timeline"
NO_CURSOR = "this cursor is none of a timeline: ask for the first page again"


@attrs.frozen
class Entry:
    """One entry: its record type, its time and the record."""

    type: RecordType
    at: dt.datetime
    record: Record

    @property
    def id(self) -> UUID:
        """The record's id."""
        return self.record.id


@attrs.frozen
class TimelinePage:
    """Entries newest first, and the cursor of the next page (None: this was the last). `missing`: plugins whose entries
    are not among them, because they failed."""

    items: tuple[Entry | Told, ...]
    next: str | None
    missing: tuple[Missing, ...] = ()


def timeline(unit: Session, customer: UUID, limit: int = 50, after: str | None = None) -> TimelinePage:
    """One page of a customer's timeline; `NotFound` where the actor may not see the customer.

    Each type is read from its index (customer, time, id) from the cursor on, so that a late page costs no more than
    the first.
    """
    customers = repository(unit, Customer)
    facets = unit.catalogue.facets.get(customers.type.name, ()) if unit.kernel.hooks.all(entries.HOOK) else ()
    return timeline_of(unit, customers.get(customer, with_=[facet.cls for facet in facets]), limit, after)


def timeline_of(unit: Session, customer: Customer, limit: int, after: str | None = None) -> TimelinePage:
    """One page of the timeline of a customer who was read with every facet that plugins are to see."""
    cursor = decode_cursor(after, ORDER) if after else None
    wanted = checked_limit(limit) + 1
    told = entries.told(unit, customer, _place(cursor), wanted)
    streams: list[Sequence[Entry | Told]] = [
        _read(unit, type, customer.id, wanted, cursor)
        for type in unit.catalogue.records.values()
        if type.options.timeline is not None
    ]
    streams += [found for _, found in told.given]
    merged = heapq.merge(*streams, key=_standing, reverse=True)
    found = [entry for entry, _ in zip(merged, range(wanted + len(streams)), strict=False)]
    size = limit
    while size < len(found) and _standing(found[size]) == _standing(found[size - 1]):
        size += 1  # a page ends between two places, and never at one where two entries stand
    next = _cursor(found[size - 1]) if len(found) > size else None
    return TimelinePage(tuple(_seen(unit, entry) for entry in found[:size]), next, told.missing)


def _standing(entry: Entry | Told) -> Place:
    return entry.at, entry.id


def _place(cursor: Cursor | None) -> Place | None:
    return None if cursor is None else (_instant(cursor), cursor.id)


def _instant(cursor: Cursor) -> dt.datetime:
    try:
        reached = dt.datetime.fromisoformat(str(cursor.keys[0]))
    except (ValueError, IndexError):
        raise InvalidValue(NO_CURSOR) from None
    return reached if reached.tzinfo else reached.replace(tzinfo=dt.UTC)


def _cursor(last: Entry | Told) -> str:
    """Where a page ended: by the time of its last entry, also of one that has but a day."""
    return Cursor(ORDER, (plain_instant(last.at),), last.id).encode()


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
        reached = _instant(cursor)
        if reached == dt.datetime.combine(reached.date(), dt.time(), reached.tzinfo):
            return attrs.evolve(cursor, keys=(reached.date().isoformat(),))
        following = reached.date() + dt.timedelta(days=1)
    except OverflowError:
        return None
    return attrs.evolve(cursor, keys=(following.isoformat(),), id=NIL)


def moment(record: Record, name: str) -> dt.datetime:
    """The time under which a record stands on the timeline; of a day, its midnight in UTC."""
    value: Any = getattr(record, name)
    if isinstance(value, dt.datetime):
        return value
    return dt.datetime.combine(value, dt.time(), dt.UTC)


def _seen(unit: Session, entry: Entry | Told) -> Entry | Told:
    if isinstance(entry, Told):
        return entry
    return Entry(entry.type, entry.at, reading.blanked(unit, entry.type, entry.record))
