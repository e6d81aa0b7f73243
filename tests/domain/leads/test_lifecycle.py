"""The lifecycle: which steps a lead may take, and what a lead keeps to by itself."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.domain.copying import evolve
from crmcore.domain.errors import IllegalTransition
from crmcore.domain.leads.lead import Lead, Qualification, check_lead, complete_lead, fixed_fields
from crmcore.domain.leads.lifecycle import FORWARD, LEAD_STAGE, STAGES
from crmcore.domain.workflow import check_workflow

NOON = dt.datetime(2025, 1, 15, 12, tzinfo=dt.UTC)
ONE, OTHER = UUID(int=1), UUID(int=2)


def lead(stage: str = "lead", **values: object) -> Lead:
    """A lead in a stage."""
    return Lead(ONE, stage=stage, **values)  # type: ignore[arg-type]


def test_the_workflow_is_sound() -> None:
    """A stage could be reached by no step, or two steps of one name lead from one stage."""
    check_workflow(LEAD_STAGE)
    assert {step.target for step in LEAD_STAGE.transitions} == set(STAGES) - {"stranger"}


def test_every_step_has_a_label_in_three_languages() -> None:
    """A face in Persian or Arabic would show English words among its own."""
    assert all(set(step.label) == {"en", "fa", "ar"} and all(step.label.values()) for step in LEAD_STAGE.transitions)


@given(st.sampled_from(FORWARD), st.sampled_from(FORWARD))
def test_no_step_leads_back_but_by_recycling(source: str, target: str) -> None:
    """A lead could be put back without a reason, and a funnel would count it twice in one cycle."""
    if FORWARD.index(target) < FORWARD.index(source):
        assert LEAD_STAGE.between(source, target) is None


def test_every_stage_but_the_first_three_can_be_recycled() -> None:
    """A lead that was lost could never be taken up again."""
    ways = {source for source in STAGES if LEAD_STAGE.between(source, "recycled")}
    assert ways == set(STAGES) - {"stranger", "visitor", "subscriber", "recycled"}


@pytest.mark.parametrize("reason", [None, ""])
def test_going_back_needs_a_reason(reason: str | None) -> None:
    """Nobody could tell later why a lead was taken up again."""
    with pytest.raises(IllegalTransition, match="reason"):
        LEAD_STAGE.check_step("lost", "recycled", lead("recycled", reason=reason))
    LEAD_STAGE.check_step("lost", "recycled", lead("recycled", reason="has a budget now"))


def test_an_opportunity_is_made_by_converting() -> None:
    """The stage would say that there is an opportunity, and there would be none."""
    with pytest.raises(IllegalTransition, match="convert"):
        LEAD_STAGE.check_step("sql", "opportunity", lead("opportunity"))
    LEAD_STAGE.check_step("sql", "opportunity", lead("opportunity", converted_at=NOON, opportunity=OTHER))


def test_a_rule_and_a_reason_belong_to_one_step() -> None:
    """The reason of an earlier step would pass for that of a later one."""
    lost = lead("lost", rule="web form", reason="no budget")
    assert complete_lead(lost, evolve(lost, stage="recycled")).reason is None
    again = complete_lead(lost, evolve(lost, stage="recycled", reason="has a budget"))
    assert (again.rule, again.reason) == (None, "has a budget")
    assert complete_lead(lost, evolve(lost, campaign="spring")).reason == "no budget"


def test_going_back_begins_a_new_cycle() -> None:
    """A recycled lead could never be converted again."""
    done = lead("opportunity", converted_at=NOON, opportunity=OTHER)
    again = complete_lead(done, evolve(done, stage="recycled", reason="lost, but keen"))
    assert (again.converted_at, again.opportunity) == (None, None)
    assert fixed_fields(done, again) == {}


def test_a_converted_lead_is_read_only() -> None:
    """What the lead was when it became an opportunity would change afterwards."""
    done = lead("opportunity", converted_at=NOON, opportunity=OTHER)
    for change in ({"campaign": "spring"}, {"qualifications": (Qualification("need", 2),)}, {"business_line": "b"}):
        assert list(fixed_fields(done, evolve(done, **change))) == list(change)
    for free in ({"stage": "customer"}, {"owner": OTHER}, {"queue": "north"}):
        assert fixed_fields(done, evolve(done, **free)) == {}
    assert fixed_fields(done, evolve(done, opportunity=None)) == {}  # it was removed
    assert list(fixed_fields(done, evolve(done, opportunity=ONE))) == ["opportunity"]
    assert fixed_fields(lead(), lead(campaign="spring")) == {}


def test_only_converting_sets_what_it_was_converted_to() -> None:
    """A lead would be read-only, and refused to be converted, that nobody has converted."""
    by_hand: dict[str, Any] = {"converted_at": NOON, "opportunity": OTHER}
    assert list(fixed_fields(lead(), lead(**by_hand))) == list(by_hand)
    assert list(fixed_fields(None, lead(**by_hand))) == list(by_hand)
    assert fixed_fields(None, lead(**by_hand, source="old", external_id="7")) == {}
    assert fixed_fields(lead("sql"), lead("opportunity", **by_hand)) == {}


def test_an_owner_or_a_queue() -> None:
    """INV-3: a lead would have an owner and wait in a queue, so two would work on it, or each leave it to the other."""
    waiting, owned = lead(queue="north"), lead(owner=ONE)
    assert complete_lead(waiting, evolve(waiting, owner=ONE)).queue is None
    assert complete_lead(owned, evolve(owned, queue="north")).owner is None
    assert list(check_lead(lead(owner=ONE, queue="north"))) == ["queue"]


def test_one_answer_for_each_question() -> None:
    """A score would be made of two answers to one question."""
    twice = (Qualification("need", 1), Qualification("need", 3))
    assert list(check_lead(lead(qualifications=twice))) == ["qualifications"]
