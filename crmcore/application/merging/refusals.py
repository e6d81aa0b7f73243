"""Why customers cannot become one: every reason at once."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from crmcore.application.merging import apart
from crmcore.application.merging.circles import circles
from crmcore.application.merging.members import Members
from crmcore.application.session import Session
from crmcore.domain.bound import BoundQuery, Test, every
from crmcore.domain.relationship import Relationship


def reasons(unit: Session, family: Members, *, overrule: bool) -> list[str]:
    """What speaks against it by the core's own rules. `overrule`: not that somebody decided that they are two."""
    found = [*_unfit(family)]
    if not overrule:
        found += [
            f"somebody decided that {one} and {other} are two: overrule that, or leave one of them out"
            for one, other in apart.decided(unit, family.ids)
        ]
    found += [
        f"{one} referred {other}: who brings a customer and who is brought are not one"
        for one, other in _referrals(unit, family)
    ]
    return [*found, *circles(unit, family)]


def _unfit(family: Members) -> Iterator[str]:
    for each in family.everybody:
        if each.merged_into is not None:
            yield f"{each.id} is a part of {each.merged_into} since they were merged: name that one"
        if each.erased_at is not None:
            yield f"the data of {each.id} was erased"
        if each.kind != family.survivor.kind:
            survivor = family.survivor
            yield f"{each.id} is of kind {each.kind}, and {survivor.id} is of kind {survivor.kind}"


def _referrals(unit: Session, family: Members) -> list[tuple[UUID, UUID]]:
    """Who of them referred whom of them."""
    type, ids = unit.catalogue.of(Relationship), tuple(sorted(family.ids))
    giver, taker, kind = (type.field(name) for name in ("from_customer", "to_customer", "kind"))
    if giver is None or taker is None or kind is None:
        return []
    where = every(Test(giver, "in", ids), Test(taker, "in", ids), Test(kind, "=", ("referred",)))
    found = (each.record for each in unit.transaction.select(BoundQuery(type=type, where=where)))
    return sorted({(r.from_customer, r.to_customer) for r in found if isinstance(r, Relationship)})
