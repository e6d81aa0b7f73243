"""What members are told about themselves: how they came by their tier."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from crmcore.plugins import Disclosing, hookimpl
from crmcore_loyalty.member import LoyaltyMember

HOW: Final = "the shop sets it; above bronze it is shown by a card; nothing is computed from purchases"


@hookimpl
def contribute_subject(context: Disclosing) -> Mapping[str, Any] | None:
    """The tier, how it is given, and when it was which one; not who in the shop set it."""
    member = context.customer.facet_or_none(LoyaltyMember)
    if member is None:
        return None
    history = context.work.customers.history(context.customer.id)
    logged = [(entry.at, entry.values().get("loyalty.tier")) for entry in history]
    steps = [{"at": at, "from": was[0], "to": was[1]} for at, was in logged if was]
    return {"tier": member.tier, "how": HOW, "steps": steps}
