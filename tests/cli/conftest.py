"""`crm`, run on a database of its own."""

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import attrs
import pytest

from crmcore.cli import main
from crmcore.cli.settings import NAMES


@attrs.frozen
class Run:
    """What a run of `crm` ended with."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """Standard output as the one JSON document that it must be."""
        document: dict[str, Any] = json.loads(self.out)
        return document

    @property
    def error(self) -> dict[str, Any]:
        """The error document of a run that was refused."""
        assert self.status in (1, 2, 130), self
        error: dict[str, Any] = self.json["error"]
        return error

    @property
    def done(self) -> dict[str, Any]:
        """The document of a run that did what it was asked."""
        assert self.status == 0, self
        return self.json


def run(*arguments: str) -> Run:
    """Run `crm` in this process."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    with redirect_stdout(out), redirect_stderr(err):
        status = main(arguments)
    return Run(status, *(stream.buffer.getvalue().decode("utf-8") for stream in (out, err)))


@attrs.frozen
class Crm:
    """`crm` on one database: `crm("count", "customer")`, and with --json `crm.json(...)`."""

    database: str

    def __call__(self, *arguments: str) -> Run:
        return run("--database", self.database, *arguments)

    def json(self, *arguments: str) -> Run:
        return self("--json", *arguments)

    def add(self, record: str, *values: str) -> dict[str, Any]:
        """Add a record; gives it as the command printed it."""
        return self.json("add", record, *values).done


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of whoever runs the tests reaches them."""
    for name in (*NAMES, "debug"):
        monkeypatch.delenv(f"CRMCORE_{name.upper()}", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def crm(tmp_path: Path) -> Crm:
    """`crm` on an empty database without plugins."""
    return Crm(f"sqlite:///{tmp_path}/crm.db")


@pytest.fixture
def loyal(tmp_path: Path) -> Crm:
    """`crm` on a database in which loyalty is active."""
    made = Crm(f"sqlite:///{tmp_path}/loyal.db")
    assert made("--plugins", "loyalty", "db", "upgrade").status == 0
    return made


Process = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture
def process(tmp_path: Path) -> Process:
    """`crm` as a process of its own, for what only a process has: arguments, streams, signals, the environment."""

    def start(*arguments: str | bytes, env: Mapping[str, str] | None = None, **more: Any) -> Any:
        command = [sys.executable, "-W", "error", "-m", "crmcore.cli", *arguments]
        given = {"capture_output": True, "timeout": 60, "cwd": tmp_path, **more}
        return subprocess.run(command, env={**os.environ, **(env or {})}, check=False, **given)

    return start


def heed_interrupts() -> None:
    """For a process to be: take SIGINT as a terminal's would be taken, which a run in the background has ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
