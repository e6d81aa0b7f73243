"""Plugins that extend one workflow: what they cannot both add is refused at start, with who, what and how to settle
it, whatever the order in which they are found."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.domain import field
from crmcore.domain.errors import PluginConflict, PluginFailed
from crmcore.domain.extension import NewState, WorkflowExtension
from crmcore.domain.facet import Facet, facet
from crmcore.domain.workflow import Transition
from crmcore.plugins import hookimpl
from crmcore.plugins.registry import load
from tests.plugins import pausing
from tests.plugins.made import made, problems, refused, workflow

STATUS = "opportunity:status"


@facet("customer")
class Card(Facet):
    """A card with a tier."""

    tier: str = field.choice("low", "high", default="low")


def adding(name: str, *states: str, steps: Any = (), workflow: str = STATUS, **more: Any) -> Any:
    """A plugin that adds states, in which a sale may begin, and steps (name, source, target)."""
    transitions = tuple(Transition(name=n, sources=(a,), target=b) for n, a, b in steps)
    new = tuple(NewState(name=each) for each in states)
    extension = WorkflowExtension(workflow=workflow, states=new, initial=states, transitions=transitions)
    return made(name, hooks={"declare_extensions": hookimpl(lambda: [extension])}, **more)


@pytest.mark.parametrize(
    ("plugins", "error", "what"),
    [
        (
            [adding("a", "on_hold"), adding("b", "on_hold")],
            PluginConflict,
            "plugin 'a' and plugin 'b': the state 'on_hold' of opportunity:status is declared by each of them",
        ),
        (
            [adding("a", "on_hold"), adding("b", "onhold")],
            PluginConflict,
            "the state 'on_hold' of opportunity:status and the state 'onhold' of opportunity:status are one name but",
        ),
        (
            [adding("a", "Won")],
            PluginConflict,
            "plugin 'a': the state 'Won' of opportunity:status and the state 'won' of opportunity:status are one name",
        ),
        ([adding("a", "won")], PluginConflict, "the state 'won' of opportunity:status is declared by the core too"),
        ([adding("a", "x", "x")], PluginFailed, "the state 'x' of opportunity:status is declared twice"),
        (
            [adding(n, n, steps=[("skip", "open", n)]) for n in "ab"],
            PluginConflict,
            "the transition 'skip' from 'open' in opportunity:status is declared by each of them",
        ),
        (
            [adding(n, steps=[(n, "won", "lost")]) for n in "ab"],
            PluginConflict,
            "the way from 'won' to 'lost' in opportunity:status is declared by each of them",
        ),
        (
            [adding("a", steps=[("close", "open", "won")])],
            PluginConflict,
            "the way from 'open' to 'won' in opportunity:status is declared by the core too",
        ),
        ([adding("a", "x" * 41)], PluginFailed, "it has 41 characters, at most 40 fit"),
        ([adding("a", workflow="opportunity:stage")], PluginFailed, "which is not declared here"),
        ([adding("a", steps=[("x", "gone", "won")])], PluginFailed, "it names the state 'gone'"),
    ],
)
def test_what_two_cannot_both_add_is_refused(plugins: list[Any], error: Any, what: str) -> None:
    """The second would get round the first without a word, depending on which was found first."""
    texts = {str(refused(error, *order)) for order in permutations(plugins)}
    assert len(texts) == 1
    assert what in texts.pop()


def test_a_refusal_says_how_to_settle_it() -> None:
    """An administrator would know what is wrong and not what to do."""
    error = refused(PluginConflict, adding("a", "on_hold"), adding("b", "on_hold"))
    [problem] = problems(error)
    assert problem["plugins"] == ["a", "b"]
    assert problem["remedy"].startswith("Leave one plugin out")


def tiers(*, requires: tuple[str, ...]) -> list[Any]:
    """A plugin with a workflow of its own, and one that adds to it."""
    own = made("card", facets=[Card], workflows=[workflow("customer", "card.tier", "low", "high")])
    steps = [("drop", "high", "none")]
    return [own, adding("extra", "none", steps=steps, workflow="customer:card.tier", requires=requires)]


def test_a_workflow_of_another_plugin_is_extended() -> None:
    """Only the core's workflows would be open to others."""
    found = load(tiers(requires=("card",))).catalogue.workflows["customer", "card.tier"]
    assert found.states == ("low", "high", "none")
    assert [(each.name, each.plugin) for each in found.transitions] == [("to_high", "card"), ("drop", "extra")]


def test_only_what_is_required_is_extended() -> None:
    """It would work or not, depending on what else happens to be active."""
    assert "it may name record types of the core, of its own, and of plugins that it requires" in str(
        refused(PluginFailed, *tiers(requires=()))
    )


@given(st.permutations([adding(n, f"{n}_state", steps=[(f"to_{n}", "open", f"{n}_state")]) for n in "abcd"]))
def test_any_order_of_discovery_gives_the_same_workflow(plugins: list[Any]) -> None:
    """The order in which files lie on a disk would decide which state comes first."""
    found = load(plugins).catalogue
    expected = load([adding(n, f"{n}_state", steps=[(f"to_{n}", "open", f"{n}_state")]) for n in "abcd"]).catalogue
    assert found.workflows == expected.workflows
    assert found.record("opportunity").fields == expected.record("opportunity").fields


def test_a_plugin_is_described_with_what_it_extends() -> None:
    """`crm plugins show` would not tell that it touches the workflow of sales."""
    [described] = [each for each in load([pausing]).describe() if each["name"] == "pausing"]
    assert described["contributes"]["extensions"] == ["opportunity:status", "lead:stage", "invoice:status"]


@pytest.mark.parametrize(
    ("extension", "what"),
    [
        ("opportunity:status", "what is added to a workflow is a WorkflowExtension(...)"),
        (WorkflowExtension(workflow=STATUS, states=("on_hold",)), "its states are NewState(...)"),  # type: ignore[arg-type]
        (WorkflowExtension(workflow=STATUS, guards={"win": (1,)}), "the guards of 'win' are functions"),  # type: ignore[dict-item]
        (WorkflowExtension(workflow=STATUS, initial="open"), "states, initial and sources are tuples of texts"),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_extension_is_refused(extension: Any, what: str) -> None:
    """It would fail somewhere else, later, without the plugin's name."""
    plugin = made("a", hooks={"declare_extensions": hookimpl(lambda: [extension])})
    assert what in str(refused(PluginFailed, plugin))
