"""Tests of the specification of hooks: every change of it shows, and every hook is explained and used."""

import ast
import inspect
from pathlib import Path

import pluggy
import pytest

from crmcore.plugins import API
from crmcore.plugins.dispatch import specified
from crmcore.plugins.hookspecs import PROJECT, Hooks
from tests.architecture.sources import Source, parse, sources_under

GOLDEN = Path(__file__).with_name("hookspecs.golden.txt")
HOOKS = specified(pluggy.PluginManager(PROJECT))


def specification() -> str:
    """The hooks as text: their version, then each one's signature and sentence."""
    lines = [f"api {API}"]
    for name in HOOKS:
        function = getattr(Hooks, name)
        lines += ["", f"{name}{inspect.signature(function)}", f"    {inspect.getdoc(function)}"]
    return "\n".join(lines) + "\n"


def implemented(source: Source) -> set[str]:
    """The hooks that a file implements: its functions that are marked with @hookimpl."""
    return {
        node.name
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef)
        and any(ast.unparse(each).partition("(")[0].endswith("hookimpl") for each in node.decorator_list)
    }


def test_every_change_of_the_hooks_shows() -> None:
    """A changed signature breaks plugins of others: if it is meant, correct the golden file and think of API."""
    assert specification() == GOLDEN.read_text(encoding="utf-8")


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_is_documented(hook: str) -> None:
    """An author would have to read our code to know what a hook is for."""
    text = inspect.getdoc(getattr(Hooks, hook)) or ""
    assert text.endswith(".")
    assert "\n\n" not in text


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_is_used_by_a_plugin_here(hook: str) -> None:
    """A hook that no plugin in this repository uses is a guess."""
    plugins = [*sources_under("plugins/*/src", "examples"), *sources_under("tests/plugins")]
    assert hook in {name for source in plugins for name in implemented(source)}


def test_a_use_is_seen_only_where_it_is_marked() -> None:
    """The test above would be content with a function that is never called."""
    text = "@hookimpl\ndef one(): ...\n@plugins.hookimpl(optionalhook=True)\ndef two(): ...\ndef three(): ..."
    assert implemented(parse(text)) == {"one", "two"}
