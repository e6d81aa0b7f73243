"""Tests of the member: its tiers, the steps between them, its card."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

import crmcore_loyalty
from crmcore.domain.catalogue import Catalogue
from crmcore.domain.customer import Customer, Person
from crmcore.domain.errors import FacetNotLoaded, IllegalTransition
from crmcore.domain.workflow import check_workflow, reachable
from crmcore.plugins.registry import load
from crmcore_loyalty.member import TIER, TIERS, LoyaltyMember

LANGUAGES = {"en", "fa", "ar"}
tiers = st.sampled_from(TIERS)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    """What is declared with loyalty active."""
    return load(["loyalty"]).catalogue


def allowed(source: str, target: str, card: str | None = "L-1") -> bool:
    """Whether a member may go from one tier to another."""
    try:
        TIER.check_step(source, target, LoyaltyMember(tier=target, card_number=card))
    except IllegalTransition:
        return False
    return True


def test_a_customer_is_asked_for_the_facet_by_its_class() -> None:
    """Hosts could not reach what the plugin adds."""
    leila = Person("لیلا حسینی").with_facets(LoyaltyMember(tier="gold", joined_on=dt.date(2025, 1, 31)))
    assert leila.facet(LoyaltyMember).tier == "gold"
    with pytest.raises(FacetNotLoaded):
        Customer("person", "Sam").facet(LoyaltyMember)


def test_a_new_member_is_bronze_without_a_card() -> None:
    """Whoever enrols somebody would have to fill in what is not known yet."""
    assert LoyaltyMember() == LoyaltyMember(tier="bronze", joined_on=None, card_number=None)


def test_fields_are_declared_as_they_are_used(catalogue: Catalogue) -> None:
    """Lists by tier would be slow, a card could be given out twice, or stay after its holder is erased."""
    facet = catalogue.facet(catalogue.record("customer"), "loyalty")
    assert facet is not None
    tier, joined_on, card_number = facet.fields
    assert [facet.dotted(f) for f in facet.fields] == ["loyalty.tier", "loyalty.joined_on", "loyalty.card_number"]
    assert (tier.kind, tier.options, tier.index) == ("choice", TIERS, True)
    assert (joined_on.kind, joined_on.required) == ("date", False)
    assert (card_number.unique, card_number.fold, card_number.personal) == (True, False, True)


def test_everything_has_its_name_in_every_language(catalogue: Catalogue) -> None:
    """A screen in Persian or Arabic would show English words, or none."""
    facet = catalogue.facet(catalogue.record("customer"), "loyalty")
    assert facet is not None
    labels = [facet.label, *(f.label for f in facet.fields), *(step.label for step in TIER.transitions)]
    assert [set(label) for label in labels] == [LANGUAGES] * len(labels)
    assert all(text.strip() for label in labels for text in label.values())


def test_the_tiers_are_a_workflow_of_the_facet(catalogue: Catalogue) -> None:
    """Tiers could be set to anything, by anybody."""
    assert catalogue.workflows["customer", "loyalty.tier"].name == "customer:loyalty.tier"
    check_workflow(TIER)
    assert reachable(TIER) == set(TIERS)


@pytest.mark.parametrize("tier", TIERS)
def test_a_member_may_come_in_at_any_tier(tier: str) -> None:
    """An import of the members of another system would put them all back to bronze."""
    TIER.check_start(tier)


@given(tiers, tiers, st.sampled_from(["L-1", "۱۲۳۴"]))
def test_with_a_card_a_member_goes_up_to_any_tier_and_down_by_one(source: str, target: str, card: str) -> None:
    """A member would lose several tiers at once, or could not be promoted at once."""
    steps = TIERS.index(target) - TIERS.index(source)
    assert allowed(source, target, card) == (steps >= -1)


@given(tiers, tiers, st.sampled_from([None, "", " "]))
def test_without_a_card_no_member_goes_up(source: str, target: str, card: str | None) -> None:
    """A member would have a tier that no card shows; a downgrade needs none."""
    steps = TIERS.index(target) - TIERS.index(source)
    assert allowed(source, target, card) == (steps in (-1, 0))


@given(st.lists(tiers, max_size=20), st.booleans())
def test_whatever_is_tried_a_member_stays_at_a_tier_that_was_allowed(tried: list[str], has_card: bool) -> None:
    """Some way through the tiers would get around the card, or out of the tiers."""
    tier = "bronze"
    for target in tried:
        if allowed(tier, target, "L-1" if has_card else None):
            tier = target
    assert tier in TIERS
    assert has_card or tier == "bronze"


def test_a_refused_upgrade_says_what_to_do() -> None:
    """Whoever promotes a member would not know what is missing."""
    with pytest.raises(IllegalTransition, match=r"upgrade_to_gold is refused.*give loyalty\.card_number first"):
        TIER.check_step("bronze", "gold", LoyaltyMember(tier="gold"))


@given(tiers, tiers)
def test_a_step_has_one_name(source: str, target: str) -> None:
    """History and screens would call one step by two names."""
    steps = [t for t in TIER.transitions if source in t.sources and t.target == target]
    assert len(steps) == (1 if allowed(source, target) and source != target else 0)


def test_the_plugin_is_found_under_its_name() -> None:
    """`plugins=["loyalty"]` would not find it."""
    assert crmcore_loyalty.plugin.name == "loyalty"
    (active,) = load(["loyalty"]).plugins
    assert (active.manifest, active.distribution) == (crmcore_loyalty.plugin, "crmcore-loyalty")
