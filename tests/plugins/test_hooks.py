"""Tests of how hooks are found and called: what does not fit is refused before anything runs, by plugin and hook."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import attrs
import pluggy
import pytest

from crmcore.domain.errors import PluginFailed
from crmcore.domain.facet import Facet
from crmcore.plugins import Plugin, hookimpl
from crmcore.plugins.registry import load
from tests.plugins.made import facet_class, made, problems, record_class, refused, workflow

REMARK = facet_class("customer")


class Fickle(list[Any]):
    """A list that ends the process of whoever looks into it."""

    def __iter__(self) -> Any:
        raise SystemExit(1)


def none() -> Sequence[type[Facet]]:
    """A hook that declares nothing."""
    return ()


def with_argument(customer: object) -> Sequence[type[Facet]]:
    """A hook that asks for what is not handed out."""
    return ()


async def later() -> Sequence[type[Facet]]:
    """A hook that would have to be awaited."""
    return ()


def one_by_one() -> Iterator[type[Facet]]:
    """A hook that runs only when somebody looks."""
    yield REMARK


def marked(function: Any, **options: Any) -> Any:
    """A copy of the function as a hook, so that marks do not pile up on one."""
    return hookimpl(**options)(lambda: function())


@pytest.mark.parametrize(
    ("hooks", "hook", "what"),
    [
        ({"declare_facet": marked(none)}, "declare_facet", "there is no such hook. Did you mean declare_facets or "),
        (
            {"on_full_moon": marked(none)},
            "on_full_moon",
            "there is no such hook. There are check_changes, ",
        ),
        ({"declare_facets": none}, "declare_facets", "it has a hook's name but no mark. Mark it with @hookimpl"),
        ({"declare_facets": marked(none, tryfirst=True)}, "declare_facets", "it sets tryfirst, "),
        ({"declare_facets": marked(none, trylast=True)}, "declare_facets", "it sets trylast, "),
        ({"declare_facets": marked(none, hookwrapper=True)}, "declare_facets", "it sets hookwrapper, "),
        ({"declare_facets": marked(none, wrapper=True)}, "declare_facets", "it sets wrapper, "),
        ({"mine": marked(none, specname="declare_facets")}, "mine", "it sets specname, "),
        ({"declare_facets": hookimpl(later)}, "declare_facets", "it is async or a generator"),
        ({"declare_facets": hookimpl(one_by_one)}, "declare_facets", "it is async or a generator"),
    ],
)
def test_a_hook_that_is_not_as_it_should_be_is_refused(hooks: dict[str, Any], hook: str, what: str) -> None:
    """It would never be called, or before or around all others, and nobody would see why."""
    error = refused(PluginFailed, made("odd", hooks=hooks))
    assert f"plugin 'odd', hook {hook}: {what}" in str(error)


def test_arguments_that_the_specification_does_not_have_are_refused() -> None:
    """The call would fail when somebody is at work, not at start."""
    error = refused(PluginFailed, made("odd", hooks={"declare_facets": hookimpl(with_argument)}))
    assert "plugin 'odd': a hook does not fit its specification" in str(error)
    assert "'customer'" in str(error)
    assert "A hook takes `context`, under that name" in str(error)


def test_a_hook_of_a_newer_core_may_be_optional() -> None:
    """A plugin could not work with two versions of the core."""
    hooks = {"declare_weather": marked(none, optionalhook=True)}
    assert load([made("early", hooks=hooks)]).names == ("early",)


def test_marks_of_other_projects_are_none_of_ours() -> None:
    """A plugin that is one for pytest too would be refused."""
    other = pluggy.HookimplMarker("pytest")(lambda: None)
    assert load([made("double", hooks={"pytest_configure": other})]).names == ("double",)


def test_a_class_instance_can_be_a_plugin() -> None:
    """A host that configures its plugin would have to write a module for it."""

    class Configured:
        plugin = Plugin("configured")

        def __init__(self, target: str) -> None:
            self.facet = facet_class(target)

        @hookimpl
        def declare_facets(self) -> Sequence[type[Facet]]:
            return (self.facet,)

    assert load([Configured("order")]).plugins[0].facets == ("order",)


class Unreadable:
    """A plugin that fails when somebody looks for its hooks."""

    plugin = Plugin("unreadable")

    def __dir__(self) -> list[str]:
        raise RuntimeError("go away")


def test_a_plugin_that_cannot_be_searched_is_refused_by_name() -> None:
    """The start would end in a trace that leads into a library."""
    error = refused(PluginFailed, Unreadable())
    assert str(error) == "plugin 'unreadable': looking for its hooks raised RuntimeError: go away. Mend it."


# PLG-07: what is no Exception, and what is.
RAISED = [RuntimeError("x"), SystemExit(1), GeneratorExit(), RecursionError("deep"), MemoryError(), PluginFailed("own")]


@pytest.mark.parametrize("raised", RAISED, ids=lambda each: type(each).__name__)
@pytest.mark.parametrize("hook", ["declare_records", "declare_facets", "declare_workflows"])
def test_what_a_hook_raises_is_contained(hook: str, raised: BaseException) -> None:
    """A plugin could end the host's process, or fail without its name."""
    error = refused(PluginFailed, made("rude", hooks={hook: hookimpl(_raising(raised))}), "loyalty")
    assert str(error).startswith(f"plugin 'rude', hook {hook}: it raised {type(raised).__name__}")
    assert error.__cause__ is raised
    assert load(["loyalty"]).names == ("loyalty",)


