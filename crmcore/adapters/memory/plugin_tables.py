"""The tables of plugins in memory: switched off and on by the stamp, retired, restored and dropped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import attrs

from crmcore.adapters.memory.database import MemoryDatabase, Undo
from crmcore.adapters.memory.row_text import facet_rows, record_rows
from crmcore.adapters.memory.table import Reference, Table
from crmcore.domain.copying import evolve
from crmcore.domain.dormant import Belongings
from crmcore.domain.errors import SchemaMismatch
from crmcore.domain.record import Record, RecordType
from crmcore.ports.retiring import Restamp, Row
from crmcore.ports.stamp import EPOCH, Stamp

Told = list[tuple[str, Row]]


@attrs.frozen(eq=False)
class MemoryPluginTables:
    """Implements `ports.retiring.PluginTables`; waits `timeout` seconds for its turn."""

    database: MemoryDatabase
    timeout: float

    def restamp(self, change: Restamp) -> Stamp:
        """Keep another stamp and raise the epoch."""
        with self._alone():
            return self._stamp(change)

    def retire(self, own: Belongings, change: Restamp) -> Stamp:
        """Take the tables from those that transactions know."""
        with self._alone():
            stamp = self._stamp(change)
            self._put_aside(own)
            return stamp

    def restore(self, own: Belongings, change: Restamp, keep: Callable[[Sequence[tuple[str, Row]]], None]) -> Stamp:
        """Give them back, without what refers to what is gone."""
        with self._alone():
            undo: Undo = [lambda: self._put_aside(own)]
            self._bring_back(own)
            try:
                if lost := self._take_out_lost(own, undo):
                    keep(lost)
                return self._stamp(change)
            except BaseException:
                for step in reversed(undo):
                    step()
                raise

    def contents(self, own: Belongings) -> Iterator[tuple[str, Iterator[Row]]]:
        """Table by table, each with its rows."""
        with self._alone():
            records, facets = self.database.retired
            for record in own.records:
                if record.name in records:
                    yield from record_rows(record, records[record.name].rows.values())
            for facet in own.facets:
                if table := facets.get((facet.record, facet.name)):
                    yield from facet_rows(facet, table.rows.items())

    def purge(self, own: Belongings, change: Restamp) -> list[str]:
        """Forget the tables."""
        with self._alone():
            self._put_aside(own)
            records, facets = self.database.retired
            went = [name for r in own.records if records.pop(r.name, None) and (name := _stem(r.name))]
            for facet in own.facets:
                if facets.pop((facet.record, facet.name), None):
                    went.append(f"{facet.name}_{_stem(facet.record)}")
            named = {r.name for r in own.records}
            self.database.keys.drop([row for row in self.database.keys.rows() if row.record in named])
            self._stamp(change)
            return went

    def _put_aside(self, own: Belongings) -> None:
        records, facets = self.database.retired
        for record in own.records:
            if table := self.database.records.pop(record.name, None):
                records[record.name] = table
        for facet in own.facets:
            if side := self.database.facets.pop((facet.record, facet.name), None):
                facets[facet.record, facet.name] = side

    def _bring_back(self, own: Belongings) -> None:
        records, facets = self.database.retired
        for record in own.records:
            if table := records.pop(record.name, None):
                self.database.records[record.name] = table
        for facet in own.facets:
            if side := facets.pop((facet.record, facet.name), None):
                self.database.facets[facet.record, facet.name] = side

    def _take_out_lost(self, own: Belongings, undo: Undo) -> Told:
        told: Told = []
        while found := [*self._lost_records(own, undo), *self._lost_facets(own, undo)]:
            told += found
        return told

    def _lost_records(self, own: Belongings, undo: Undo) -> Iterator[tuple[str, Row]]:
        for record in own.records:
            table = self.database.records[record.name]
            for id, reference in self._dangling(table):
                part = record.part(reference.place) if reference.place else None
                row: Any = table.rows[id]
                attribute = part.attribute if part else reference.field.name
                left = _without(row, attribute, reference, part is not None, self._is_gone)
                yield from _differing(record, row, left)
                _give_up(table, id, undo, left)

    def _lost_facets(self, own: Belongings, undo: Undo) -> Iterator[tuple[str, Row]]:
        for facet in own.facets:
            table = self.database.facets[facet.record, facet.name]
            owners = self.database.records[facet.record].rows
            lost: list[tuple[UUID, Any]] = [(id, None) for id in table.rows if id not in owners]
            for id, reference in self._dangling(table):
                if id in owners:
                    name = reference.field.name
                    lost.append((id, _without(table.rows[id], name, reference, False, self._is_gone)))
            for id, left in lost:
                for name, rows in facet_rows(facet, [(id, table.rows[id])]):
                    yield from ((name, each) for each in rows)
                _give_up(table, id, undo, left)

    def _dangling(self, table: Table[Any]) -> list[tuple[UUID, Reference]]:
        """The first reference of each row to something that is gone."""
        found: dict[UUID, Reference] = {}
        for reference in table.references:
            for id, row in table.rows.items():
                if any(self._is_gone(reference, target) for target in reference.read(row)):
                    found.setdefault(id, reference)
        return list(found.items())

    def _is_gone(self, reference: Reference, target: UUID | None) -> bool:
        if target is None or reference.field.target == "*":
            return False
        targets = self.database.records.get(reference.field.target)
        return targets is None or target not in targets.rows

    def _stamp(self, change: Restamp) -> Stamp:
        before = self.database.stamp
        if before is None:
            raise SchemaMismatch("this database has no tables of crmcore: call crm.upgrade(), or run `crm db upgrade`")
        settings = self.database.settings
        after = change(before)
        settings[EPOCH] = str(int(settings.get(EPOCH, "0")) + 1)
        self.database.stamp = after
        return after

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self.database.enter(self.timeout)
        try:
            yield
        finally:
            self.database.leave()


def _differing(record: RecordType, row: Record, left: Record | None) -> Iterator[tuple[str, Row]]:
    """The rows of a record's tables that are not as they were."""
    after = {name: list(rows) for name, rows in record_rows(record, [] if left is None else [left])}
    for name, rows in record_rows(record, [row]):
        yield from ((name, each) for each in rows if each not in after[name])


def _without(
    row: Any, attribute: str, reference: Reference, in_part: bool, is_gone: Callable[[Reference, UUID | None], bool]
) -> Any:
    """The row without its reference to what is gone; None if it cannot be without."""
    name = reference.field.name
    if not in_part:
        return evolve(row, **{name: None}) if reference.field.optional else None
    held: Iterable[Any] = getattr(row, attribute)
    left = [part for part in held if reference.field.optional or not is_gone(reference, getattr(part, name))]
    emptied = [evolve(part, **{name: None}) if is_gone(reference, getattr(part, name)) else part for part in left]
    return evolve(row, **{attribute: tuple(emptied)})


def _give_up(table: Table[Any], id: UUID, undo: Undo, left: Any) -> None:
    row = table.take(id)
    if left is not None:
        table.put(id, left)

    def back() -> None:
        if id in table.rows:
            table.take(id)
        table.put(id, row)

    undo.append(back)


def _stem(name: str) -> str:
    return name.replace(".", "_")
