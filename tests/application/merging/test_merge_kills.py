"""CRA-01: a merge, or its undoing, that is killed leaves everything as it was, or is done as a whole."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.architecture.sources import ROOT
from tests.databases import storages

EVERY = 17
"""One statement in so many: `python -m benchmarks.merge_faults` kills at each."""


@pytest.mark.parametrize("fresh_url", storages(), indirect=True)
def test_killed_at_any_statement(fresh_url: str) -> None:
    """Customers would be half merged: references with the one, values with the other, and no way back."""
    asked = [sys.executable, "-m", "benchmarks.merge_faults", "--every", str(EVERY), "--url", fresh_url]
    done = subprocess.run(asked, cwd=ROOT, env={**os.environ, "PYTHONUTF8": "1"}, capture_output=True, text=True)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, [each for each in found if not each["ok"]], done.stderr) == (0, [], "")
    for action in ("merge", "undo"):
        places = [each["killed_at"] for each in found if each["action"] == action]
        total = found[-1]["of"] if action == "undo" else found[0]["of"]
        assert len(places) > 3 and places[-2:] == [total - 1, total]  # before the commit, and after it
