"""Entries of a customer's timeline that plugins contribute, page by page as the records' own."""

from __future__ import annotations

import datetime as dt
import re
from functools import partial
from itertools import pairwise
from typing import Any, Final
from uuid import UUID

import attrs

from crmcore.application.contributing.asking import Answers, ask, listed
from crmcore.application.session import Session
from crmcore.domain.customer import Customer
from crmcore.domain.errors import InvalidValue
from crmcore.domain.kinds import storable_text
from crmcore.plugins.answers import Entry
from crmcore.plugins.contexts import Lookback

HOOK: Final = "contribute_timeline"
KIND: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
LONGEST: Final = 500
Place = tuple[dt.datetime, UUID]


@attrs.frozen
class Told:
    """An entry that a plugin tells, which is no record of its own; `about` is the record type and id that it is
    about."""

    plugin: str
    at: dt.datetime
    id: UUID
    title: str
    kind: str
    about: tuple[str, UUID] | None


def told(unit: Session, customer: Customer, before: Place | None, limit: int) -> Answers[list[Told]]:
    """What each plugin tells, newest first: at most `limit` entries that are older than the place."""

    def context(seen: Customer, work: Any) -> Lookback:
        return Lookback(seen, before, limit, work)

    return ask(unit, HOOK, customer, context, partial(_entries, unit, before, limit))


def _entries(unit: Session, before: Place | None, limit: int, plugin: str, answer: Any) -> list[Told]:
    found = [_entry(unit, plugin, each) for each in listed(answer, "entries", limit)]
    places = [(each.at, each.id) for each in found]
    if any(upper <= lower for upper, lower in pairwise(places)):
        raise InvalidValue("its entries do not stand newest first, by time and then by id, each once")
    if before is not None and places and places[0] >= before:
        raise InvalidValue("it returned entries that are not older than the place that the page begins at")
    return found


def _entry(unit: Session, plugin: str, given: Any) -> Told:
    if type(given) is not Entry:
        raise InvalidValue(f"it returned a value of type {type(given).__name__} in its list, and no Entry")
    entry: Any = given  # an author's values may be of any type
    about = entry.record
    if about is not None:
        name, of = about
        unit.catalogue.record(name)
        if not isinstance(of, UUID):
            raise InvalidValue(f"an entry is about {name} {of!r}, which is no id")
    id, kind = entry.id, entry.kind
    if not isinstance(id, UUID):
        raise InvalidValue(f"an entry has the id {id!r}, which is none")
    if not isinstance(kind, str) or not KIND.fullmatch(kind):
        raise InvalidValue(f"an entry has the kind {kind!r}: write small Latin letters, digits and _")
    return Told(plugin, _moment(entry.at), id, _title(entry.title), kind, about)


def _moment(at: Any) -> dt.datetime:
    if not isinstance(at, dt.datetime) or at.utcoffset() is None:
        raise InvalidValue(f"an entry stands at {at!r}, which is no time with a time zone")
    return at.astimezone(dt.UTC)


def _title(title: Any) -> str:
    if not isinstance(title, str) or not title.strip() or len(title) > LONGEST or storable_text(title):
        raise InvalidValue(f"an entry has a title that is no text of 1 to {LONGEST} characters")
    return title
