"""Tests of code that does not come back: its plugin is named in time, the others and the process go on (PLG-04)."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextvars import ContextVar
from types import ModuleType
from typing import Any

import pytest

from crmcore.domain.errors import InvalidSetting, PluginFailed
from crmcore.plugins import Plugin, hookimpl
from crmcore.plugins.registry import load
from crmcore.plugins.starting.deadline import SECONDS, VARIABLE, Overdue, each_within, seconds_of
from crmcore.plugins.starting.importing import candidates
from tests.plugins.bad import HANGING, source
from tests.plugins.made import Site, made, problems, refused

GOOD = "from crmcore.plugins import Plugin\nplugin = Plugin({name!r})\n"
SHORT = 0.3


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """What hangs waits for it; at the end of the test it opens, so that no thread stays."""
    gate = threading.Event()
    yield gate
    gate.set()


@pytest.mark.parametrize("name", HANGING)
def test_a_plugin_that_hangs_at_import_is_refused_by_name(site: Site, name: str) -> None:
    """The host would not start, and nobody would know for whom it waits."""
    site.install("acme-slow", [("slow", f"acme_{name}")], {f"acme_{name}": source(name)})
    began = time.monotonic()
    error = refused(PluginFailed, "slow", deadline=SHORT)
    assert time.monotonic() - began < 5
    assert str(error).startswith(f"plugin 'slow' (acme-slow 1.0): importing acme_{name} did not come to an end within")
    assert f"acme_{name}.py, line " in str(error)
    assert VARIABLE in str(error)
    assert problems(error)[0]["distributions"] == ["acme-slow"]


def test_one_that_hangs_does_not_hide_what_is_wrong_with_others(site: Site) -> None:
    """Its administrator would meet one broken plugin at each start."""
    modules = {"acme_a": source("hangs_sleeping"), "acme_b": source("raises_import_error"), "acme_c": "x = 1"}
    site.install("acme", [(name, f"acme_{name}") for name in "abc"], modules)
    error = refused(PluginFailed, "a", "b", "c", deadline=SHORT)
    assert [each["plugins"] for each in problems(error)] == [["a"], ["b"], ["c"]]


def test_a_plugin_that_hung_is_refused_again_and_the_others_load(site: Site) -> None:
    """A second attempt would wait for the first for ever, or take what is imported by half for a plugin."""
    modules = {"acme_again": source("hangs_sleeping"), "acme_fine": GOOD.format(name="fine")}
    site.install("acme", [("again", "acme_again"), ("fine", "acme_fine")], modules)
    for _ in range(2):
        assert "acme_again did not come to an end" in str(refused(PluginFailed, "again", "fine", deadline=SHORT))
    assert load(["fine"]).names == ("fine",)


def test_a_process_ends_although_a_plugin_hangs(site: Site) -> None:
    """Somebody would have to kill every command that met the plugin."""
    site.install("acme-slow", [("slow", "acme_slow_one")], {"acme_slow_one": source("hangs_sleeping")})
    program = (
        f"import sys; sys.path.insert(0, {str(site.folder)!r})\n"
        "from crmcore.plugins.registry import load\n"
        "from crmcore.domain.errors import PluginFailed\n"
        "try: load(['slow'], deadline=0.1)\n"
        "except PluginFailed: sys.exit(7)\n"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], timeout=30, check=False, capture_output=True)
    assert (done.returncode, done.stderr) == (7, b"")


def test_a_declare_hook_that_hangs_is_refused_by_name(gate: threading.Event) -> None:
    """A plugin that asks a server for its fields would stop every start while that is down."""
    hooks = {"declare_reports": hookimpl(lambda: gate.wait())}
    error = refused(PluginFailed, made("slow", hooks=hooks), made("fine"), deadline=SHORT)
    assert str(error).startswith("plugin 'slow', hook declare_reports: it did not come to an end within 0.3 seconds")
    assert len(problems(error)) == 1


class Slow:
    """A plugin that hangs wherever it is told to."""

    def __init__(self, gate: threading.Event, place: str) -> None:
        self._gate, self._place = gate, place

    def __dir__(self) -> list[str]:
        if self._place == "hooks":
            self._gate.wait()
        return ["plugin"]

    @property
    def plugin(self) -> Plugin:
        """The manifest."""
        if self._place == "manifest":
            self._gate.wait()
        return Plugin("slow")


@pytest.mark.parametrize(
    ("place", "who", "what"),
    [("manifest", "Slow", "reading its manifest did not"), ("hooks", "slow", "looking for its hooks did not")],
)
def test_an_object_that_hangs_is_refused(gate: threading.Event, place: str, who: str, what: str) -> None:
    """A host that hands over an object would be no better off than one that names a module."""
    assert f"plugin {who!r}: {what} come to an end" in str(refused(PluginFailed, Slow(gate, place), deadline=SHORT))


def test_what_is_imported_already_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plugin that must be imported in the main thread, because it sets a signal say, could not be used."""
    module: Any = ModuleType("acme_warm")
    module.plugin = Plugin("warm")
    monkeypatch.setattr(threading, "Thread", None)
    found, wrong = candidates([module], lambda: (), SHORT)
    assert [each.manifest.name for each in found] == ["warm"]
    assert wrong == []


def test_each_task_has_the_whole_time() -> None:
    """A slow plugin would make others late that did nothing wrong."""
    tasks = {number: lambda: time.sleep(0.15) for number in range(4)}
    assert each_within(0.5, tasks) == dict.fromkeys(range(4))


def test_tasks_after_a_late_one_are_done_and_its_answer_is_not_taken(gate: threading.Event) -> None:
    """The result of one plugin could be taken for that of another."""
    done = each_within(SHORT, {"a": lambda: 1, "b": lambda: gate.wait() and 2, "c": lambda: 3})
    late = done.pop("b")
    assert done == {"a": 1, "c": 3}
    assert isinstance(late, Overdue)
    assert "test_deadline.py, line " in late.place


def test_what_a_task_raises_is_raised() -> None:
    """Ctrl-C in a plugin would be lost with its thread."""

    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        each_within(SHORT, {"a": interrupted})


def test_a_task_sees_the_context_of_its_caller() -> None:
    """A plugin could not tell for which tenant of the host it is started."""
    tenant: ContextVar[str] = ContextVar("tenant")
    tenant.set("north")
    assert each_within(SHORT, {"a": tenant.get}) == {"a": "north"}


@pytest.mark.parametrize("wrong", ["soon", "", "nan", "inf", "-1", "0", 0, -1, float("nan"), 1e9, True, [3]])
def test_a_deadline_that_is_none_is_refused(wrong: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every plugin would be refused, or none ever."""
    with pytest.raises(InvalidSetting, match=VARIABLE):
        seconds_of(wrong)
    if isinstance(wrong, str):
        monkeypatch.setenv(VARIABLE, wrong)
        with pytest.raises(InvalidSetting, match=VARIABLE):
            load()


def test_the_deadline_is_the_arguments_else_the_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    """An administrator could not give a slow machine more time."""
    monkeypatch.delenv(VARIABLE, raising=False)
    assert seconds_of() == SECONDS == 10
    monkeypatch.setenv(VARIABLE, "2.5")
    assert seconds_of() == 2.5
    assert seconds_of(3) == 3
