"""References that follow a merge, in SQL: an INSERT of the moves and an UPDATE for each reference, however many rows.

Whoever merges holds the customers: nobody else can refer to them meanwhile. Where that did not help (a reference
without a foreign key), the two statements meet different rows, and the merge is to be repeated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from crmcore.adapters.sql.asking import Asking, parameter
from crmcore.adapters.sql.codecs import padded
from crmcore.adapters.sql.compiled import at_most, constant
from crmcore.adapters.sql.places import NO_PART, Place, Span, place_of, spans
from crmcore.adapters.sql.predicates import Parameters
from crmcore.domain.errors import StorageBusy, StorageFailed
from crmcore.ports.moving import Move, Reference

KEY: Final = ("record", "field", "id", "no")
"""By what the moves of a merge are in order."""


class SqlMoving:
    """Implements `ports.moving.Moving`."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self._move = asking.model.tables.move

    def repoint(
        self, merge: UUID, reference: Reference, losers: Sequence[UUID], survivor: UUID, stays: Sequence[UUID] = ()
    ) -> int:
        """Keep a move for each reference, then let them point at the survivor; `StorageBusy` if others came between."""
        place, given = place_of(self._asking.model.tables, reference), padded(tuple(losers))
        head = (merge, reference.holder.name, reference.name)
        return sum(self._repoint(head, place, given, survivor, span) for span in spans(stays) if given)

    def _repoint(
        self, head: tuple[UUID, str, str], place: Place, losers: tuple[UUID, ...], survivor: UUID, span: Span
    ) -> int:
        shape = (*place.shape, len(losers), span.shape)

        def keep() -> Any:
            p = Parameters()
            told = [p.take(c) for c in (self._move.c.merge, self._move.c.record, self._move.c.field)]
            found = sa.select(*told, place.id, place.no, place.column).where(*_led(place, losers, span, p))
            found = found.order_by(place.id, *([] if place.no is NO_PART else [place.no]))  # as the table is sorted
            return sa.insert(self._move).from_select([c.name for c in self._move.c], found, include_defaults=False)

        def change() -> Any:
            p = Parameters()
            given = {place.column.name: p.take(place.column)}
            return sa.update(place.table).values(given).where(*_led(place, losers, span, p))

        kept = self._asking.run(("keep moves", *shape), keep, *head, *losers, *span.values)
        moved = self._asking.run(("repoint", *shape), change, survivor, *losers, *span.values) if kept else 0
        if moved != kept:
            raise StorageBusy(f"{head[1]}.{head[2]} was changed while customers were merged: repeat the merge")
        return moved

    def give_back(self, merge: UUID, reference: Reference, survivor: UUID, stays: Sequence[UUID] = ()) -> int:
        """Let what still points at the survivor point at what it did."""
        place = place_of(self._asking.model.tables, reference)

        def make(span: Span) -> Any:
            p = Parameters()
            held = [*self._of(p), *self._same(place), self._points(place, p), *place.to_customers()]
            held += span.clauses(self._move.c.id, p)
            return sa.update(place.table).values({place.column.name: self._move.c.before}).where(*held)

        shape, values = ("give back", *place.shape), (merge, reference.holder.name, reference.name, survivor)
        return sum(
            self._asking.run((*shape, span.shape), partial(make, span), *values, *span.values) for span in spans(stays)
        )

    def astray(self, merge: UUID, reference: Reference, survivor: UUID, limit: int) -> list[Move]:
        """Moves whose row is gone or points elsewhere."""
        place, c = place_of(self._asking.model.tables, reference), self._move.c

        def make() -> Any:
            p = Parameters()
            held = self._of(p)
            there = [*self._same(place), self._points(place, p), *place.to_customers()]
            pointing = sa.select(constant("1")).select_from(place.table).where(*there).correlate(self._move)
            if self._is_postgresql:  # else it joins, and takes the fresh moves for few
                pointing = pointing.offset(constant("0"))
            return at_most(sa.select(*self._told()).where(*held, ~pointing.exists()).order_by(c.id, c.no), p.number())

        values = (merge, reference.holder.name, reference.name, survivor, limit)
        return self._found(self._asking.rows(("astray", *place.shape), make, *values))

    def moves(self, merge: UUID, limit: int, after: Move | None = None) -> list[Move]:
        """The moves of a merge, in the order of their key."""
        key = [self._move.c[name] for name in KEY]

        def make() -> Any:
            p = Parameters()
            held = [self._move.c.merge == p.take(self._move.c.merge)]
            behind: Any = None
            for column, value in reversed([(c, p.take(c)) for c in key] if after else []):
                rest = sa.false() if behind is None else behind
                behind = sa.and_(column >= value, sa.or_(column > value, rest))
            held += [] if behind is None else [behind]
            return at_most(sa.select(*self._told()).where(*held).order_by(*key), p.number())

        values = (merge, *((after.record, after.field, after.id, after.no) if after else ()), limit)
        return self._found(self._asking.rows(("moves", after is None), make, *values))

    def moved(self, merge: UUID) -> Mapping[tuple[str, str], int]:
        """The moves of a merge, counted."""
        c = self._move.c

        def make() -> Any:
            counted = sa.select(c.record, c.field, sa.func.count()).where(c.merge == parameter(0, c.merge))
            return counted.group_by(c.record, c.field).order_by(c.record, c.field)

        return {(record, field): count for record, field, count in self._asking.rows("moved", make, merge)}

    def moves_of(self, record: str, id: UUID) -> list[tuple[UUID, Move]]:
        """The moves of one record."""
        c = self._move.c

        def make() -> Any:
            held = (c.id == parameter(0, c.id), c.record == parameter(1, c.record))
            return sa.select(c.merge, *self._told()).where(*held).order_by(c.merge, c.field, c.no)

        rows, back = self._asking.rows("moves of", make, id, record), self._asking.model.id_from
        return [(back(merge), move) for (merge, *_), move in zip(rows, self._found(r[1:] for r in rows), strict=True)]

    @property
    def _is_postgresql(self) -> bool:
        return self._asking.model.backend == "postgresql"

    def _points(self, place: Place, p: Parameters) -> Any:
        """Points at the survivor. PostgreSQL, which does not know yet how many do, would go through all of them for
        each move, by the index on this column: so it is asked in a way that no index answers."""
        survivor = p.take(place.column)
        return place.column.is_not_distinct_from(survivor) if self._is_postgresql else place.column == survivor

    def _of(self, p: Parameters) -> list[Any]:
        return [c == p.take(c) for c in (self._move.c.merge, self._move.c.record, self._move.c.field)]

    def _same(self, place: Place) -> tuple[Any, Any]:
        return place.id == self._move.c.id, self._move.c.no == place.no

    def _told(self) -> list[Any]:
        return [self._move.c[name] for name in (*KEY, "before")]

    def _found(self, rows: Iterable[tuple[Any, ...]]) -> list[Move]:
        if self._asking.model.backend == "postgresql":  # its driver makes ids itself
            return [Move(*row) for row in rows]
        return [Move(record, field, _id(id), no, _id(before)) for record, field, id, no, before in rows]


def _id(stored: Any) -> UUID:
    """An id out of a move. It must stand there as crmcore writes it: by any other form of it nothing is given back."""
    try:
        found = UUID(int=int(stored, 16))
    except (TypeError, ValueError):
        found = None
    if found is None or found.hex != stored:
        raise StorageFailed(f"{stored!r} among the moves of a merge is no id: see `crm doctor --audit`")
    return found


def _led(place: Place, losers: tuple[UUID, ...], span: Span, p: Parameters) -> list[Any]:
    """What leads to one of the losers, but for the records that are passed over."""
    wanted = place.column.in_([p.take(place.column) for _ in losers])
    return [wanted, *place.to_customers(), *span.clauses(place.id, p)]
