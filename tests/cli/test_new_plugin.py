"""`crm plugins new`: what it writes is a plugin that passes its own tests, and works."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import attrs
import pytest

from crmcore.cli.scaffold.writing import FILES
from tests.architecture.sources import ROOT
from tests.cli.conftest import run

QUIET = ("--quiet", "--no-input", "--disable-pip-version-check")


@attrs.frozen
class Made:
    """A new plugin: its folder, and a folder into which it is installed."""

    folder: Path
    site: Path

    def run(self, *arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run a module of Python where the plugin is installed, in its folder."""
        environment = {n: v for n, v in os.environ.items() if not n.startswith("CRMCORE_") or "_TEST_" in n}
        environment["PYTHONPATH"] = str(self.site)
        command = [sys.executable, "-m", *arguments]
        done = subprocess.run(
            command,
            cwd=folder or self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The plugin `chores`, installed as an author would."""
    pytest.importorskip("hatchling", reason="building a plugin needs the extra `package`")
    parent = tmp_path_factory.mktemp("new")
    assert run("plugins", "new", "chores", "--dir", str(parent)).status == 0
    found = Made(parent / "crmcore-chores", parent / "site")
    target = ("--no-index", "--no-deps", "--no-build-isolation", "--target", str(found.site))
    found.run("pip", "install", *QUIET, *target, ".")
    return found


def test_it_passes_its_own_tests(made: Made) -> None:
    """An author would begin with what is broken."""
    done = made.run("pytest", "-q", "-p", "no:cacheprovider")
    assert " passed" in done.stdout


@pytest.mark.parametrize("tool", [("ruff", "check", "."), ("ruff", "format", "--check", "."), ("mypy",)])
def test_it_is_clean(made: Made, tmp_path: Path, tool: tuple[str, ...]) -> None:
    """The CI that comes with it would fail at its first run."""
    pytest.importorskip(tool[0])
    cache = "--cache-dir" if tool[0] == "mypy" else "--no-cache"
    made.run(*tool, *([cache, str(tmp_path)] if tool[0] == "mypy" else [cache]))


def crm(made: Made, folder: Path, *arguments: str) -> dict[str, Any]:
    """The document that `crm` prints, with the plugin installed."""
    answer: dict[str, Any] = json.loads(made.run("crmcore.cli", "--json", *arguments, folder=folder).stdout)
    return answer


def test_it_works(made: Made, tmp_path: Path) -> None:
    """What is installed would not be found, or would do nothing."""
    crm(made, tmp_path, "--plugins", "chores", "db", "upgrade")
    leila = crm(made, tmp_path, "add", "customer", "name=Leila")["id"]
    crm(made, tmp_path, "add", "chores.task", f"customer={leila}", "at=2025-01-15T10:00:00Z", "title=Call back")
    listing = ("list", "customer", "--where", "chores.open_tasks = 1", "--columns", "id,chores.open_tasks")
    assert crm(made, tmp_path, *listing)["items"] == [{"id": leila, "chores.open_tasks": 1}]
    listed = {each["name"]: each["state"] for each in crm(made, tmp_path, "plugins", "list")["items"]}
    assert listed["chores"] == "active"
    fields = {each["name"] for each in crm(made, tmp_path, "fields", "list", "chores.task")["items"]}
    assert {"customer", "title", "status", "result"} <= fields


def test_it_tells_what_it_wrote(tmp_path: Path) -> None:
    """Nobody would know where to go on."""
    told = run("--json", "plugins", "new", "two_words", "--dir", str(tmp_path)).done
    folder = tmp_path / "crmcore-two-words"
    assert (told["name"], told["dir"]) == ("two_words", str(folder))
    assert told["files"] == sorted(str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file())
    assert "src/crmcore_two_words/migrations/0001_first_tables.py" in told["files"]
    assert sorted(each.name for each in tmp_path.iterdir()) == [folder.name]
    assert not [name for name in sys.modules if name.startswith("crmcore_two_words")]


@pytest.mark.parametrize("name", ["z", "abcdefghijklmnopqrstuvwxyz1234"])
def test_it_is_well_formed_whatever_its_name(tmp_path: Path, name: str) -> None:
    """A long name would make lines too long, a short one would leave them broken."""
    pytest.importorskip("ruff")
    assert run("plugins", "new", name, "--dir", str(tmp_path)).status == 0
    made = Made(tmp_path / f"crmcore-{name}", tmp_path)
    made.run("ruff", "check", "--no-cache", ".")
    made.run("ruff", "format", "--no-cache", "--check", ".")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("Chores", "cannot be a plugin's name"),
        ("../chores", "cannot be a plugin's name"),
        ("customer", "reads like, a record type of the core"),
        ("loyalty", "crmcore-loyalty is installed and has a plugin 'loyalty'"),
        ("chores", "is there already"),
    ],
)
def test_a_name_that_cannot_be_is_refused(tmp_path: Path, name: str, reason: str) -> None:
    """A plugin would be written that can never run, or over somebody's work."""
    (tmp_path / "crmcore-chores").mkdir()
    refused = run("--json", "plugins", "new", name, "--dir", str(tmp_path))
    assert reason in refused.error["message"]
    assert sorted(each.name for each in tmp_path.rglob("*")) == ["crmcore-chores"]


def test_every_template_is_used() -> None:
    """A template would be shipped of which nothing is made."""
    templates = ROOT / "crmcore" / "cli" / "scaffold" / "templates"
    assert sorted(each.name for each in templates.iterdir()) == sorted(FILES.values())
