"""Changing a record: only what differs is written, with its history; a stale version fails without side effects."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any
from uuid import UUID

import attrs

from crmcore.application import facets, hierarchy, journal, reading, ruling, straying
from crmcore.application.adding import BY_US, check_anywhere, numbered
from crmcore.application.dormancy import check_awake
from crmcore.application.hiding import hidden_views, without_hidden
from crmcore.application.hooks import batch
from crmcore.application.hooks.guarding import NOTHING, check
from crmcore.application.hooks.reacting import react
from crmcore.application.kernel import Plan
from crmcore.application.session import Session
from crmcore.application.validating import check_record
from crmcore.domain import revising
from crmcore.domain.change import Change
from crmcore.domain.copying import evolve
from crmcore.domain.errors import ConcurrentChange, InvalidRecord, UnknownName
from crmcore.domain.record import Record, RecordType
from crmcore.ports.storage import KeyRow, Transaction

FIXED = frozenset({"id", "version", "created_at", "changed_at", "facets"})


@attrs.frozen
class Former:
    """How former values are given back: `touched` are the fields that have changed since, which stay as they are;
    `whole`: no value is left out for one of these, so that all stand as they were and nothing follows from a step."""

    touched: frozenset[str]
    whole: bool


def change(
    unit: Session,
    type: RecordType,
    id: UUID,
    values: dict[str, Any],
    version: int | None,
    *,
    former: Former | None = None,
    shown: bool = True,
) -> Record:
    """The record with these values, stored; the record as it was if nothing differs. `former`: they are given back.
    `shown`: it is handed out."""
    dotted = {name: value for name, value in values.items() if "." in name}
    own = {name: value for name, value in values.items() if "." not in name}
    _refuse_unknown(unit, type, own)
    if own or not dotted:
        check_awake(unit, type)
    if own and type.options.system:
        raise InvalidRecord(type.name, dict.fromkeys(own, BY_US))
    touched = facets.of_names(unit, type, dotted)
    before = reading.unblanked(unit, type, id, tuple(f.cls for f in touched))
    check_version(type, before, version)
    after = write(unit, type, before, own, former=former) if own else before
    with unit.whole() if own or len(touched) > 1 else nullcontext():
        changed = {f.cls: facets.change(unit, type, after, f, fields) for f, fields in touched.items()}
    now = evolve(after, facets={**after.facets, **changed})
    return reading.changed(unit, type, now, stands=_is_other(before, now)) if shown else reading.hide(unit, type, now)


def _is_other(before: Record, after: Record) -> bool:
    """Whether anything was written, which the log tells of."""
    return after.version != before.version or any(after.facets[cls] != f for cls, f in before.facets.items())


def _refuse_unknown(unit: Session, type: RecordType, own: dict[str, Any]) -> None:
    binder = unit.binder()
    hidden = binder.rule(type).hidden
    if not hidden and FIXED.isdisjoint(own) and all((f := type.field(name)) and not f.system for name in own):
        return  # as nearly always: there is nothing to look up
    figures = {figure.name for figure in type.options.derived}
    visible = {*binder.visible_names(type), *whole_parts(type, hidden)} - hidden - figures
    for name in own:
        if name not in visible:
            raise UnknownName("field", name, visible - FIXED, type.name)
        if name in FIXED or ((field := type.field(name)) is not None and field.system):
            raise InvalidRecord(type.name, {name: "is set by crmcore and cannot be changed"})


def whole_parts(type: RecordType, hidden: frozenset[str]) -> list[str]:
    """The attributes under which parts may be given as a whole: those of which nothing is hidden, or what is hidden
    would go unseen."""
    return [
        part.attribute
        for part in type.parts
        if hidden.isdisjoint((part.name, part.attribute, *(f"{part.name}.{f.name}" for f in part.fields)))
        and not hidden_views(type, part.name, hidden)
    ]


def check_version(type: RecordType, record: Record, version: int | None) -> None:
    """`ConcurrentChange` unless the caller knew this version (None: any)."""
    if version is not None and version != record.version:
        raise ConcurrentChange(
            f"{type.name} {record.id} is at version {record.version}, not {version}: read it again and repeat",
            record=type.name,
            id=str(record.id),
            expected=version,
            found=record.version,
        )


def write(
    unit: Session,
    type: RecordType,
    before: Record,
    own: dict[str, Any],
    *,
    by_rule: bool = False,
    former: Former | None = None,
) -> Record:
    """Store these values of a record that was read for it; nothing is asked but what may be written. `by_rule`: they
    follow from what the actor was allowed to write, so the policy is not asked again. `former`: they are given back."""
    plan, now = unit.kernel.plan(type), unit.now()
    if type.options.append_only:
        raise InvalidRecord(type.name, dict.fromkeys(own, "an append-only record never changes"))
    given = evolve(before, **revising.apply(type, before, own))
    after = _settled(unit, type, before, given)
    if former is not None:
        _check_kept(type, former, _difference(plan, given, after))
        after = given if former.whole else after
    renumbered = {
        p.attribute: numbered(p, getattr(after, p.attribute)) for p in plan.parts if getattr(after, p.attribute)
    }
    after = evolve(after, **renumbered) if renumbered else after
    check_record(plan, after)
    diff = _difference(plan, before, after)
    if not diff:
        return before
    after = evolve(after, version=before.version + 1, changed_at=now)
    for workflow in plan.workflows:
        if workflow.field in diff:
            source, target = diff[workflow.field]
            workflow.check_step(source, target, after)
    changes = [Change(type, before.id, "change", before, after, frozenset(diff))]
    if not by_rule:
        unit.kernel.policy.write(unit.actor, changes)
    amended = check(unit, plan, changes) if batch.wanted(unit, type) else NOTHING
    after = _store(unit, type, before, after, diff)
    with unit.writing() as transaction:
        transaction.append(
            [
                journal.entry(
                    at=now,
                    actor=str(unit.actor),
                    source=unit.source,
                    work=unit.id,
                    record=type.name,
                    id=after.id,
                    subject=journal.subject_of(type, after),
                    version=after.version,
                    operation="change",
                    diff=diff,
                    salt=unit.kernel.ids.salt(),
                )
            ]
        )
    with unit.whole():
        ruling.followed(unit, type, [before], [after])
        for facet in amended.get(after.id, {}).values():
            facets.amend(unit, type, after.id, facet)
        react(unit, plan, changes)
    return after


def _settled(unit: Session, type: RecordType, before: Record, given: Record) -> Record:
    """The record with what follows from its values, by its declaration and by the rule of its type."""
    if type.options.complete is not None:
        given = type.options.complete(before, given)
    settled: list[Record] = ruling.prepared(unit, type, [(before, given)])
    return settled[0]


def _check_kept(type: RecordType, former: Former, follows: journal.Diff) -> None:
    if clash := sorted(former.touched.intersection(follows)):
        problem = "was changed since, and would have to change again with the former values"
        raise InvalidRecord(type.name, dict.fromkeys(clash, problem))


def _difference(plan: Plan[Any], before: Record, after: Record) -> journal.Diff:
    return journal.difference(journal.plain_record(plan, before), journal.plain_record(plan, after))


def _redirected(unit: Session, plan: Plan[Any], before: Record, after: Record, diff: journal.Diff) -> Record:
    """The record with survivors in place of customers who were merged, where it refers to others now."""
    if not any(attribute or not diff.keys().isdisjoint(f.name for f in fields) for attribute, fields in plan.follows):
        return after
    settled: Record = straying.settle(unit, plan, [after], before)[0]
    if settled is not after:
        diff.clear()
        diff.update(_difference(plan, before, settled))
    return settled


def _store(unit: Session, type: RecordType, before: Record, after: Record, diff: journal.Diff) -> Record:
    """The record as it is stored; `diff` is what has changed then."""
    plan = unit.kernel.plan(type)
    with unit.writing() as transaction:
        for field in plan.anywhere:
            if getattr(before, field.name) != getattr(after, field.name):
                check_anywhere(unit, field, [after])
        with without_hidden(unit.rule(type).hidden):
            transaction.update(type, before, after)
        after = _redirected(unit, plan, before, after, diff)
        if not plan.keyed.isdisjoint(diff):
            rekey(transaction, plan, before, after)
        hierarchy.check(unit, type, [after])
    return after


def rekey(transaction: Transaction, plan: Plan[Any], before: Record, after: Record) -> None:
    """Make the match keys those of the record as it is now."""
    old, new = set(plan.keys(before)), set(plan.keys(after))
    if dropped := sorted(old - new):
        transaction.drop_keys([KeyRow(kind, key, plan.type.name, after.id) for kind, key in dropped])
    if added := sorted(new - old):
        transaction.add_keys([KeyRow(kind, key, plan.type.name, after.id) for kind, key in added])
