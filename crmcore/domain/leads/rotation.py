"""Taking turns: weighted round robin, smooth, so that a weight of 5 is not five leads in a row.

Source: domain reference core.md 4, EX-5; the algorithm of nginx. At each turn every seller gains the own weight; the
one who has most is chosen and pays the sum of the weights. The credits are kept from turn to turn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crmcore.domain.leads.assignment import Assignment, Seller, present_sellers

__all__ = ["Credits", "take_turn"]

Credits = Mapping[str, int]
"""What each seller is owed, by the text of the id; whoever is not in it starts from 0. Keep it as it is given."""


def take_turn(sellers: Sequence[Seller], credits: Credits) -> tuple[Assignment | None, dict[str, int]]:
    """Whose turn it is, and the credits after it; None and the same credits if nobody is present.

    Ties go to the lowest id. A seller who is absent, or left out of `sellers` this once, keeps the credit as it was:
    nobody comes back to a pile of leads, and nobody loses the turn that was next. Over as many turns as the weights
    add up to, from equal credits, each gets as many as the own weight.
    """
    present = sorted(present_sellers(sellers), key=lambda seller: str(seller.id))
    after = dict(credits)
    if not present:
        return None, after
    for seller in present:
        after[str(seller.id)] = after.get(str(seller.id), 0) + seller.weight
    chosen = max(present, key=lambda seller: after[str(seller.id)])
    total = sum(seller.weight for seller in present)
    after[str(chosen.id)] -= total
    reason = f"it is the turn of {chosen.id}, who gets {chosen.weight} of {total}"
    return Assignment(owner=chosen.id, rule="rotation", reason=reason), after
