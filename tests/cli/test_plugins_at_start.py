"""Plugins that misbehave when the command line starts: it answers, and in one document."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from crmcore.plugins.starting.deadline import VARIABLE
from tests.cli.conftest import run
from tests.plugins.bad import source
from tests.plugins.made import Site, sites

TALKS = """
from crmcore.plugins import Plugin, hookimpl, on

plugin = Plugin("talks")


@hookimpl
@on("customer")
def check_changes(context):
    print("a guard")


@hookimpl
def contribute_panel(context):
    print("a panel")
    return {"a": 1}
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """An empty folder on the import path."""
    yield from sites(tmp_path, monkeypatch)


def test_what_a_plugin_prints_is_no_part_of_the_output(site: Site, tmp_path: Path) -> None:
    """A program that reads the output would meet a greeting in place of JSON."""
    site.install("acme-prints", [("prints", "acme_prints")], {"acme_prints": source("prints")})
    done = run("--json", "--database", f"sqlite:///{tmp_path}/crm.db", "--plugins", "prints", "db", "upgrade")
    assert done.json["up_to_date"] is True
    assert done.status == 0
    assert "hello from the plugin\n" in done.err
    assert "and again" in done.err


@pytest.mark.parametrize("words", [("list",), ("show", "prints"), ("enable", "prints")], ids=lambda words: words[0])
def test_nor_where_plugins_are_administered(site: Site, tmp_path: Path, words: tuple[str, ...]) -> None:
    """These import plugins as well, which are not those of this run."""
    site.install("acme-prints", [("prints", f"acme_{words[0]}")], {f"acme_{words[0]}": source("prints")})
    database = ("--json", "--database", f"sqlite:///{tmp_path}/crm.db")
    run(*database, "db", "upgrade")
    done = run(*database, "--plugins", "prints", "plugins", *words)
    assert done.status == 0
    assert done.json
    assert "hello from the plugin\n" in done.err


def test_nor_what_hooks_print(site: Site, tmp_path: Path) -> None:
    """A forgotten line for debugging, in a guard or a panel, would break every program that reads the output."""
    site.install("acme-talks", [("talks", "acme_talks")], {"acme_talks": TALKS})
    database = ("--json", "--database", f"sqlite:///{tmp_path}/crm.db", "--plugins", "talks")
    added = run(*database, "add", "customer", "name=Leila")
    shown = run(*database, "show", "customer", added.done["id"])
    assert shown.done["panels"] == {"talks": {"a": 1}}
    assert ("a guard" in added.err, "a panel" in shown.err) == (True, True)


def test_a_plugin_that_hangs_is_named(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command would hang, also those that switch the plugin off."""
    site.install("acme-slow", [("slow", "acme_slow_cli")], {"acme_slow_cli": source("hangs_sleeping")})
    monkeypatch.setenv(VARIABLE, "0.1")
    refused = run("--json", "--database", f"sqlite:///{tmp_path}/crm.db", "--plugins", "slow", "count", "customer")
    assert refused.error["type"] == "PluginFailed"
    assert "plugin 'slow' (acme-slow 1.0)" in refused.error["message"]
