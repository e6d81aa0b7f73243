"""Removed records of which the log does not say about whom they were: of types that declare personal fields, and no
subject, or refer to persons in other places too. Those are looked for in the whole log; the core has no such type."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final
from uuid import UUID

from crmcore.application.session import Session
from crmcore.domain.change import LogEntry
from crmcore.domain.privacy.belonging import Belonging, belonging
from crmcore.domain.privacy.wiping import has_personal, is_person, is_wiped
from crmcore.domain.record import RecordType

PAGE: Final = 5_000


def removals(unit: Session, persons: Collection[UUID]) -> Iterator[tuple[RecordType, LogEntry]]:
    """The removals of such records that refer to one of these persons."""
    types = {way.type.name: way.type for way in belonging(unit.catalogue) if _is_unnamed(unit, way)}
    ids = [str(each) for each in persons]
    for entry in _log(unit) if types else ():
        if entry.operation != "remove" or entry.record not in types or entry.subject in persons:
            continue
        if any(id in entry.changes for id in ids):
            yield types[entry.record], entry


def _is_unnamed(unit: Session, way: Belonging) -> bool:
    type = way.type
    if type.options.system or is_person(type) or type.followed is not None:
        return False
    parts = [p for route in way.passages if (p := type.part(route.place)) is not None]
    if any(is_wiped(f) for part in parts for f in part.fields):
        return True
    other = [route for route in way.routes if route.name != type.options.subject]
    return bool(other) and has_personal(type, unit.catalogue.facets.get(type.name, ()))


def _log(unit: Session) -> Iterator[LogEntry]:
    """The whole log, first what the pump has numbered."""
    after = 0
    while page := unit.transaction.feed(after, PAGE):
        yield from page
        after = page[-1].position or after
    after = 0
    while page := unit.transaction.auditing.unnumbered(after, PAGE):
        yield from page
        after = page[-1].seq
