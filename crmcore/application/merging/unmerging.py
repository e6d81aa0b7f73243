"""Taking a merge back: everything as it was, exactly, or nothing, with every edit named that is in the way.

What was edited or made since and is not in the way stays as it is. Versions go on counting; all else is as before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast
from uuid import UUID

import attrs

from crmcore.application import changing, reading
from crmcore.application.hooks.reacting import react
from crmcore.application.merging import merging
from crmcore.application.merging.blockers import blocked, later, refused_values, standing, undeclared
from crmcore.application.merging.evidence import divide
from crmcore.application.merging.following import references
from crmcore.application.merging.giving_back import give_back
from crmcore.application.merging.golden import Choices
from crmcore.application.merging.members import held, listed, rows
from crmcore.application.merging.planning import difference
from crmcore.application.merging.restoring import Restoring
from crmcore.application.session import Session
from crmcore.domain.change import Change, LogEntry
from crmcore.domain.copying import evolve
from crmcore.domain.customer import Customer
from crmcore.domain.errors import InvalidValue
from crmcore.domain.merging.merge import Merge
from crmcore.domain.merging.outcome import LISTED, Blocker, Review, Unmerged
from crmcore.domain.record import RecordType


def undo(unit: Session, merge: UUID, only: Sequence[UUID] = ()) -> Unmerged:
    """Take a merge back. `only`: these leave the family, the others are merged again, as they were, in the same step.

    Raises UnmergeBlocked with every blocker, NotFound, InvalidValue, Denied, StorageBusy; then nothing of it stands.
    """
    unit.check_writable()
    made = _found(unit, merge)
    losers = [UUID(each) for each in made.others or ()]
    for id in listed(only):
        if id not in losers:
            raise InvalidValue(f"{id} is none of those whom the merge {merge} made a part of another", value=str(id))
    type = unit.catalogue.of(Customer)
    ids = [*([made.survivor] if made.survivor else []), *losers]
    held(unit, type, ids)
    family = rows(unit, type, ids)
    with unit.savepoint():
        done = _undone(unit, made, type, [family[id] for id in ids if id in family])
        rest = [id for id in losers if id not in only]
        if not only or not rest or made.survivor is None:
            return done
        again = merging.merge(unit, made.survivor, rest, _choices(made, only), overrule=True)
        return attrs.evolve(done, again=again, customers=_as_they_are(unit, type, ids))


def _found(unit: Session, id: UUID) -> Merge:
    """The record of the merge, held, so that it is taken back once."""
    type = unit.catalogue.of(Merge)
    unit.transaction.lock(type, id)
    return cast(Merge, reading.unblanked(unit, type, id))


def _undone(unit: Session, merge: Merge, type: RecordType, family: Sequence[Customer]) -> Unmerged:
    if blockers := list(standing(merge, family)):
        raise blocked(merge, blockers)
    changes = _changes(unit, merge, type, family)
    unit.kernel.policy.write(unit.actor, changes)
    now = unit.now()
    with unit.writing() as transaction:
        for change in changes:
            merging.store(unit, change, now)
            merging.store_facets(unit, change)
        transaction.append([merging.entry(unit, change, now) for change in changes])
        held = references(unit.catalogue)
        given = give_back(unit, merge, held, [each.id for each in family])
        since = divide(unit, held, merge.at, [change.after for change in changes if isinstance(change.after, Customer)])
        values = {"status": "undone", "undone_at": now, "undone_by": str(unit.actor)}
        changing.write(unit, unit.catalogue.of(Merge), merge, values, by_rule=True)
        react(unit, unit.kernel.plan(type), changes)
    review = _visible(unit, [*given.review, *since.review])
    return Unmerged(
        _found(unit, merge.id),
        _as_they_are(unit, type, [each.id for each in family]),
        given.counts,
        dict(since.assigned),
        tuple(review[:LISTED]),
        len(review),
    )


def _changes(unit: Session, merge: Merge, type: RecordType, family: Sequence[Customer]) -> list[Change]:
    """Each of them as before the merge; UnmergeBlocked with everything that is in the way."""
    blockers, changes, ids = list(later(unit, merge, family[0])), [], [each.id for each in family]
    is_last = not blockers
    blockers += undeclared(unit, merge)
    for each in family:
        log = unit.transaction.history(type.name, each.id)
        merged = _entry(merge, log, each.id)
        if merged is None:
            blockers.append(Blocker(type.name, each.id, "", "the log does not tell any more what it was"))
            continue
        restoring = Restoring(unit, type, each, log, merged, is_last)
        former = evolve(restoring.former(), version=each.version + 1)
        change = Change(type, each.id, "unmerge", each, former, frozenset(difference(unit, type.name, each, former)))
        blockers += [*restoring.blockers, *(refused_values(unit, change, ids) if is_last else ())]
        changes.append(change)
    if blockers:
        raise blocked(merge, blockers)
    return changes


def _entry(merge: Merge, log: Sequence[LogEntry], id: UUID) -> LogEntry | None:
    version = (merge.versions or {}).get(str(id))
    return next((entry for entry in log if entry.operation == "merge" and entry.version == version), None)


def _choices(merge: Merge, leaving: Sequence[UUID]) -> Choices:
    """What was chosen for the merge, but for values of those who leave."""
    given: Mapping[str, Any] = merge.choices or {}
    keep = {name: UUID(id) for name, id in given.get("keep", {}).items()}
    kept = {name: id for name, id in keep.items() if id not in leaving}
    return Choices(dict(given.get("rules", {})), kept, tuple(given.get("sources", ())))


def _visible(unit: Session, review: Sequence[Review]) -> list[Review]:
    """Those that the actor may see, in order."""
    found = []
    for name in sorted({each.record for each in review}):
        some = [each for each in review if each.record == name]
        seen = merging.visible_ids(unit, unit.catalogue.record(name), [each.id for each in some])
        found += sorted(each for each in some if each.id in seen)
    return found


def _as_they_are(unit: Session, type: RecordType, ids: Sequence[UUID]) -> tuple[Customer, ...]:
    found = rows(unit, type, ids)
    shown: Any = [reading.blanked(unit, type, found[id]) for id in ids if id in found]
    return tuple(shown)
