"""Loyalty: tiers and cards of members, as a plugin of crmcore."""

from collections.abc import Sequence

from crmcore.domain.facet import Facet
from crmcore.domain.workflow import Workflow
from crmcore.plugins import Plugin, hookimpl
from crmcore_loyalty.member import TIER, LoyaltyMember

__all__ = ["LoyaltyMember", "plugin"]

plugin = Plugin(name="loyalty", description="Loyalty members with tiers and cards")


@hookimpl
def declare_facets() -> Sequence[type[Facet]]:
    return (LoyaltyMember,)


@hookimpl
def declare_workflows() -> Sequence[Workflow]:
    return (TIER,)
