"""Tests of what loyalty counts."""

from __future__ import annotations

from crmcore import Person
from crmcore.testing.crm import make_crm
from crmcore_loyalty import LoyaltyMember
from crmcore_loyalty.member import TIERS


def test_members_are_counted_by_tier() -> None:
    """A tier would be missing, or customers would be counted who are no members."""
    with make_crm(plugins=["loyalty"]) as crm, crm.work("sara") as work:
        work.customers.add(Person("Nobody"))
        for number, tier in enumerate(("gold", "bronze", "gold")):
            work.customers.add(Person(f"{number}").with_facets(LoyaltyMember(tier=tier, card_number=f"L-{number}")))
        table = work.report("loyalty.tiers")
    assert table.columns == ("tier", "members")
    assert TIERS == ("bronze", "silver", "gold", "platinum")
    assert table.rows == (("bronze", 1), ("silver", 0), ("gold", 2), ("platinum", 0))
