"""Who contributed what, and who vetoes which step of a record."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from crmcore import Opportunity, Person
from crmcore.application.explaining import Explaining
from crmcore.application.open_steps import open_steps
from crmcore.crm import Crm
from crmcore.domain.errors import NotFound, UnknownName
from crmcore.domain.leads.lead import Lead
from crmcore.plugins import Plugin, Stepping, Veto, hookimpl, on
from crmcore.plugins.routing import NO_HOOKS
from crmcore.testing.crm import make_crm
from crmcore.testing.fakes import Restricted
from crmcore_loyalty import LoyaltyMember
from tests.databases import storages
from tests.plugins import pausing


@hookimpl
@on("opportunity")
def check_steps(context: Stepping) -> list[Veto]:
    """Nobody gives up."""
    return [Veto(each.change, "we never give up") for each in context.steps if each.target == "lost"]


@hookimpl
@on("opportunity")
def react_steps(context: object) -> None:
    """Would tell somebody; asking why must not."""
    raise AssertionError("nothing was written, so nothing follows")


@hookimpl
def contribute_panel(context: object) -> dict[str, str]:
    """A panel of the customer's view."""
    return {"mood": "stubborn"}


STUBBORN = SimpleNamespace(
    plugin=Plugin("stubborn"), check_steps=check_steps, react_steps=react_steps, contribute_panel=contribute_panel
)


@pytest.fixture
def crm() -> Iterator[Crm]:
    """A Crm in memory with three plugins."""
    with make_crm(plugins=[pausing, STUBBORN, "loyalty"]) as made:
        yield made


def explaining(crm: Crm) -> Explaining:
    """What the command line asks."""
    return Explaining(crm.catalogue, crm.registry.hooks, crm.registry.slots)


def told(crm: Crm, workflow: str, id: UUID, actor: str = "sara") -> dict[str, list[str]]:
    """The steps that lead on, and who refuses them with what."""
    flow = explaining(crm).workflow(workflow)
    assert flow is not None
    with crm.work(actor, dry=True) as work:
        found = open_steps(work, flow, id)
    assert all(each["open"] == (not each["vetoes"]) for each in found)
    return {each["name"]: [f"{v['plugin']} {v['guard']}: {v['reason']}" for v in each["vetoes"]] for each in found}


@pytest.mark.parametrize("storage", storages("memory", "sqlite", "postgres", "mariadb"))
def test_a_record_tells_which_steps_are_open(storage: str, request: pytest.FixtureRequest) -> None:
    """Nobody could tell why a sale cannot be won without trying it."""
    url = "memory" if storage == "memory" else request.getfixturevalue(f"{storage}_url")
    with make_crm(url, plugins=[pausing, STUBBORN]) as crm:
        with crm.work("sara") as work:
            crm.kernel.hooks = NO_HOOKS  # the reaction fails whenever it is called
            sale = work.opportunities.add(Opportunity("Plan", note="in doubt"))
            held = work.opportunities.add(Opportunity("Plan", status="on_hold"))
        crm.kernel.hooks = crm.registry.hooks
        assert told(crm, "opportunity:status", sale.id) == {
            "win": ["pausing has_no_doubt: somebody is in doubt"],
            "lose": ["stubborn check_steps: we never give up"],
            "pause": [],
            "sign": ["pausing has_no_doubt: somebody is in doubt"],
        }
        assert told(crm, "opportunity:status", held.id) == {
            "resume": [],
            "give_up": ["stubborn check_steps: we never give up"],
        }
        with crm.work("sara") as work:
            assert [each.version for each in work.opportunities.query().items] == [1, 1]


def test_the_cores_own_rules_veto_too(crm: Crm) -> None:
    """What the core refuses would be told as open."""
    with crm.work("sara") as work:
        leila = work.customers.add(Person("Leila"))
        lead = work[Lead].add(Lead(customer=leila.id))
    found = told(crm, "lead:stage", lead.id)
    assert found["fall_asleep"] == []
    assert found["recycle"][0].startswith("None needs_reason: ")


