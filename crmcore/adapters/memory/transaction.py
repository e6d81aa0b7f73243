"""One transaction in memory: writes happen in place, and an undo list takes them back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice
from typing import Any
from uuid import UUID

from crmcore.adapters.memory import figures, selection, writing
from crmcore.adapters.memory.auditing import MemoryAuditing
from crmcore.adapters.memory.consuming import MemoryConsuming
from crmcore.adapters.memory.database import MemoryDatabase, Undo
from crmcore.adapters.memory.moving import MemoryMoving
from crmcore.domain.bound import BoundQuery
from crmcore.domain.change import LogEntry
from crmcore.domain.errors import StorageFailed
from crmcore.domain.facet import Facet, FacetType
from crmcore.domain.record import Record, RecordType
from crmcore.ports.storage import Found, KeyRow


class MemoryTransaction:
    """Implements `ports.storage.Transaction`. Nobody else works on the database while it is open.

    A joined one (`outer` is given) shares the turn and the undo list of the outer one: its commit leaves all to
    that one, its rollback takes back what was done since it began. `StorageFailed` for any use after its end.
    """

    def __init__(self, database: MemoryDatabase, outer: MemoryTransaction | None = None) -> None:
        self._database = database
        self._outer = outer
        self._undo: Undo = [] if outer is None else outer._undo
        self._start = len(self._undo)
        self._ended = False

    @property
    def is_open(self) -> bool:
        """Whether it has not ended yet, nor the one that it joined."""
        return not self._ended and (self._outer is None or self._outer.is_open)

    def is_of(self, database: MemoryDatabase) -> bool:
        """Whether it works on this database."""
        return self._database is database

    def insert(self, type: RecordType, records: Sequence[Record]) -> None:
        """Store new records; a record may refer to itself and to those before it in the batch."""
        with self.savepoint():
            writing.insert(self._data, self._undo, type, records)

    def update(self, type: RecordType, before: Record, after: Record) -> None:
        """Store the record as it is now."""
        with self.savepoint():
            writing.update(self._data, self._undo, type, before, after)

    def delete(self, type: RecordType, record: Record) -> None:
        """Remove the record with its facets. References to it are never cleared here, that is the core's to do."""
        with self.savepoint():
            writing.delete(self._data, self._undo, type, record)

    def delete_many(self, type: RecordType, records: Sequence[Record]) -> None:
        """Remove many, one after the other."""
        with self.savepoint():
            for record in records:
                writing.delete(self._data, self._undo, type, record)

    def insert_facets(self, type: RecordType, facet: FacetType, rows: Sequence[tuple[UUID, Facet]]) -> None:
        """Store new facets."""
        with self.savepoint():
            writing.insert_facets(self._data, self._undo, type, facet, rows)

    def update_facet(self, type: RecordType, facet: FacetType, id: UUID, before: Facet, after: Facet) -> None:
        """Store the facet as it is now."""
        with self.savepoint():
            writing.update_facet(self._data, self._undo, type, facet, id, before, after)

    def delete_facet(self, type: RecordType, facet: FacetType, id: UUID, before: Facet) -> None:
        """Remove the facet."""
        with self.savepoint():
            writing.delete_facet(self._data, self._undo, type, facet, id, before)

    def add_keys(self, rows: Sequence[KeyRow]) -> None:
        """Store match keys."""
        self._undo.append(partial(self._data.keys.drop, self._data.keys.add(rows)))

    def drop_keys(self, rows: Sequence[KeyRow]) -> None:
        """Remove match keys."""
        self._undo.append(partial(self._data.keys.add, self._data.keys.drop(rows)))

    def drop_all_keys(self) -> None:
        """Remove every match key."""
        self.drop_keys(self._data.keys.rows())

    def find_keys(self, kind: str, low: str, high: str | None, records: Sequence[str], limit: int) -> list[KeyRow]:
        """Keys by value or range, ordered by key, record type and id."""
        keys = self._data.keys
        found = keys.exactly(kind, low, records) if high is None else keys.between(kind, low, high, records)
        return list(islice(found, limit))

    def keyed(self, record: str, keys: Sequence[tuple[str, str]]) -> list[KeyRow]:
        """The rows of one record type that have any of these keys."""
        held = self._data.keys
        return [row for kind, key in dict.fromkeys(keys) for row in held.exactly(kind, key, (record,))]

    def select(self, query: BoundQuery) -> list[Found]:
        """The records that fit, in order."""
        return selection.select(self._data, query)

    def count(self, query: BoundQuery) -> int:
        """How many records fit."""
        return sum(1 for _ in selection.fitting(self._data, query))

    def aggregate(self, query: BoundQuery, by: Sequence[str], measures: Sequence[tuple[str, str]]) -> list[list[Any]]:
        """Groups and their figures: see `figures.aggregate`."""
        return figures.aggregate(self._data, query, by, measures)

    def lock(self, type: RecordType, id: UUID, *, shared: bool = False, alone: bool = False) -> bool:
        """Whether the record is there; nobody else can change anything until the transaction ends."""
        return id in self._data.of(type).rows

    def append(self, entries: Sequence[LogEntry]) -> None:
        """Write to the change log."""
        log = self._data.log
        self._undo.append(partial(log.cut, log.append(entries)))

    def history(self, record: str, id: UUID, until: dt.datetime | None = None) -> list[LogEntry]:
        """The log of one record, this transaction's entries included."""
        return self._data.log.history(record, id, until)

    def last_seq(self) -> int:
        """The highest seq in the log."""
        return self._data.log.last_seq()

    def entries(self, work: UUID, low: int, high: int, limit: int) -> list[LogEntry]:
        """What one unit of work has logged in a range of seq, newest first."""
        return self._data.log.of_work(work, low, high, limit)

    def feed(self, after: int, limit: int) -> list[LogEntry]:
        """Numbered entries with a position above `after`."""
        return self._data.log.feed(after, limit)

    def number(self, limit: int) -> int:
        """Give positions to committed entries; this transaction's own are not committed yet."""
        log = self._data.log
        count = log.number(limit)
        self._undo.append(partial(log.unnumber, count))
        return count

    @property
    def consuming(self) -> MemoryConsuming:
        """What workers keep, in this transaction."""
        return MemoryConsuming(self._data.ledgers, self._data.log, self._undo)

    @property
    def moving(self) -> MemoryMoving:
        """References that follow merges, in this transaction."""
        return MemoryMoving(self._data, self._undo, self.savepoint)

    @property
    def auditing(self) -> MemoryAuditing:
        """The chain over the log, in this transaction."""
        return MemoryAuditing(self._data.chain, self._data.log, self._data.ledgers, self._undo)

    def scrub(self) -> None:
        """Nothing is kept in files."""

    def setting(self, key: str) -> str | None:
        """A value that the core keeps, or None."""
        return self._data.settings.get(key)

    def put_setting(self, key: str, value: str) -> None:
        """Keep such a value."""
        settings = self._data.settings
        before = settings.get(key)
        settings[key] = value
        if before is None:
            self._undo.append(partial(settings.pop, key))
        else:
            self._undo.append(partial(settings.update, {key: before}))

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A nested part that an exception undoes alone."""
        mark = len(self._undo)
        try:
            yield
        except BaseException:
            self._back_to(mark)
            raise

    def commit(self) -> None:
        """Make it last, or leave it to the transaction that it joined."""
        database = self._data
        self._ended = True
        if self._outer is None:
            self._undo.clear()
            database.log.committed = len(database.log.entries)
            database.leave()

    def rollback(self) -> None:
        """Undo it, as far as it is this transaction's own."""
        database = self._data
        self._back_to(self._start)
        self._ended = True
        if self._outer is None:
            database.leave()

    @property
    def _data(self) -> MemoryDatabase:
        if not self.is_open:
            raise StorageFailed("this transaction has ended: begin another one")
        return self._database

    def _back_to(self, mark: int) -> None:
        while len(self._undo) > mark:
            self._undo.pop()()
