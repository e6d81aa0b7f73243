"""New references to a customer who was merged go to the survivor: old ids lead there for ever. To a customer whose data
was erased nothing personal is attached again.

What is asked is asked after the row was stored: by then a merge that went on at the same time has either seen the row,
or was waited for and is seen here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar
from uuid import UUID

import attrs

from crmcore.application.kernel import Plan, following
from crmcore.application.session import Session
from crmcore.application.validating import check_record
from crmcore.domain.bound import BoundQuery, Present, Some, Test, every
from crmcore.domain.copying import evolve
from crmcore.domain.errors import ErasedPerson
from crmcore.domain.facet import Facet, FacetType
from crmcore.domain.field import Field
from crmcore.domain.record import MERGING, Record, RecordType

R = TypeVar("R", bound=Record)
MERGED: Final = "merge.any"
"""The setting that stands once anybody was merged, or erased, in this database."""
AT_ONCE: Final = 1_000


def settle(unit: Session, plan: Plan[R], stored: Sequence[R], former: R | None = None) -> list[R]:
    """These records, which were stored a moment ago, with survivors in place of customers who were merged. `former`: as
    it was before; what refers to the same as then stays so, or what a merge had to leave could not be changed."""
    if not plan.follows or unit.transaction.setting(MERGED) is None:
        return list(stored)
    gone = _gone(unit, {id for record in stored for id in _referred(plan, record)})
    survivors, erased = gone.survivors, gone.erased
    for record in stored if erased else ():
        _check_free(plan, record, survivors, erased)
    if not survivors:
        return list(stored)
    settled = [_pointed(plan, record, survivors, former) for record in stored]
    for before, after in zip(stored, settled, strict=True):
        if after is not before:
            check_record(plan, after)
            unit.transaction.update(plan.type, before, after)
    return settled


def note(unit: Session) -> None:
    """Keep in mind that somebody was merged or erased here, so that new references are looked at."""
    if unit.transaction.setting(MERGED) is None:
        unit.transaction.put_setting(MERGED, str(unit.id))


def settle_facet(
    unit: Session, type: RecordType, facet: FacetType, id: UUID, stored: Facet, former: Facet | None = None
) -> Facet:
    """A facet, which was stored a moment ago, in the same way."""
    fields = _changed(stored, following(facet.fields), former)
    if not fields or unit.transaction.setting(MERGED) is None:
        return stored
    survivors = _gone(unit, {held for f in fields if (held := getattr(stored, f.name)) is not None}).survivors
    values = {f.name: survivors[getattr(stored, f.name)] for f in fields if getattr(stored, f.name) in survivors}
    if not values:
        return stored
    after = evolve(stored, **values)
    unit.transaction.update_facet(type, facet, id, stored, after)
    return after


def _referred(plan: Plan[Any], record: Record) -> Iterator[UUID]:
    for holder, fields in _held(plan, record):
        for field in fields:
            if (id := _customer(field, holder)) is not None:
                yield id


def _held(plan: Plan[Any], record: Record) -> Iterator[tuple[Any, tuple[Field, ...]]]:
    """The record and its parts, as far as they may refer to customers, with the fields that do."""
    for attribute, fields in plan.follows:
        if attribute:
            yield from ((part, fields) for part in getattr(record, attribute))
        else:
            yield record, fields


def _customer(field: Field, holder: Any) -> UUID | None:
    if field.target == "*" and getattr(holder, field.target_field) != MERGING:
        return None
    id: UUID | None = getattr(holder, field.name)
    return id


@attrs.frozen
class Gone:
    """Of some customers, those who were merged, each with the one that they are a part of; and who was erased, when."""

    survivors: Mapping[UUID, UUID]
    erased: Mapping[UUID, dt.datetime]


def _gone(unit: Session, ids: set[UUID]) -> Gone:
    type = unit.catalogue.record(MERGING)
    known, merged, erased = (type.field(name) for name in ("id", "merged_into", "erased_at"))
    found: dict[UUID, UUID] = {}
    blank: dict[UUID, dt.datetime] = {}
    left = sorted(ids)
    while left and known and merged and erased:
        where = every(Test(known, "in", tuple(left[:AT_ONCE])), Some((Present(merged), Present(erased))))
        rows: list[Any] = [each.record for each in unit.transaction.select(BoundQuery(type=type, where=where))]
        into = {row.id: row.merged_into for row in rows if row.merged_into is not None}
        blank.update({row.id: row.erased_at for row in rows if row.erased_at is not None})
        left = [*left[AT_ONCE:], *(id for id in into.values() if id not in found and id not in into)]
        found.update(into)
    return Gone({id: _last(found, id) for id in found}, blank)


def _last(found: Mapping[UUID, UUID], id: UUID) -> UUID:
    while id in found:
        id = found[id]
    return id


def _check_free(
    plan: Plan[Any], record: Record, survivors: Mapping[UUID, UUID], erased: Mapping[UUID, dt.datetime]
) -> None:
    """`ErasedPerson` where something personal would be said of somebody who was erased."""
    about = next((id for id in _referred(plan, record) if survivors.get(id, id) in erased), None)
    if about is None:
        return
    held = [(part, each.fields) for each in plan.type.parts for part in getattr(record, each.attribute)]
    for holder, fields in [(record, plan.type.fields), *held]:
        for field in fields:
            if field.personal and getattr(holder, field.name) not in (None, "", frozenset()):
                when = erased[survivors.get(about, about)].date()
                problem = f"customer {about} was erased on {when}: nothing personal is kept about them again"
                raise ErasedPerson(plan.type.name, {field.name: problem})


def _changed(record: Any, fields: tuple[Field, ...], former: Any) -> tuple[Field, ...]:
    """Those of these fields that have another value than they had."""
    if former is None:
        return fields
    return tuple(f for f in fields if getattr(record, f.name) != getattr(former, f.name))


def _pointed(plan: Plan[R], record: R, survivors: Mapping[UUID, UUID], former: R | None) -> R:
    changes: dict[str, Any] = {}
    for attribute, fields in plan.follows:
        if attribute:
            parts = getattr(record, attribute)
            if former is not None and parts == getattr(former, attribute):
                continue
            pointed = tuple(_with(part, fields, survivors) for part in parts)
            if any(a is not b for a, b in zip(parts, pointed, strict=True)):
                changes[attribute] = pointed
        else:
            changes.update(_values(record, _changed(record, fields, former), survivors))
    return evolve(record, **changes) if changes else record


def _with(part: Any, fields: Sequence[Field], survivors: Mapping[UUID, UUID]) -> Any:
    values = _values(part, fields, survivors)
    return evolve(part, **values) if values else part


def _values(holder: Any, fields: Sequence[Field], survivors: Mapping[UUID, UUID]) -> dict[str, UUID]:
    referred = {f.name: id for f in fields if (id := _customer(f, holder)) is not None}
    return {name: survivors[id] for name, id in referred.items() if id in survivors}
