"""Taking back what entries of the log did: records are removed, or get the values back that they had before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Final
from uuid import UUID

import attrs

from crmcore.application.importing.refusals import ROW_ERRORS
from crmcore.application.importing.restoring import Past, restore
from crmcore.application.removing_many import remove_many
from crmcore.domain.bound import Bound, BoundQuery, Test, every
from crmcore.domain.change import LogEntry
from crmcore.domain.record import Record, RecordType

if TYPE_CHECKING:
    from crmcore.application.unit import UnitOfWork

BOOKS: Final = ("import_batch", "import_chunk")
"""The import's own records."""
AT_ONCE: Final = 500
LONGEST: Final = 300


@attrs.frozen
class Kept:
    """A record that an undoing leaves, or of which it leaves some fields, and why."""

    id: str
    reason: str


class Retraction:
    """Takes back entries of the units of work `works`; `record` is the type that was imported.

    A record is dealt with at its oldest entry, when all that was added after it is gone already.
    """

    def __init__(self, unit: UnitOfWork, record: str, works: frozenset[UUID]) -> None:
        self._unit = unit
        self._record = record
        self._works = works
        self.removed = 0
        self.restored = 0
        self.kept: list[Kept] = []

    def retract(self, entries: Sequence[LogEntry]) -> None:
        """Take back these entries, which are newest first."""
        for (name, adds), run in groupby(entries, lambda e: (e.record, e.operation == "add")):
            if name in BOOKS:
                continue
            type = self._unit.catalogue.records.get(name)
            if type is None:
                self._keep_all(run, f"{name} is not declared by any active plugin")
            elif adds and (type.name == self._record or not _follows(type)):
                self._take_away(type, list(run))
            elif not adds:
                for entry in run:
                    self._give_back(type, entry)

    def _take_away(self, type: RecordType, entries: list[LogEntry]) -> None:
        for start in range(0, len(entries), AT_ONCE):
            portion = {entry.id: entry for entry in entries[start : start + AT_ONCE]}
            held = self._whole(type, list(portion))
            untouched = []
            for id, entry in portion.items():
                record = held.get(id)
                if record is None:
                    self._missing(type, id)
                elif self._is_as_added(type, record, entry) or self._is_ours(type, entry):
                    untouched.append(record)
            refused = remove_many(self._unit, type, untouched)
            self.removed += len(untouched) - len(refused)
            for id, error in refused.items():
                self._keep(id, error.message)

    def _is_as_added(self, type: RecordType, record: Record, entry: LogEntry) -> bool:
        """Whether the record, with its facets, is as this entry has added it."""
        if record.version != entry.version:
            return False
        declared = self._unit.catalogue.facets.get(type.name, ())
        held = [(f.name, value) for f in declared if (value := record.facets.get(f.cls)) is not None]
        return not held or all(value.version == 1 and name in entry.values() for name, value in held)

    def _is_ours(self, type: RecordType, entry: LogEntry) -> bool:
        """Whether nobody but the import has changed a record since; else it is kept."""
        past = self._past(type, entry)
        if past.others:
            self._keep(entry.id, f"changed since: {past.told()}")
        return not past.others

    def _give_back(self, type: RecordType, entry: LogEntry) -> None:
        past = self._past(type, entry)
        if past.own[0].seq != entry.seq or past.is_gone:
            return
        try:
            with self._unit.savepoint():
                restored = restore(self._unit, type, past)
        except ROW_ERRORS as error:
            return self._keep(entry.id, error.message)
        self.restored += restored
        if past.disputed:
            self._keep(entry.id, f"changed since: {past.told(past.disputed)}")

    def _past(self, type: RecordType, entry: LogEntry) -> Past:
        return Past.of(self._unit.transaction.history(type.name, entry.id), self._works)

    def _whole(self, type: RecordType, ids: list[UUID], scoped: bool = True) -> dict[UUID, Record]:
        """Those of these records that the actor may see, with every facet."""
        known = next(field for field in type.fields if field.name == "id")
        where: Bound = Test(known, "in", tuple(ids))
        where = every(self._unit.binder().scope(type), where) if scoped else where
        facets = tuple(self._unit.catalogue.facets.get(type.name, ()))
        found = self._unit.transaction.select(BoundQuery(type=type, where=where, facets=facets))
        return {each.record.id: each.record for each in found}

    def _missing(self, type: RecordType, id: UUID) -> None:
        if self._whole(type, [id], scoped=False):
            self._keep(id, "this actor may not see it")

    def _keep_all(self, entries: Iterator[LogEntry], reason: str) -> None:
        for entry in entries:
            self._keep(entry.id, reason)

    def _keep(self, id: UUID, reason: str) -> None:
        self.kept.append(Kept(str(id), reason if len(reason) <= LONGEST else reason[: LONGEST - 1] + "…"))


def _follows(type: RecordType) -> bool:
    """Whether such records come and go with another one."""
    return any(field.on_remove == "follow" for field in type.fields)
