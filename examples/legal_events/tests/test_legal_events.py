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
from crmcore.domain.customer import Customer
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


def reasons(work: Any, survivor: Customer, *others: Customer) -> tuple[str, ...]:
    """What there is against making these customers one."""
    found: tuple[str, ...] = work.merges.preview(survivor.id, [each.id for each in others]).reasons
    return found


@pytest.mark.parametrize(
    ("role", "other", "torn"),
    [
        ("adverse", "co_client", True),
        ("adverse", "judge", True),
        ("adverse_counsel", "co_counsel", True),
        ("judge", "co_client", True),
        ("adverse", "adverse_counsel", False),
        ("adverse", "witness", False),
        ("co_client", "expert", False),
    ],
)
def test_who_is_on_two_sides_stays_two(crm: Crm, role: str, other: str, torn: bool) -> None:
    """As one customer, they would be their own opponent, and the next check would find nothing else."""
    with crm.work("sara") as work:
        leila, one, two = (work.customers.add(Person(name)) for name in ("Leila", "One", "Two"))
        parties = (Party(one.id, role), Party(two.id, other))
        work[Matter].add(Matter("M-1", "Leila", client=leila.id, parties=parties))
        found = reasons(work, one, two)
    told = "refused by plugin 'legal': conflict of interest: ask whoever looks after conflicts"
    assert found == ((told,) if torn else ())


def test_a_client_and_the_adverse_party_of_another_client_stay_two(crm: Crm) -> None:
    """The firm would act against its own client; once a matter is over, it would not."""
    with crm.work("sara") as work:
        one, two, leila, sam = (work.customers.add(Person(name)) for name in ("One", "Two", "Leila", "Sam"))
        against = work[Matter].add(Matter("M-1", "A", client=one.id, parties=(Party(leila.id, "adverse"),)))
        work[Matter].add(Matter("M-2", "B", client=two.id))
        assert reasons(work, leila, two)
        assert reasons(work, two, sam, leila)
        assert reasons(work, leila, one)
        assert not reasons(work, one, two)
        assert not reasons(work, leila, sam)
        work[Matter].change(against.id, status="declined")
        assert not reasons(work, leila, two)


def test_what_an_open_matter_needs_is_not_erased(crm: Crm) -> None:
    """The client's name and the opponent's are what conflicts are found by; once the matter is over, a worker goes on
    with the erasure by itself."""
    with crm.work("sara") as work:
        leila, nour = (work.customers.add(Person(name)).id for name in ("Leila", "Nour"))
        parties = (Party(nour, "adverse"),)
        matter = work[Matter].add(Matter("M-1", "Leila v Nour", client=leila, parties=parties)).id
    for person in (leila, nour):
        with crm.work("sara") as work:
            erased = work.subjects.erase(person, "asked by letter")
        assert erased.state == "partial"
        assert [(hold["record"], hold["reason"]) for hold in erased.holds] == [
            ("legal.matter", "the matter M-1 is open"),
            ("customer", "conflicts are checked while the matter M-1 is open"),
        ]
    with crm.work("sara") as work:
        assert [work.customers.get(each).name for each in (leila, nour)] == ["Leila", "Nour"]
        work[Matter].change(matter, status="declined")
    crm.pump()
    with crm.work("sara") as work:
        assert [work.customers.get(each).name for each in (leila, nour)] == [None, None]
        assert "Leila" not in work[Matter].get(matter).title


def test_a_party_that_left_a_matter_is_erased_at_once(crm: Crm) -> None:
    """A witness of long ago would be kept as long as the matter goes on."""
    with crm.work("sara") as work:
        leila, sam = (work.customers.add(Person(name)).id for name in ("Leila", "Sam"))
        work[Matter].add(Matter("M-1", "Leila", client=leila, parties=(Party(sam, "witness", to_date=DAY),)))
        assert work.subjects.erase(sam, "asked by letter").state == "done"


def test_a_person_is_told_how_the_check_came_out(crm: Crm) -> None:
    """And not in whose matters they are the opponent."""
    with crm.work("sara") as work:
        leila, nour = (work.customers.add(Person(name)).id for name in ("Leila", "Nour"))
        work[Matter].add(Matter("M-2", "Two", client=leila, conflict_checked_on=DAY))
        work[Matter].add(Matter("M-1", "One", client=leila, parties=(Party(nour, "adverse"),)))
        third = work[Matter].add(Matter("M-3", "Three", client=leila))
        work[Matter].change(third.id, status="declined")
        told, other = (work.subjects.export(each).document()["plugins"] for each in (leila, nour))
    assert other == {}
    assert told["legal"]["conflict_checks"] == [
        {"matter": "M-1", "checked_on": None, "outcome": "not checked yet"},
        {"matter": "M-2", "checked_on": "2025-01-15", "outcome": "nothing was found that keeps us from acting"},
        {"matter": "M-3", "checked_on": None, "outcome": "we do not act in it"},
    ]


def test_merged_clients_have_one_practice(crm: Crm) -> None:
    """Matters, parties and court dates follow, and come back."""
    with crm.work("sara") as work:
        leila, twin, other = (work.customers.add(Person(name)).id for name in ("Leila", "Leila", "Other"))
        matter = work[Matter].add(Matter("M-1", "One", client=twin, status="open")).id
        date = work[Hearing].add(Hearing(matter, START + dt.timedelta(days=3))).id
        witness = work[Matter].add(Matter("M-2", "Two", client=other, parties=(Party(twin, "witness"),))).id
        merged = work.merges.merge(leila, [twin])
        assert work[Matter].get(matter).client == work[Hearing].get(date).client == leila
        assert [each.customer for each in work[Matter].get(witness).parties] == [leila]
        assert work.customers.get(twin, with_=[LegalClient]).facet(LegalClient).matters == 1
        work.merges.undo(merged.merge.id)
        assert work[Matter].get(matter).client == work[Hearing].get(date).client == twin
        assert [each.customer for each in work[Matter].get(witness).parties] == [twin]
        assert work.customers.get(leila, with_=[LegalClient]).facet_or_none(LegalClient) is None
