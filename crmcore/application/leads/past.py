"""Records as they were known at a time, for filters that are asked of the past."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from uuid import UUID

from crmcore.application import journal
from crmcore.application.session import Session
from crmcore.domain.bound import Bound, BoundQuery, Test, every
from crmcore.domain.facet import Facet, FacetType
from crmcore.domain.field import Field
from crmcore.domain.record import Record, RecordType


class Past:
    """Implements `domain.evaluate.Lookup` over what was known at a time, by the log; records that were removed since
    are not found. Rows are those that the actor may see today."""

    def __init__(self, unit: Session, at: dt.datetime) -> None:
        self._unit = unit
        self._at = at
        self._facets: dict[tuple[str, UUID], Mapping[type[Facet], Facet | None]] = {}

    def known(self, type: RecordType, where: Bound) -> dict[UUID, Record]:
        """Those of the records which fit today (by what does not change: whose they are), as they were then."""
        created = type.field("created_at")
        then = every(where, Test(created, "<=", (self._at,))) if created else where
        asked = BoundQuery(type=type, where=every(self._unit.binder().scope(type), then))
        found = {each.record.id: each.record for each in self._unit.transaction.select(asked)}
        return {id: past for id, record in found.items() if (past := self._as_it_was(type, record))}

    def facet(self, record: Record, facet: FacetType) -> Facet | None:
        """The record's facet, as it was."""
        held = record.facets if facet.cls in record.facets else self._rebuilt(facet.record, record.id)
        return held.get(facet.cls)

    def record(self, type: RecordType, id: UUID) -> Record | None:
        """The record that a reference pointed at, as it was."""
        id_field = type.field("id")
        return self.known(type, Test(id_field, "=", (id,))).get(id) if id_field else None

    def related(self, type: RecordType, via: Field, id: UUID) -> Iterable[Record]:
        """The records that refer to this one, as they were; those that referred to it then and no longer do are not
        found."""
        found = self.known(type, Test(via, "=", (id,)))
        return [each for each in found.values() if getattr(each, via.name) == id]

    def _as_it_was(self, type: RecordType, record: Record) -> Record | None:
        if record.changed_at is not None and record.changed_at <= self._at:
            return record
        entries = self._unit.transaction.history(type.name, record.id, self._at)
        return journal.rebuild(self._unit.kernel, type, record.id, entries)

    def _rebuilt(self, name: str, id: UUID) -> Mapping[type[Facet], Facet | None]:
        """All facets of a record as they were; a facet changes without its record, so the log is always asked."""
        if (name, id) not in self._facets:
            type = self._unit.catalogue.record(name)
            entries = self._unit.transaction.history(name, id, self._at)
            past = journal.rebuild(self._unit.kernel, type, id, entries)
            self._facets[name, id] = past.facets if past is not None else {}
        return self._facets[name, id]
