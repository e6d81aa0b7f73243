"""The repository of one record type: the one read path and the one write path, behind friendly names."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Generic, TypeVar
from uuid import UUID

from crmcore.application import adding, changing, facets, reading, removing
from crmcore.application.session import Session
from crmcore.domain.change import LogEntry
from crmcore.domain.facet import Facet
from crmcore.domain.query import Page, Query, checked_limit, sorts
from crmcore.domain.record import Record, RecordType
from crmcore.ports.work import Where

R = TypeVar("R", bound=Record)
CHUNK = 1_000


class RecordRepository(Generic[R]):
    """Implements `ports.work.Repository`, where each method is described."""

    def __init__(self, unit: Session, type: RecordType) -> None:
        self._unit = unit
        self.type = type

    def _own(self, record: Any) -> R:
        """The record as this repository's type, which the storage made it from."""
        own: R = record
        return own

    def add(self, record: R) -> R:
        """Store a new record with its facets."""
        return adding.add(self._unit, self.type, [record])[0]

    def add_many(self, records: Iterable[R]) -> int:
        """Store a stream of new records in constant memory; one that fails half-way leaves nothing to commit."""
        stream, total = iter(records), 0
        with self._unit.writing():
            while chunk := list(islice(stream, CHUNK)):
                adding.add(self._unit, self.type, chunk)
                total += len(chunk)
        return total

    def get(self, id: UUID, *, with_: Sequence[type[Facet]] = (), as_of: dt.datetime | None = None) -> R:
        """The record, or as it was known at a time."""
        if as_of is not None:
            return self._own(reading.as_of(self._unit, self.type, id, as_of))
        return self._own(reading.get(self._unit, self.type, id, with_))

    def find(self, *, with_: Sequence[type[Facet]] = (), **unique: str) -> R | None:
        """The one record with this value of a unique field or contact point."""
        found = reading.find(self._unit, self.type, unique, with_)
        return None if found is None else self._own(found)

    def query(
        self,
        where: Where = None,
        *,
        sort: str = "",
        limit: int = 50,
        after: str | None = None,
        with_: Sequence[type[Facet]] = (),
    ) -> Page[R]:
        """One page of the records that fit."""
        tree, text = reading.parsed(where)
        keys = sorts(sort) if sort else ()
        query = Query(where=tree, sort=keys, limit=checked_limit(limit), after=after, facets=tuple(with_))
        page: Page[R] = reading.query(self._unit, self.type, query, text)
        return page

    def stream(self, where: Where = None, *, sort: str = "", with_: Sequence[type[Facet]] = ()) -> Iterator[R]:
        """All records that fit, page by page."""
        after: str | None = None
        while True:
            page = self.query(where, sort=sort, limit=CHUNK, after=after, with_=with_)
            yield from page.items
            after = page.next
            if after is None:
                return

    def count(self, where: Where = None) -> int:
        """How many records fit."""
        tree, text = reading.parsed(where)
        return reading.count(self._unit, self.type, tree, text)

    def change(
        self, id: UUID, values: Mapping[str, Any] | None = None, /, *, version: int | None = None, **fields: Any
    ) -> R:
        """Change fields and facet fields."""
        given = {**(values or {}), **fields}
        return self._own(changing.change(self._unit, self.type, id, given, version))

    def put_facet(self, id: UUID, facet: Facet) -> Facet:
        """Store a facet as a whole."""
        return facets.put(self._unit, self.type, id, facet)

    def drop_facet(self, id: UUID, cls: type[Facet]) -> None:
        """Remove a facet."""
        facets.drop(self._unit, self.type, id, cls)

    def remove(self, id: UUID, *, version: int | None = None) -> None:
        """Remove a record."""
        removing.remove(self._unit, self.type, id, version)

    def history(self, id: UUID) -> list[LogEntry]:
        """Every logged change of a record, oldest first."""
        return reading.history(self._unit, self.type, id)


def repository(unit: Session, cls: type[R]) -> RecordRepository[R]:
    """The repository of a declared record type, for use cases that are given a session."""
    return RecordRepository(unit, unit.catalogue.of(cls))
