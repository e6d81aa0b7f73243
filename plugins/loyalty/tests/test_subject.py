"""Tests of what members are told about themselves."""

from __future__ import annotations

from crmcore import Person
from crmcore.testing.crm import make_crm
from crmcore.testing.fakes import FrozenClock
from crmcore_loyalty import LoyaltyMember


def test_a_member_is_told_how_the_tier_came_about() -> None:
    """They could not object to what they cannot follow; who in the shop did it is not their affair."""
    clock = FrozenClock()
    with make_crm(plugins=["loyalty"], clock=clock) as crm, crm.work("sara") as work:
        leila = work.customers.add(Person("Leila").with_facets(LoyaltyMember(card_number="L-1"))).id
        nobody = work.customers.add(Person("Nobody")).id
        clock.advance(days=1)
        work.customers.change(leila, name="Leila Hosseini")
        work.customers.change(leila, {"loyalty.tier": "gold"})
        told, other = (work.subjects.export(id).document()["plugins"] for id in (leila, nobody))
    told = told["loyalty"]
    assert other == {}
    assert told["tier"] == "gold"
    assert "nothing is computed" in told["how"]
    assert told["steps"] == [
        {"at": "2025-01-15T10:00:00Z", "from": None, "to": "bronze"},
        {"at": "2025-01-16T10:00:00Z", "from": "bronze", "to": "gold"},
    ]
    assert "sara" not in str(told)
