"""Merging: what was planned is written as a whole or not at all, and what was is kept to be given back."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar
from uuid import UUID

from crmcore.application import adding, changing, journal, reading, straying
from crmcore.application.auditing.moved import moves_digest
from crmcore.application.hooks.merging import check_merge
from crmcore.application.hooks.reacting import react
from crmcore.application.merging import circles
from crmcore.application.merging.following import counted, is_open
from crmcore.application.merging.golden import Choices
from crmcore.application.merging.members import members
from crmcore.application.merging.planning import Planned, logged, planned
from crmcore.application.merging.staying import by_holder
from crmcore.application.session import Session
from crmcore.domain.bound import BoundQuery, Const, Test, every
from crmcore.domain.change import MOVES, Change, LogEntry
from crmcore.domain.copying import evolve
from crmcore.domain.facet import Facet
from crmcore.domain.kinds import JSON_LIMIT
from crmcore.domain.merging.merge import Merge
from crmcore.domain.merging.outcome import Merged, Stay, refused
from crmcore.domain.record import MERGING, RecordType

T = TypeVar("T")
KEPT_STAYS: Final = 100
"""How many of those that stay the record of a merge lists; the answer lists all."""
AT_ONCE: Final = 500


def merge(unit: Session, survivor: UUID, others: Sequence[UUID], choices: Choices, *, overrule: bool = False) -> Merged:
    """Make these customers one.

    Raises MergeRefused with every reason, Vetoed, Denied, NotFound, ConcurrentChange, UnknownName, InvalidValue; then
    nothing of it stands.
    """
    unit.check_writable()
    family = members(unit, survivor, others, hold=True)
    with unit.savepoint():
        circles.hold(unit)
        plan = planned(unit, family, choices, overrule=overrule)
        if plan.reasons:
            raise refused(plan.reasons)
        unit.kernel.policy.write(unit.actor, plan.changes)
        check_merge(unit, plan.changes[0], family.others)
        return _written(unit, plan, choices)


def _written(unit: Session, plan: Planned, choices: Choices) -> Merged:
    id, now, family = unit.kernel.ids.new(), unit.now(), plan.family
    with unit.writing() as transaction:
        straying.note(unit)
        _store(unit, plan, now)
        repointed, shown = _repointed(unit, plan, id)
        moved = {MOVES: [id.hex, moves_digest(transaction.moving, id)]}
        first, *others = plan.changes
        transaction.append([entry(unit, first, now, moved), *(entry(unit, each, now) for each in others)])
        made = _record(unit, plan, choices, id, now, repointed)
        [kept] = adding.add(unit, unit.catalogue.of(Merge), [made], by_rule=True)
        react(unit, unit.kernel.plan(family.type), plan.changes[:1])
    stays = tuple(seen(unit, plan.stays))
    told: Any = reading.blanked(unit, unit.catalogue.of(Merge), kept)
    survivor: Any = reading.get(unit, family.type, family.survivor.id, facet_classes(unit, family.type))
    return Merged(told, survivor, shown, stays)


def facet_classes(unit: Session, type: RecordType) -> tuple[type[Facet], ...]:
    """The classes of every facet of a record type."""
    return tuple(f.cls for f in unit.catalogue.facets.get(type.name, ()))


def _store(unit: Session, plan: Planned, now: dt.datetime) -> None:
    """The rows of the family. What is unique leaves the others before the survivor gets it."""
    type = plan.family.type
    with unit.writing() as transaction:
        for each, facet in plan.leaving:
            held = each.facets[facet.cls]
            if held is not None:
                transaction.delete_facet(type, facet, each.id, held)
        for change in plan.changes:
            store(unit, change, now)
        store_facets(unit, plan.changes[0])


def store(unit: Session, change: Change, now: dt.datetime) -> None:
    """The own values of one of them, with the keys by which it is found."""
    before, after = change.before, change.after
    if before is None or after is None:
        return
    plan = unit.kernel.plan(change.type)
    unit.transaction.update(change.type, before, evolve(after, changed_at=now))
    if not plan.keyed.isdisjoint(change.fields):
        changing.rekey(unit.transaction, plan, before, after)


def store_facets(unit: Session, change: Change) -> None:
    """The facets of one of them, as far as they differ; what goes, goes first."""
    before, after = change.before, change.after
    if before is None or after is None:
        return
    declared = unit.catalogue.facets.get(change.type.name, ())
    pairs = [(f, before.facets.get(f.cls), after.facets.get(f.cls)) for f in declared]
    for facet, old, new in pairs:
        if old is not None and new is None:
            unit.transaction.delete_facet(change.type, facet, after.id, old)
    for facet, old, new in pairs:
        if old is not None and new is not None and old != new:
            unit.transaction.update_facet(change.type, facet, after.id, old, new)
        elif old is None and new is not None:
            unit.transaction.insert_facets(change.type, facet, [(after.id, new)])


def entry(unit: Session, change: Change, now: dt.datetime, more: Mapping[str, list[Any]] | None = None) -> LogEntry:
    """What the log says of one of them, and what else there is to say."""
    record: Any = change.after
    return journal.entry(
        at=now,
        actor=str(unit.actor),
        source=unit.source,
        work=unit.id,
        record=change.type.name,
        id=change.id,
        subject=journal.subject_of(change.type, record),
        version=record.version,
        operation=change.operation,
        diff={**logged(unit, change), **(more or {})},
        salt=unit.kernel.ids.salt(),
    )


def _repointed(unit: Session, plan: Planned, merge: UUID) -> tuple[dict[str, int], dict[str, int]]:
    """Repoint every reference that follows; by record type how many there were, and how many the actor may see."""
    family, staying = plan.family, by_holder(plan.stays)
    whole: dict[str, int] = {}
    shown: dict[str, int] = {}
    for holder, held in plan.references.items():
        stays = staying.get(holder.name, [])
        if holder.name == MERGING:
            stays = [*stays, *family.ids]
        for reference in held:
            hidden = not is_open(unit, reference)
            some = counted(unit, family.type, reference, family.losers, stays) if hidden else 0
            moved = unit.transaction.moving.repoint(merge, reference, family.losers, family.survivor.id, stays)
            whole[holder.name] = whole.get(holder.name, 0) + moved
            shown[holder.name] = shown.get(holder.name, 0) + (some if hidden else moved)
    return _filled(whole), _filled(shown)


def _filled(counts: Mapping[str, int]) -> dict[str, int]:
    return {name: count for name, count in counts.items() if count}


def _record(
    unit: Session, plan: Planned, choices: Choices, id: UUID, now: dt.datetime, repointed: Mapping[str, int]
) -> Merge:
    """What is remembered of the merge."""
    chosen = {
        "rules": dict(choices.rules),
        "keep": {name: str(kept) for name, kept in choices.keep.items()},
        "sources": list(choices.sources),
    }
    return Merge(
        plan.family.survivor.id,
        id=id,
        at=now,
        by=str(unit.actor),
        others=[str(loser) for loser in plan.family.losers],
        origins=dict(_fitting(list(plan.golden.plain_origins().items()) if plan.golden else [])),
        stays=_fitting([each.plain() for each in plan.stays[:KEPT_STAYS]]),
        repointed=dict(repointed),
        choices={name: given for name, given in chosen.items() if given},
        versions={str(change.id): change.after.version for change in plan.changes if change.after},
    )


def _fitting(listed: Sequence[T]) -> list[T]:
    """As many of these, from the first, as a field takes: what is told for people is no reason against a merge."""
    room, kept = JSON_LIMIT - 2, []
    for each in listed:
        room -= len(json.dumps(each)) + 2
        if room < 0:
            break
        kept.append(each)
    return kept


def seen(unit: Session, stays: Sequence[Stay]) -> list[Stay]:
    """Those of them whose records and references the actor may see."""
    found: list[Stay] = []
    for name, ids in by_holder(stays).items():
        type = unit.catalogue.record(name)
        visible = unit.binder().visible_names(type)
        kept = visible_ids(unit, type, ids)
        found += [each for each in stays if each.record == name and each.id in kept and each.field in visible]
    return found


def visible_ids(unit: Session, type: RecordType, ids: Sequence[UUID]) -> set[UUID]:
    """Those of these records that the actor may see."""
    scope, known = unit.binder().scope(type), type.field("id")
    if scope == Const(True) or known is None:
        return set(ids)
    found: set[UUID] = set()
    for start in range(0, len(ids), AT_ONCE):
        where = every(scope, Test(known, "in", tuple(ids[start : start + AT_ONCE])))
        found |= {each.record.id for each in unit.transaction.select(BoundQuery(type=type, where=where))}
    return found
