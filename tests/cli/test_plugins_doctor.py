"""`crm plugins doctor`: what observers and jobs could not do is shown, and tried again when somebody asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Crm
from tests.plugins.made import Site, sites

WATCH = """
import pathlib
from crmcore.plugins import Plugin, hookimpl, on
from crmcore.plugins.specs import Job

plugin = Plugin("watch")

def note(name, what):
    with pathlib.Path(name).open("a") as file:
        file.write(f"{what} ")

@hookimpl
@on("customer")
def observe_changes(context):
    for event in context.events:
        if pathlib.Path("broken").exists() and event.fields["name"][1] == "Leila":
            raise ValueError("the index is away")
        note("seen", event.position)

def sweep(context):
    note("swept", context.key)
    if pathlib.Path("broken").exists():
        raise SystemExit(3)

@hookimpl
def declare_jobs():
    return [Job("sweep", "month", sweep)]
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A folder into which plugins are installed."""
    (tmp_path / "site").mkdir()
    yield from sites(tmp_path / "site", monkeypatch)


@pytest.fixture
def watched(site: Site, tmp_path: Path) -> Crm:
    """`crm` on a database that a plugin watches."""
    site.install("crm-watch", [("watch", "crm_watch")], {"crm_watch": WATCH})
    made = Crm(f"sqlite:///{tmp_path}/watched.db")
    assert made("--plugins", "watch", "db", "upgrade").status == 0
    return made


def test_a_write_is_observed_before_the_command_ends(watched: Crm, tmp_path: Path) -> None:
    """Without a worker no plugin would ever see a change; or a short command would run the jobs of a night."""
    watched.add("customer", "name=Omar")
    assert (tmp_path / "seen").read_text() == "1 "
    assert not (tmp_path / "swept").exists()
    assert watched.json("plugins", "doctor").done == {"ok": True, "items": [], "retried": 0}


def test_what_failed_is_shown_and_tried_again(watched: Crm, tmp_path: Path) -> None:
    """Nobody would learn that a plugin does not keep up, why, or how to go on when it is mended."""
    (tmp_path / "broken").touch()
    leila = watched.add("customer", "name=Leila")["id"]
    watched.add("customer", "name=Omar")
    assert (tmp_path / "seen").read_text() == "2 "
    worked = watched.json("worker", "--once")
    assert worked.done == {"events": 0, "jobs": 0, "sent": 0, "parked": 0}
    assert "2 that failed are put aside: `crm plugins doctor`" in worked.err
    document = watched.json("plugins", "doctor").done
    event, run = document["items"]
    assert (document["ok"], event["plugin"], event["hook"], event["record"]) == (
        False,
        "watch",
        "observe_changes",
        "customer",
    )
    assert (event["id"], event["state"], event["attempts"]) == (leila, "retry", 1)
    assert event["error"] == "ValueError: the index is away"
    assert (run["plugin"], run["hook"], run["state"], run["error"]) == ("watch", "job sweep", "retry", "SystemExit: 3")
    shown = watched("plugins", "doctor", "--traceback")
    assert shown.status == 0
    assert "the index is away" in shown.out and 'raise ValueError("the index is away")' in shown.out
    (tmp_path / "broken").unlink()
    assert watched.json("plugins", "doctor", "--retry", "watch").done == {"ok": True, "items": [], "retried": 2}
    assert (tmp_path / "seen").read_text() == "2 1 "
    assert watched("plugins", "doctor").out == "nothing is waiting, and nothing is parked\n"


def test_a_plugin_that_is_not_there_cannot_be_asked_for(watched: Crm) -> None:
    """A slip of the pen would look like a plugin with which all is well."""
    error = watched.json("plugins", "doctor", "--retry", "wach").error
    assert (error["type"], error["nearest"]) == ("UnknownName", ["watch"])
    assert watched.json("plugins", "doctor", "--retry", "all").done["retried"] == 0
