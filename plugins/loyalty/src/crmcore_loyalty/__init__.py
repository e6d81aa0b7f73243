"""Loyalty: tiers and cards of members, as a plugin of crmcore."""

from collections.abc import Sequence

from crmcore.domain.facet import Facet
from crmcore.domain.workflow import Workflow
from crmcore.plugins import Plugin, hookimpl
from crmcore.plugins.specs import Command, Report
from crmcore_loyalty.member import TIER, LoyaltyMember
from crmcore_loyalty.subject import contribute_subject

__all__ = ["LoyaltyMember", "contribute_subject", "plugin"]

plugin = Plugin(name="loyalty", description="Loyalty members with tiers and cards")


@hookimpl
def declare_facets() -> Sequence[type[Facet]]:
    return (LoyaltyMember,)


@hookimpl
def declare_workflows() -> Sequence[Workflow]:
    return (TIER,)


@hookimpl
def declare_reports() -> Sequence[Report]:
    label = {"en": "Members per tier", "fa": "اعضا به تفکیک سطح", "ar": "الأعضاء حسب الفئة"}
    return (Report("loyalty.tiers", "crmcore_loyalty.reports:tiers", ("tier", "members"), label),)


@hookimpl
def declare_commands() -> Sequence[Command]:
    return (Command("members", "crmcore_loyalty.commands:members", "List the members, by their cards."),)
