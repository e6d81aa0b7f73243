"""What a merge that was taken back has left with the other side: values of those who left in the log of the survivor,
and entries about records of theirs that stand under the survivor's name."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import attrs

from crmcore.application.session import Session
from crmcore.domain.binder import declared
from crmcore.domain.bound import BoundQuery, Test
from crmcore.domain.change import LogEntry
from crmcore.domain.merging.merge import Merge
from crmcore.domain.privacy.belonging import PERSON
from crmcore.domain.privacy.wiped_log import without_personal
from crmcore.domain.privacy.wiping import is_person
from crmcore.domain.record import Record, RecordType

FOREVER: Final = 1 << 62
"""A seq that no entry has."""

Values = Mapping[str, list[Any]]


@attrs.frozen
class _Span:
    """Somebody who had values of the persons, from one seq to another."""

    holder: UUID
    first: int
    last: int


def lent(unit: Session, persons: Collection[UUID]) -> Iterator[tuple[LogEntry, Values]]:
    """Entries of others who had values of these persons while they were one by mistake, each with what is to stay of
    it. Whom they became a part of may have become a part of somebody else meanwhile."""
    merges, spans = _undone(unit), [_Span(id, 0, FOREVER) for id in persons]
    for span in spans:
        for merge in merges:
            if str(span.holder) not in (merge.others or ()) or merge.survivor is None or merge.survivor in persons:
                continue
            log = _between(unit.transaction.history(PERSON, merge.survivor), merge)
            if log and span.first <= log[0].seq <= span.last:
                spans.append(_Span(merge.survivor, log[0].seq, log[-1].seq))
                yield from _without(unit, log)


def _undone(unit: Session) -> list[Merge]:
    type = unit.catalogue.of(Merge)
    where = Test(declared(type, "status"), "=", ("undone",))
    found = unit.transaction.select(BoundQuery(type=type, where=where))
    return [each.record for each in found if isinstance(each.record, Merge)]


def _between(log: Sequence[LogEntry], merge: Merge) -> list[LogEntry]:
    """The survivor's entries from the merge to its undoing; merges in between were taken back before it."""
    version, found, open = (merge.versions or {}).get(str(merge.survivor)), list[LogEntry](), 0
    for entry in log:
        if not found and not (entry.operation == "merge" and entry.version == version):
            continue
        found.append(entry)
        open += (entry.operation == "merge") - (entry.operation == "unmerge")
        if not open:
            break
    return found


def _without(unit: Session, log: Sequence[LogEntry]) -> Iterator[tuple[LogEntry, Values]]:
    """Nothing is lost: what the survivor had before stands in the entries before, and is theirs again."""
    type, facets = unit.catalogue.record(PERSON), unit.catalogue.facets.get(PERSON, ())
    values = log[0].values()
    names = values.keys() - without_personal(type, facets, values).keys()
    for entry in log:
        values = entry.values()
        yield entry, {name: pair for name, pair in values.items() if name not in names}


@attrs.frozen(eq=False)
class Owners:
    """Tells whose a record is by what its own entries say, where a merge has written it to somebody for a while."""

    unit: Session
    persons: tuple[UUID, ...]

    def strange(self, entries: Sequence[LogEntry]) -> set[tuple[str, UUID]]:
        """Records that entries about these persons are of, and that were theirs by nothing but such a merge."""
        return {key for key, type, row in self._rows(entries) if self._is_strange(type, key, row)}

    def gone(self, entries: Sequence[LogEntry]) -> list[tuple[str, UUID]]:
        """Their records of these entries that were removed as somebody else's."""
        return [key for key, type, row in self._rows(entries) if row is None and self._went(type, key)]

    def _rows(self, entries: Sequence[LogEntry]) -> Iterator[tuple[tuple[str, UUID], RecordType, Record | None]]:
        ids: dict[str, set[UUID]] = {}
        for entry in entries:
            ids.setdefault(entry.record, set()).add(entry.id)
        for name, wanted in ids.items():
            type = self.unit.catalogue.records.get(name)
            if type is None or is_person(type) or type.options.system or not type.options.subject:
                continue
            where = Test(declared(type, "id"), "in", tuple(sorted(wanted)))
            rows = {
                each.record.id: each.record for each in self.unit.transaction.select(BoundQuery(type=type, where=where))
            }
            yield from (((name, id), type, rows.get(id)) for id in sorted(wanted))

    def _is_strange(self, type: RecordType, key: tuple[str, UUID], row: Record | None) -> bool:
        now = getattr(row, str(type.options.subject)) if row is not None else None
        if now in self.persons:
            return False
        stated = self._stated(type, key)
        if not stated:
            return False
        if now is not None and stated[-1] != str(now):  # the undoing has given it to who it is about
            stated.pop()
        return not any(UUID(each) in self.persons for each in stated)

    def _went(self, type: RecordType, key: tuple[str, UUID]) -> bool:
        stated = self._stated(type, key)
        return bool(stated) and UUID(stated[-1]) in self.persons

    def _stated(self, type: RecordType, key: tuple[str, UUID]) -> list[str]:
        """Whose the record is said to be, one after the other; a removal says what a merge had made of it."""
        log = self.unit.transaction.history(*key)
        pairs = (entry.values().get(str(type.options.subject), ()) for entry in log if entry.operation != "remove")
        return [each for pair in pairs for each in pair if each is not None]
