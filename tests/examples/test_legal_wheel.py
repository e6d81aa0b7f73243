"""Legal events, built as a wheel and installed from it: a foreign vertical fits without a line of ours changed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("hatchling", reason="the extra `package` brings hatchling, which builds the wheel")

EXAMPLE = Path(__file__).parents[2] / "examples" / "legal_events"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which the wheel was installed; nothing was fetched for it."""
    place = tmp_path_factory.mktemp("wheel")
    build = "from hatchling.build import build_wheel; import sys; build_wheel(sys.argv[1])"
    _python("-c", build, str(place), cwd=EXAMPLE)
    [wheel] = place.glob("*.whl")
    quiet = ("--quiet", "--no-input", "--disable-pip-version-check")
    target = ("--no-deps", "--no-index", "--target", str(place / "site"))
    _python("-m", "pip", "install", *quiet, *target, str(wheel), cwd=place)
    return place / "site"


def _python(*arguments: str, cwd: Path, site: Path | None = None, expect: int = 0) -> str:
    """What a Python of its own prints; it sees the installed wheel, and of the sources nothing but crmcore."""
    environment = {**os.environ, "PYTHONPATH": str(site or ""), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, *arguments], cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == expect, done.stdout + done.stderr
    return done.stdout


class Desk:
    """The command line over one new database, with the plugin from its wheel."""

    def __init__(self, site: Path, folder: Path) -> None:
        self._site, self._folder = site, folder

    def crm(self, *arguments: str, expect: int = 0) -> Any:
        """What a command answers."""
        options = ("--actor", "sara", "--json", "--quiet")
        return json.loads(_python("-m", "crmcore.cli", *options, *arguments, cwd=self._folder, site=self._site,
                                  expect=expect))  # fmt: skip


@pytest.fixture
def desk(site: Path, tmp_path: Path) -> Desk:
    """A desk with the tables made."""
    made = Desk(site, tmp_path)
    made.crm("--plugins", "legal", "db", "upgrade")
    return made


def test_its_records_fields_and_conflicts_work_at_the_command_line(desk: Desk) -> None:
    """A court date is on the timeline, and an opportunity with the adverse party is refused by name."""
    alpha, nour = (desk.crm("add", "customer", "kind=organisation", f"name={name}")["id"] for name in ("Alpha", "Nour"))
    matter = desk.crm("add", "legal.matter", "number=M-1", "title=Alpha v Nour", f"client={alpha}", f"adverse={nour}")
    desk.crm("add", "legal.hearing", f"matter={matter['id']}", "at=2027-01-15T10:00Z", "place=Cairo")
    entries = [each["type"] for each in desk.crm("timeline", alpha)["items"]]
    assert entries == ["legal.hearing"]
    view = desk.crm("show", "customer", alpha)
    assert view["panels"]["legal"]["open_matters"] == 1
    assert view["panels"]["legal"]["next_court_date"] == "2027-01-15T10:00:00+00:00"
    assert [each["matter"] for each in desk.crm("legal", "agenda")["items"]] == ["M-1"]
    assert ["intake", 1] in desk.crm("report", "legal.caseload")["rows"]
    error = desk.crm("add", "opportunity", "name=Advice", f"customer={nour}", expect=1)["error"]
    assert "refused by plugin 'legal': conflict of interest" in error["message"]
    assert desk.crm("count", "opportunity") == {"count": 0}


def test_it_is_listed_with_its_distribution(desk: Desk) -> None:
    """As any plugin is that somebody installed."""
    [legal] = [each for each in desk.crm("plugins", "list")["items"] if each["name"] == "legal"]
    assert (legal["state"], legal["version"]) == ("active", "0.1.0")
    records = [each["record"] for each in legal["contributes"]["record_types"]]
    assert records == ["legal.matter", "legal.hearing"]


def test_its_own_tests_pass_where_it_is_installed(site: Path) -> None:
    """Among them the contract of plugins, on every storage that is there."""
    cached = ("-p", "no:cacheprovider", "--import-mode=importlib")
    _python("-m", "pytest", "-q", *cached, "-c", os.devnull, "--rootdir", str(EXAMPLE), str(EXAMPLE / "tests"),
            cwd=EXAMPLE, site=site)  # fmt: skip
