"""Territories: whose patch a lead is in. The most specific of those that fit wins.

Source: domain reference core.md 4. Whether a territory fits is seen elsewhere, by its filter; here is the choice.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

from attrs import frozen

from crmcore.domain.errors import InvalidValue
from crmcore.domain.leads.assignment import Assignment, UserId

__all__ = ["SPECIFICITY", "Territory", "assign_by_territory", "most_specific"]

Kind = Literal["postal_prefix", "city", "region", "country"]

SPECIFICITY: Final[tuple[Kind, ...]] = ("postal_prefix", "city", "region", "country")
"""Kinds of territory, the most specific first."""


@frozen(kw_only=True)
class Territory:
    """A territory that a lead fits, with its owner or queue; of the same kind the lowest `priority` comes first.

    Raises `InvalidValue` for another kind, and unless there is an owner or a queue and not both.
    """

    id: str
    kind: Kind
    priority: int = 0
    owner: UserId | None = None
    queue: str | None = None

    def __attrs_post_init__(self) -> None:
        if self.kind not in SPECIFICITY:
            raise InvalidValue(f"{self.kind!r} is no kind of territory; use {', '.join(SPECIFICITY)}", value=self.kind)
        if (self.owner is None) == (self.queue is None):
            raise InvalidValue(f"territory {self.id} needs an owner or a queue, and not both", value=self.id)


def most_specific(territories: Iterable[Territory]) -> Territory | None:
    """The one of the most specific kind, then of the lowest priority, then of the lowest id; None of none."""
    return min(territories, key=_order, default=None)


def assign_by_territory(territories: Iterable[Territory]) -> Assignment | None:
    """To the owner or queue of the most specific territory; None if there is no territory."""
    chosen = most_specific(territories)
    if chosen is None:
        return None
    reason = f"territory {chosen.id} is the most specific that fits ({chosen.kind.replace('_', ' ')})"
    return Assignment(owner=chosen.owner, queue=chosen.queue, rule="territory", reason=reason)


def _order(territory: Territory) -> tuple[int, int, str]:
    return SPECIFICITY.index(territory.kind), territory.priority, territory.id
