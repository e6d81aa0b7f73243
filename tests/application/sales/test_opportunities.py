"""Opportunities on their way through a pipeline, on every storage."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from crmcore import Money, Opportunity, OpportunityLine, Party, Person, Pipeline, Stage, StageChange
from crmcore.application.timeline import Entry
from crmcore.application.unit import UnitOfWork
from crmcore.crm import Crm
from crmcore.domain.copying import evolve
from crmcore.domain.errors import (
    ConcurrentChange,
    DanglingReference,
    IllegalTransition,
    InvalidRecord,
    NotFound,
    PredicateError,
)
from crmcore.domain.record import NIL
from crmcore.testing.fakes import FrozenClock, Restricted
from tests.application.test_running import side_by_side
from tests.shared import SharedCrm

START = dt.datetime(2025, 1, 15, 10, tzinfo=dt.UTC)


def steps(work: UnitOfWork, id: UUID) -> list[tuple[str | None, str, str]]:
    """The stage history in short."""
    return [(each.from_stage, each.to_stage, each.status) for each in work.opportunities.stages(id)]


def test_a_first_opportunity_finds_a_pipeline(shared: SharedCrm) -> None:
    """Nobody could record an opportunity before somebody has set up a pipeline."""
    crm = shared.fresh()
    with crm.work("sara") as work:
        leila = work.customers.add(Person("Leila"))
        deal = work.opportunities.add(Opportunity("Plan", customer=leila.id, amount=Money("12000", "EUR")))
        deal = work.opportunities.move(deal.id, "Proposal")
        other = work.opportunities.add(Opportunity("Second"))
    with crm.work("sara") as work:
        [sales] = work.pipelines.query().items
        assert sales.name == "sales"
        assert deal.pipeline == other.pipeline == sales.id
        assert (deal.stage, deal.status, deal.reached) == ("proposal", "open", "proposal")
        assert steps(work, deal.id) == [(None, "prospecting", "open"), ("prospecting", "proposal", "open")]


def test_history_says_when_who_and_why(shared: SharedCrm) -> None:
    """Nobody could tell afterwards who moved it, when, from where, and for what reason."""
    clock = FrozenClock(START)
    crm = shared.fresh(clock)
    with crm.work("sara") as work:
        deal = work.opportunities.add(Opportunity("Plan"))
        clock.advance(days=2)
        work.opportunities.move(deal.id, "proposal", reason="asked for an offer")
    with crm.work("omar") as work:
        clock.advance(days=3)
        work.opportunities.change(deal.id, amount=Money(5, "EUR"))
        clock.advance(days=1)
        work.opportunities.lose(deal.id, "price")
    with crm.work("omar") as work:
        first, moved, raised, lost = work.opportunities.stages(deal.id)
        assert [each.at for each in (first, moved, raised, lost)] == [START + dt.timedelta(n) for n in (0, 2, 5, 6)]
        assert (moved.by, moved.reason) == ("sara", "asked for an offer")
        assert (raised.from_stage, raised.to_stage, raised.amount) == ("proposal", "proposal", Money(5, "EUR"))
        assert (lost.by, lost.to_stage, lost.reason, lost.cycle_days) == ("omar", "lost", "price", 6)


def test_what_no_forecast_depends_on_leaves_no_step(shared_memory: SharedCrm) -> None:
    """The stage history would fill with corrections of names."""
    crm = shared_memory.fresh()
    with crm.work("sara") as work:
        deal = work.opportunities.add(Opportunity("Plan"))
        work.opportunities.change(deal.id, name="Annual plan", note="x")
        assert len(work.opportunities.stages(deal.id)) == 1


def test_an_end_is_an_end_until_it_is_opened_again(shared: SharedCrm) -> None:
    """A lost deal would be won without anybody having opened it again, and its loss would leave no trace."""
    crm = shared.fresh()
    with crm.work("sara") as work:
        deal = work.opportunities.add(Opportunity("Plan"))
        work.opportunities.lose(deal.id, "price")
    with pytest.raises(IllegalTransition, match="cannot go from 'lost' to 'won'"), crm.work("sara") as work:
        work.opportunities.win(deal.id)
    with crm.work("sara") as work:
        work.opportunities.move(deal.id, "proposal")
        won = work.opportunities.win(deal.id, reason="service", on=dt.date(2025, 1, 15))
        assert (won.status, won.won_reason, won.lost_reason) == ("won", "service", None)
        assert [status for _, _, status in steps(work, deal.id)] == ["open", "lost", "open", "won"]


def test_what_comes_in_with_its_past_has_a_dated_history(shared: SharedCrm) -> None:
    """Deals of last year would all seem to have been opened and closed on the day of their import."""
    crm = shared.fresh(FrozenClock(START))
    opened, closed = dt.date(2024, 3, 1), dt.date(2024, 5, 2)
    with crm.work("sara") as work:
        known: dict[str, Any] = {"source": "old", "opened_on": opened}
        won = work.opportunities.add(
            Opportunity("W", external_id="1", stage="won", closed_on=closed, amount=Money(9, "EUR"), **known)
        )
        still = work.opportunities.add(Opportunity("O", external_id="2", stage="qualified", **known))
        bare = work.opportunities.add(Opportunity("B", external_id="3", source="old", stage="lost"))
        first, last = work.opportunities.stages(won.id)
        # The zone is Berlin: its days begin an hour earlier than in UTC, in summer two.
        assert (first.at, first.to_stage, first.amount) == (
            dt.datetime(2024, 2, 29, 23, tzinfo=dt.UTC),
            "prospecting",
            None,
        )
        assert (last.at, last.from_stage, last.to_stage, last.amount, last.cycle_days) == (
            dt.datetime(2024, 5, 1, 22, tzinfo=dt.UTC),
            "prospecting",
            "won",
            Money(9, "EUR"),
            62,
        )
        assert [(c.at, c.to_stage) for c in work.opportunities.stages(still.id)] == [(first.at, "qualified")]
        assert [(c.at, c.to_stage) for c in work.opportunities.stages(bare.id)] == [(START, "lost")]


def test_lines_make_the_amount(shared: SharedCrm) -> None:
    """The amount would have to be kept in step with the lines by hand."""
    crm = shared.fresh()
    lines = (OpportunityLine(quantity=Decimal(3), unit_price=Money("19.99", "EUR")),)
    with crm.work("sara") as work:
        deal = work.opportunities.add(Opportunity("Plan", lines=lines))
        assert deal.amount == Money("59.97", "EUR")
        deal = work.opportunities.change(deal.id, lines=lines * 2)
        assert deal.amount == Money("119.94", "EUR")
        stated = work.opportunities.change(deal.id, amount=Money(100, "EUR"))
        assert stated.amount == Money(100, "EUR")
        assert [c.amount for c in work.opportunities.stages(deal.id)] == [
            Money("59.97", "EUR"),
            Money("119.94", "EUR"),
            Money(100, "EUR"),
        ]


def test_competitors_and_partners_are_found(shared: SharedCrm) -> None:
    """Nobody could ask against whom deals are lost, or with whom they are won."""
    crm = shared.fresh()
    with crm.work("sara") as work:
        rival = work.customers.add(Person("Rival Ltd"))
        parties = (Party("competitor", "Acme"), Party("partner", customer=rival.id, share=Decimal("0.2")))
        deal = work.opportunities.add(Opportunity("Plan", parties=parties))
        work.opportunities.add(Opportunity("Other"))
        assert [o.id for o in work.opportunities.query('competitor = "Acme"').items] == [deal.id]
        assert work.opportunities.count('party.customer.name = "Rival Ltd"') == 1
        changed = work.opportunities.change(deal.id, competitor="Bolt")
        assert [p.name for p in changed.parties] == ["Bolt", None]
    with pytest.raises(InvalidRecord, match="a party is named"), crm.work("sara") as work:
        work.opportunities.add(Opportunity("Plan", parties=(Party("competitor"),)))


def test_several_pipelines_keep_their_stages_apart(shared: SharedCrm) -> None:
    """A stage of one pipeline would be taken for that of another, or the wrong pipeline be chosen in silence."""
    crm = shared.fresh()
    with crm.work("sara") as work:
        a = work.pipelines.add(Pipeline("new business", stages=(Stage("call"), Stage("offer"))))
        b = work.pipelines.add(Pipeline("renewals", stages=(Stage("notice"),)))
        deal = work.opportunities.add(Opportunity("Plan", pipeline=a.id, stage="offer"))
    for refused, message in (
        ({"stage": "notice"}, "no stage of pipeline 'new business'"),
        ({"pipeline": b.id}, "'offer' is no stage of pipeline 'renewals'"),
    ):
        with pytest.raises(InvalidRecord, match=message), crm.work("sara") as work:
            work.opportunities.change(deal.id, refused)
    with pytest.raises(InvalidRecord, match="say which one: there are new business, renewals"), crm.work("s") as work:
        work.opportunities.add(Opportunity("Which"))
    with pytest.raises(DanglingReference, match="there is no pipeline"), crm.work("sara") as work:
        work.opportunities.add(Opportunity("None", pipeline=deal.id))
    with crm.work("sara") as work:
        moved = work.opportunities.change(deal.id, pipeline=b.id, stage="Notice")
        assert (moved.pipeline, moved.stage, moved.reached) == (b.id, "notice", "notice")


def test_a_stage_in_use_does_not_go(shared: SharedCrm) -> None:
    """Opportunities would stand in a stage that there is not."""
    crm = shared.fresh()
    with crm.work("sara") as work:
        pipe = work.pipelines.add(Pipeline("p", stages=(Stage("a"), Stage("b"))))
        deal = work.opportunities.add(Opportunity("Plan", stage="b"))
    stages = tuple(s for s in pipe.stages if s.stage != "b")
    with pytest.raises(InvalidRecord, match="1 opportunities stand in the stage 'b'"), crm.work("sara") as work:
        work.pipelines.change(pipe.id, stages=stages)
    with crm.work("sara") as work:
        work.opportunities.move(deal.id, "a")
        assert [s.stage for s in work.pipelines.change(pipe.id, stages=stages).opened] == ["a"]


def test_a_stage_in_use_does_not_change_its_kind(shared: SharedCrm) -> None:
    """An open opportunity would stand in a closing stage, and be won by the next correction of its name."""
    crm = shared.fresh()
    with crm.work("sara") as work:
        pipe = work.pipelines.add(Pipeline("p", stages=(Stage("a"), Stage("b"))))
        deal = work.opportunities.add(Opportunity("Plan", stage="b"))
    stages = tuple(Stage(s.stage, kind="won", no=s.no) if s.stage == "b" else s for s in pipe.stages)
    with pytest.raises(InvalidRecord, match="1 opportunities stand in the stage 'b'"), crm.work("sara") as work:
        work.pipelines.change(pipe.id, stages=stages)
    with crm.work("sara") as work:
        work.opportunities.move(deal.id, "a")
        assert work.pipelines.change(pipe.id, stages=stages).by_key()["b"].kind == "won"


def test_a_corrected_closing_day_is_in_the_history(shared: SharedCrm) -> None:
    """The cycle as of today would be another than the cycle now."""
    clock = FrozenClock(START)
    crm = shared.fresh(clock)
    with crm.work("sara") as work:
        deal = work.opportunities.add(Opportunity("Plan", opened_on=dt.date(2025, 1, 5)))
        work.opportunities.win(deal.id)
        clock.advance(days=1)
        work.opportunities.change(deal.id, closed_on=dt.date(2025, 1, 8))
        assert [each.cycle_days for each in work.opportunities.stages(deal.id)] == [None, 10, 3]
        work.opportunities.change(deal.id, opened_on=dt.date(2025, 1, 6))
        assert work.opportunities.stages(deal.id)[-1].cycle_days == 2


def test_removing_takes_the_history_along_and_keeps_what_it_was(shared: SharedCrm) -> None:
    """An opportunity that was recorded by mistake could never go, or its history would be lost with it."""
    crm = shared.fresh()
    with crm.work("sara") as work:
        deal = work.opportunities.add(Opportunity("Mistake"))
        work.opportunities.move(deal.id, "proposal")
        rows = [each.id for each in work.opportunities.stages(deal.id)]
    with crm.work("sara") as work:
        work.opportunities.remove(deal.id)
        assert work[StageChange].count() == 0
        last = work[StageChange].history(rows[-1])[-1]
        assert (last.operation, last.values()["to_stage"]) == ("remove", ["proposal", None])
    with pytest.raises(NotFound), crm.work("sara") as work:
        work.opportunities.stages(deal.id)


def test_the_history_has_no_holes_and_nothing_made_up(shared: SharedCrm) -> None:
    """INV-18: a past forecast would change with a row that somebody takes out, or puts on top."""
    crm = shared.fresh(FrozenClock(START))
    with crm.work("sara") as work:
        deal = work.opportunities.add(Opportunity("Plan"))
        [row] = work.opportunities.stages(deal.id)
    with pytest.raises(InvalidRecord, match="only together with the opportunity"), crm.work("sara") as work:
        work[StageChange].remove(row.id)
    for at in (START, START + dt.timedelta(1)):
        with pytest.raises(InvalidRecord, match="later steps are written by moving"), crm.work("sara") as work:
            work[StageChange].add(evolve(row, id=NIL, at=at, status="lost"))
    with crm.work("sara") as work:  # what another system has kept from before
        work[StageChange].add(evolve(row, id=NIL, at=START - dt.timedelta(9), to_stage="call"))
        assert steps(work, deal.id) == [(None, "call", "open"), (None, "prospecting", "open")]


def test_a_stage_goes_or_is_moved_into_but_not_both(shared: SharedCrm) -> None:
    """Of two at once, one would take away the stage into which the other moves."""
    crm = shared.fresh()
    stages = tuple(Stage(name) for name in ("a", "b", "c"))
    for attempt in range(4):
        with crm.work("sara") as work:
            pipe = work.pipelines.add(Pipeline(f"p{attempt}", stages=stages))
            deal = work.opportunities.add(Opportunity("Plan", pipeline=pipe.id))
        left = tuple(stage for stage in pipe.stages if stage.stage != "b")

        def take(pipe: Pipeline = pipe, left: tuple[Stage, ...] = left) -> None:
            with suppress(InvalidRecord, ConcurrentChange):
                crm.run(lambda work: work.pipelines.change(pipe.id, stages=left), actor="a")

        def move(deal: Opportunity = deal) -> None:
            with suppress(InvalidRecord, ConcurrentChange):
                crm.run(lambda work: work.opportunities.move(deal.id, "b"), actor="b")

        side_by_side(take, move)
        with crm.work("sara") as work:
            stage = work.opportunities.get(deal.id).stage
            assert stage in work.pipelines.get(pipe.id).by_key()


def test_many_at_once_have_the_same_effects(shared: SharedCrm) -> None:
    """Bulk would leave out stages, closing days or the history."""
    crm = shared.fresh()
    with crm.work("sara") as work:
        work.opportunities.add_many(Opportunity(f"Deal {n}", stage="won" if n % 3 else None) for n in range(300))
    with crm.work("sara") as work:
        assert work.opportunities.count('status = "won" and closed_on is not missing') == 200
        assert work.opportunities.count('stage = "prospecting"') == 100
        assert work[StageChange].count() == 500  # those that are won have two rows: opened and won


def test_a_stale_version_moves_nothing(shared: SharedCrm) -> None:
    """Two who look at the same board would undo each other's steps unseen."""
    crm = shared.fresh()
    with crm.work("sara") as work:
        deal = work.opportunities.add(Opportunity("Plan"))
        work.opportunities.move(deal.id, "proposal")
    with pytest.raises(ConcurrentChange), crm.work("omar") as work:
        work.opportunities.move(deal.id, "won", version=1)
    with crm.work("omar") as work:
        assert len(work.opportunities.stages(deal.id)) == 2


