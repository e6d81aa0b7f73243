"""The measurements run, and say what they measured; the figures themselves are no matter of tests."""

import json
import os
import subprocess
import sys

import pytest

from benchmarks.report import Result, Target
from benchmarks.tasks import TASKS
from tests.architecture.sources import ROOT

EXPECTED = {
    "start": "cpu_ms",
    "add_many": "us",
    "import csv": "us",
    "import xlsx, against csv": "us",
    "add one": "us",
    "change one": "us",
    "import memory, 200 rows": "mb",
    "import time, 200 rows against 20": "s",
    "add_many, all": "us",
    "get by id": "us",
    "get by id, against the row alone": "us",
    "find by e-mail": "us",
    "whole view": "us",
    "timeline, row 1": "us",
    "timeline, row 95": "us",
    "timeline, row 95 against row 1": "us",
    "count by predicate": "us",
    "move one": "us",
    "pipeline": "us",
    "pipeline, as of a past time": "us",
    "forecast, weighted": "us",
    "forecast, historical": "us",
    "dispatch to 1": "us",
    "dispatch to 3": "us",
    "dispatch to 10": "us",
    "dispatch to 3 that did not ask": "us",
    "start with 20 plugins": "cpu_ms",
    "add one, 20 plugins that did not ask": "us",
    "add_many, 3 plugins that did ask": "us",
    "page of 50 over facets of 5 plugins": "us",
    "feed to 5 observers": "us",
    "chain": "us",
    "verify the chain": "us",
    "merge": "us",
    "unmerge": "us",
}


def run(*options: str) -> list[dict[str, object]]:
    """Give the lines of a run of the smallest size on SQLite."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--size", "tiny", "--storage", "sqlite", *options],
        cwd=ROOT,
        env={**os.environ, "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_every_measurement_gives_its_ratio() -> None:
    """`make bench` would break off, or a line would lack what it is read for."""
    lines = run()
    assert [line["task"] for line in lines] == list(EXPECTED)
    for line in lines:
        ours, floor = line[f"ours_{EXPECTED[str(line['task'])]}"], line[f"floor_{EXPECTED[str(line['task'])]}"]
        ratio, target = line["ratio"], line["target"]
        assert isinstance(ours, float) and isinstance(floor, float) and isinstance(ratio, float)
        assert ratio == pytest.approx(ours / floor, rel=0.05)
        assert target is None or isinstance(target, float | int)
        assert line["ok"] is (None if target is None else ratio <= target)
        assert (line["storage"], isinstance(line["n"], int)) == ("sqlite", True)


def test_one_measurement_can_be_asked_for() -> None:
    """Who works on one figure would wait for all of them."""
    assert [line["task"] for line in run("--task", "add")] == ["add one"]
    assert "add" in TASKS


@pytest.mark.parametrize(("ours", "ok"), [(3.0, False), (2.0, True), (1.9, True)])
def test_a_target_is_reached_up_to_its_ratio(ours: float, ok: bool) -> None:
    """A missed target would look like one that was reached."""
    assert Result("add_many", "sqlite", ours, 1.0, "us", Target(2, 2.5).on("sqlite"), 1).ok is ok


def test_a_storage_without_a_target_has_no_verdict() -> None:
    """A figure that only informs would count as missed."""
    assert json.loads(Result("x", "mariadb", 2, 1, "us", Target(1, 1).on("mariadb"), 1).line())["ok"] is None
