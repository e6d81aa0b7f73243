"""Matters and court dates at work, on every storage that is there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

import crmcore_legal
from crmcore import Opportunity, Organisation, Person
from crmcore.crm import Crm
from crmcore.domain.errors import IllegalTransition, Vetoed
from crmcore.testing import make_crm
from crmcore.testing.fakes import START
from crmcore_legal import Hearing, LegalClient, Matter, Party

DAY = START.date()


@pytest.fixture(params=["memory", "sqlite"])
def crm(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crm]:
    """A firm's Crm."""
    file = tmp_path_factory.mktemp("firm") / "crm.db"
    url = "memory" if request.param == "memory" else f"sqlite:///{file}"
    with make_crm(url, plugins=[crmcore_legal]) as made:
        yield made


def timeline(work: Any, customer: UUID) -> list[str]:
    """The record types on a customer's timeline, newest first."""
    return [each.type.name for each in work.timeline(customer).items if hasattr(each, "type")]


def test_no_opportunity_with_the_adverse_party(crm: Crm) -> None:
    """And the reason says nothing of the matter."""
    with crm.work("sara") as work:
        nour, alpha = (work.customers.add(Organisation(name)) for name in ("Nour Logistics", "Alpha Trading"))
        work[Matter].add(Matter("M-1", "Alpha v Nour", client=alpha.id, parties=(Party(nour.id, "adverse"),)))
        with pytest.raises(Vetoed, match="refused by plugin 'legal': conflict of interest: ask whoever") as caught:
            work.opportunities.add(Opportunity("Advice", customer=nour.id))
        assert "M-1" not in str(caught.value)
        work.opportunities.add(Opportunity("Advice", customer=alpha.id))


def test_the_check_is_symmetric(crm: Crm) -> None:
    """Who is a client cannot become an adverse party, nor the other way round."""
    with crm.work("sara") as work:
        one, other = (work.customers.add(Organisation(name)) for name in ("One", "Other"))
        first = work[Matter].add(Matter("M-1", "One", client=one.id))
        with pytest.raises(Vetoed):
            work[Matter].add(Matter("M-2", "Other v One", client=other.id, parties=(Party(one.id, "adverse"),)))
        with pytest.raises(Vetoed):
            work[Matter].change(first.id, parties=(Party(one.id, "adverse"),))
        work[Matter].change(first.id, status="declined")
        work[Matter].add(Matter("M-2", "Other v One", client=other.id, parties=(Party(one.id, "adverse"),)))
        with pytest.raises(Vetoed):
            work[Matter].add(Matter("M-3", "One again", client=one.id))


def test_from_intake_to_archive(crm: Crm) -> None:
    """Nobody is engaged unchecked, nothing is closed with court dates to come, and the client is known as one."""
    with crm.work("sara") as work:
        leila = work.customers.add(Person("Leila"))
        matter = work[Matter].add(Matter("M-1", "Leila", client=leila.id))
        work[Matter].change(matter.id, status="conflict_check")
        with pytest.raises(IllegalTransition, match="refused by plugin 'legal': conflict_checked_on"):
            work[Matter].change(matter.id, status="engaged")
        work[Matter].change(matter.id, conflict_checked_on=DAY, terms_agreed_on=DAY)
        work[Matter].change(matter.id, status="engaged")
        work[Matter].change(matter.id, status="open")
        assert work.customers.get(leila.id, with_=[LegalClient]).facet(LegalClient).matters == 1
        date = work[Hearing].add(Hearing(matter.id, START + dt.timedelta(days=3), place="Cairo"))
        with pytest.raises(Vetoed, match="1 court dates are to come"):
            work[Matter].change(matter.id, status="closed")
        work[Hearing].change(date.id, status="held")
        work[Matter].change(matter.id, status="closed")
        work[Matter].change(matter.id, status="archived")


def test_court_dates_stand_on_the_timeline(crm: Crm) -> None:
    """The date by itself, and what became of it as correspondence; a worker tells that, once."""
    with crm.work("sara") as work:
        leila = work.customers.add(Person("Leila"))
        matter = work[Matter].add(Matter("M-1", "Leila", client=leila.id, status="open", opened_on=DAY))
        date = work[Hearing].add(Hearing(matter.id, START + dt.timedelta(days=3)))
        work[Hearing].change(date.id, status="held")
        assert timeline(work, leila.id) == ["legal.hearing", "legal.matter"]
    for _ in range(2):
        crm.pump()
    with crm.work("sara") as work:
        assert timeline(work, leila.id) == ["legal.hearing", "interaction", "legal.matter"]
        [told] = work.interactions.query().items
        assert told.subject == "Court date held"
        [logged] = work.interactions.history(told.id)
        assert logged.actor == "plugin:legal"


def test_what_the_firm_sees(crm: Crm) -> None:
    """A panel, a figure that names its matters, and the steps of a matter on the timeline."""
    with crm.work("sara") as work:
        leila = work.customers.add(Person("Leila"))
        made = [Matter(f"M-{n}", "Leila", client=leila.id, conflict_checked_on=DAY) for n in (1, 2)]
        work[Matter].add_many(made)
        view = work.whole_view(leila.id)
        titles = {each.title for each in view.timeline.items if hasattr(each, "title")}
        [total] = work.metrics(leila.id)
    assert titles == {"Conflicts checked for M-1", "Conflicts checked for M-2"}
    assert (total.name, total.total, total.missing) == ("legal.open_matters", Decimal(2), ())
    assert {each.reason for each in total.contributions} == {"M-1", "M-2"}


def test_reminders_come_once(crm: Crm) -> None:
    """The job marks what is due within a week."""
    with crm.work("sara") as work:
        leila = work.customers.add(Person("Leila"))
        matter = work[Matter].add(Matter("M-1", "Leila", client=leila.id, status="open"))
        for days in (2, 30):
            work[Hearing].add(Hearing(matter.id, START + dt.timedelta(days=days)))
    crm.pump()
    with crm.work("sara") as work:
        assert work[Hearing].count("reminded_on is not missing") == 1


def test_an_opportunity_waits_for_a_conflict_to_be_cleared(crm: Crm) -> None:
    """The state comes from here, the opportunity is the core's."""
    with crm.work("sara") as work:
        leila = work.customers.add(Person("Leila"))
        deal = work.opportunities.add(Opportunity("Advice", customer=leila.id))
        assert work.opportunities.change(deal.id, status="conflict_hold").status == "conflict_hold"
        with pytest.raises(IllegalTransition):
            work.opportunities.win(deal.id)
        work.opportunities.change(deal.id, status="open")
        assert work.opportunities.win(deal.id).status == "won"
