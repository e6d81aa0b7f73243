"""Sales that move to another database: customers, opportunities and leads are there what they were here."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Final
from uuid import UUID

import pytest

from crmcore import Lead, Money, Opportunity, Order, Organisation, Person, User
from crmcore.crm import Crm
from crmcore.domain.errors import CrmError
from crmcore.domain.leads.lifecycle import STAGES
from crmcore.testing.fakes import FrozenClock
from tests.application.importing.desk import Desk
from tests.application.test_exporting import export, stored
from tests.shared import SharedCrm

IN_ORDER: Final = ("user", "customer", "relationship", "pipeline", "opportunity", "lead")
"""What refers to others comes after them."""
BEGUN: Final = ("stranger", "visitor", "subscriber", "lead", "mql", "sal", "sql")
SOLD: Final = {"customer": 1, "repeat": 2, "advocate": 2, "churned": 1}
"""How many orders a lead in this stage has."""


def sell(crm: Crm) -> None:
    """A lead in every stage, and opportunities on every way."""
    with crm.work("sara") as work:
        sara = work.users.add(User("Sara")).id
        for number, stage in enumerate(STAGES):
            person = work.customers.add(Person(f"P{number}", employer="Zagros Ltd", roles=["lead"])).id
            lead = work.leads.add(Lead(person, owner=sara, stage=stage if stage in BEGUN else "lead"))
            for _ in range(SOLD.get(stage, 0)):
                work.orders.add(Order(work.now(), customer=person, status="paid"))
            if stage == "opportunity":
                work.leads.convert(person, amount=Money("12.5", "EUR"))
            elif work.leads.get(lead.id).stage != stage:
                work.leads.change(lead.id, stage=stage, reason="so they said")
        assert {each.stage for each in work.leads.stream()} == set(STAGES)


def deals(crm: Crm) -> None:
    """Opportunities: moved back, lost half way, won, reopened, and old ones of another system without their days."""
    with crm.work("sara") as work:
        buyer = work.customers.add(Organisation("Alborz")).id
        back, lost, won, again = (
            work.opportunities.add(Opportunity(name, customer=buyer, amount=Money(7, "USD"))).id
            for name in ("back", "lost", "won", "again")
        )
        work.opportunities.move(back, "proposal")
        work.opportunities.move(back, "prospecting", reason="new buyer")
        work.opportunities.move(lost, "qualified")
        work.opportunities.lose(lost, "price")
        work.opportunities.win(won, reason="service")
        work.opportunities.lose(again, "price")
        work.opportunities.change(again, status="open")
        for status in ("won", "lost"):
            work.opportunities.add(Opportunity(f"old {status}", status=status, source="old", external_id=status))
        work.opportunities.add(Opportunity("dated", status="lost", source="old", closed_on=dt.date(2024, 5, 1)))


@pytest.mark.parametrize("format", ["jsonl", "csv"])
def test_sales_are_the_same_in_another_database(shared: SharedCrm, tmp_path: Path, format: str) -> None:
    """Whoever moves to another database would lose what became of leads, and how far deals had come."""
    here = shared.fresh(FrozenClock())
    sell(here)
    deals(here)
    rows = {name: export(here, tmp_path / f"{name}.{format}", name) for name in IN_ORDER}
    held = {name: stored(here, name) for name in IN_ORDER}
    assert len(held["lead"]) == len(STAGES) and len(held["opportunity"]) == 8
    later = FrozenClock()
    later.advance(days=40)
    desk = Desk(shared.fresh(later), tmp_path)
    for name in IN_ORDER:
        report = desk.take(tmp_path / f"{name}.{format}", name)
        assert report.rejects == ()
        assert report.rows == rows[name]
    assert {name: stored(desk.crm, name) for name in IN_ORDER} == held


def test_a_lead_that_is_new_here_begins_at_the_beginning(shared_memory: SharedCrm) -> None:
    """A lead would be converted without an opportunity, or be a customer without a sale, by a slip of the hand."""
    with shared_memory.fresh().work("sara") as work:
        customer = work.customers.add(Person("Leila")).id
        for values in ({"converted_at": work.now()}, {"stage": "opportunity"}):
            with pytest.raises(CrmError, match=r"convert|begin"), work.savepoint():
                work.leads.add(Lead(customer, **values))
        assert work.leads.add(Lead(customer, stage="opportunity", id=UUID(int=7))).stage == "opportunity"
