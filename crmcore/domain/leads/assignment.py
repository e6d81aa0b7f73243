"""To whom a lead goes, and why: sellers, the assignment, and the rules that need no counting.

Source: domain reference core.md 4. Each rule is a function that gives an assignment, or None if it does not apply;
`routing` asks them in their order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias
from uuid import UUID

from attrs import frozen

from crmcore.domain.errors import InvalidValue
from crmcore.domain.ratio import whole

__all__ = [
    "Assignment",
    "Rule",
    "Seller",
    "UserId",
    "able_sellers",
    "assign_to_explicit_owner",
    "assign_to_relationship_owner",
    "present_sellers",
]

UserId: TypeAlias = UUID | str
"""The stable id of a user; where ids decide a tie, they are compared as texts."""

Rule = Literal["explicit_owner", "relationship", "territory", "load", "rotation", "queue"]


@frozen(kw_only=True)
class Assignment:
    """One owner or one queue, the rule that decided, its reason in words, and why earlier rules did not decide.

    Raises `InvalidValue` unless there is exactly one of the two.
    """

    owner: UserId | None = None
    queue: str | None = None
    rule: Rule
    reason: str
    passed_over: tuple[str, ...] = ()

    def __attrs_post_init__(self) -> None:
        if (self.owner is None) == (self.queue is None):
            raise InvalidValue(
                f"a lead goes to one owner or one queue, not to {self.owner!r} and {self.queue!r}", value=self.rule
            )


@frozen(kw_only=True)
class Seller:
    """A user who can be given leads.

    `weight` is the share of turns in the rotation; `open_leads` of at most `capacity` (None: not limited) is the load.
    Raises `InvalidValue` for a weight below 1 and for numbers below 0.
    """

    id: UserId
    weight: int = 1
    open_leads: int = 0
    capacity: int | None = None
    absent: bool = False
    skills: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()

    def __attrs_post_init__(self) -> None:
        whole(self.weight, "a weight in the rotation", least=1)
        whole(self.open_leads, "a number of open leads")
        if self.capacity is not None:
            whole(self.capacity, "a capacity")

    @property
    def is_full(self) -> bool:
        """Whether another lead would be too many."""
        return self.capacity is not None and self.open_leads >= self.capacity


def present_sellers(sellers: Sequence[Seller]) -> tuple[Seller, ...]:
    """Those who are not absent, in the order given."""
    return tuple(seller for seller in sellers if not seller.absent)


def able_sellers(sellers: Sequence[Seller], skills: frozenset[str], language: str | None) -> tuple[Seller, ...]:
    """Those who have every one of `skills` and speak `language` (None: any), in the order given."""
    return tuple(
        seller for seller in sellers if skills <= seller.skills and (language is None or language in seller.languages)
    )


def assign_to_explicit_owner(owner: UserId | None) -> Assignment | None:
    """To the owner that somebody named, even if absent: a person decided it."""
    if owner is None:
        return None
    return Assignment(owner=owner, rule="explicit_owner", reason=f"{owner} was named as the owner")


def assign_to_relationship_owner(owner: UserId | None, sellers: Sequence[Seller]) -> Assignment | None:
    """To the owner of the lead's household or company, if one of the sellers and not absent."""
    if owner is None or owner not in {seller.id for seller in present_sellers(sellers)}:
        return None
    return Assignment(owner=owner, rule="relationship", reason=f"{owner} looks after the household or company already")
