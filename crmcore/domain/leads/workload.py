"""Sharing out by load: to whoever is least busy once the lead is added. Source: domain reference core.md 4, EX-6."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from crmcore.domain.leads.assignment import Assignment, Seller, present_sellers
from crmcore.domain.ratio import rounded

__all__ = ["assign_by_load", "least_busy", "load_after"]


def load_after(seller: Seller) -> Fraction | None:
    """The share of the capacity in use with one more lead; None if it is full or has no limit."""
    if seller.capacity is None or seller.is_full:
        return None
    return Fraction(seller.open_leads + 1, seller.capacity)


def least_busy(sellers: Sequence[Seller]) -> tuple[Seller, ...]:
    """Those present with the lowest load after assignment, by id; those who are full or have no limit are left out."""
    loads = {seller.id: load for seller in present_sellers(sellers) if (load := load_after(seller)) is not None}
    lowest = min(loads.values(), default=None)
    found = (seller for seller in sellers if lowest is not None and loads.get(seller.id) == lowest)
    return tuple(sorted(found, key=lambda seller: str(seller.id)))


def assign_by_load(sellers: Sequence[Seller]) -> Assignment | None:
    """To the least busy, ties by id; None if nobody is present, limited and not full."""
    least = least_busy(sellers)
    if not least:
        return None
    seller = least[0]
    load = load_after(seller) or Fraction()
    reason = (
        f"{seller.id} is least busy, with {seller.open_leads + 1} of {seller.capacity} leads "
        f"({rounded(100 * load, 1)} %) after this one"
    )
    return Assignment(owner=seller.id, rule="load", reason=reason)
