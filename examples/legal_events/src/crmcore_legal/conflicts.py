"""Conflicts of interest: nobody acts for a customer who is the adverse party in an open matter, or the other way round.

Whoever asks learns that there is a conflict and whom to ask, and nothing of the matter itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from uuid import UUID

from crmcore.domain.change import Change
from crmcore.domain.predicate import Predicate, all_of, any_of, equals, one_of
from crmcore.domain.sales.opportunity import Opportunity
from crmcore.plugins import Checking, Merging, Stepping, Veto, hookimpl, on
from crmcore.ports.work import Work
from crmcore_legal.hearing import Hearing
from crmcore_legal.matter import ADVERSE, OVER, SIDES, STATES, Matter


@hookimpl
@on("opportunity", "legal.matter")
def check_changes(context: Checking) -> list[Veto]:
    """Refuse what would put the firm on both sides."""
    if context.record == "opportunity":
        return list(_opportunities(context.work, context.changes))
    return [veto for change in context.changes for veto in _matter(context.work, change)]


def _opportunities(work: Work, changes: Iterable[Change]) -> Iterator[Veto]:
    """One question for all of them, so that bulk stays bulk."""
    asked = [c for c in changes if isinstance(c.after, Opportunity) and c.after.customer and _concerns(c, "customer")]
    customers = {change.id: getattr(change.after, "customer", None) for change in asked}
    matters = against(work, {customer for customer in customers.values() if customer})
    for change in asked:
        for matter in matters:
            if customers[change.id] in adverse_parties(matter):
                yield Veto(change, _told(work, matter), "customer")


def _matter(work: Work, change: Change) -> Iterator[Veto]:
    after = change.after
    if not isinstance(after, Matter) or after.status in OVER:
        return
    if _concerns(change, "client"):
        for other in against(work, [after.client]):
            yield Veto(change, _told(work, other), "client")
    if adverse := adverse_parties(after):
        if after.client in adverse:
            yield Veto(change, "the client cannot be the adverse party as well", "parties")
        for other in acting_for(work, adverse):
            yield Veto(change, _told(work, other), "parties")


def _concerns(change: Change, name: str) -> bool:
    return change.operation == "add" or name in change.fields or "status" in change.fields


def adverse_parties(matter: Matter) -> set[UUID]:
    """Who stands against the client of a matter today."""
    return {each.customer for each in matter.parties if each.role in ADVERSE and each.to_date is None}


def against(work: Work, customers: Iterable[UUID]) -> list[Matter]:
    """The matters that are not over in which one of these is the adverse party."""
    wanted = set(customers)
    found = _open_matters(work, one_of("party.customer", sorted(wanted))) if wanted else []
    return [matter for matter in found if adverse_parties(matter) & wanted]


def acting_for(work: Work, customers: Iterable[UUID]) -> list[Matter]:
    """The matters that are not over of which one of these is the client."""
    wanted = sorted(customers)
    return _open_matters(work, one_of("client", wanted)) if wanted else []


def involving(work: Work, customers: Iterable[UUID]) -> list[Matter]:
    """The matters that are not over in which one of these is the client or a party, by their numbers."""
    wanted = sorted(customers)
    found = _open_matters(work, any_of(one_of("client", wanted), one_of("party.customer", wanted))) if wanted else []
    return sorted((each for each in found if each.client in wanted or _parties(each, wanted)), key=lambda m: m.number)


def sides(matter: Matter, customers: Iterable[UUID]) -> set[str]:
    """The sides of a matter on which these stand today: "client", "adverse", "court"."""
    wanted = set(customers)
    found = {SIDES[role] for role in _parties(matter, wanted) if role in SIDES}
    return found | {"client"} if matter.client in wanted else found


def _parties(matter: Matter, customers: Iterable[UUID]) -> list[str]:
    """The roles that these have in a matter today."""
    wanted = set(customers)
    return [each.role for each in matter.parties if each.customer in wanted and each.to_date is None]


def _open_matters(work: Work, where: Predicate) -> list[Matter]:
    acting = one_of("status", [state for state in STATES if state not in OVER])
    return list(work[Matter].stream(all_of(where, acting)))


def _told(work: Work, matter: Matter) -> str:
    responsible = matter.responsible and work.users.query(equals("id", matter.responsible), limit=1).items
    name = responsible[0].name if responsible else "whoever looks after conflicts"
    return f"conflict of interest: ask {name}"


@hookimpl
@on("customer")
def check_merges(context: Merging) -> list[Veto]:
    """Keep apart who stands on different sides: as one customer, they would be their own opponent."""
    [change] = context.changes
    family = {change.id, *(each.id for each in context.others)}
    standing = [(matter, sides(matter, family)) for matter in involving(context.work, family)]
    torn = [matter for matter, held in standing if len(held) > 1]
    if {"client", "adverse"} <= set().union(*(held for _, held in standing)):
        torn += [matter for matter, held in standing if "adverse" in held]
    return [Veto(change, _told(context.work, torn[0]))] if torn else []


@hookimpl
@on("legal.matter")
def check_steps(context: Stepping) -> list[Veto]:
    """Refuse to close a matter while court dates are still to come (LEG-2)."""
    closing = [step.change for step in context.steps if step.target == "closed" and step.source is not None]
    found = []
    for change in closing:
        waiting = context.work[Hearing].count(all_of(equals("matter", change.id), equals("status", "scheduled")))
        if waiting:
            found.append(Veto(change, f"{waiting} court dates are to come: hold, adjourn or vacate them", "status"))
    return found
