"""The long run of worlds, as short as it can be."""

import json

import pytest

from benchmarks.worlds import main


def test_a_few_worlds(capsys: pytest.CaptureFixture[str]) -> None:
    """It would fail only after hours, or count what it did not check."""
    assert main(["--count", "3", "--share", "0"]) == 0
    [line] = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert told["storage"] == "memory" and told.get("merged", 0) + told.get("refused", 0) == 3
