"""References that follow a merge, in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from itertools import islice
from typing import Any
from uuid import UUID

from crmcore.adapters.memory import writing
from crmcore.adapters.memory.database import MemoryDatabase, Undo
from crmcore.adapters.memory.table import Table
from crmcore.domain.copying import evolve
from crmcore.domain.record import MERGING
from crmcore.ports.moving import Move, Reference

Held = tuple[int, UUID]
"""The number of a part, or 0, and what its reference, or the record's, points at."""


class MemoryMoving:
    """Implements `ports.moving.Moving`."""

    def __init__(
        self, database: MemoryDatabase, undo: Undo, savepoint: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self._database = database
        self._undo = undo
        self._savepoint = savepoint

    def repoint(
        self, merge: UUID, reference: Reference, losers: Sequence[UUID], survivor: UUID, stays: Sequence[UUID] = ()
    ) -> int:
        """Keep a move for each reference, and let them point at the survivor."""
        table, wanted, passed = self._table(reference), frozenset(losers), frozenset(stays)
        owners = {id for loser in wanted for id in table.owners_of(reference.place, reference.field, loser)}
        to = partial(_to, wanted, survivor)
        with self._savepoint():
            return sum(self._repoint(merge, reference, table, id, to) for id in sorted(owners - passed))

    def _repoint(
        self, merge: UUID, reference: Reference, table: Table[Any], id: UUID, to: Callable[[Held], UUID | None]
    ) -> int:
        moves = [
            Move(reference.holder.name, reference.name, id, no, before)
            for no, before in _held(reference, table.rows[id])
            if to((no, before)) is not None
        ]
        if moves:
            self._keep(merge, moves)
            self._put(reference, table, id, to)
        return len(moves)

    def give_back(self, merge: UUID, reference: Reference, survivor: UUID, stays: Sequence[UUID] = ()) -> int:
        """Let what still points at the survivor point at what it did."""
        table, passed = self._table(reference), frozenset(stays)
        back: dict[UUID, dict[int, UUID]] = {}
        for move in self._of(merge, reference):
            if move.id not in passed and self._points(table, reference, move, survivor):
                back.setdefault(move.id, {})[move.no] = move.before
        with self._savepoint():
            for id, befores in back.items():
                self._put(reference, table, id, partial(_back, befores))
        return sum(map(len, back.values()))

    def astray(self, merge: UUID, reference: Reference, survivor: UUID, limit: int) -> list[Move]:
        """Moves whose row is gone or points elsewhere."""
        table = self._table(reference)
        found = (m for m in self._of(merge, reference) if not self._points(table, reference, m, survivor))
        return list(islice(found, max(limit, 0)))

    def moves(self, merge: UUID, limit: int, after: Move | None = None) -> list[Move]:
        """The moves of a merge, in the order of their key."""
        held = sorted(self._database.moves.get(merge, ()), key=_key)
        return list(islice((m for m in held if after is None or _key(m) > _key(after)), max(limit, 0)))

    def moved(self, merge: UUID) -> Mapping[tuple[str, str], int]:
        """The moves of a merge, counted."""
        return Counter((move.record, move.field) for move in sorted(self._database.moves.get(merge, ())))

    def moves_of(self, record: str, id: UUID) -> list[tuple[UUID, Move]]:
        """The moves of one record."""
        held = ((merge, move) for merge, moves in self._database.moves.items() for move in moves)
        return sorted((merge, move) for merge, move in held if (move.record, move.id) == (record, id))

    def _table(self, reference: Reference) -> Table[Any]:
        record, (kind, _, facet) = reference.holder, reference.place.partition(":")
        return self._database.facets[record.name, facet] if kind == "facet" else self._database.of(record)

    def _of(self, merge: UUID, reference: Reference) -> Iterator[Move]:
        wanted = (reference.holder.name, reference.name)
        return (m for m in sorted(self._database.moves.get(merge, ())) if (m.record, m.field) == wanted)

    def _points(self, table: Table[Any], reference: Reference, move: Move, survivor: UUID) -> bool:
        row = table.rows.get(move.id)
        return row is not None and (move.no, survivor) in _held(reference, row)

    def _keep(self, merge: UUID, moves: list[Move]) -> None:
        held = self._database.moves.setdefault(merge, [])
        self._undo.append(partial(_cut, held, len(held)))
        held.extend(moves)

    def _put(self, reference: Reference, table: Table[Any], id: UUID, to: Callable[[Held], UUID | None]) -> None:
        row = _changed(reference, table.rows[id], to)
        writing.replace(self._database, self._undo, table, id, row)


def _parts(reference: Reference) -> str:
    part = reference.holder.part(reference.place)
    return part.attribute if part else ""


def _held(reference: Reference, row: Any) -> list[Held]:
    """Where a row, or each of its parts, points at a customer."""
    attribute, name, kind = _parts(reference), reference.field.name, reference.field.target_field
    holders = [(part.no, part) for part in getattr(row, attribute)] if attribute else [(0, row)]
    bound = reference.field.target == "*"
    led = [(no, h) for no, h in holders if not bound or getattr(h, kind) == MERGING]
    return [(no, target) for no, holder in led if (target := getattr(holder, name)) is not None]


def _changed(reference: Reference, row: Any, to: Callable[[Held], UUID | None]) -> Any:
    name, changed = reference.field.name, {no: to((no, target)) for no, target in _held(reference, row)}
    wanted = {no: target for no, target in changed.items() if target is not None}
    attribute = _parts(reference)
    if not attribute:
        return evolve(row, **{name: wanted[0]})
    parts = [evolve(part, **{name: wanted[part.no]}) if part.no in wanted else part for part in getattr(row, attribute)]
    return evolve(row, **{attribute: tuple(parts)})


def _to(losers: Collection[UUID], survivor: UUID, held: Held) -> UUID | None:
    return survivor if held[1] in losers else None


def _back(befores: Mapping[int, UUID], held: Held) -> UUID | None:
    return befores.get(held[0])


def _key(move: Move) -> tuple[str, str, UUID, int]:
    return move.record, move.field, move.id, move.no


def _cut(held: list[Any], length: int) -> None:
    del held[length:]
