"""What stands in the way of taking a merge back exactly, beside later edits of what it wrote: all of it at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final
from uuid import UUID

from crmcore.application.merging.following import references
from crmcore.application.session import Session
from crmcore.domain.bound import Bound, BoundQuery, Not, Test, ToFacet, Via, every
from crmcore.domain.catalogue import CUSTOM
from crmcore.domain.change import Change
from crmcore.domain.customer import Customer
from crmcore.domain.errors import UnmergeBlocked
from crmcore.domain.facet import FacetType
from crmcore.domain.field import Field
from crmcore.domain.merging.merge import Merge
from crmcore.domain.merging.outcome import Blocker
from crmcore.domain.record import MERGING, RecordType

TAKEN: Final = "somebody else has this value since"
PUT_ASIDE: Final = "nothing declares what followed the merge here: enable its plugin first"
DANGLING: Final = "what it referred to was removed since"


def blocked(merge: Merge, blockers: Sequence[Blocker]) -> UnmergeBlocked:
    """The error that names every blocker."""
    told = "; ".join(_told(each) for each in blockers)
    return UnmergeBlocked(
        f"the merge {merge.id} cannot be taken back exactly: {told}",
        merge=str(merge.id),
        blockers=[each.plain() for each in blockers],
    )


def _told(blocker: Blocker) -> str:
    place = f"{blocker.record} {blocker.id}" + (f", {blocker.field}" if blocker.field else "")
    edit = f" ({blocker.by}, {blocker.at.isoformat()})" if blocker.at and blocker.by else ""
    return f"{place}: {blocker.why}{edit}"


def standing(merge: Merge, rows: Sequence[Customer]) -> Iterator[Blocker]:
    """Whether the merge stands as it was made; if not, there is nothing more to say."""
    if merge.status == "undone":
        why = "it was taken back already"
        yield Blocker("merge", merge.id, "status", why, merge.undone_at, merge.undone_by)
        return
    found = {each.id: each for each in rows}
    for id in [merge.survivor, *(UUID(each) for each in merge.others or ())]:
        if id is None or id not in found:
            yield Blocker(MERGING, id or merge.id, "", "there is no such customer any more")
    for each in rows:
        if each.erased_at is not None:
            yield Blocker(MERGING, each.id, "erased_at", "the data of this person was erased", each.erased_at)


def later(unit: Session, merge: Merge, survivor: Customer) -> Iterator[Blocker]:
    """Merges of later in which they took part: those must be taken back first."""
    into, why = survivor.merged_into, "this later merge has to be taken back first"
    known = _merges_into(unit, [survivor.id, *([into] if into else [])])
    for each in known:
        if each.survivor == survivor.id and _version(each, survivor.id) > _version(merge, survivor.id):
            yield Blocker("merge", each.id, "survivor", why, each.at, each.by)
    if into is not None:
        found = [each for each in known if str(survivor.id) in (each.others or ())]
        for each in found:
            yield Blocker("merge", each.id, "others", why, each.at, each.by)
        if not found:
            yield Blocker(MERGING, survivor.id, "merged_into", f"it is a part of {into} since: take that back first")


def undeclared(unit: Session, merge: Merge) -> Iterator[Blocker]:
    """References that followed, and that nothing declares now: they would be left with the survivor unseen. What a
    removed run-time field held is given up with it."""
    known = {(r.holder.name, r.name) for held in references(unit.catalogue).values() for r in held}
    for record, field in sorted(unit.transaction.moving.moved(merge.id).keys() - known):
        if not field.startswith(f"{CUSTOM}."):
            yield Blocker(record, merge.id, field, PUT_ASIDE)


def _version(merge: Merge, id: UUID) -> int:
    return int((merge.versions or {}).get(str(id), 0))


def _merges_into(unit: Session, survivors: Sequence[UUID]) -> list[Merge]:
    type = unit.catalogue.of(Merge)
    survivor, status = type.field("survivor"), type.field("status")
    if survivor is None or status is None:
        return []
    where = every(Test(survivor, "in", tuple(survivors)), Test(status, "=", ("merged",)))
    found = unit.transaction.select(BoundQuery(type=type, where=where))
    return sorted((each.record for each in found if isinstance(each.record, Merge)), key=lambda each: each.id)


def refused_values(unit: Session, change: Change, ids: Sequence[UUID]) -> Iterator[Blocker]:
    """Values that come back with a change and cannot stand: unique ones that somebody else (none of `ids`) has now, and
    references to what is gone."""
    before, after = change.before, change.after
    if before is None or after is None:
        return
    for field in change.type.own:
        if getattr(before, field.name) != getattr(after, field.name):
            yield from _refused(unit, change, ids, field, field.name, getattr(after, field.name), None)
    for facet in unit.catalogue.facets.get(change.type.name, ()):
        old, new = before.facets.get(facet.cls), after.facets.get(facet.cls)
        for field in facet.fields if new is not None else ():
            if getattr(old, field.name, None) != getattr(new, field.name):
                yield from _refused(unit, change, ids, field, facet.dotted(field), getattr(new, field.name), facet)


def _refused(
    unit: Session, change: Change, ids: Sequence[UUID], field: Field, name: str, value: Any, facet: FacetType | None
) -> Iterator[Blocker]:
    if value is None:
        return
    if field.unique and _is_taken(unit, change.type, field, value, ids, facet):
        yield Blocker(change.type.name, change.id, name, TAKEN)
    if field.kind == "reference" and field.target not in ("", "*"):
        target = unit.catalogue.record(field.target)
        if not unit.transaction.lock(target, value, shared=True):
            yield Blocker(change.type.name, change.id, name, DANGLING)


def _is_taken(
    unit: Session, type: RecordType, field: Field, value: Any, ids: Sequence[UUID], facet: FacetType | None
) -> bool:
    known = type.field("id")
    test: Bound = Test(field, "=", (value,))
    where = test if facet is None else Via(ToFacet(facet), test)
    if known is not None:
        where = every(where, Not(Test(known, "in", tuple(ids))))
    return unit.transaction.count(BoundQuery(type=type, where=where)) > 0
