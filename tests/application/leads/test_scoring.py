"""Scores by rules kept as data: fit and engagement apart, faded by age, exact as of any time. EX-3 end to end."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from crmcore import Interaction, Order, Person, User
from crmcore.application.leads.scoring import scores
from crmcore.application.unit import UnitOfWork
from crmcore.crm import Crm
from crmcore.domain.errors import InvalidRecord, InvalidValue, NotFound
from crmcore.domain.leads.score_rule import Scored, ScoreRule
from crmcore.testing.fakes import FrozenClock, Restricted
from tests.shared import SharedCrm

START = dt.datetime(2025, 1, 15, 10, tzinfo=dt.UTC)


def rule(work: UnitOfWork, name: str, condition: str, points: str, side: str = "engagement", **values: Any) -> UUID:
    """A score rule."""
    return work[ScoreRule].add(ScoreRule(name, side, condition, Decimal(points), **values)).id


def said(work: UnitOfWork, customer: UUID, channel: str, days: int = 0) -> UUID:
    """An interaction so many days ago."""
    at = work.now() - dt.timedelta(days=days)
    return work.interactions.add(Interaction(at, channel, customer=customer)).id


def leila(crm: Crm, **values: Any) -> UUID:
    """A customer."""
    with crm.work("sara") as work:
        return work.customers.add(Person("Leila", **values)).id


def shown(scored: Scored) -> str:
    """The points as a text: fit + engagement."""
    return f"{scored.fit.normalize():f} + {scored.engagement.normalize():f}"


def test_ex_3(shared: SharedCrm) -> None:
    """EX-3: an old sign of interest would count as much as one of today. 10, 20, 5 and 40 points, 0, 30, 60 and 90 days
    old, with a half-life of 30 days, are 26.25."""
    crm = shared.fresh()
    id = leila(crm)
    with crm.work("sara") as work:
        for channel, points, days in (("visit", "10", 0), ("call", "20", 30), ("mail", "5", 60), ("fair", "40", 90)):
            rule(work, channel, f'channel = "{channel}"', points, half_life_days=30)
            said(work, id, channel, days)
        scored = work.leads.score(id)
    assert shown(scored) == "0 + 26.25"
    assert [(each.rule, each.age, str(each.counted)) for each in scored.lines] == [
        ("call", 30, "10.0000"),
        ("fair", 90, "5.0000"),
        ("mail", 60, "1.2500"),
        ("visit", 0, "10.0000"),
    ]


def test_fit_and_engagement_stay_apart(shared: SharedCrm) -> None:
    """A perfect customer who never answers could not be told from anybody who clicks on everything."""
    crm = shared.fresh()
    id = leila(crm, job_title="Head of purchasing")
    with crm.work("sara") as work:
        work.customers.change(id, city="Cairo")
        rule(work, "decides", 'job_title ~ "head"', "20", "fit")
        rule(work, "near", 'city in ("Cairo", "Giza")', "5.5", "fit")
        rule(work, "far", 'city = "Oslo"', "-50", "fit")
        rule(work, "no longer", 'city = "Cairo"', "99", "fit", active=False)
        rule(work, "calls", 'channel = "phone"', "3", cap=Decimal(5))
        rule(work, "complains", 'channel = "mail"', "-4")
        for channel in ("phone", "phone", "phone", "mail", "letter"):
            said(work, id, channel)
        said(work, id, "phone", days=-1)  # planned for tomorrow
        scored = work.leads.score(id)
    assert shown(scored) == "25.5 + 1"
    assert [each.rule for each in scored.lines] == ["decides", "near", *["calls"] * 3, "complains"]
    assert all(each.why for each in scored.lines)


def test_many_are_scored_at_once(shared: SharedCrm) -> None:
    """A list with scores would ask the database for each of its rows, or mix one's score with another's."""
    crm = shared.fresh()
    ids = [leila(crm, language=language) for language in ("fa", "ar", "fa")]
    with crm.work("sara") as work:
        rule(work, "speaks", 'language = "fa"', "7", "fit")
        rule(work, "calls", 'channel = "phone"', "2")
        said(work, ids[1], "phone")
        found = scores(work, ids)
        singly = {id: work.leads.score(id) for id in ids}
    assert found == singly
    assert [shown(found[id]) for id in ids] == ["7 + 0", "0 + 2", "7 + 0"]


def test_as_of_is_what_was_known_then(shared: SharedCrm) -> None:
    """A score of March would change by what became known in April, so nobody could tell why a lead was called."""
    clock = FrozenClock(START)
    crm = shared.fresh(clock)
    with crm.work("sara") as work:
        id = work.customers.add(Person("Leila", job_title="Buyer")).id
        rule(work, "buys", 'job_title = "Buyer"', "10", "fit")
        rule(work, "bought", 'order where (status = "paid")', "5", "fit")
        rule(work, "new", "created_at > 7 days ago", "1", "fit")
        rule(work, "calls", 'channel = "phone"', "8", half_life_days=10)
        call = said(work, id, "phone", days=10)
        order = work.orders.add(Order(work.now(), customer=id, status="open")).id
        then = work.leads.score(id)
    assert shown(then) == "11 + 4"
    clock.advance(days=10)
    with crm.work("sara") as work:
        work.customers.change(id, job_title="Retired")
        work.interactions.change(call, channel="letter")
        work.orders.change(order, status="paid")
        said(work, id, "phone", days=15)  # told only now
        now = work.leads.score(id)
        assert work.leads.score(id, as_of=START) == then
        assert work.leads.score(id, as_of=work.now()) == now
        with pytest.raises(NotFound):
            work.leads.score(id, as_of=START - dt.timedelta(days=1))
        with pytest.raises(InvalidValue, match="still to come"):
            work.leads.score(id, as_of=START + dt.timedelta(days=99))
    assert shown(now) == "5 + 2.8284"


@pytest.mark.parametrize(
    ("side", "condition", "told"),
    [
        ("fit", "city =", "expected"),
        ("fit", 'channel = "phone"', "channel"),
        ("engagement", 'city = "Cairo"', "city"),
        ("engagement", "at < 10", "at"),
        ("fit", "nothing where (x = 1)", "nothing"),
    ],
)
def test_a_filter_is_checked_when_it_is_saved(shared_memory: SharedCrm, side: str, condition: str, told: str) -> None:
    """A misspelt rule would be found when somebody is scored, or never."""
    crm = shared_memory.fresh()
    with crm.work("sara") as work:
        with pytest.raises(InvalidRecord, match=told) as refused:
            rule(work, "new", condition, "1", side)
        assert list(refused.value.problems) == ["condition"]
        id = rule(work, "sound", "created_at < now", "1", side)
        with pytest.raises(InvalidRecord):
            work[ScoreRule].change(id, condition=condition)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"side": "fit", "half_life_days": 30}, "half_life_days"),
        ({"half_life_days": 0}, "half_life_days"),
        ({"cap": Decimal(0)}, "cap"),
        ({"side": "looks"}, "side"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(shared_memory: SharedCrm, values: dict[str, Any], field: str) -> None:
    """A score would fail, or count nothing, for a reason that nobody sees."""
    crm = shared_memory.fresh()
    with crm.work("sara") as work, pytest.raises(InvalidRecord) as refused:
        rule(work, "new", "created_at < now", "1", **{"side": "engagement", **values})
    assert list(refused.value.problems) == [field]


def test_a_score_tells_no_more_than_a_look(shared: SharedCrm) -> None:
    """Points would tell what is hidden: where somebody lives, or that somebody else wrote to them."""
    policy = Restricted(rows={"interaction": "owner = me"}, hidden={"customer": ["city"]})
    crm = shared.fresh(policy=policy)
    with crm.work("root") as work:
        id = work.customers.add(Person("Leila", language="fa")).id
        work.customers.change(id, city="Cairo")
        me = work.users.add(User("Sara", external_id="sara")).id
        rule(work, "near", 'city = "Cairo"', "5", "fit")
        rule(work, "speaks", 'language = "fa"', "7", "fit")
        rule(work, "calls", 'channel = "phone"', "2")
        said(work, id, "phone")
        said_to_me = Interaction(work.now(), "phone", customer=id, owner=me)
        work.interactions.add(said_to_me)
        whole = work.leads.score(id)
    assert (shown(whole), whole.left_out) == ("12 + 4", ())
    with crm.work("sara") as work:
        for as_of in (None, work.now()):
            seen = work.leads.score(id, as_of)
            assert (shown(seen), seen.left_out) == ("7 + 2", ("near",))
