"""Writes to tables in memory: each is checked as a database would, and leaves in `undo` what takes it back.

A write that is refused may be half done: the caller runs `undo` back to where the write began.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from operator import attrgetter
from typing import Any
from uuid import UUID

from crmcore.adapters.memory import refusals
from crmcore.adapters.memory.database import MemoryDatabase, Undo
from crmcore.adapters.memory.loose import apart, loose
from crmcore.adapters.memory.table import Table
from crmcore.domain.copying import evolve
from crmcore.domain.facet import Facet, FacetType
from crmcore.domain.record import Record, RecordType


def insert(database: MemoryDatabase, undo: Undo, type: RecordType, records: Sequence[Record]) -> None:
    """New rows, one after the other: a record may refer to itself and to those before it."""
    table, done, names = database.of(type), _undo_puts(undo, database.of(type)), loose(type)
    for record in records:
        if record.id in table.rows:
            raise refusals.taken(type.name, "id", str(record.id))
        _put(database, table, record.id, apart(_stored(type, record), names))
        done.append(record.id)
        _check_references(database, table, table.rows[record.id])


def update(database: MemoryDatabase, undo: Undo, type: RecordType, before: Record, after: Record) -> None:
    """Another row in the place of `before`."""
    table = database.of(type)
    _check_version(type.name, type.name, table, before.id, before.version)
    replace(database, undo, table, before.id, apart(_stored(type, after), loose(type)))


def delete(database: MemoryDatabase, undo: Undo, type: RecordType, record: Record) -> None:
    """The row goes, and its facets with it, also those of plugins that are not active."""
    table = database.of(type)
    _check_version(type.name, type.name, table, record.id, record.version)
    holders = _holders(database, type.name, record.id)
    if holders:
        raise refusals.referenced(type.name, record.id, holders)
    held = [each for each in database.facets.values() if each.record == type.name and record.id in each.rows]
    for facets in held:
        _undo_forget(undo, facets, record.id)
        _undo_take(undo, facets, record.id)
    _undo_take(undo, table, record.id)


def insert_facets(
    database: MemoryDatabase, undo: Undo, type: RecordType, facet: FacetType, rows: Sequence[tuple[UUID, Facet]]
) -> None:
    """New facets of records that are there and have none of this type."""
    table, done, names = database.of_facet(facet), _undo_puts(undo, database.of_facet(facet)), loose(facet)
    for id, row in rows:
        if id not in database.of(type).rows:
            raise refusals.missing_target(type.name, facet.name, type.name, id)
        if id in table.rows:
            raise refusals.taken(type.name, facet.name, str(id))
        _put(database, table, id, apart(row, names))
        done.append(id)
        _check_references(database, table, row)


def update_facet(
    database: MemoryDatabase, undo: Undo, type: RecordType, facet: FacetType, id: UUID, before: Facet, after: Facet
) -> None:
    """Another facet in the place of `before`."""
    table = database.of_facet(facet)
    _check_version(f"{facet.name} of {type.name}", type.name, table, id, before.version)
    replace(database, undo, table, id, apart(after, loose(facet)))


def delete_facet(
    database: MemoryDatabase, undo: Undo, type: RecordType, facet: FacetType, id: UUID, before: Facet
) -> None:
    """The facet goes."""
    table = database.of_facet(facet)
    _check_version(f"{facet.name} of {type.name}", type.name, table, id, before.version)
    _undo_forget(undo, table, id)
    _undo_take(undo, table, id)


def replace(database: MemoryDatabase, undo: Undo, table: Table[Any], id: UUID, row: Any) -> None:
    """Another row in the place of that one, whatever its version."""
    _undo_take(undo, table, id)
    _put(database, table, id, row)
    _undo_puts(undo, table).append(id)
    _check_references(database, table, row)


def _stored(type: RecordType, record: Record) -> Record:
    """The record as it is read back: parts by number, and no facets, which have a table of their own."""
    values: dict[str, Any] = {"facets": {}} if record.facets else {}
    for part in type.parts:
        held = getattr(record, part.attribute)
        if any(later.no < earlier.no for earlier, later in pairwise(held)):
            values[part.attribute] = tuple(sorted(held, key=attrgetter("no")))
    return evolve(record, **values) if values else record


def _undo_puts(undo: Undo, table: Table[Any]) -> list[UUID]:
    """A list of ids; whatever it comes to hold is taken out again by `undo`."""
    done: list[UUID] = []

    def take_all() -> None:
        for id in reversed(done):
            table.take(id)

    undo.append(take_all)
    return done


def _undo_take(undo: Undo, table: Table[Any], id: UUID) -> None:
    row = table.take(id)
    undo.append(lambda: table.put(id, row))


def _undo_forget(undo: Undo, table: Table[Any], id: UUID) -> None:
    if (kept := table.hidden.pop(id, None)) is not None:
        undo.append(lambda: table.hidden.update({id: kept}))


def _put(database: MemoryDatabase, table: Table[Any], id: UUID, row: Any) -> None:
    if (unique := table.taken(row)) is not None:
        raise refusals.duplicate(table.record, unique, row)
    table.put(id, row)


def _check_version(what: str, record: str, table: Table[Any], id: UUID, expected: int) -> None:
    found = table.rows.get(id)
    if found is None or found.version != expected:
        raise refusals.stale(what, record, id, expected, found and found.version)


def _check_references(database: MemoryDatabase, table: Table[Any], row: Any) -> None:
    for reference in table.references:
        if reference.field.target == "*":  # which table that is, a sibling field says; the core looks it up
            continue
        targets = database.records.get(reference.field.target)
        for target in reference.read(row):
            if target is not None and (targets is None or target not in targets.rows):
                raise refusals.dangling(table.record, reference, target)


def _holders(database: MemoryDatabase, record: str, id: UUID) -> dict[str, int]:
    """How many records of each type refer to this one, itself not counted."""
    found: dict[str, set[UUID]] = {}
    for table in database.tables():
        for reference in table.references:
            if reference.field.target == record and (owners := reference.owners.get(id)):
                found.setdefault(table.record, set()).update(owners)
        for owner, values in table.hidden.items():  # a removed field goes on holding what it refers to
            if id in values.values():
                found.setdefault(table.record, set()).add(owner)
    found.get(record, set()).discard(id)
    return {name: len(owners) for name, owners in found.items() if owners}
