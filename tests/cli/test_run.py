"""How a run ends: its status, its one document, and never a traceback."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import click
import pytest

from crmcore.cli import output
from crmcore.cli.session import Session
from tests.cli.conftest import Crm, Process, heed_interrupts, run


def fail_with(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Make the program fail in a way that nobody foresaw."""

    def fail(session: Session, upgrading: bool = False) -> Any:
        raise error

    monkeypatch.setattr(Session, "open", fail)


def test_an_unforeseen_failure_is_told_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """A person would be shown our code instead of what failed."""
    fail_with(monkeypatch, ZeroDivisionError("division by zero"))
    plain, as_json = run("count", "customer"), run("--json", "count", "customer")
    assert (plain.status, plain.out) == (1, "")
    assert "ZeroDivisionError: division by zero" in plain.err
    assert "Traceback" not in plain.err + as_json.err
    assert as_json.error["type"] == "ZeroDivisionError"


def test_the_traceback_is_there_for_those_who_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault in the field could not be found."""
    fail_with(monkeypatch, ZeroDivisionError("division by zero"))
    monkeypatch.setenv("CRMCORE_DEBUG", "1")
    failed = run("--json", "count", "customer")
    assert "Traceback" in failed.err
    assert failed.error["type"] == "ZeroDivisionError"


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()])
def test_an_interruption_ends_with_130(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """A shell loop would go on with the next file."""
    fail_with(monkeypatch, error)
    plain, as_json = run("count", "customer"), run("--json", "count", "customer")
    assert (plain.status, as_json.status) == (130, 130)
    assert "rolled back" in plain.err
    assert as_json.error["type"] == "Interrupted"


def test_what_happens_after_the_result_adds_no_second_document(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program could not parse the output of a run that was interrupted just before its end."""

    def interrupt(session: Session) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Session, "pump", interrupt)
    done = run("--json", "add", "customer", "name=A")
    assert done.status == 130
    assert done.json["name"] == "A"
    assert "interrupted" in done.err


@pytest.mark.parametrize(
    "url", ["nonsense", "sqlite:////nowhere/at/all/crm.db", "oracle://x/y", "postgresql+psycopg://127.0.0.1:1/x", ""]
)
def test_a_database_that_cannot_be_opened_is_told(url: str) -> None:
    """The first thing that people get wrong would end in a traceback."""
    refused = run("--json", "--database", url, "count", "customer")
    assert refused.status == 1
    assert "unexpected failure" not in refused.error["message"]


def test_a_password_is_never_printed() -> None:
    """Credentials would end up in logs of failed runs."""
    url = "postgresql+psycopg://sara:CANARY@127.0.0.1:1/x"
    for arguments in (["count", "customer"], ["doctor"], ["db", "status"]):
        for flags in ([], ["--json"]):
            tried = run("--database", url, *flags, *arguments)
            assert tried.status == 1
            assert "CANARY" not in tried.out + tried.err


def test_arguments_that_are_no_text_are_refused(process: Process) -> None:
    """Bytes that are no UTF-8 would end in a traceback, or be stored as something else."""
    for arguments in (["add", "customer", b"name=\xff"], ["count", "customer", "--where", b'name = "\xff"']):
        refused = process("--json", *arguments)
        assert refused.returncode == 1, refused
        assert b"Traceback" not in refused.stderr
        assert json.loads(refused.stdout.decode("utf-8"))["error"]
    assert process("search", b"\xff").returncode == 0
    assert process("--json", b"\xff").returncode == 2


def test_output_is_utf_8_where_the_locale_is_not(process: Process) -> None:
    """A name would break the output of a job that runs without a locale."""
    environment = {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    added = process("--json", "add", "customer", "name=لیلا", env=environment)
    assert json.loads(added.stdout.decode("utf-8"))["name"] == "لیلا"
    listed = process("list", "customer", env=environment)
    assert (listed.returncode, listed.stderr.count(b"Traceback")) == (0, 0)


def test_a_reader_that_goes_away_is_no_failure(process: Process, tmp_path: Path) -> None:
    """`crm list customer | head -1` would end in a traceback."""
    reader, writer = os.pipe()
    os.close(reader)
    done = process("fields", "list", capture_output=False, stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no device that is always full")
@pytest.mark.parametrize("arguments", [["fields", "list"], ["--json", "fields", "list"], ["export", "user"]])
def test_a_result_that_cannot_be_written_is_a_failure(process: Process, arguments: list[str]) -> None:
    """A script would take half a list for the whole."""
    with open("/dev/full", "wb") as full:
        done = process(*arguments, capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1
    assert b"could not be written" in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("redirection", [">&-", "2>&-", ">&- 2>&-", "<&-"])
def test_closed_streams_are_no_reason_to_fail(tmp_path: Path, redirection: str) -> None:
    """A job that was started without standard streams would fail."""
    command = ["/bin/sh", "-c", f'exec "$0" -m crmcore.cli --json count customer {redirection}', sys.executable]
    done = subprocess.run(command, check=False, timeout=60, cwd=tmp_path, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")


def test_ctrl_c_leaves_a_consistent_database(tmp_path: Path) -> None:
    """An import that was interrupted would leave records without history, or half an order."""
    rows = "\n".join(f"{n},Name {n}" for n in range(200_000))
    (tmp_path / "rows.csv").write_text(f"external_id,name\n{rows}\n")
    crm = Crm(f"sqlite:///{tmp_path}/crm.db")
    assert crm.json("count", "customer").done == {"count": 0}
    command = [sys.executable, "-m", "crmcore.cli", "--database", crm.database, "--json"]
    started = subprocess.Popen(
        [*command, "import", "customer", "rows.csv"],
        stdout=subprocess.PIPE,
        cwd=tmp_path,
        preexec_fn=heed_interrupts,
    )
    time.sleep(1.5)
    started.send_signal(signal.SIGINT)
    out, _ = started.communicate(timeout=60)
    assert started.returncode == 130
    assert json.loads(out)["error"]["type"] == "Interrupted"
    kept = crm.json("count", "customer").done["count"]
    assert kept < 200_000
    assert crm.json("doctor").status == 0
    if kept:
        [first] = crm.json("list", "customer", "--limit", "1").done["items"]
        assert crm.json("history", "customer", first["id"]).done["items"]


def test_a_result_is_written_even_if_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard output may be missing altogether."""
    monkeypatch.setattr(sys, "stdout", None)
    output.write_json({"count": 0})
    output.write_text("0")


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_progress_is_for_terminals_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """A log would fill with bars, or a person see nothing of a long import."""
    shown = []
    for stream in (Terminal(), io.StringIO()):
        monkeypatch.setattr(sys, "stderr", stream)
        with Session().progress("customers", lambda: 10) as done:
            done(10)
        shown.append(stream.getvalue())
    assert "customers" in shown[0]
    assert shown[1] == ""


def test_a_table_on_a_terminal_fits_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines would wrap in the middle of a cell."""
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setenv("COLUMNS", "60")
    assert output.terminal_width() == 60
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert output.terminal_width() is None
