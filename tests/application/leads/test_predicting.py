"""Predictions over the database: EX-4 end to end."""

from __future__ import annotations

from decimal import Decimal

import pytest

from crmcore import Opportunity, Person, Pipeline, Stage, User
from crmcore.application.leads.predicting import COMPARED
from crmcore.domain.errors import IllegalTransition, NotFound
from crmcore.testing.fakes import Restricted
from tests.shared import SharedCrm


def test_ex_4(shared: SharedCrm) -> None:
    """EX-4: a seller would be sent to the wrong deal. One won deal from fairs, two lost ones from mailings of which one
    reached the second stage; an open one from a fair in the first stage."""
    crm = shared.fresh()
    with crm.work("sara") as work:
        line = work.pipelines.add(Pipeline("line", stages=(Stage("new"), Stage("offer")))).id
        elsewhere = work.pipelines.add(Pipeline("elsewhere", stages=(Stage("new"),))).id

        def deal(stage: str, source: str | None) -> Opportunity:
            return work.opportunities.add(Opportunity("d", pipeline=line, stage=stage, lead_source=source))

        work.opportunities.win(deal("new", "fair").id)
        work.opportunities.lose(deal("new", "mailing").id, "price")
        work.opportunities.lose(deal("offer", "mailing").id, "price")
        other = work.opportunities.add(Opportunity("d", pipeline=elsewhere, lead_source="mailing"))
        work.opportunities.win(other.id)
        found = work.leads.predict(deal("offer", "fair").id)
    assert found is not None and found.sample == 3
    # stages entered: new 1 won, 2 lost; offer 1 won, 1 lost. Sources: fair 1.1/1.2 of won, 0.1/2.2 of lost.
    won = Decimal("1.1") / Decimal("3.2") * 1 * Decimal("1.1") / Decimal("1.2")
    lost = Decimal("2.1") / Decimal("3.2") * Decimal("1.1") / Decimal("2.1") * Decimal("0.1") / Decimal("2.2")
    assert found.percent == (100 * won / (won + lost)).quantize(Decimal("0.01"))
    assert [each.field for each in found.influences] == ["stage", "lead_source"]
    assert "fair" in found.influences[1].why


def test_who_is_named_in_an_explanation(shared_memory: SharedCrm) -> None:
    """An explanation would show ids, which nobody reads."""
    crm = shared_memory.fresh()
    with crm.work("sara") as work:
        owner = work.users.add(User("Sara Ahmadi")).id
        cairo = work.customers.add(Person("Omar")).id
        work.customers.change(cairo, country="EG")
        for outcome in ("won", "lost", "open"):
            sale = work.opportunities.add(Opportunity("d", owner=owner, customer=cairo))
            if outcome != "open":
                work.opportunities.change(sale.id, status=outcome)
        found = work.leads.predict(sale.id)
    assert found is not None
    assert {each.field: each.value for each in found.influences}["owner"] == "Sara Ahmadi"
    assert {each.field: each.value for each in found.influences}["customer.country"] == "EG"
    assert all("01946967" not in each.why for each in found.influences)


def test_without_both_outcomes_nothing_is_said(shared: SharedCrm) -> None:
    """A first deal would be certain to be won, because the only one before it was."""
    crm = shared.fresh()
    with crm.work("sara") as work:
        first, second = (work.opportunities.add(Opportunity("d")).id for _ in range(2))
        assert work.leads.predict(second) is None
        work.opportunities.win(first)
        assert work.leads.predict(second) is None
        with pytest.raises(IllegalTransition, match="is won"):
            work.leads.predict(first)


def test_protected_attributes_are_never_compared() -> None:
    """Sellers would be told to leave out people of a gender, an age or a language."""
    assert {"gender", "birth_date", "language"}.isdisjoint(name.rpartition(".")[2] for name in COMPARED)


def test_a_prediction_is_made_of_what_the_actor_sees(shared: SharedCrm) -> None:
    """How others' deals ended would be told by a percentage."""
    policy = Restricted(rows={"opportunity": 'lead_source = "fair"'}, hidden={"customer": ["country"]})
    crm = shared.fresh(policy=policy)
    with crm.work("root") as work:
        for source in ("fair", "mailing"):
            for status in ("won", "lost"):
                sale = work.opportunities.add(Opportunity("d", lead_source=source))
                work.opportunities.change(sale.id, status=status)
        mine = work.opportunities.add(Opportunity("d", lead_source="fair")).id
        other = work.opportunities.add(Opportunity("d", lead_source="mailing")).id
        whole = work.leads.predict(mine)
        assert whole is not None and whole.sample == 4
    with crm.work("sara") as work:
        seen = work.leads.predict(mine)
        assert seen is not None and seen.sample == 2
        with pytest.raises(NotFound):
            work.leads.predict(other)
