"""crm audit anchor, and crm doctor --audit."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Crm, Run


def database_of(crm: Crm) -> str:
    """The file."""
    return crm.database.removeprefix("sqlite:///")


def spoil(crm: Crm, statement: str) -> None:
    """Do something to the log that crmcore does not see."""
    connection = sqlite3.connect(database_of(crm))
    with connection:
        connection.execute(statement)
    connection.close()


def audit_of(run: Run) -> dict[str, Any]:
    """The check of that name."""
    return next(each for each in run.json["checks"] if each["name"] == "audit")


@pytest.fixture
def anchors(crm: Crm, tmp_path: Path) -> Path:
    """A file with two anchors, of one and of three entries."""
    file = tmp_path / "anchors.jsonl"
    crm.add("customer", "name=Leila")
    assert crm("audit", "anchor", "--out", str(file)).status == 0
    crm.add("customer", "name=Omid")
    crm.add("customer", "name=Nora")
    assert crm("audit", "anchor", "--out", str(file)).status == 0
    return file


def test_an_anchor_is_one_line(crm: Crm, anchors: Path) -> None:
    """It is to be printed, sent and kept."""
    first, second = (json.loads(line) for line in anchors.read_text().splitlines())
    assert (first["position"], second["position"], second["entries"]) == (1, 3, 3)
    shown = crm("audit", "anchor")
    assert len(shown.out.splitlines()) == 1 and json.loads(shown.out)["digest"] == second["digest"]
    assert set(crm.json("audit", "anchor").done) == {"position", "digest", "at", "entries"}


def test_a_whole_history_is_sound(crm: Crm, anchors: Path) -> None:
    """Otherwise nobody would believe the check."""
    done = crm.json("doctor", "--audit", str(anchors)).done
    assert done["audit"]["checked"] == 3 and not done["audit"]["problems"]
    assert audit_of(crm.json("doctor", "--audit", anchors.read_text().splitlines()[0]))["ok"]
    assert "3 entries are as they were linked" in crm("doctor", "--audit", str(anchors)).out


@pytest.mark.parametrize(
    ("statement", "position"),
    [
        ("UPDATE crm_change SET actor = 'nobody' WHERE position = 2", 2),
        ("UPDATE crm_change SET changes = replace(changes, 'Nora', 'Dora')", 3),
        ("DELETE FROM crm_change WHERE position = 1", 1),
        ("DELETE FROM crm_chain WHERE position = 3", 3),
        ("UPDATE crm_change SET position = 4 - position", 1),
    ],
)
def test_aud_01_the_first_bad_position_is_named(crm: Crm, anchors: Path, statement: str, position: int) -> None:
    """AUD-01: whoever asks must be told where to look, and by the exit status too."""
    spoil(crm, statement)
    run = crm.json("doctor", "--audit", str(anchors))
    assert run.status == 1 and run.json["ok"] is False
    check = audit_of(run)
    assert check["ok"] is False and check["detail"].startswith(f"position {position}: ")
    assert run.json["audit"]["problems"][0]["position"] == position
    assert crm("doctor", "--audit", str(anchors)).status == 1


def test_a_doctor_who_is_not_asked_does_not_read_the_history(crm: Crm, anchors: Path) -> None:
    """It takes time that grows with it."""
    spoil(crm, "UPDATE crm_change SET actor = 'nobody'")
    done = crm.json("doctor").done
    assert "audit" not in done


@pytest.mark.parametrize("given", ["nowhere.json", "{", '{"position": 1}', "."])
def test_what_is_no_anchor_is_refused(crm: Crm, given: str) -> None:
    """Otherwise a check that was never made would look like one."""
    assert crm.json("doctor", "--audit", given).error["type"] in ("InvalidValue", "InvalidSetting")


def test_a_file_that_is_no_text_is_refused(crm: Crm, tmp_path: Path) -> None:
    """The database was named instead of the anchor, say."""
    (tmp_path / "blob").write_bytes(b"\xff\xfe\x00")
    assert "no text in UTF-8" in crm.json("doctor", "--audit", "blob").error["message"]


def test_an_anchor_that_cannot_be_kept_is_told_of(crm: Crm) -> None:
    """Otherwise somebody would believe that they have one."""
    assert "cannot be written" in crm.json("audit", "anchor", "--out", "/nowhere/anchor").error["message"]
