"""Hooks that are slow or hang have a name; whoever kills the process loses nothing but what was being written."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from crmcore.domain.errors import InvalidSetting
from crmcore.plugins import watch
from crmcore.plugins.dispatch import Call
from crmcore.plugins.refusal import Origin
from crmcore.plugins.watch import Watchdog, running, watch_seconds
from tests.plugins.made import Site

HANGING = Path(__file__).with_name("hanging.py")


def hook(seconds: float, name: str = "check_changes") -> Call:
    """A hook that takes its time."""
    return Call(Origin("slow"), name, lambda context: time.sleep(seconds))


def test_a_slow_hook_is_logged_when_it_ends(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Others waited, and the log says for whom."""
    monkeypatch.setattr(watch, "SLOW", 0.02)
    with caplog.at_level(logging.WARNING, "crmcore.plugins"):
        hook(0.0).watched(None)
        assert not caplog.records
        hook(0.03).watched(None)
    assert "plugin 'slow', hook check_changes took" in caplog.text


def test_what_runs_now_is_known() -> None:
    """The innermost hook of a thread, and nothing any more once it has ended."""
    seen: list[tuple[str, ...]] = []

    def look(context: object) -> None:
        seen.append(tuple(each.hook for each in running()))

    def nest(context: object) -> None:
        Call(Origin("slow"), "inner", look).watched(None)
        look(None)

    Call(Origin("slow"), "outer", nest).watched(None)
    assert seen == [("inner",), ("outer",)]
    assert running() == ()


def test_a_hook_that_failed_runs_no_more() -> None:
    """An exception ends it as well."""
    with pytest.raises(Exception, match="ZeroDivisionError"):
        Call(Origin("slow"), "check_changes", lambda context: 1 / 0).watched(None)
    assert running() == ()


def test_a_watchdog_names_a_hook_while_it_runs() -> None:
    """Once, however long it takes."""
    told: list[str] = []
    with Watchdog(0.02, told.append):
        hook(0.15).watched(None)
    assert len(told) == 1
    assert "plugin 'slow', hook check_changes has been running for" in told[0]


@pytest.mark.parametrize("given", ["", "soon", "0", "-1", "nan", "inf"])
def test_seconds_that_are_none_are_refused(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    """The variable is named, with its value."""
    monkeypatch.setenv("CRMCORE_HOOK_SECONDS", given)
    with pytest.raises(InvalidSetting, match="CRMCORE_HOOK_SECONDS"):
        watch_seconds()


def test_a_hanging_plugin_is_named_and_killing_the_process_leaves_data_whole(site: Site, tmp_path: Path) -> None:
    """`crm add` hangs, says where, and is killed; what was there is there, and the next command works."""
    site.install("hanging", [("hanging", "hanging_plugin")], {"hanging_plugin": HANGING.read_text(encoding="utf-8")})
    environment = {**os.environ, "PYTHONPATH": str(site.folder), "CRMCORE_HOOK_SECONDS": "0.2"}
    crm = (sys.executable, "-m", "crmcore.cli", "--actor", "sara", "--json")

    def start(*arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*crm, *arguments], cwd=tmp_path, env=environment, stdout=-1, stderr=subprocess.PIPE, text=True
        )

    def answer(*arguments: str) -> Any:
        return json.loads(start(*arguments).communicate()[0])

    added = answer("--plugins", "hanging", "add", "customer", "kind=person", "name=Leila")
    with start("add", "customer", "kind=person", "name=hang") as hung:
        assert hung.stderr is not None
        assert "plugin 'hanging', hook check_changes has been running" in hung.stderr.readline()
        hung.kill()
    assert [each["id"] for each in answer("list", "customer")["items"]] == [added["id"]]
    assert answer("doctor")["ok"] is True
