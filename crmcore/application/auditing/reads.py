"""The log of who read what: of fields that are declared sensitive, where the host wants it.

What a record has of them is noted when it leaves the read path, by name and never by value, once for each record and
actor in a unit of work. It is logged at the end: with what the unit of work wrote, or in a transaction of its own where
that keeps nothing, since a read that nothing came of was a read. Records that crmcore reads for itself are not noted.

Whoever changes a record is handed it as well, and stands in the log with the change: a change that wrote nothing, or
was rolled back, counts as a read.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol
from uuid import UUID

import attrs

from crmcore.application import journal
from crmcore.application.kernel import Kernel
from crmcore.domain.catalogue import Catalogue
from crmcore.domain.change import Actor, LogEntry
from crmcore.domain.record import Record, RecordType

READ = "read"
Key = tuple[str, str, UUID]
"""The actor, the record type and the id."""


class Unit(Protocol):
    """What is asked of the unit of work in which something was read."""

    actor: Actor
    kernel: Kernel
    source: str | None
    id: UUID

    @property
    def catalogue(self) -> Catalogue:
        """What is declared."""

    def now(self) -> dt.datetime:
        """The moment."""


@attrs.define
class Read:
    """What an actor has seen of one record, and whom it is about."""

    subject: UUID | None
    version: int
    names: dict[str, None]


@attrs.define(eq=False)
class Reads:
    """What was read in a unit of work, by actor, record type and id."""

    _noted: dict[Key, Read] = attrs.field(factory=dict)
    _changed: list[tuple[Key, Read]] = attrs.field(factory=list)

    def __bool__(self) -> bool:
        return bool(self._noted or self._changed)

    def note(self, unit: Unit, type: RecordType, record: Record) -> None:
        """A record that is handed out as it stands here."""
        if names := dict.fromkeys(_shown(unit, type, record)):
            self._add(unit, type, record.id, Read(journal.subject_of(type, record), record.version, names))

    def note_changed(self, unit: Unit, type: RecordType, record: Record) -> None:
        """A record that is handed out to who has just changed it: a read, as soon as the change does not stand."""
        if names := dict.fromkeys(_shown(unit, type, record)):
            read = Read(journal.subject_of(type, record), record.version, names)
            self._changed.append(((str(unit.actor), type.name, record.id), read))

    @property
    def changed(self) -> int:
        """How many changes there were so far by which somebody was handed a record."""
        return len(self._changed)

    def undone(self, since: int = 0) -> None:
        """The changes do not stand, from this one on: what is left of them is what was read."""
        for key, read in self._changed[since:]:
            self._put(key, read)
        del self._changed[since:]

    def note_log(self, unit: Unit, type: RecordType, id: UUID, entries: Sequence[LogEntry]) -> None:
        """The log of a record that is handed out."""
        if names := dict.fromkeys(name for entry in entries for name in _logged(unit, type, entry)):
            self._add(unit, type, id, Read(entries[-1].subject, entries[-1].version, names))

    def _add(self, unit: Unit, type: RecordType, id: UUID, read: Read) -> None:
        self._put((str(unit.actor), type.name, id), read)

    def _put(self, key: Key, read: Read) -> None:
        self._noted.setdefault(key, read).names.update(read.names)

    def entries(self, unit: Unit) -> list[LogEntry]:
        """The entries for the log; what they tell of is forgotten here."""
        noted, self._noted = self._noted, {}
        return [
            journal.entry(
                at=unit.now(),
                actor=actor,
                source=unit.source,
                work=unit.id,
                record=record,
                id=id,
                subject=read.subject,
                version=read.version,
                operation=READ,
                diff={READ: [None, sorted(read.names)]},
                salt=unit.kernel.ids.salt(),
            )
            for (actor, record, id), read in noted.items()
        ]


def _shown(unit: Unit, type: RecordType, record: Record) -> Iterator[str]:
    """The sensitive fields that have a value: own ones, those of facets and parts under their dotted names."""
    yield from _filled("", type.fields, (record,))
    for part in type.parts:
        yield from _filled(f"{part.name}.", part.fields, getattr(record, part.attribute))
    for facet in unit.catalogue.facets.get(type.name, ()):
        held = record.facets.get(facet.cls)
        yield from _filled(f"{facet.name}.", facet.fields, () if held is None else (held,))


def _filled(prefix: str, fields: Iterable[Any], holders: Sequence[Any]) -> Iterator[str]:
    for field in fields:
        if field.sensitive and any(getattr(each, field.name) not in (None, frozenset()) for each in holders):
            yield prefix + field.name


def _logged(unit: Unit, type: RecordType, entry: LogEntry) -> Iterator[str]:
    """The sensitive fields of which an entry tells a value."""
    values = entry.values()
    yield from (field.name for field in type.fields if field.sensitive and field.name in values)
    for part in type.parts:
        sides = [each for side in values.get(part.attribute, ()) for each in side or ()]
        told = {name for each in sides for name in each}
        yield from (f"{part.name}.{field.name}" for field in part.fields if field.sensitive and field.name in told)
    for facet in unit.catalogue.facets.get(type.name, ()):
        yield from (name for f in facet.fields if f.sensitive and (name := facet.dotted(f)) in values)
