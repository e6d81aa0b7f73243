"""Commands of plugins: found under their plugin's name, imported when they are used, named when they fail."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Crm, run
from tests.plugins.made import Site, sites


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A folder into which plugins are installed."""
    (tmp_path / "site").mkdir()
    yield from sites(tmp_path / "site", monkeypatch)


@pytest.fixture
def desk(site: Site, tmp_path: Path) -> Crm:
    """`crm` on a database in which the plugin `desk` is active."""
    site.install("crm-desk", [("desk", "tests.plugins.desk")], {}, "1.5")
    made = Crm(f"sqlite:///{tmp_path}/desk.db")
    assert made("--plugins", "desk", "db", "upgrade").status == 0
    return made


def test_a_command_stands_under_its_plugins_name(desk: Crm) -> None:
    """A plugin would have to bring a program of its own."""
    done = desk("--actor", "sara", "desk", "greet", "Leila", "--loud")
    assert (done.status, done.out, done.err) == (0, "Hello LEILA, says sara\n", "that was it\n")
    assert desk.json("--actor", "sara", "desk", "greet", "Leila").done == {"said": "Hello Leila, says sara"}


def test_global_options_may_stand_after_it(desk: Crm) -> None:
    """The plugin's command would be looked for in another database than the one that is named."""
    after = ("desk", "greet", "Leila", "--actor=sara", "--json", "--quiet", "--database", desk.database)
    done = run(*after)
    assert (done.done, done.err) == ({"said": "Hello Leila, says sara"}, "")
    assert run("desk", "--database", desk.database, "greet", "Leila").status == 0


def test_help_lists_the_commands_and_imports_none(desk: Crm) -> None:
    """Looking for a command would run the code of all of them."""
    shown = desk("desk", "--help")
    assert shown.status == 0
    assert "greet" in shown.out
    assert "What greet does." in shown.out
    assert "broken" in shown.out
    assert "Greet somebody." in desk("desk", "greet", "--help").out


def test_a_commands_module_is_imported_when_it_is_used(site: Site, tmp_path: Path) -> None:
    """Every run of `crm` would pay for what it does not use, and one broken command would break all of them."""
    declares = (
        "from crmcore.plugins import Plugin, hookimpl\nfrom crmcore.plugins.specs import Command\n"
        "plugin = Plugin('lazy')\n@hookimpl\ndef declare_commands():\n"
        "    return [Command('go', 'lazy_commands:go', 'Go.'), Command('other', 'lazy_missing:go', 'Other.')]\n"
    )
    command = "import click\n@click.command()\ndef go():\n    click.echo('gone')\n"
    site.install("crm-lazy", [("lazy", "lazy_plugin")], {"lazy_plugin": declares, "lazy_commands": command})
    crm = Crm(f"sqlite:///{tmp_path}/lazy.db")
    assert crm("--plugins", "lazy", "db", "upgrade").status == 0
    for arguments in (["count", "customer"], ["lazy", "--help"], ["plugins", "show", "lazy"], ["--help"]):
        assert crm(*arguments).status == 0
        assert "lazy_commands" not in sys.modules
    assert crm("lazy", "go").out == "gone\n"
    assert "lazy_commands" in sys.modules
    refused = crm.json("lazy", "other").error
    assert refused["type"] == "PluginFailed"
    assert "'lazy' (crm-lazy 1.0)" in refused["message"]
    assert "lazy_missing" in refused["message"]


def test_a_command_writes_with_the_rights_of_its_plugin(desk: Crm) -> None:
    """Installing a plugin would give it every right of whoever runs its command."""
    done = desk.json("--actor", "sara", "desk", "note").done
    assert done["items"] == [{"channel": "desk"}]
    [entry] = desk.json("history", "interaction", done["id"]).done["items"]
    assert entry["actor"] == "plugin:desk for sara"
    refused = desk.json("desk", "grab").error
    assert (refused["type"], refused["plugin"], refused["command"]) == ("Denied", "desk", "grab")
    assert desk.json("count", "customer").done == {"count": 0}


@pytest.mark.parametrize(
    ("command", "type", "says"),
    [
        ("raise", "PluginFailed", "ZeroDivisionError: of all things"),
        ("exit", "PluginFailed", "SystemExit"),
        ("refuse", "PluginFailed", "RuntimeError: while reading"),
        ("nothing", "PluginFailed", "no click command"),
        ("broken", "PluginFailed", "broken_"),
        ("miss", "NotFound", "there is no such desk"),
    ],
)
def test_a_command_that_fails_is_named(desk: Crm, command: str, type: str, says: str) -> None:
    """A traceback would be shown, and nobody would know whom to ask."""
    given = ("--any", "1") if command == "refuse" else ()
    done = desk.json("desk", command, *given)
    assert (done.status, done.err, done.error["type"]) == (1, "", type)
    assert says in done.error["message"]
    assert "desk" in (done.error["message"] if type == "PluginFailed" else done.error["plugin"])
    assert "Traceback" not in desk("desk", command, *given).err


def test_a_run_has_one_result(desk: Crm) -> None:
    """A script could not read the output: there would be no document, or two."""
    assert desk.json("desk", "silent").done == {}
    assert desk("desk", "silent").out == ""
    assert desk("desk", "twice").status == 1


def test_what_is_not_there_is_wrong_usage(desk: Crm, crm: Crm) -> None:
    """A typo would look like a fault of the plugin."""
    missing = desk.json("desk", "gret", "Leila")
    assert (missing.status, "'greet'" in missing.error["message"]) == (2, True)
    assert desk("desk", "greet").status == 2
    elsewhere = crm.json("desk", "greet", "Leila")
    assert (elsewhere.status, "crm plugins enable desk" in elsewhere.error["message"]) == (2, True)


def test_a_typo_opens_no_database(tmp_path: Path) -> None:
    """A file would appear that nobody asked for, just because no command has that name."""
    url = f"sqlite:///{tmp_path}/new.db"
    assert run("--database", url, "lst", "customer").status == 2
    assert "'loyalty'" in run("--database", url, "loyalti", "members").err
    assert run("--database", url, "--help").status == 0
    assert not (tmp_path / "new.db").exists()


def test_the_list_of_commands_imports_no_plugin() -> None:
    """`crm --help` would take as long as all plugins take to be imported."""
    program = "import sys; from crmcore.cli import main; main(['--help']); print('crmcore_loyalty' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert shown.stdout.endswith("False\n")
    assert "crm loyalty --help" in " ".join(shown.stdout.split())


def test_members_of_the_loyalty_programme_are_listed(loyal: Crm) -> None:
    """The command of the bundled plugin would not do what its page says."""
    for name, tier, card in (("Leila", "gold", "2"), ("Omar", "bronze", "1"), ("Nora", "gold", "3")):
        loyal.add("customer", f"name={name}", f"loyalty.tier={tier}", f"loyalty.card_number={card}")
    loyal.add("customer", "name=Nobody")
    assert [each["customer"] for each in loyal.json("loyalty", "members").done["items"]] == ["Omar", "Leila", "Nora"]
    gold = loyal.json("loyalty", "members", "--tier", "gold", "--limit", "1")
    assert [each["card_number"] for each in gold.done["items"]] == ["2"]
    assert "more than 1" in gold.err
    assert "Leila" in loyal("loyalty", "members").out
    assert "no such members" in loyal("loyalty", "members", "--tier", "silver").out
    assert loyal("loyalty", "members", "--tier", "iron").status == 2
