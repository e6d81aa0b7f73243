"""Tests of panels: what plugins know of a customer, in the whole view, and nothing that breaks it."""

from __future__ import annotations

import datetime as dt
import logging
from collections import UserDict
from decimal import Decimal
from typing import Any

import pytest

from crmcore import Person
from crmcore.application.past_view import past_view
from crmcore.application.whole_view import WholeView
from crmcore.crm import Crm
from crmcore.domain.binder import ReadRule
from crmcore.domain.errors import Denied
from crmcore.plugins import Viewing, hookimpl
from crmcore.testing import specimens
from crmcore.testing.crm import make_crm
from crmcore.testing.fakes import START, Restricted
from crmcore.testing.specimens import Profile, Sample
from tests.plugins.contributing import POINTS, Earning, answering, euros
from tests.plugins.made import facet_class, made


def panel(name: str, answer: Any, **more: Any) -> Any:
    """A plugin whose panel says this."""
    return made(name, hooks={"contribute_panel": answering(lambda context: answer)}, **more)


def asking(function: Any, **more: Any) -> Any:
    """A plugin whose panel is made by a function of the context."""
    return made("asking", hooks={"contribute_panel": hookimpl(function)}, **more)


def viewed(*plugins: Any, actor: str = "sara", **given: Any) -> WholeView:
    """The whole view of a customer with these plugins, on the memory storage."""
    with make_crm(plugins=plugins, **given) as crm:
        with crm.work("root") as work:
            id = work.customers.add(Person("Leila", emails=["leila@example.com"])).id
        with crm.work(actor) as work:
            return work.whole_view(id)


def test_what_a_plugin_knows_is_in_the_whole_view(crm: Crm) -> None:
    """A plugin could say nothing where people look."""
    with crm.work("sara") as work:
        leila, omar = (work.customers.add(Person(name)).id for name in ("Leila", "Omar"))
        work[Earning].add_many(Earning(leila, START + dt.timedelta(days=n), n) for n in range(3))
    with crm.work("sara", snapshot=True) as work:
        view = work.whole_view(leila)
        assert view.panels == {"rewards": {"earnings": 3, "last": "2025-01-17T10:00:00Z"}}
        assert [each.at.day for each in view.timeline.items] == [17, 16, 15]
        assert {each.name: each.total for each in view.metrics}["points"] == 3
        assert work.whole_view(omar).panels == {}
        assert not view.missing


def test_values_are_shown_exactly() -> None:
    """A price would be a binary fraction, a time would lose its zone."""
    given = {
        "text": "لیلا",
        "points": 5,
        "ratio": Decimal("0.10"),
        "credit": euros("3"),
        "active": True,
        "since": dt.date(2025, 1, 31),
        "seen": START,
        "none": None,
        "more": [{"a": (1, 2)}],
    }
    assert viewed(panel("exact", given)).panels["exact"] == {
        "text": "لیلا",
        "points": 5,
        "ratio": "0.10",
        "credit": {"amount": "3.00", "currency": "EUR"},
        "active": True,
        "since": "2025-01-31",
        "seen": "2025-01-15T10:00:00Z",
        "none": None,
        "more": [{"a": [1, 2]}],
    }


class Trap(UserDict[str, object]):
    """A mapping that ends the process of whoever looks into it."""

    def __iter__(self) -> Any:
        raise SystemExit(1)


DEEP: list[Any] = []
DEEP.append(DEEP)


def _shown(answer: object) -> str:
    try:
        return repr(answer)[:30]
    except ValueError:  # a whole number of more than 4,300 digits has no repr
        return "huge"


@pytest.mark.parametrize(
    "answer",
    [
        5,
        "text",
        ["a"],
        {"ratio": 0.1},
        {"ratio": Decimal("NaN")},
        {1: "number"},
        {"": "nameless"},
        {"who": object()},
        {"what": {1, 2}},
        {"nul": "\0"},
        {"half": "\ud800"},
        {"when": dt.datetime(2025, 1, 1)},
        {"deep": DEEP},
        {"long": "x" * 100_000},
        {"many": [1] * 100_000},
        {"huge": 1 << 20_000},
        {"huge": Decimal("1E+1000000")},
        Trap({"a": 1}),
        Trap,
    ],
    ids=_shown,
)
def test_a_panel_that_is_none_is_left_out_and_named(answer: object, caplog: pytest.LogCaptureFixture) -> None:
    """One wrong value would break the view of everybody, or nobody would know why it is not all there."""
    view = viewed(panel("right", {"a": 1}), panel("wrong", answer))
    assert view.panels == {"right": {"a": 1}}
    [missing] = view.missing
    assert (missing.plugin, missing.hook) == ("wrong", "contribute_panel")
    assert "wrong" in missing.error
    [logged] = [each for each in caplog.records if each.levelno == logging.WARNING]
    assert (logged.name, "wrong" in logged.getMessage()) == ("crmcore.plugins", True)


def test_all_three_failures_are_named() -> None:
    """A view would look whole that is not."""
    failing = answering(lambda context: 1 / 0)
    hooks = {f"contribute_{each}": failing for each in ("panel", "timeline", "metrics")}
    view = viewed(made("bad", declares={"metrics": [POINTS]}, hooks=hooks))
    assert [each.hook for each in view.missing] == ["contribute_panel", "contribute_timeline", "contribute_metrics"]


