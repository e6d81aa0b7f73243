"""Workflows that plugins extend: what comes of it, in any order, and what is refused."""

from __future__ import annotations

import string
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore import Opportunity, Person
from crmcore.domain import field
from crmcore.domain.catalogue import Catalogue, build
from crmcore.domain.errors import IllegalTransition, InvalidDeclaration, PluginFailed
from crmcore.domain.extension import NewState, WorkflowExtension, extended, owned
from crmcore.domain.facet import Facet
from crmcore.domain.guarding import PluginGuard
from crmcore.domain.record import Record
from crmcore.domain.records import CORE, WORKFLOWS
from crmcore.domain.sales.opportunity import STATUS
from crmcore.domain.workflow import Transition, Workflow, check_workflow, reachable
from tests.domain.clinic import STATE, Patient, Reading, Visit

HOLD = WorkflowExtension(
    workflow="opportunity:status",
    states=(NewState(name="on_hold", label={"en": "On hold"}),),
    transitions=(
        Transition(name="pause", sources=("open",), target="on_hold"),
        Transition(name="resume", sources=("on_hold",), target="open"),
    ),
)
PLUGINS = tuple(string.ascii_lowercase[:5])


def never(sale: Any) -> str | None:
    """A guard that refuses everything."""
    return "never"


@st.composite
def extensions(draw: st.DrawFn) -> list[tuple[str, WorkflowExtension]]:
    """What some plugins add: states of their own in a chain from a state that is there, and guards."""
    found = []
    for plugin in sorted(draw(st.sets(st.sampled_from(PLUGINS)))):
        names = [f"{plugin}_{number}" for number in range(draw(st.integers(0, 3)))]
        chain = [draw(st.sampled_from(STATUS.states)), *names]
        steps = [Transition(name=f"to_{b}", sources=(a,), target=b) for a, b in pairwise(chain)]
        guards = dict.fromkeys(draw(st.sets(st.sampled_from(["win", "lose"]))), (never,))
        kinds = [draw(st.sampled_from(["", *STATUS.states])) for _ in names]
        states = tuple(NewState(name=name, counts_as=kind) for name, kind in zip(names, kinds, strict=True))
        each = WorkflowExtension(workflow=STATUS.name, states=states, transitions=tuple(steps), guards=guards)
        found.append((plugin, each))
    return found


def told(workflow: Workflow) -> tuple[object, ...]:
    """A workflow as what can be compared."""
    return workflow, [[getattr(guard, "plugin", "") for guard in step.guards] for step in workflow.transitions]


@given(extensions(), st.randoms(use_true_random=False))
def test_order_never_matters(added: list[tuple[str, WorkflowExtension]], random: Any) -> None:
    """The same plugins would make two applications, depending on which was found first."""
    shuffled = random.sample(added, len(added))
    assert told(extended(STATUS, added)) == told(extended(STATUS, shuffled))


@given(extensions())
def test_what_is_composed_is_a_workflow(added: list[tuple[str, WorkflowExtension]]) -> None:
    """A state that no step reaches, or that is lost, could never be used; one of nobody could not be explained."""
    workflow = extended(STATUS, added)
    check_workflow(workflow)
    assert reachable(workflow) == set(workflow.states)
    mine = {state.name: plugin for plugin, each in added for state in each.states}
    assert {state: workflow.owner(state) for state in workflow.states} == {**dict.fromkeys(STATUS.states, ""), **mine}
    assert all(workflow.counted(state) in STATUS.states for state in workflow.states)
    kinds = [state for kind in STATUS.states for state in workflow.counting_as(kind)]
    assert sorted(kinds) == sorted(workflow.states)


def core(*added: tuple[str, WorkflowExtension]) -> Catalogue:
    """The core's declarations with what plugins add to them."""
    return build([(None, cls) for cls in CORE], workflows=WORKFLOWS, extensions=added)


def test_fields_get_the_states() -> None:
    """Checks, filters, files and strategies would not know the state."""
    catalogue = core(("pausing", HOLD))
    status = catalogue.of(Opportunity).field("status")
    assert status is not None
    assert status.options == ("open", "won", "lost", "on_hold")
    assert status.check("on_hold") is None
    assert catalogue.by_class[Opportunity] is catalogue.record("opportunity")
    assert core().of(Opportunity).field("status") != status


def test_logs_of_a_workflow_get_the_states() -> None:
    """The log of a lead's steps would refuse the stage in which the lead is."""
    step = Transition(name="doze", sources=("lead",), target="asleep")
    added = WorkflowExtension(workflow="lead:stage", states=(NewState(name="asleep"),), transitions=(step,))
    log = core(("dozing", added)).record("lead_change")
    assert all("asleep" in getattr(log.field(name), "options", ()) for name in ("from_stage", "to_stage"))


def test_a_facets_workflow_is_extended() -> None:
    """Only fields of record types would be open to others."""
    kinds = ("0", "a", "b", "ab")
    flow = Workflow(record="customer", field="clinic.blood", states=kinds, initial=kinds, transitions=())
    added = WorkflowExtension(workflow=flow.name, states=(NewState(name="unknown"),), initial=("unknown",))
    records: list[tuple[str | None, type[Record]]] = [("clinic", Visit), ("clinic", Reading)]
    records += [(None, cls) for cls in CORE]
    catalogue = build(records, [("clinic", Patient)], [STATE, flow], [("lab", added)])
    blood = catalogue.facet_by_class[Patient].field("blood")
    assert blood is not None and blood.options == ("0", "a", "b", "ab", "unknown")
    assert catalogue.workflows["customer", "clinic.blood"].initial[-1] == "unknown"