def test_two_first_opportunities_make_one_pipeline(shared: SharedCrm) -> None:
    """Two who start at once would each get a pipeline of their own."""
    crm = shared.fresh()

    def add(name: str) -> None:
        crm.run(lambda work: work.opportunities.add(Opportunity(name)), actor=name)

    side_by_side(lambda: add("a"), lambda: add("b"))
    with crm.work("sara") as work:
        assert work.pipelines.count() == 1
        assert work.opportunities.count() == 2


def test_history_is_for_those_who_may_see_the_opportunity(shared: SharedCrm) -> None:
    """Somebody without a right to a deal would read its amounts out of its history."""
    crm = shared.fresh(policy=Restricted(rows={"opportunity": 'name = "Mine"'}))
    with crm.work("sara") as work:
        mine = work.opportunities.add(Opportunity("Mine"))
        theirs = work.opportunities.add(Opportunity("Theirs"))
    with crm.work("sara") as work:
        assert len(work.opportunities.stages(mine.id)) == 1
        with pytest.raises(NotFound):
            work.opportunities.stages(theirs.id)
        [row] = work[StageChange].query().items
        assert row.opportunity == mine.id
        assert work[StageChange].count() == 1


def test_what_is_hidden_of_an_opportunity_is_hidden_in_its_history(shared: SharedCrm) -> None:
    """Somebody who may not see amounts or stages would read them one row further down."""
    crm = shared.fresh(policy=Restricted(hidden={"opportunity": ["amount", "stage"]}))
    with crm.work("sara") as work:
        work.opportunities.add(Opportunity("Deal"))
        [row] = work[StageChange].query().items
        assert [row.amount, row.to_stage, row.status] == [None, None, "open"]
        with pytest.raises(PredicateError, match="unknown field"):
            work[StageChange].query('to_stage = "prospecting"')


