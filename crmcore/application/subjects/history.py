"""The history of what belongs to persons, as far as somebody may see it; in constant memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

import attrs

from crmcore.application import journal
from crmcore.application.hiding import hide_in_history
from crmcore.application.subjects.belongings import CHUNK, Search
from crmcore.application.subjects.plain import Plain, plain_entry
from crmcore.application.subjects.undone import Undone
from crmcore.domain.binder import declared
from crmcore.domain.bound import BoundQuery, Const, Test, every
from crmcore.domain.change import LogEntry
from crmcore.domain.privacy.belonging import PERSON, is_theirs
from crmcore.domain.record import Record, RecordType


@attrs.define(eq=False)
class SubjectHistory:
    """Reads the log about the persons of a search; `withheld` gets the names of record types of which entries were
    left out, as the actor may not see them."""

    search: Search
    withheld: set[str]
    undone: Undone = attrs.field(init=False)

    @undone.default
    def _undone(self) -> Undone:
        return Undone.of(self.search.unit, self.search.persons)

    def entries(self) -> Iterator[Plain]:
        """Entries that were written about these persons, of removed records too; then those of their records from the
        time before these were theirs, and of record types whose entries name nobody."""
        after, auditing = 0, self.search.unit.transaction.auditing
        while found := auditing.of_subjects(self.search.persons, after, CHUNK):
            after = found[-1].seq
            for entry in self._theirs(found):
                yield from self._told(entry)
                if entry.operation == "remove":
                    yield from self._before(entry)
                    yield from self._went_with(entry)
        for way in self.search.ways.values():
            for chunk in self.search.records(way):
                yield from self._of_records(way.type, chunk)

    def _of_records(self, type: RecordType, chunk: Sequence[Record]) -> Iterator[Plain]:
        """A record that was never changed has no history but its beginning, which is told of those with a subject."""
        if type.options.append_only and not type.options.subject:
            return
        for record in chunk:
            subject = journal.subject_of(type, record)
            if subject not in self.search.persons or record.version > 1:
                for entry in self.search.unit.transaction.history(type.name, record.id):
                    if entry.subject not in self.search.persons:
                        yield from self._told(entry)

    def _theirs(self, entries: Sequence[LogEntry]) -> Iterator[LogEntry]:
        """Without entries of records that turned out to be somebody else's, or are out of the actor's sight."""
        ids: dict[str, set[UUID]] = {}
        for entry in entries:
            ids.setdefault(entry.record, set()).add(entry.id)
        strange = {name: self._strange(name, tuple(sorted(found))) for name, found in ids.items()}
        return (entry for entry in entries if entry.id not in strange[entry.record])

    def _strange(self, name: str, ids: tuple[UUID, ...]) -> set[UUID]:
        type = self.search.unit.catalogue.records.get(name)
        if type is None:  # of a plugin that is retired or gone: no rule can be asked
            return self._left_out(name, set() if self.search.unit.kernel.open else set(ids))
        way, where = self.search.ways.get(name), Test(declared(type, "id"), "in", ids)
        standing = self.search.unit.transaction.select(BoundQuery(type=type, where=where))
        theirs = [each.record.id for each in standing if way and is_theirs(way, each.record, self.search.persons)]
        there = {each.record.id for each in standing}
        others = there - set(theirs) | {id for id in ids if id not in there and self._went_as_others(name, id)}
        return others | self._left_out(name, set() if self.search.whole else self._unseen(type, ids))

    def _went_as_others(self, name: str, id: UUID) -> bool:
        """Whether a record that is gone was somebody else's at its end."""
        last = self.search.unit.transaction.history(name, id)[-1]
        return last.operation == "remove" and last.subject not in self.search.persons

    def _unseen(self, type: RecordType, ids: tuple[UUID, ...]) -> set[UUID]:
        """Removed records are seen by those who may see every row, as in `reading.history`."""
        scope = self.search.unit.binder().scope(type)
        if scope == Const(True):
            return set()
        where = every(scope, Test(declared(type, "id"), "in", ids))
        seen = self.search.unit.transaction.select(BoundQuery(type=type, where=where))
        return set(ids) - {each.record.id for each in seen}

    def _left_out(self, name: str, ids: set[UUID]) -> set[UUID]:
        if ids:
            self.withheld.add(name)
        return ids

    def _before(self, removal: LogEntry) -> Iterator[Plain]:
        """What was written of a record that is gone before it was theirs; a record that never changed always was."""
        if removal.version > 2:
            for entry in self.search.unit.transaction.history(removal.record, removal.id):
                if entry.subject not in self.search.persons:
                    yield from self._told(entry)

    def _went_with(self, removal: LogEntry) -> Iterator[Plain]:
        """What was removed together with one of their records, as it belonged to that."""
        ways = [way for way in self.search.ways.values() if not way.is_direct]
        near = {way.type.name: way for way in ways if any(r.target == removal.record for r in way.routes)}
        if not near or (not self.search.whole and not self.search.unit.kernel.open):
            return
        for entry in self.search.unit.transaction.entries(removal.work, 0, removal.seq, CHUNK):
            way = near.get(entry.record)
            if way is None or entry.operation != "remove":
                continue
            values = entry.values()
            if any(values.get(route.name, [None])[0] == str(removal.id) for route in way.routes):
                yield from self._told(entry)

    def _told(self, entry: LogEntry) -> Iterator[Plain]:
        if entry.record == PERSON and entry.id not in self.search.persons:
            return
        type, values, told = (
            self.search.unit.catalogue.records.get(entry.record),
            entry.values(),
            self.undone.own(entry),
        )
        if type is not None and not self.search.whole and (hidden := self.search.unit.rule(type).hidden):
            told = hide_in_history(type, told, hidden)
        if told != values:
            if not told and entry.operation == "facet":
                return
            entry = attrs.evolve(entry, changes=journal.changes_text(told))
        yield plain_entry(type, entry, self.search.persons)