def test_a_facets_steps_are_told(crm: Crm) -> None:
    """Only fields of record types could be explained."""
    with crm.work("sara") as work:
        leila = work.customers.add(Person("Leila").with_facets(LoyaltyMember(tier="silver")))
        omar = work.customers.add(Person("Omar"))
    found = told(crm, "customer:loyalty.tier", leila.id)
    assert found["downgrade"] == []
    assert found["upgrade_to_gold"][0].startswith("loyalty has_card: the tier gold is shown by a card")
    assert told(crm, "customer:loyalty.tier", omar.id) == {}


def test_only_who_may_see_the_record_is_told(crm: Crm) -> None:
    """Steps and reasons would tell of a record, or a field, that is hidden."""
    with crm.work("sara") as work:
        leila = work.customers.add(Person("Leila").with_facets(LoyaltyMember(tier="silver")))
    with pytest.raises(NotFound):
        told(crm, "customer:loyalty.tier", UUID(int=7))
    crm.kernel.policy = Restricted(hidden={"customer": frozenset({"loyalty.tier"})})
    with pytest.raises(UnknownName):
        told(crm, "customer:loyalty.tier", leila.id)


def test_a_workflow_tells_who_contributed_what(crm: Crm) -> None:
    """An administrator could not tell whose state, step or guard it is."""
    items = explaining(crm).explain("opportunity:status")
    short = [(each["kind"], each["name"], each["plugin"]) for each in items]
    assert short[:5] == [
        ("state", "open", None),
        ("state", "won", None),
        ("state", "lost", None),
        ("state", "on_hold", "pausing"),
        ("state", "signed", "pausing"),
    ]
    assert {("transition", "win", None), ("transition", "pause", "pausing"), ("guard", "has_no_doubt", "pausing")} < {
        *short
    }
    assert short[-2:] == [("hook", "check_steps", "stubborn"), ("hook", "react_steps", "stubborn")]
    assert items[3]["counts_as"] == "open"


def test_a_record_type_tells_who_looks_at_it(crm: Crm) -> None:
    """An administrator could not tell what a plugin sees before switching it off."""
    found = explaining(crm)
    customer = [(each["kind"], each["name"], each["plugin"]) for each in found.explain("customer")]
    assert customer[:3] == [
        ("record", "customer", None),
        ("facet", "loyalty", "loyalty"),
        ("workflow", "customer:loyalty.tier", "loyalty"),
    ]
    assert customer[-2:] == [("hook", "contribute_panel", "stubborn"), ("hook", "contribute_subject", "loyalty")]
    sale = [(each["kind"], each["name"], each["plugin"]) for each in found.explain("opportunity")]
    assert {("state", "on_hold", "pausing"), ("hook", "check_steps", "stubborn")} < {*sale}


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("customer.name", {"kind": "field", "name": "customer.name", "plugin": None, "type": "text"}),
        (
            "customer.loyalty.tier",
            {"kind": "field", "name": "customer.loyalty.tier", "plugin": "loyalty", "type": "choice"},
        ),
        ("format:csv", {"kind": "format", "name": "csv", "plugin": None}),
    ],
)
def test_fields_and_slots_tell_whose_they_are(crm: Crm, target: str, expected: dict[str, Any]) -> None:
    """Two plugins that want one name could not be told apart."""
    assert explaining(crm).explain(target)[0] == expected


@pytest.mark.parametrize(
    ("target", "near"),
    [("opportunity:stats", "opportunity:status"), ("custmer", "customer"), ("customer.loyalty.teir", "loyalty.tier")],
)
def test_a_slip_is_answered_with_the_nearest(crm: Crm, target: str, near: str) -> None:
    """A person would have to know all names by heart."""
    with pytest.raises(UnknownName, match=near):
        explaining(crm).explain(target)
