"""BANT, kept with the lead: EX-2 end to end."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from typing import Any

import pytest

from crmcore import Lead, Person
from crmcore.domain.errors import CrmError, IllegalTransition, InvalidRecord
from tests.shared import SharedCrm

TODAY = dt.date(2025, 1, 15)


def test_ex_2(shared: SharedCrm) -> None:
    """EX-2: a lead would be judged by answers that nobody gave, or by others than those that were given. Budget 2,
    authority 1, need 3 and timeline 2 are 0.6667."""
    crm = shared.fresh()
    with crm.work("sara") as work:
        id = work.customers.add(Person("Leila")).id
        lead = work.leads.add(Lead(id))
        first = work.leads.qualify(id, {"budget": 2, "authority": 0}, evidence="call")
        assert (first.status, first.score, first.missing) == ("incomplete", None, ("need", "timeline"))
        done = work.leads.qualify(id, {"authority": 1, "need": 3, "timeline": 2})
        assert (done.status, done.score) == ("qualified", Fraction(2, 3))
    with crm.work("sara") as work:
        held = {q.dimension: (q.value, q.evidence, q.on) for q in work.leads.get(lead.id).qualifications}
        assert held["budget"] == (2, "call", TODAY)
        assert held["authority"] == (1, None, TODAY)
        assert work.leads.count('qualification where (dimension = "need" and value = 3)') == 1
        assert work.leads.qualify(id, {"need": None}).missing == ("need",)
        assert work.leads.qualify(id, {}).status == "incomplete"
        for name in ("budget", "authority", "timeline"):
            work.leads.qualify(id, {name: None})
        assert work.leads.get(lead.id).qualifications == ()


@pytest.mark.parametrize("answers", [{"charm": 2}, {"need": 4}, {"need": -1}, {"need": True}, {"need": "3"}])
def test_what_is_no_answer_is_refused(shared_memory: SharedCrm, answers: dict[str, Any]) -> None:
    """A misspelt or impossible answer would count, or be lost unseen."""
    crm = shared_memory.fresh()
    with crm.work("sara") as work:
        id = work.customers.add(Person("Leila")).id
        work.leads.add(Lead(id))
        with pytest.raises(CrmError):
            work.leads.qualify(id, answers)
        assert work.leads.qualify(id, {}).missing == ("budget", "authority", "need", "timeline")


def test_only_a_lead_is_qualified(shared_memory: SharedCrm) -> None:
    """A customer who is no lead, or no longer one, would get answers that belong to nothing."""
    crm = shared_memory.fresh()
    with crm.work("sara") as work:
        id = work.customers.add(Person("Leila")).id
        with pytest.raises(IllegalTransition, match="is no lead"):
            work.leads.qualify(id, {"need": 3})
        work.leads.add(Lead(id))
        work.leads.convert(id)
        with pytest.raises(InvalidRecord, match="read-only"):
            work.leads.qualify(id, {"need": 3})