@pytest.mark.parametrize("hidden", ["lost_reason", "won_reason", "stage_reason"])
def test_hidden_reasons_are_hidden_in_the_history(shared_memory: SharedCrm, hidden: str) -> None:
    """Why a sale was lost would be read in its history by those who may not know."""
    crm = shared_memory.fresh(policy=Restricted(hidden={"opportunity": [hidden]}))
    with crm.work("root") as work:
        deal = work.opportunities.add(Opportunity("Deal"))
        work.opportunities.move(deal.id, "proposal", reason="their secret")
        work.opportunities.lose(deal.id, "their secret")
        assert work.opportunities.stages(deal.id)[-1].reason == "their secret"
    with crm.work("sara") as work:
        seen = work.opportunities.stages(deal.id)
        assert {each.reason for each in seen} == {None}
        assert None not in {each.at for each in seen}


def test_its_steps_stand_on_the_timeline(shared: SharedCrm) -> None:
    """Whoever is about to speak with a customer would not see what is being sold to them; the past one as well."""
    clock = FrozenClock(START)
    crm = shared.fresh(clock, Restricted(rows={"opportunity": 'name != "Secret"'}))
    with crm.work("sara") as work:
        leila, omar = work.customers.add(Person("Leila")), work.customers.add(Person("Omar"))
        deal = work.opportunities.add(Opportunity("Plan", customer=leila.id))
        work.opportunities.add(Opportunity("Secret", customer=leila.id))
        clock.advance(days=1)
        work.opportunities.win(deal.id)
        clock.advance(days=1)
        work.opportunities.change(deal.id, customer=omar.id)
    with crm.work("sara") as work:
        changes = [e.record for e in work.timeline(leila.id).items if isinstance(e, Entry)]
        told = [(each.name, each.to_stage) for each in changes if isinstance(each, StageChange)]
        assert told == [("Plan", "won"), ("Plan", "prospecting")]
        assert len(work.timeline(omar.id).items) == 1


@pytest.mark.parametrize("stage", [7, b"won", ["won"]])
def test_a_stage_of_a_wrong_type_is_refused(shared_memory: SharedCrm, stage: object) -> None:
    """A mistake of a program would end in an error that names neither field nor value."""
    crm: Crm = shared_memory.fresh()
    with pytest.raises(InvalidRecord, match="stage"), crm.work("sara") as work:
        work.opportunities.add(Opportunity("Plan", stage=stage))  # type: ignore[arg-type]