def test_no_column_is_changed_by_a_state() -> None:
    """Switching a plugin on or off would take a migration of somebody else's table."""
    assert core().fingerprint(None) == core(("pausing", HOLD)).fingerprint(None)


def bent(**values: Any) -> WorkflowExtension:
    """The extension with other values."""
    return attrs.evolve(HOLD, **values)


@pytest.mark.parametrize(
    ("added", "text"),
    [
        ([("a", bent(workflow="oportunity:status"))], "'oportunity:status', which is not declared here; did you mean"),
        ([("a", bent(workflow="customer:mood"))], "plugin 'a' extends the workflow 'customer:mood', which is not"),
        ([("a", bent(states=(NewState(name="won"),)))], "plugin 'a' adds the state 'won'"),
        ([("a", HOLD), ("b", HOLD)], "plugin 'b' adds the state 'on_hold'|plugin 'a' adds the state 'on_hold'"),
        ([("a", bent(transitions=()))], "states that no step reaches: \\['on_hold'\\]"),
        ([("a", bent(initial=("onhold",)))], "it names the state 'onhold'; did you mean on_hold"),
        ([("a", bent(guards={"wins": (never,)}))], "it guards the transition 'wins'; did you mean win"),
        ([("a", bent(states=(NewState(name="on_hold", counts_as="opn"),)))], "counts as 'opn'; did you mean open"),
        ([("a", HOLD), ("a", bent(states=()))], "plugin 'a' extends the workflow opportunity:status twice"),
        ([("a", bent(states=(NewState(name="x" * 41),), initial=("x" * 41,), transitions=()))], "at most 40 fit"),
        (
            [("a", bent(states=(), transitions=(Transition(name="x", sources=("open",), target="won"),)))],
            "two steps from 'open' of one name or to one state: 'win' of the core to 'won' and 'x' of plugin 'a'",
        ),
        (
            [("a", bent(transitions=(*HOLD.transitions, Transition(name="win", sources=("open",), target="on_hold"))))],
            "two steps",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_added_is_refused(added: Sequence[tuple[str, WorkflowExtension]], text: str) -> None:
    """Two plugins would overwrite each other, or a guard would be asked by nobody."""
    with pytest.raises(InvalidDeclaration, match=text):
        core(*added)


def test_an_option_is_no_longer_than_its_column() -> None:
    """It would be cut off, or refused by the database alone."""
    with pytest.raises(InvalidDeclaration, match="has at most 40 characters"):
        field.choice("x" * 41)


def _says(answer: Any) -> PluginGuard:
    return PluginGuard("legal", "opportunity:status", "win", lambda sale: answer)


def _raises(error: BaseException) -> PluginGuard:
    def guard(sale: Any) -> str | None:
        raise error

    return PluginGuard("legal", "opportunity:status", "win", guard)


@pytest.mark.parametrize(
    ("guard", "what"),
    [
        (_raises(ValueError("no court")), "raised ValueError: no court"),
        (_raises(SystemExit()), "raised SystemExit"),
        (_says(False), "returned a value of type bool, neither None nor the reason of a veto"),
        (_says(" "), "returned a text that is blank"),
    ],
)
def test_a_guard_that_fails_is_named(guard: PluginGuard, what: str) -> None:
    """Nobody would know whose guard stops the sale, and a broken one could let it through."""
    with pytest.raises(PluginFailed, match=f"^plugin 'legal': its guard of win in opportunity:status {what}") as caught:
        guard(Opportunity("Plan"))
    expected = {"plugin": "legal", "workflow": "opportunity:status", "transition": "win"}
    assert caught.value.details == expected
    assert (caught.value.__cause__ is None) == ("raised" not in what)


def test_ctrl_c_is_nobodys_failure() -> None:
    """A person could not stop a run while a guard is at work."""
    with pytest.raises(KeyboardInterrupt):
        _raises(KeyboardInterrupt())(Opportunity("Plan"))


def test_a_guard_changes_nothing() -> None:
    """A guard could write to any record by the way."""

    def meddle(sale: Any) -> str | None:
        object.__setattr__(sale, "name", "Mine")
        with pytest.raises(TypeError):
            sale.facets[Facet] = None
        return None

    sale = Opportunity("Plan")
    assert PluginGuard("legal", "opportunity:status", "win", meddle)(sale) is None
    assert (sale.name, dict(sale.facets)) == ("Plan", {})


def test_facets_are_copies_too() -> None:
    """What a guard does to a facet of the record would be stored."""

    def meddle(leila: Any) -> str | None:
        object.__setattr__(leila.facet(Patient), "blood", "b")
        return None

    leila = Person("Leila").with_facets(Patient(blood="a"))
    PluginGuard("clinic", "customer:kind", "x", meddle)(leila)
    assert leila.facet(Patient).blood == "a"


def test_a_veto_is_attributed() -> None:
    """Core and plugins would refuse in the same voice."""
    workflow = extended(STATUS, [("legal", WorkflowExtension(workflow=STATUS.name, guards={"win": (never,)}))])
    with pytest.raises(IllegalTransition, match=r"win is refused by plugin 'legal': never$") as caught:
        workflow.check_step("open", "won", Opportunity("Plan"))
    assert caught.value.details["plugin"] == "legal"


def test_a_plugins_own_workflow_is_attributed() -> None:
    """A guard of a plugin's own workflow would fail without a name."""
    own = owned(attrs.evolve(STATE, transitions=(attrs.evolve(STATE.transitions[0], guards=(never,)),)), "clinic")
    assert {own.owner(state) for state in own.states} == {"clinic"}
    with pytest.raises(IllegalTransition, match="refused by plugin 'clinic'"):
        own.check_step("booked", "held", None)
