"""Tests of what members are told about themselves."""

from __future__ import annotations

from crmcore import Person
from crmcore.plugins import Disclosing
from crmcore.testing.crm import make_crm
from crmcore.testing.fakes import START, FrozenClock
from crmcore_loyalty import LoyaltyMember, contribute_subject


def test_a_member_is_told_how_the_tier_came_about() -> None:
    """They could not object to what they cannot follow; who in the shop did it is not their affair."""
    clock = FrozenClock()
    with make_crm(plugins=["loyalty"], clock=clock) as crm, crm.work("sara") as work:
        leila = work.customers.add(Person("Leila").with_facets(LoyaltyMember(card_number="L-1"))).id
        nobody = work.customers.add(Person("Nobody")).id
        clock.advance(days=1)
        work.customers.change(leila, name="Leila Hosseini")
        work.customers.change(leila, {"loyalty.tier": "gold"})
        member, other = (work.customers.get(id, with_=[LoyaltyMember]) for id in (leila, nobody))
        told = contribute_subject(Disclosing(member, work))
        assert contribute_subject(Disclosing(other, work)) is None
        now = work.now()
    assert told is not None
    assert told["tier"] == "gold"
    assert "nothing is computed" in told["how"]
    assert told["steps"] == [
        {"at": START, "from": None, "to": "bronze"},
        {"at": now, "from": "bronze", "to": "gold"},
    ]
    assert "sara" not in str(told)
