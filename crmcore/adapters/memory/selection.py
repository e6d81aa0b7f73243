"""Selecting records in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any
from uuid import UUID

from crmcore.adapters.memory.database import MemoryDatabase
from crmcore.adapters.memory.loose import apart, apart_facet, loose
from crmcore.adapters.memory.table import Table
from crmcore.domain.bound import Bound, BoundQuery, Every, Test, ToFacet, ToPart, Via
from crmcore.domain.copying import evolve
from crmcore.domain.evaluate import matcher
from crmcore.domain.ordering import check_cursor, place, sort_values
from crmcore.domain.record import Record
from crmcore.ports.storage import Found

Values = tuple[Any, ...]


def select(database: MemoryDatabase, query: BoundQuery) -> list[Found]:
    """The records that fit, in order, at most `limit`, after the cursor."""
    check_cursor(query)
    rows, names = _sorted(database, query) if query.sort else _by_id(database, query), loose(query.type)
    found = ((keys, apart(record, names)) for keys, record in islice(rows, query.limit))
    return [Found(_with_facets(database, query, record), keys) for keys, record in found]


def _by_id(database: MemoryDatabase, query: BoundQuery) -> Iterator[tuple[Values, Record]]:
    """Without sort keys only as many records are asked as it takes to fill a page."""
    reached = -1 if query.cursor is None else query.cursor.id.int
    after = [record for record in _held(database, query) if record.id.int > reached]
    after.sort(key=lambda record: record.id.int)
    return (((), record) for record in filter(matcher(query.where, database), after))


def _sorted(database: MemoryDatabase, query: BoundQuery) -> Iterator[tuple[Values, Record]]:
    placed = place(query.sort)
    rows = []
    for record in fitting(database, query):
        keys = sort_values(record, query.sort, database)
        rows.append((placed(keys, record.id), keys, record))
    if query.cursor is not None:
        reached = placed(query.cursor.keys, query.cursor.id)
        rows = [row for row in rows if reached < row[0]]
    rows.sort(key=lambda row: row[0])
    return ((keys, record) for _, keys, record in rows)


def _with_facets(database: MemoryDatabase, query: BoundQuery, record: Record) -> Record:
    if not query.facets:
        return record
    return evolve(record, facets={f.cls: apart_facet(database.facet(record, f), f) for f in query.facets})


def fitting(database: MemoryDatabase, query: BoundQuery) -> Iterator[Record]:
    """The records that fit, in no order."""
    return filter(matcher(query.where, database), _held(database, query))


def _held(database: MemoryDatabase, query: BoundQuery) -> Iterable[Record]:
    """The records among which those that fit are."""
    rows = database.of(query.type).rows
    ids = candidates(database, query)
    return rows.values() if ids is None else [rows[id] for id in ids if id in rows]


def candidates(database: MemoryDatabase, query: BoundQuery) -> Iterable[UUID] | None:
    """Ids among which are all that fit, by the first index that serves; None: any record might fit."""
    table, parts = database.of(query.type), _conjuncts(query.where)
    tests = _equalities(parts)
    if ids := tests.get("id"):
        return set(ids)
    if (found := _by_unique(table, tests)) is not None:
        return found
    for part in parts:
        if isinstance(part, Via) and isinstance(part.step, ToPart):
            found = _by_reference(table, part.step.part.name, _equalities(_conjuncts(part.inner)))
        elif isinstance(part, Via) and isinstance(part.step, ToFacet):
            facet = part.step.facet
            inner, held = _equalities(_conjuncts(part.inner)), database.of_facet(facet)
            found = _by_unique(held, inner)
            found = _by_reference(held, f"facet:{facet.name}", inner) if found is None else found
        if found is not None:
            return found
    return _by_reference(table, "", tests)


def _conjuncts(where: Bound) -> tuple[Bound, ...]:
    return where.parts if isinstance(where, Every) else (where,)


def _equalities(parts: Iterable[Bound]) -> dict[str, Values]:
    """The values that a field must be one of, by its name."""
    return {p.field.name: p.values for p in parts if isinstance(p, Test) and p.op in ("=", "in")}


def _by_unique(table: Table[Any], tests: dict[str, Values]) -> Iterable[UUID] | None:
    for unique in table.uniques:
        values = [tests.get(field.name, ()) for field in unique.fields]
        if all(len(each) == 1 for each in values):
            owner = unique.owners.get(tuple(each[0] for each in values))
            return () if owner is None else (owner,)
    return None


def _by_reference(table: Table[Any], place: str, tests: dict[str, Values]) -> Iterable[UUID] | None:
    for reference in table.references:
        if reference.place == place and (targets := tests.get(reference.field.name)):
            return {owner for target in targets for owner in reference.owners.get(target, ())}
    return None