def _raising(raised: BaseException) -> Callable[[], Any]:
    def hook() -> Any:
        raise raised

    return hook


def test_an_interrupted_hook_stays_interrupted() -> None:
    """Ctrl-C would be taken for a fault of the plugin."""
    with pytest.raises(KeyboardInterrupt):
        load([made("slow", hooks={"declare_facets": hookimpl(_raising(KeyboardInterrupt()))})])


def test_the_causes_of_all_failures_are_kept() -> None:
    """Of several broken plugins only one could be mended at a time."""
    first, second = RuntimeError("x"), SystemExit(2)
    hooks = {"declare_records": hookimpl(_raising(first)), "declare_facets": hookimpl(_raising(second))}
    error = refused(PluginFailed, made("rude", hooks=hooks))
    assert isinstance(error.__cause__, BaseExceptionGroup)
    assert set(error.__cause__.exceptions) == {first, second}
    assert str(error).startswith("the plugins cannot be used, 2 things are wrong:\n  1. plugin 'rude', hook ")


class Undecorated(Facet):
    """A facet whose author forgot the decorator."""


class Inherited(REMARK):  # type: ignore[misc, valid-type]  # a class made at run time
    """A facet that merely inherits from one."""


@pytest.mark.parametrize(
    ("hook", "answer", "what"),
    [
        ("facets", 3, "it returned a value of type int. Return a list or a tuple"),
        ("facets", REMARK, "it returned MadeFacet. Return a list or a tuple"),
        ("facets", {REMARK}, "it returned a value of type set. Return a list or a tuple"),
        ("facets", "REMARK", "it returned a value of type str. Return a list or a tuple"),
        ("facets", Fickle([REMARK]), "it returned a value of type Fickle. Return a list or a tuple"),
        ("facets", [Facet], "it returned Facet: a facet is a class"),
        ("facets", [Undecorated], "it returned Undecorated: a facet is a class"),
        ("facets", [Inherited], "it returned Inherited: a facet is a class"),
        ("facets", [REMARK()], "it returned a value of type MadeFacet: a facet is a class"),
        ("facets", [record_class("entry")], "it returned Made: a facet is a class"),
        ("facets", [None], "it returned a value of type NoneType: a facet is a class"),
        ("records", [REMARK], "it returned MadeFacet: a record type is a class"),
        ("workflows", [REMARK], "it returned MadeFacet: a workflow is a Workflow(...)"),
    ],
)
def test_an_answer_of_the_wrong_kind_is_refused(hook: str, answer: Any, what: str) -> None:
    """It would break in the middle of the core, where nobody knows whose it was."""
    error = refused(PluginFailed, made("odd", **{hook: answer}))
    assert f"plugin 'odd', hook declare_{hook}: {what}" in str(error)


def _bent(**changes: Any) -> Any:
    return attrs.evolve(workflow("order", "status", "a", "b"), **changes)


@pytest.mark.parametrize(
    ("bent", "what"),
    [
        (_bent(states="ab"), "states, initial and sources are tuples of texts, not 'ab'"),
        (_bent(initial=(1,)), "states, initial and sources are tuples of texts, not (1,)"),
        (_bent(states=None), "it cannot be read: TypeError"),
        (_bent(transitions=("a",)), "its transitions are Transition(...)"),
    ],
)
def test_a_workflow_of_the_wrong_kind_is_refused(bent: Any, what: str) -> None:
    """A wrong type would let any state pass, or none."""
    error = refused(PluginFailed, made("odd", workflows=[bent]))
    assert f"hook declare_workflows: it returned a value of type Workflow: {what}" in str(error)


def test_every_wrong_answer_is_listed() -> None:
    """Its author would mend one at a time."""
    error = refused(PluginFailed, made("odd", facets=[3, "x"], records=None, workflows=7))
    assert [each["hook"] for each in problems(error)] == ["declare_facets", "declare_facets", "declare_workflows"]
