"""The way of a lead to its owner: every rule in its order, until one decides; at the end there is a queue.

Source: domain reference core.md 4 and INV-3: every lead gets exactly one owner or queue.
"""

from __future__ import annotations

from collections import Counter

from attrs import evolve, field, frozen

from crmcore.domain.errors import InvalidValue
from crmcore.domain.leads.assignment import (
    Assignment,
    Seller,
    UserId,
    able_sellers,
    assign_to_explicit_owner,
    assign_to_relationship_owner,
    present_sellers,
)
from crmcore.domain.leads.rotation import Credits, take_turn
from crmcore.domain.leads.territory import Territory, assign_by_territory
from crmcore.domain.leads.workload import assign_by_load, least_busy

__all__ = ["LeadRequest", "route"]


@frozen(kw_only=True)
class LeadRequest:
    """What is known when a lead is to be assigned.

    `related_owner` looks after its household or company; `territories` are those it fits; `sellers` are all who may be
    given leads; `skills` and `language` are what its seller must have. It goes to `queue` if no rule finds an owner.
    Raises `InvalidValue` if two sellers have one id.
    """

    queue: str
    sellers: tuple[Seller, ...] = ()
    explicit_owner: UserId | None = None
    related_owner: UserId | None = None
    territories: tuple[Territory, ...] = ()
    skills: frozenset[str] = frozenset()
    language: str | None = None
    credits: Credits = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        seen = Counter(str(seller.id) for seller in self.sellers)
        if twice := sorted(id for id, times in seen.items() if times > 1):
            raise InvalidValue(f"seller {twice[0]} is listed twice; list each once", value=twice[0])


def route(request: LeadRequest) -> tuple[Assignment, dict[str, int]]:
    """The assignment, and the credits of the rotation to keep for the next lead.

    In order: explicit owner; existing relationship; territory; then among those who have skills and language, are
    present and not full: load if all have a capacity, and rotation among the rest or those equally busy. An absent
    owner of a relationship or territory is passed over.
    """
    passed: list[str] = []
    found = assign_to_explicit_owner(request.explicit_owner) or _by_relationship(request, passed)
    found = found or _by_territory(request, passed)
    if found is not None:
        return evolve(found, passed_over=tuple(passed)), dict(request.credits)
    pool = _pool(request, passed)
    found, credits = _share_out(pool, request.credits)
    if found is None:
        found = Assignment(queue=request.queue, rule="queue", reason=f"nobody can take it: {passed[-1]}")
    return evolve(found, passed_over=tuple(passed)), credits


def _by_relationship(request: LeadRequest, passed: list[str]) -> Assignment | None:
    found = assign_to_relationship_owner(request.related_owner, request.sellers)
    if found is None and request.related_owner is not None:
        passed.append(f"{request.related_owner}, who looks after the household or company, is not available")
    return found


def _by_territory(request: LeadRequest, passed: list[str]) -> Assignment | None:
    found = assign_by_territory(request.territories)
    if found is None or found.queue is not None:
        return found
    if found.owner in {seller.id for seller in present_sellers(request.sellers)}:
        return found
    passed.append(f"{found.reason}, but its owner {found.owner} is not available")
    return None


def _pool(request: LeadRequest, passed: list[str]) -> tuple[Seller, ...]:
    """Those who can take the lead; says which condition left fewer."""
    able = able_sellers(request.sellers, request.skills, request.language)
    present = present_sellers(able)
    free = tuple(seller for seller in present if not seller.is_full)
    wanted = ", ".join((*sorted(request.skills), *([request.language] if request.language else [])))
    if len(able) < len(request.sellers):
        passed.append(f"{len(request.sellers) - len(able)} without {wanted}")
    if len(present) < len(able):
        passed.append(f"{len(able) - len(present)} absent")
    if len(free) < len(present):
        passed.append(f"{len(present) - len(free)} full")
    if not request.sellers:
        passed.append("there are no sellers")
    return free


def _share_out(pool: tuple[Seller, ...], credits: Credits) -> tuple[Assignment | None, dict[str, int]]:
    if pool and all(seller.capacity is not None for seller in pool):
        pool = least_busy(pool)
        if len(pool) == 1:
            return assign_by_load(pool), dict(credits)
    return take_turn(pool, credits)
