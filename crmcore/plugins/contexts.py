"""What hooks are given and what guards give back: frozen, so that one plugin never sees what another one did to it.

A context has the name of one record type, a batch of changes of it, and `work`: what the plugin reads, and where its
kind of hook may, writes with. New facts come as new attributes; a signature never changes for them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import attrs

from crmcore.domain import step
from crmcore.domain.change import Change
from crmcore.domain.customer import Customer
from crmcore.domain.facet import Facet
from crmcore.domain.ordering import plain_instant
from crmcore.domain.query import Cursor
from crmcore.plugins.answers import Entry
from crmcore.ports.work import Work


@attrs.frozen(eq=False)
class Checking:
    """For guards: changes of one record type that are about to be written. `work` only reads."""

    record: str
    changes: tuple[Change, ...]
    work: Work


@attrs.frozen(eq=False)
class Changed:
    """For reactions: changes of one record type that were written and are not committed yet."""

    record: str
    changes: tuple[Change, ...]
    work: Work


@attrs.frozen(kw_only=True, eq=False)
class Step(step.Step):
    """A step with the change that takes it."""

    change: Change


@attrs.frozen(eq=False)
class Stepping:
    """For guards: steps in workflows of one record type that are about to be taken. `work` only reads."""

    record: str
    steps: tuple[Step, ...]
    work: Work


@attrs.frozen(eq=False)
class Stepped:
    """For reactions: steps that were taken and are not committed yet."""

    record: str
    steps: tuple[Step, ...]
    work: Work


@attrs.frozen(eq=False)
class Event:
    """One committed change as the feed has it: `position` is its place there, `fields` maps each name to its plain
    values (before, after), and is empty where they were erased or never logged."""

    position: int
    at: dt.datetime
    actor: str
    record: str
    id: UUID
    operation: str
    version: int
    fields: Mapping[str, tuple[Any, Any]]


@attrs.frozen(eq=False)
class Observed:
    """For observers: committed changes in the order of the feed, and a unit of work of the plugin's own."""

    events: tuple[Event, ...]
    work: Work


@attrs.frozen(eq=False)
class JobRun:
    """For jobs: the period that is due, by its key and from `start` up to but not including `end` (in UTC), the moment,
    and a unit of work of the plugin's own."""

    work: Work
    key: str
    start: dt.datetime
    end: dt.datetime
    now: dt.datetime


@attrs.frozen(eq=False)
class Veto:
    """A guard's answer: this change must not be written, for a reason that a person understands. `field` is the one
    at fault, if one is."""

    change: Change
    reason: str
    field: str = ""


@attrs.frozen(eq=False)
class Merging:
    """For guards: customers that are about to become one. `changes` has one change, of operation "merge": the survivor
    as it is (before) and as it would be (after); `others` would become part of it. `work` only reads."""

    record: str
    changes: tuple[Change, ...]
    others: tuple[Customer, ...]
    work: Work


@attrs.frozen(eq=False)
class Erasing:
    """For guards: a person whose data is about to be erased, with every facet. `records` has the record types in which
    something is about them, as of now. `work` only reads."""

    record: str
    customer: Customer
    records: frozenset[str]
    work: Work


@attrs.frozen(eq=False)
class Hold:
    """A guard's answer: this must not be erased yet, for a reason that a person understands, which is kept with the
    erasure and therefore names nobody. `record` names a record type ("": everything about the person), `id` one record
    of it (None: all of them that are about the person)."""

    reason: str
    record: str = ""
    id: UUID | None = None


@attrs.frozen(eq=False)
class Disclosing:
    """For what is handed out to a person about themselves. `customer` has every facet; `work` only reads, and reads
    what the one may who hands it out. What is told of others than the person is up to the plugin."""

    customer: Customer
    work: Work


@attrs.frozen(eq=False)
class Amendment:
    """A guard's answer: with this change, the plugin's own facet of the record becomes this one."""

    change: Change
    facet: Facet


@attrs.frozen(eq=False)
class Viewing:
    """For panels: the customer with every facet, as the person who looks may see them. `work` only reads, and reads
    what that person may."""

    customer: Customer
    work: Work


@attrs.frozen(eq=False)
class Lookback:
    """For timelines: a page of at most `limit` entries, newest first, all of them older than the place `before`, a time
    and an id (None: from the newest on). `customer` and `work` are those of a `Viewing`."""

    customer: Customer
    before: tuple[dt.datetime, UUID] | None
    limit: int
    work: Work

    def page(self, entries: Iterable[Entry]) -> list[Entry]:
        """The page that is asked for, out of all entries that there are; for few. Who has many asks for a page of
        records that is sorted by their time, newest first, and begins at `after`."""
        older = [each for each in entries if self.before is None or each.place < self.before]
        return sorted(older, key=lambda each: each.place, reverse=True)[: self.limit]

    def after(self, sort: str) -> str | None:
        """The cursor at which a query of records begins that is sorted so: by their time ("-at"), newest first. For
        entries that have the time and the id of a record."""
        return None if self.before is None else Cursor(sort, (plain_instant(self.before[0]),), self.before[1]).encode()


@attrs.frozen(eq=False)
class Measuring:
    """For metrics: which `metrics` are declared. `customer` and `work` are those of a `Viewing`."""

    customer: Customer
    metrics: frozenset[str]
    work: Work


@attrs.frozen(eq=False)
class Reporting:
    """For reports: the report's name, the zone of days and the base currency. `work` only reads, and reads what the
    person may who asked for the report."""

    report: str
    zone: dt.tzinfo
    currency: str
    work: Work
