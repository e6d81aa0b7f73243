"""backup and restore."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from crmcore.domain.errors import StorageBusy
from tests.application.backed_up import filled, full_at, listing
from tests.cli.conftest import Crm, Process, heed_interrupts, run
from tests.databases import storages


def test_back_up_and_restore(crm: Crm, tmp_path: Path) -> None:
    """What was backed up at night could not be had back in the morning."""
    crm.add("customer", "name=A")
    taken = crm.json("backup", "night.db").done
    assert set(taken) == {"file", "bytes", "seconds", "position", "sha256"}
    assert (taken["file"], taken["position"], len(taken["sha256"])) == ("night.db", 1, 64)
    assert taken["bytes"] == (tmp_path / "night.db").stat().st_size
    crm.add("customer", "name=B")
    restored = crm.json("restore", "night.db", "--force").done
    assert {"file", "database", "bytes", "seconds", "position", "kept"} <= set(restored)
    assert (restored["database"], restored["position"]) == (str(tmp_path / "crm.db"), 1)
    assert crm.json("list", "customer", "--columns", "name").done["items"] == [{"name": "A"}]
    kept = Crm(f"sqlite:///{restored['kept']}")
    assert kept.json("count", "customer").done == {"count": 2}
    assert crm.json("doctor").done["ok"] is True


def test_what_people_are_told(crm: Crm, tmp_path: Path) -> None:
    """Where the backup and the replaced database are would be found by looking only."""
    crm.add("customer", "name=A")
    assert "night.db: " in crm("backup", "night.db").out
    assert crm("--quiet", "backup", "night.db", "--force").err == ""
    told = crm("restore", "night.db", "--force")
    [kept] = tmp_path.glob("crm.db.before-restore-*")
    assert f"the replaced database is {kept}" in told.out


def test_refusals(crm: Crm, tmp_path: Path) -> None:
    """A slip would cost a backup or a database, or end in a traceback."""
    crm.add("customer", "name=A")
    crm.json("backup", "night.db")
    there = listing(tmp_path)
    for arguments, type, message in (
        (["backup", "night.db"], "InvalidSetting", "--force"),
        (["backup", "crm.db", "--force"], "InvalidSetting", "the database itself"),
        (["backup", "no/night.db"], "InvalidSetting", "No such file"),
        (["backup", "night.db/x.db"], "InvalidSetting", "Not a directory"),
        (["restore", "night.db"], "InvalidSetting", "holds data"),
        (["restore", "none.db", "--force"], "InvalidSetting", "there is no backup"),
        (["restore", "crm.db", "--force"], "InvalidSetting", "the database itself"),
    ):
        error = crm.json(*arguments).error
        assert (error["type"], message in error["message"]) == (type, True), arguments
    assert run("--json", "--database", "memory://", "backup", "x.db").error["type"] == "InvalidSetting"
    assert run("--json", "--database", "memory://", "restore", "night.db").error["type"] == "InvalidSetting"
    assert "nothing to back up" in run("--json", "--database", "sqlite:///cmr.db", "backup", "x.db").error["message"]
    assert listing(tmp_path) == there
    assert crm.json("count", "customer").done == {"count": 1}


def test_a_full_disk(crm: Crm, tmp_path: Path) -> None:
    """CRA-02: a traceback at night, and a piece of a backup in the morning."""
    filled(tmp_path / "crm.db")
    there = listing(tmp_path)
    with full_at(300_000):
        error = crm.json("backup", "night.db").error
    assert (error["type"], error["file"]) == ("StorageFailed", "night.db")
    assert listing(tmp_path) == there


def test_a_database_that_is_open_elsewhere(crm: Crm, tmp_path: Path, process: Process) -> None:
    """The application would go on writing into a database that it does not know."""
    crm.add("customer", "name=A")
    crm.json("backup", "night.db")
    with subprocess.Popen(
        [sys.executable, "-c", HOST, crm.database], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as host:
        assert host.stdout is not None and host.stdin is not None
        host.stdout.readline()
        error = crm.json("restore", "night.db", "--force").error
        host.stdin.close()
    assert (error["type"], "stop what uses it" in error["message"]) == (StorageBusy.__name__, True)
    assert crm.json("restore", "night.db", "--force").status == 0


HOST = """
import sys, crmcore
crm = crmcore.open(sys.argv[1])
with crm.work("host") as work:
    work.customers.count()
print("ready", flush=True)
sys.stdin.read()
"""
"""An application that has read, and keeps its connection for the next request."""


def test_a_backup_of_what_cannot_start(loyal: Crm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plugin that is missing would keep the database from being backed up before it is put right."""
    loyal.add("customer", "name=A", "loyalty.tier=bronze")
    monkeypatch.setattr("crmcore.plugins.starting.discovery.entry_points", lambda **named: [])
    assert loyal.json("backup", "night.db").status == 0
    assert loyal.json("restore", "night.db", "--force").status == 0
    assert loyal.json("count", "customer").error["type"] == "MissingPlugin"
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    assert loyal.json("list", "customer").done["items"][0]["loyalty.tier"] == "bronze"


def test_ctrl_c_leaves_nothing_behind(tmp_path: Path) -> None:
    """A piece of the database would lie about, for anybody to find."""
    filled(tmp_path / "crm.db", 300)
    there = listing(tmp_path)
    command = [sys.executable, "-c", SLOW, "--json", "--database", f"sqlite:///{tmp_path}/crm.db", "backup", "n.db"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path, preexec_fn=heed_interrupts
    ) as child:
        assert child.stdout is not None
        while not list(tmp_path.glob(".*.part")):
            time.sleep(0.01)
        time.sleep(0.2)
        child.send_signal(2)
        out = child.stdout.read()
    assert (child.returncode, json.loads(out)["error"]["type"]) == (130, "Interrupted")
    assert listing(tmp_path) - {"crm.db-wal", "crm.db-shm"} == there - {"crm.db-wal", "crm.db-shm"}


SLOW = """
import sys, time
import crmcore.cli
from crmcore.adapters.sql.backup import copying
def slow(progress, part, count):
    return lambda done, total: time.sleep(0.3)
copying._share = slow
sys.exit(crmcore.cli.main(sys.argv[1:]))
"""
"""`crm`, with a disk that takes its time."""


def test_a_bar_on_a_terminal_only(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten minutes of a large database would pass in silence; or a log would fill with bars."""
    crm.add("customer", "name=A")
    assert crm("backup", "night.db").err == ""
    monkeypatch.setattr("crmcore.cli.output.is_terminal", lambda stream: True)
    assert "backup" in crm("backup", "night.db", "--force").err
    assert "restore" in crm("restore", "night.db", "--force").err
    assert crm("--quiet", "restore", "night.db", "--force").err == ""


@pytest.mark.parametrize("fresh_url", storages("postgres", "mariadb"), indirect=True)
def test_servers_are_for_their_own_tools(fresh_url: str, tmp_path: Path) -> None:
    """Who does not know the tool of the server would have no backup."""
    crm = Crm(fresh_url)
    commands: dict[str, Any] = {
        name: crm.json(name, "night.dump").error["command"].split()[0] for name in ("backup", "restore")
    }
    expected = ("pg_dump", "pg_restore") if "postgres" in fresh_url else ("mariadb-dump", "mariadb")
    assert tuple(commands.values()) == expected
    assert listing(tmp_path) == set()
