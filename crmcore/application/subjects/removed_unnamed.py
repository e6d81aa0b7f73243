"""Removed records of which the log does not say about whom they were: of types that declare personal fields, and no
subject, or refer to persons in other places too. Storages look for those in the whole log."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final
from uuid import UUID

from crmcore.application.session import Session
from crmcore.domain.change import LogEntry
from crmcore.domain.privacy.belonging import Belonging, belonging
from crmcore.domain.privacy.wiping import has_personal, is_person, is_wiped

PAGE: Final = 500


def removals(unit: Session, persons: Collection[UUID]) -> Iterator[tuple[Belonging, LogEntry]]:
    """The removals of such records that refer to one of these persons."""
    ways = {way.type.name: way for way in belonging(unit.catalogue) if _is_unnamed(unit, way)}
    after = 0
    while page := unit.transaction.auditing.removals(tuple(ways), tuple(persons), after, PAGE):
        yield from ((ways[entry.record], entry) for entry in page if entry.subject not in persons)
        after = page[-1].seq


def went_as_theirs(way: Belonging, removal: LogEntry, persons: Collection[UUID]) -> bool:
    """Whether a record belonged to these persons as a whole, as it was removed; else a part of it was about them."""
    values, ids = removal.values(), {str(each) for each in persons}
    return any(values.get(route.name, (None,))[0] in ids for route in way.routes)


def _is_unnamed(unit: Session, way: Belonging) -> bool:
    type = way.type
    if type.options.system or is_person(type) or type.followed is not None:
        return False
    parts = [p for route in way.passages if (p := type.part(route.place)) is not None]
    if any(is_wiped(f) for part in parts for f in part.fields):
        return True
    other = [route for route in way.routes if route.name != type.options.subject]
    return bool(other) and has_personal(type, unit.catalogue.facets.get(type.name, ()))
