"""Where a change leaves an opportunity."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.domain.copying import evolve
from crmcore.domain.errors import InvalidRecord
from crmcore.domain.sales.moves import settled
from crmcore.domain.sales.opportunity import Opportunity
from crmcore.domain.sales.pipeline import Pipeline, Stage, complete_pipeline

TODAY = dt.date(2025, 3, 10)
SALES = complete_pipeline(None, Pipeline("sales", stages=(Stage("a"), Stage("b"), Stage("c")), id=UUID(int=7)))
STAGES = [stage.stage for stage in SALES.stages]


def new(**given: Any) -> Opportunity:
    """A settled new opportunity that was recorded here."""
    return settled(None, Opportunity("Deal", **given), SALES, TODAY)


def changed(before: Opportunity, **given: Any) -> Opportunity:
    """It after a change."""
    return settled(before, evolve(before, **given), SALES, TODAY)


def test_a_new_one_stands_in_the_first_stage_from_today() -> None:
    """Whoever names neither stage nor day would get an opportunity that no report shows."""
    made = new()
    assert (made.pipeline, made.stage, made.status, made.opened_on, made.reached) == (SALES.id, "a", "open", TODAY, "a")
    assert made.closed_on is None
    assert made.cycle_days is None


@pytest.mark.parametrize(("stage", "status"), [("B", "open"), ("won", "won"), ("Lost", "lost")])
def test_the_status_is_that_of_the_stage(stage: str, status: str) -> None:
    """Stage and status would tell two stories."""
    made = new(stage=stage)
    assert made.status == status
    assert made.closed_on == (TODAY if status != "open" else None)


@pytest.mark.parametrize("status", ["won", "lost"])
def test_a_stated_status_leads_to_its_stage(status: str) -> None:
    """A file with a status and no stage would leave closed opportunities in an open stage."""
    assert new(status=status).stage == status


@pytest.mark.parametrize("given", [{"stage": "b", "status": "won"}, {"stage": "won", "status": "lost"}])
def test_stage_and_status_that_contradict_each_other_are_refused(given: dict[str, str]) -> None:
    """One of the two would be believed, whichever, in silence."""
    with pytest.raises(InvalidRecord, match="contradicts the stage"):
        new(**given)
    with pytest.raises(InvalidRecord, match="contradicts the stage"):
        changed(new(stage="a"), **given)


def test_skipping_and_going_back_keep_how_far_it_came() -> None:
    """A deal that went back would count as never having come further, or one that skipped as having been there less."""
    skipped = changed(new(), stage="c")
    assert skipped.reached == "c"
    back = changed(skipped, stage="a")
    assert (back.stage, back.reached) == ("a", "c")


def test_a_lost_one_got_as_far_as_it_came_and_a_won_one_through() -> None:
    """The historical method would count stages that were never entered, or not those that were."""
    assert changed(changed(new(), stage="b"), status="lost").reached == "b"
    assert changed(new(), status="won").reached == "c"
    assert new(stage="lost").reached == "a"


def test_how_far_it_came_is_taken_over() -> None:
    """A lost deal that came out of one database would have come less far in the next."""
    assert new(stage="lost", reached="c").reached == "c"
    assert new(stage="b", reached="a").reached == "b"
    assert new(stage="a", reached="c").reached == "c"
    assert new(stage="lost", reached="nowhere").reached == "a"


def test_opening_again_takes_back_its_end() -> None:
    """An open opportunity would have a closing day and a reason for its loss."""
    lost = changed(changed(new(), stage="b"), status="lost", lost_reason="price")
    again = changed(lost, status="open")
    assert (again.stage, again.status, again.closed_on, again.lost_reason) == ("b", "open", None, None)
    assert changed(lost, stage="a").lost_reason is None


def test_a_cycle_is_from_opening_to_closing() -> None:
    """Cycle times would be those of the days on which somebody got round to recording."""
    won = new(stage="won", opened_on=dt.date(2025, 1, 1), closed_on=dt.date(2025, 2, 22))
    assert won.cycle_days == 52
    assert changed(won, closed_on=dt.date(2025, 1, 2)).cycle_days == 1


def test_an_open_one_has_no_closing_day() -> None:
    """A day in the wrong column would count as an end that nobody ever sees."""
    with pytest.raises(InvalidRecord, match="use expected_close"):
        new(closed_on=TODAY)
    with pytest.raises(InvalidRecord, match="use expected_close"):
        changed(new(), closed_on=TODAY)


def test_what_comes_from_elsewhere_keeps_unknown_days() -> None:
    """Days that the other system did not know would be invented, and cycle times with them."""
    made = new(source="old", external_id="1", stage="won")
    assert (made.opened_on, made.closed_on, made.cycle_days) == (None, None, None)
    assert changed(new(source="old", external_id="1"), stage="won").closed_on == TODAY


def test_why_it_stands_in_its_stage_is_forgotten_with_the_stage() -> None:
    """The reason for an earlier step would stand beside a later one."""
    back = changed(changed(new(), stage="c"), stage="a", stage_reason="new buyer")
    assert back.stage_reason == "new buyer"
    assert changed(back, amount=None, name="x").stage_reason == "new buyer"
    assert changed(back, stage="b").stage_reason is None


@given(st.lists(st.sampled_from([*STAGES, "status:open", "status:won", "status:lost"]), max_size=12))
def test_any_way_through_leaves_it_whole(steps: list[str]) -> None:
    """Some order of steps would leave stage, status, closing day and how far it came at odds with each other."""
    here, order = new(), ["a", "b", "c"]
    for step in steps:
        before = here
        name, _, status = step.partition(":")
        here = changed(here, **({"status": status} if status else {"stage": name}))
        stage = SALES.by_key()[here.stage or ""]
        assert stage.kind == here.status
        assert (here.closed_on is None) == (here.status == "open") == (here.cycle_days is None)
        assert order.index(here.reached or "") >= order.index(before.reached or "")
        assert here.status != "open" or order.index(here.reached or "") >= order.index(here.stage or "")
        assert changed(here) == here
