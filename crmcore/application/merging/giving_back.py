"""References that followed a merge go back to where they pointed, as far as nobody has changed them since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from uuid import UUID

import attrs

from crmcore.application.merging.following import AT_ONCE, References, is_open, pages, pointed, targets, to_any
from crmcore.application.merging.staying import Key, keys_of, unique_keys
from crmcore.application.session import Session
from crmcore.domain.bound import Test
from crmcore.domain.merging.merge import Merge
from crmcore.domain.merging.outcome import LISTED, Review
from crmcore.domain.record import NIL, Record, RecordType
from crmcore.ports.moving import Move, Reference

CHANGED: Final = "what it refers to was changed since the merge, or it was removed: it stays as it is"
TAKEN: Final = "its place is taken by another since: it stays with the survivor"


@attrs.define(eq=False)
class Given:
    """How many references went back, by record type (of those of which the actor sees all), and which did not."""

    counts: dict[str, int] = attrs.field(factory=dict)
    review: list[Review] = attrs.field(factory=list)


def give_back(unit: Session, merge: Merge, references: References, ids: Sequence[UUID]) -> Given:
    """Let what this merge moved point where it did: the first of `ids` is the survivor. The last that was repointed
    goes back first, so that what was unique at each step then is so now."""
    given, survivor = Given(), ids[0]
    moved = unit.transaction.moving.moved(merge.id)
    for holder, held in references.items():
        touched = [each for each in held if moved.get((holder.name, each.name))]
        clashing = _clashing(unit, merge, holder, touched, ids) if touched else {}
        given.review += [Review(holder.name, id, name, TAKEN) for id, name in clashing.items()]
        for reference in reversed(touched):
            astray = unit.transaction.moving.astray(merge.id, reference, survivor, LISTED)
            given.review += [Review(each.record, each.id, each.field, CHANGED) for each in astray]
            count = unit.transaction.moving.give_back(merge.id, reference, survivor, list(clashing))
            if count and is_open(unit, reference):
                given.counts[holder.name] = given.counts.get(holder.name, 0) + count
    return given


def _clashing(
    unit: Session, merge: Merge, holder: RecordType, touched: Sequence[Reference], ids: Sequence[UUID]
) -> Mapping[UUID, str]:
    """The records that would break a unique key, each with the reference; only where there is such a key."""
    keys = unique_keys(unit, holder, touched)
    if not keys:
        return {}
    back = _befores(unit, merge, touched)
    stayed = pages(unit, holder, to_any(unit, unit.catalogue.record("customer"), touched, ids[1:]))
    taken = {key for record in stayed for key in keys_of(unit, keys, record)}
    found: dict[UUID, str] = {}
    for record in _records(unit, holder, list(back)):
        states = _states(unit, record, back[record.id], keys, ids[0])
        if taken.isdisjoint(states):
            taken.update(states)
        else:
            found[record.id] = back[record.id][0][0].name
    return found


def _states(
    unit: Session,
    record: Record,
    back: Sequence[tuple[Reference, UUID]],
    keys: tuple[tuple[str, ...], ...],
    survivor: UUID,
) -> list[Key]:
    """What a record would hold of unique values, at each step of the way back."""
    before, found = set(keys_of(unit, keys, record)), []
    for reference, target in reversed(back):
        if survivor in targets(unit, reference, record):
            record = pointed(unit, reference, record, {survivor: target})
            found += keys_of(unit, keys, record)
    return [key for key in found if key not in before]


def _befores(unit: Session, merge: Merge, touched: Sequence[Reference]) -> dict[UUID, list[tuple[Reference, UUID]]]:
    found: dict[UUID, list[tuple[Reference, UUID]]] = {}
    for reference in touched:
        if not reference.holder.part(reference.place):
            for move in _moves(unit, merge, reference):
                found.setdefault(move.id, []).append((reference, move.before))
    return found


def _moves(unit: Session, merge: Merge, reference: Reference) -> Iterator[Move]:
    last = Move(reference.holder.name, reference.name, NIL, 0, NIL)
    while found := unit.transaction.moving.moves(merge.id, AT_ONCE, last):
        for move in found:
            if (move.record, move.field) != (last.record, last.field):
                return
            yield move
        last = found[-1]


def _records(unit: Session, holder: RecordType, ids: Sequence[UUID]) -> Iterator[Record]:
    known, wanted = holder.field("id"), sorted(ids)
    for start in range(0, len(wanted), AT_ONCE):
        if known:
            yield from pages(unit, holder, Test(known, "in", tuple(wanted[start : start + AT_ONCE])))
