"""The funnel over the database, and leads of whom nothing was heard."""

from __future__ import annotations

import datetime as dt

import pytest

from crmcore import Interaction, Lead, Order, Person
from crmcore.domain.errors import InvalidValue
from crmcore.domain.leads.lead import LeadChange
from crmcore.testing.fakes import FrozenClock, Restricted
from tests.shared import SharedCrm

START = dt.datetime(2025, 1, 15, 10, tzinfo=dt.UTC)


def test_the_funnel_of_a_time(shared: SharedCrm) -> None:
    """A report of one month would count the steps of another, or of another line of business."""
    clock = FrozenClock(START)
    crm = shared.fresh(clock)
    with crm.work("sara") as work:
        leads = [work.leads.add(Lead(work.customers.add(Person("L")).id, line)).id for line in ("", "", "pumps")]
    clock.advance(days=30)
    with crm.work("sara") as work:
        work.leads.change(leads[0], stage="lost", reason="no budget")
        work.leads.change(leads[0], stage="recycled", reason="has a budget")
        work.leads.change(leads[0], stage="mql")
        work.leads.change(leads[2], stage="mql")
        found = {row.stage: (row.entered, row.conversion) for row in work.leads.funnel()}
        assert (found["lead"][0], found["mql"][0], found["recycled"][0]) == (3, 2, 1)
        later = {row.stage: row.entered for row in work.leads.funnel(since=START + dt.timedelta(days=1))}
        before = {row.stage: row.entered for row in work.leads.funnel(until=work.now())}
        pumps = {row.stage: row.entered for row in work.leads.funnel(business_line="pumps")}
    assert (later["lead"], later["mql"], before["lead"], before["mql"]) == (0, 2, 3, 0)
    assert (pumps["lead"], pumps["mql"]) == (1, 1)


def test_the_funnel_is_of_what_the_actor_sees(shared_memory: SharedCrm) -> None:
    """How others' leads do would be told by a figure."""
    crm = shared_memory.fresh(policy=Restricted(rows={"lead_change": 'lead.business_line = "pumps"'}))
    with crm.work("root") as work:
        for line in ("", "pumps"):
            work.leads.add(Lead(work.customers.add(Person("L")).id, line))
    with crm.work("sara") as work:
        assert next(row.entered for row in work.leads.funnel() if row.stage == "lead") == 1


def test_who_was_silent_is_dormant(shared: SharedCrm) -> None:
    """Sales would go on with leads that are asleep, or give up those that just wrote."""
    clock = FrozenClock(START)
    crm = shared.fresh(clock)
    names = ("silent", "wrote", "bought", "wrote long ago", "lost", "stranger")
    with crm.work("sara") as work:
        ids = {name: work.customers.add(Person(name)).id for name in names}
        leads = {name: work.leads.add(Lead(id, stage="mql")).id for name, id in ids.items() if name != "stranger"}
        leads["stranger"] = work.leads.add(Lead(ids["stranger"], stage="stranger")).id
        work.leads.change(leads["lost"], stage="lost", reason="price")
        work.interactions.add(Interaction(work.now(), "mail", customer=ids["wrote long ago"]))
    clock.advance(days=60)
    with crm.work("sara") as work:
        work.interactions.add(Interaction(work.now(), "mail", customer=ids["wrote"]))
        work.orders.add(Order(work.now(), customer=ids["bought"], status="open"))
        new = work.leads.add(Lead(work.customers.add(Person("new")).id)).id
    clock.advance(days=59)
    with crm.work("night") as work:
        assert work.leads.mark_dormant(60) == 2
        assert work.leads.mark_dormant(60) == 0
        stages = {name: work.leads.get(id).stage for name, id in {**leads, "new": new}.items()}
        assert [name for name, stage in stages.items() if stage == "dormant"] == ["silent", "wrote long ago"]
        [row] = work[LeadChange].query(f'lead = "{leads["silent"]}" and to_stage = "dormant"').items
        assert (row.by, row.rule, row.evidence) == ("night", "silence", "nothing bought or said for 60 days")
    clock.advance(days=2)
    with crm.work("night") as work:
        assert work.leads.mark_dormant(60) == 3


@pytest.mark.parametrize("days", [0, -1, 40_000, True, 1.5, "7"])
def test_days_are_a_number_of_days(shared_memory: SharedCrm, days: object) -> None:
    """Every lead would be dormant at once, or the question make no sense."""
    crm = shared_memory.fresh()
    with crm.work("night") as work, pytest.raises(InvalidValue):
        work.leads.mark_dormant(days)  # type: ignore[arg-type]
