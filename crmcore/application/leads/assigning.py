"""Assigning a lead: a named owner, then who looks after the household or company already, then the territory, then the
rotation. It always ends with one owner or one queue, and is written down with the rule that decided."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from crmcore.application import reading, relationships
from crmcore.application.leads.known import the_lead, today
from crmcore.application.leads.rotating import members_of, rotation_of, turn
from crmcore.application.repository import repository
from crmcore.application.session import Session
from crmcore.domain.customer import Customer
from crmcore.domain.fold import fold
from crmcore.domain.leads.assignment import Assignment as Decision
from crmcore.domain.leads.assignment import (
    Seller,
    assign_to_explicit_owner,
    assign_to_relationship_owner,
    present_sellers,
)
from crmcore.domain.leads.lead import Lead
from crmcore.domain.leads.places import Territory
from crmcore.domain.leads.teams import Assignment, Rotation
from crmcore.domain.leads.territory import Territory as Fit
from crmcore.domain.leads.territory import assign_by_territory
from crmcore.domain.user import User

QUEUE: Final = "unassigned"
HOUSEHOLD: Final = frozenset(
    {"spouse_of", "household_with", "head_of_household", "household_member_of", "parent_of", "child_of"}
)
COMPANY: Final = frozenset({"employed_by", "represents"})
FIELDS: Final = {"postal_prefix": "postal_code", "city": "city", "region": "region", "country": "country"}


def assign(
    unit: Session, customer: UUID, *, owner: UUID | None = None, business_line: str | None = None
) -> tuple[Lead, Assignment]:
    """See `ports.work.Leads.assign`."""
    with unit.savepoint():
        lead = the_lead(unit, customer, business_line)
        rotation = rotation_of(unit, lead.business_line)  # held: who comes second sees whose turn it is then
        lead = repository(unit, Lead).get(lead.id)
        decision = _decide(unit, lead, owner or lead.owner, rotation)
        to: dict[str, Any] = {"owner": decision.owner, "queue": decision.queue}
        lead = repository(unit, Lead).change(lead.id, to, version=lead.version)
        row = Assignment(
            lead=lead.id,
            user=lead.owner,
            queue=lead.queue,
            rule=decision.rule,
            reason=_reason(decision),
            at=unit.now(),
        )
        return lead, repository(unit, Assignment).add(row)


def _reason(decision: Decision) -> str:
    """Why it was decided so, and why not by an earlier rule."""
    others = [each for each in decision.passed_over if each not in decision.reason]
    return "; ".join((decision.reason, *others))[:500]


def _decide(unit: Session, lead: Lead, named: UUID | None, rotation: Rotation | None) -> Decision:
    if found := assign_to_explicit_owner(named):
        return found
    person = repository(unit, Customer).get(lead.customer)
    passed: list[str] = []
    related = _related_owners(unit, person)
    places = list(_territories(unit, person))
    away = {each.id for each in members_of(unit, rotation) if each.absent} if rotation else set()
    here = _available(unit, {*related, *(each.owner for each in places if isinstance(each.owner, UUID))}, away)
    for each in related:
        if found := assign_to_relationship_owner(each, here):
            return found
        passed.append(f"{each}, who looks after the household or company, is not available")
    if found := _by_place(places, here, passed):
        return found
    return turn(unit, rotation, QUEUE, tuple(passed))


def _by_place(places: list[Fit], here: list[Seller], passed: list[str]) -> Decision | None:
    """The most specific territory whose owner is available."""
    while found := assign_by_territory(places):
        if found.owner is None or found.owner in {seller.id for seller in present_sellers(here)}:
            return found
        passed.append(f"{found.reason}, but its owner {found.owner} is not available")
        places = [each for each in places if each.owner != found.owner]
    return None


def _related_owners(unit: Session, person: Customer) -> list[UUID]:
    """Who looks after the customer, the company and the household, in this order."""
    seen = relationships.of_customer(unit, person.id, today(unit))
    others = [each.other for kinds in (COMPANY, HOUSEHOLD) for each in seen if each.kind in kinds]
    found = reading.several(unit, unit.catalogue.of(Customer), list(dict.fromkeys(others)), shown=False)
    return list(dict.fromkeys(each.owner for each in (person, *found) if each.owner is not None))


def _available(unit: Session, ids: set[UUID], away: Iterable[object]) -> list[Seller]:
    """Those of these users who work here and are not away."""
    absent = set(away)
    users = reading.several(unit, unit.catalogue.of(User), sorted(ids))
    return [Seller(id=user.id, absent=not user.active or user.id in absent) for user in users]


def _territories(unit: Session, person: Customer) -> Iterable[Fit]:
    """The territories that an address of the customer lies in."""
    if not person.addresses:
        return
    for each in repository(unit, Territory).stream("active = true"):
        values = [getattr(address, FIELDS[each.kind]) for address in person.addresses]
        if any(_lies_in(each, value) for value in values if value):
            kind: Any = each.kind
            yield Fit(id=each.name, kind=kind, priority=each.priority, owner=each.owner, queue=each.queue)


def _lies_in(territory: Territory, value: str) -> bool:
    """Texts compare by their fold, without blanks in postal codes."""
    wanted, held = fold(territory.value), fold(value)
    if territory.kind == "postal_prefix":
        return held.replace(" ", "").startswith(wanted.replace(" ", ""))
    return held == wanted
