"""Tests of what comes out of it all: the catalogue, frozen, and the plugins as `crm plugins` shows them."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from crmcore.domain import field
from crmcore.domain.facet import Facet, facet
from crmcore.domain.records import CORE
from crmcore.domain.workflow import Workflow
from crmcore.plugins import Plugin
from crmcore.plugins.registry import load
from tests.plugins import visits
from tests.plugins.made import Site, facet_class, made, record_class, workflow

STATES = ("a", "b", "c")


def test_a_well_behaved_plugin_works() -> None:
    """PLG-25: the rules could keep everybody out."""
    registry = load([visits, "loyalty"])
    assert registry.names == ("loyalty", "visits")
    catalogue = registry.catalogue
    assert catalogue.of(visits.Visit).name == "visits.visit"
    assert catalogue.of(visits.Visit).plugin == "visits"
    customer = catalogue.record("customer")
    assert {"visits.best_day", "loyalty.tier"} <= set(catalogue.names(customer))
    assert catalogue.workflows["visits.visit", "state"].name == "visits.visit:state"
    assert "visits.visit" in {owner.name for owner, _, _ in catalogue.references_to("visits.visit")}


def test_the_core_alone_is_the_core() -> None:
    """A host that wants no plugin would get some, or lose records."""
    registry = load()
    assert registry.plugins == ()
    assert list(registry.catalogue.records) == [cls.__crm__.name for cls in CORE if cls.__crm__]
    assert registry.catalogue.facets == {}


def test_registries_share_nothing() -> None:
    """The plugins of one Crm would be seen in another in the same process."""
    with_visits, without = load([visits]), load()
    assert "visits.visit" in with_visits.catalogue.records
    assert "visits.visit" not in without.catalogue.records
    assert "visits" not in without.names
    assert load([visits]).catalogue.records.keys() == with_visits.catalogue.records.keys()


def test_what_a_plugin_returned_is_its_own_no_more() -> None:
    """PLG-14: a plugin that keeps its list could change what is declared behind everybody's back."""
    facets, records = [facet_class("customer")], [record_class("entry")]
    greedy = made("greedy", facets=facets, records=records)
    registry = load([greedy])
    facets.append(facet_class("order"))
    facets.clear()
    records.clear()
    assert registry.plugins[0].facets == ("customer",)
    assert registry.catalogue.facets["customer"][0].name == "greedy"
    assert "greedy.entry" in registry.catalogue.records


def test_a_workflow_does_not_change_after_it_is_declared() -> None:
    """PLG-14: a step or guard that is taken out later would open what the start had checked."""

    @facet("customer")
    class Stage(Facet):
        stage: str = field.choice(*STATES, default="a")

    states: Any = list(STATES)
    guards: Any = [lambda after: "never"]
    label = {"en": "Go"}
    declared = workflow("customer", "stages.stage", *STATES)
    steps: Any = [attrs.evolve(step, guards=guards, label=label) for step in declared.transitions]
    declared = attrs.evolve(declared, states=states, transitions=steps)
    registry = load([made("stages", facets=[Stage], workflows=[declared])])
    states.clear()
    guards.clear()
    label.clear()
    steps.clear()
    kept: Workflow = registry.catalogue.workflows["customer", "stages.stage"]
    assert kept.states == STATES
    assert [step.target for step in kept.transitions] == ["b", "c"]
    assert all(len(step.guards) == 1 and step.label == {"en": "Go"} for step in kept.transitions)


@pytest.mark.parametrize("name", ["plugins", "catalogue", "names"])
def test_a_registry_is_frozen(name: str) -> None:
    """A plugin that is handed the registry could add itself to it."""
    with pytest.raises(AttributeError):
        setattr(load(), name, ())


def test_plugins_are_described_with_what_they_contribute(site: Site) -> None:
    """`crm plugins` could not tell what a plugin adds, or would import those that are not active."""
    site.install("acme-points", [("points", "acme_points")], {"acme_points": "raise SystemExit"}, "2.3")
    described = {each["name"]: each for each in load([visits, "loyalty"]).describe()}
    assert list(described) == sorted(described)
    assert described["points"] == {
        "name": "points",
        "version": "2.3",
        "api": None,
        "state": "available",
        "distribution": "acme-points",
        "description": "",
        "requires": [],
        "capabilities": [],
        "contributes": {},
        "problem": "",
    }
    assert described["loyalty"]["state"] == "active"
    assert described["loyalty"]["distribution"] == "crmcore-loyalty"
    assert described["visits"]["contributes"] == {
        "record_types": [{"record": "visits.visit", "fields": ["customer", "at", "place", "state", "follows"]}],
        "facets": [{"record": "customer", "fields": ["visits.best_day"]}],
        "workflows": ["visits.visit:state"],
        "extensions": [],
        "jobs": ["visits.plan"],
        "commands": ["visits.plan"],
        "formats": ["diary"],
        "reports": ["visits.planned"],
        "metrics": ["visits_done"],
        "channels": ["visit"],
        "templates": ["visits.announce"],
        "hooks": [],
    }


def test_the_version_is_the_distributions_unless_the_manifest_has_one(site: Site) -> None:
    """`crm plugins` would show no version, or one that was forgotten in the source."""
    text = "from crmcore.plugins import Plugin\nplugin = Plugin('{}'{})"
    modules = {"one": text.format("one", ""), "two": text.format("two", ", version='9'")}
    site.install("both", [("one", "one"), ("two", "two")], modules, "1.5")
    assert [each.version for each in load(["one", "two"]).plugins] == ["1.5", "9"]
    assert load([made("three")]).plugins[0] == load([made("three")]).plugins[0]
    assert load([made("three")]).plugins[0].manifest == Plugin("three")