def test_a_facet_is_not_said_twice() -> None:
    """Two values would stand under one name, and nobody could tell which is stored."""
    facet = facet_class("customer", "tier")
    view = viewed(panel("shop", {"tier": "gold"}, facets=[facet]), panel("other", {"tier": "gold"}))
    assert view.panels == {"other": {"tier": "gold"}}
    assert "'tier'" in view.missing[0].error


def test_a_statement_that_fails_in_the_database_spoils_nothing_else(crm: Crm) -> None:
    """On PostgreSQL, whatever comes after a failed statement fails too."""

    def fail(context: Viewing) -> object:
        unit: Any = context.work
        return unit._unit.transaction.select("no query")

    before = crm.kernel.hooks
    hooks = made("asking", hooks={"contribute_panel": hookimpl(fail)})
    with make_crm(plugins=[hooks]) as other:
        crm.kernel.hooks = other.kernel.hooks
        with crm.work("sara") as work:
            view = work.whole_view(work.customers.add(Person("Leila")).id)
            assert [each.plugin for each in view.missing] == ["asking"]
            assert work.customers.count() == 1
    crm.kernel.hooks = before


@pytest.mark.parametrize("write", ["add", "remove", "commit"])
def test_a_panel_writes_nothing(write: str) -> None:
    """Looking at a customer would change something."""

    def act(context: Viewing) -> object:
        work: Any = context.work
        if write == "add":
            return work.customers.add(Person("Omar"))
        if write == "remove":
            return work.customers.remove(context.customer.id)
        return work._unit.transaction.commit()

    with make_crm(plugins=[asking(act, capabilities=("customer:add", "customer:remove"))]) as crm:
        with crm.work("sara") as work:
            id = work.customers.add(Person("Leila")).id
        with crm.work("sara") as work:
            assert [each.plugin for each in work.whole_view(id).missing] == ["asking"]
            assert work.customers.count() == 1
            assert work.customers.add(Person("Omar")).version == 1
        with crm.work("sara") as work:
            assert work.customers.count() == 2


def test_a_panel_tells_what_the_person_may_see_and_no_more() -> None:
    """What is hidden from a person would be told by a plugin, which has the right to read it for itself."""

    def tell(context: Viewing) -> object:
        profile = context.customer.facet_or_none(Profile)
        again = context.work.customers.get(context.customer.id, with_=[Profile]).facet_or_none(Profile)
        return {
            "name": context.customer.name,
            "card": [each and each.card for each in (profile, again)],
            "samples": context.work[Sample].count(),
        }

    plugin = asking(tell, capabilities=("customer:read", "specimen.sample:read"))
    policy = Restricted(rows={"specimen.sample": 'label = "open"'}, hidden={"customer": ["name", "specimen.card"]})
    with make_crm(plugins=[specimens, plugin], policy=policy) as crm:
        with crm.work("root") as work:
            id = work.customers.add(Person("Leila").with_facets(Profile(card="C-1"))).id
            work[Sample].add_many(Sample(label, START) for label in ("open", "secret"))
        with crm.work("root") as work:
            seen = work.whole_view(id).panels["asking"]
            assert seen == {"name": "Leila", "card": ["C-1", "C-1"], "samples": 2}
        with crm.work("sara") as work:
            seen = work.whole_view(id).panels["asking"]
            assert seen == {"name": None, "card": [None, None], "samples": 1}


def test_one_plugin_cannot_alter_what_others_see() -> None:
    """A plugin would change the record that the view shows, or that the next plugin is given."""

    def alter(context: Viewing) -> object:
        profile = context.customer.facet(Profile)
        profile.data["a"] = "altered"
        facets: Any = context.customer.facets
        facets.clear()
        return {}

    def look(context: Viewing) -> object:
        return dict(context.customer.facet(Profile).data)

    second = made("second", hooks={"contribute_panel": hookimpl(look)})
    with make_crm(plugins=[specimens, asking(alter), second]) as crm, crm.work("sara") as work:
        id = work.customers.add(Person("Leila").with_facets(Profile(data={"a": "kept"}))).id
        view = work.whole_view(id)
        assert view.panels == {"second": {"a": "kept"}}
        assert view.customer.facet(Profile).data == {"a": "kept"}
        assert [each.plugin for each in view.missing] == ["asking"]


def test_the_past_is_not_asked_of_plugins() -> None:
    """Plugins would tell of today in a view of last year."""
    with make_crm(plugins=[panel("right", {"a": 1})]) as crm, crm.work("sara") as work:
        id = work.customers.add(Person("Leila")).id
        assert past_view(work, id, work.now()).panels == {}


def test_a_plugin_that_would_read_as_itself_is_denied_by_the_hosts_policy() -> None:
    """The policy is asked for the person, so that a rule by who acts holds for plugins that answer them."""
    asked = []

    class Watching:
        def read(self, actor: Any, record: Any) -> ReadRule:
            asked.append(str(actor))
            return ReadRule(None, frozenset())

        def write(self, actor: Any, changes: Any) -> None:
            if actor.kind == "plugin":
                raise Denied("no plugin writes")

    viewed(asking(lambda context: {"n": context.work.orders.count()}), policy=Watching())
    assert set(asked) == {"sara"}
