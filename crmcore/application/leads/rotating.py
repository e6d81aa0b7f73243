"""Whose turn it is: the rotation of a line of business, held while a turn is taken, so that none is given twice."""

from __future__ import annotations

from collections import Counter
from typing import Final
from uuid import UUID

import attrs

from crmcore.application import changing, reading
from crmcore.application.leads.known import today
from crmcore.application.repository import repository
from crmcore.application.session import Session
from crmcore.domain.bound import BoundQuery
from crmcore.domain.copying import evolve
from crmcore.domain.leads.assignment import Assignment as Decision
from crmcore.domain.leads.assignment import Seller
from crmcore.domain.leads.lead import Lead
from crmcore.domain.leads.lifecycle import OPENED
from crmcore.domain.leads.routing import LeadRequest, route
from crmcore.domain.leads.teams import Rotation
from crmcore.domain.predicate import all_of, one_of
from crmcore.domain.user import User

ANY_LINE: Final = ""
LOAD: Final = (*OPENED, "recycled")
"""Stages of a lead that its owner has to work on."""


def rotation_of(unit: Session, line: str) -> Rotation | None:
    """The rotation of a line of business, or that of all others, held until the unit of work ends."""
    rotations = repository(unit, Rotation)
    found = {each.business_line: each for each in rotations.query(one_of("business_line", [line, ANY_LINE])).items}
    chosen = found.get(line) or found.get(ANY_LINE)
    if chosen is None or not unit.transaction.lock(rotations.type, chosen.id):
        return None
    return rotations.get(chosen.id)  # as it is now that nobody else takes a turn


def members_of(unit: Session, rotation: Rotation) -> tuple[Seller, ...]:
    """The members with their load. Who is absent, or no longer works here, is marked as absent."""
    day = today(unit)
    ids = [each.user for each in rotation.members]
    working = {user.id for user in reading.several(unit, unit.catalogue.of(User), ids) if user.active}
    loads = _loads(unit, ids) if any(each.capacity is not None for each in rotation.members) else {}
    return tuple(
        Seller(
            id=each.user,
            weight=each.weight,
            open_leads=loads.get(each.user, 0),
            capacity=each.capacity,
            absent=each.user not in working or (each.absent_until is not None and day < each.absent_until),
        )
        for each in rotation.members
    )


def _loads(unit: Session, users: list[UUID]) -> dict[UUID, int]:
    """The open leads of each of these users, as far as the actor sees them."""
    type = unit.catalogue.of(Lead)
    where = unit.binder().read(type, all_of(one_of("owner", users), one_of("stage", LOAD)))
    rows = unit.transaction.aggregate(BoundQuery(type=type, where=where), ("owner",), (("count", ""),))
    return Counter(dict(rows))


def turn(unit: Session, rotation: Rotation | None, queue: str, passed: tuple[str, ...]) -> Decision:
    """Who gets the next lead by load or in turn; the queue if nobody can take it. The credits are kept."""
    members = members_of(unit, rotation) if rotation else ()
    if rotation and rotation.strategy == "round_robin":
        members = tuple(_in_turn(each) for each in members)
    credits = {str(each.user): each.credit for each in rotation.members} if rotation else {}
    found, after = route(LeadRequest(queue=queue, sellers=members, credits=credits))
    if rotation and after != credits:
        kept = tuple(evolve(each, credit=after[str(each.user)]) for each in rotation.members)
        changing.write(unit, unit.catalogue.of(Rotation), rotation, {"members": kept}, by_rule=True)
    return attrs.evolve(found, passed_over=(*passed, *found.passed_over))


def _in_turn(seller: Seller) -> Seller:
    """Turns are taken whatever the load; only who is full is passed over."""
    return seller if seller.is_full else attrs.evolve(seller, capacity=None)
