"""What can be changed at once: entries of which none changes what another one is known by.

So an update comes out the same whether its rows are taken one by one or many at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crmcore.application.importing.entries import Entry
from crmcore.application.importing.matching import Known, Match, Matcher
from crmcore.domain.listing import values
from crmcore.domain.record import RecordType


def portion(matcher: Matcher, entries: Sequence[Entry]) -> list[Entry]:
    """The first entries up to one that may mean the same record as another before it."""
    taken: set[Any] = set()
    for at, entry in enumerate(entries):
        tokens = matcher.tokens(entry.values)
        if not taken.isdisjoint(tokens):
            return list(entries[:at])
        taken |= tokens
    return list(entries)


def independent(matcher: Matcher, matched: Mapping[Entry, Match]) -> dict[Entry, Match]:
    """The first of these up to one whose record another before it may change, or give what it is known by.

    What nothing makes known depends on all changes before it: it is known by all that a record says.
    """
    taken: set[Any] = set()
    kept: dict[Entry, Match] = {}
    changing = False
    for entry, found in matched.items():
        tokens = matcher.tokens(entry.values)
        anonymous = matcher.is_anonymous(entry)
        if anonymous and changing:
            return kept
        changing = changing or (isinstance(found, Known) and not anonymous)
        if isinstance(found, Known):
            held = _identifying(matcher, found.record)
            tokens |= matcher.tokens(held) | matcher.tokens(_joined(held, entry.values)) | {found.record.id}
        if not taken.isdisjoint(tokens):
            return kept
        taken |= tokens
        kept[entry] = found
    return kept


def _identifying(matcher: Matcher, record: Any) -> dict[str, Any]:
    """The values that a record is known by: of flat names all, not only the preferred."""
    found = values(matcher.columns, record)
    found.update((name, tuple(held)) for name, held in _flat(matcher.type, record).items())
    return {name: value for name, value in found.items() if value not in (None, ())}


def _flat(type: RecordType, record: Any) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    parts = {part.name: part.attribute for part in type.parts}
    for view in (view for view in type.options.flats if view.search):
        for part in getattr(record, parts[view.part]):
            if all(getattr(part, name) == value for name, value in view.where.items()):
                found.setdefault(view.name, []).append(getattr(part, view.field))
    return found


def _joined(held: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """What the record will be known by after the change: of several values, the old and the new ones."""
    joined = dict(held)
    for name, value in given.items():
        before = joined.get(name)
        several = value if isinstance(value, tuple) else (value,)
        joined[name] = (*before, *several) if isinstance(before, tuple) else value
    return joined
