"""`crm import --resume` and `crm import-undo`."""

from __future__ import annotations

from pathlib import Path

import pytest

import crmcore
from tests.application.importing.interrupting import Killed, killer
from tests.cli.conftest import Crm

ROWS = 1_200


@pytest.fixture
def file(tmp_path: Path) -> str:
    """A file of some rows, of which one is refused."""
    path = tmp_path / "rows.csv"
    rows = (f"{n},Person {n},{'a@x b@x' if n == 7 else f'p{n}@example.com'}\n" for n in range(ROWS))
    path.write_text("external_id,name,email\n" + "".join(rows))
    return str(path)


def interrupted(crm: Crm, file: str) -> str:
    """The batch of an import of this file that was interrupted."""
    crm.json("count", "customer")
    lower = crmcore.open(crm.database)
    with pytest.raises(Killed):
        lower.import_file(file, "customer", actor="x", source="s", chunk=500, progress=killer(900))
    lower.close()
    [batch] = crm.json("list", "import_batch").done["items"]
    assert batch["status"] == "running"
    return str(batch["id"])


def test_an_interrupted_import_is_resumed(crm: Crm, file: str, tmp_path: Path) -> None:
    """After a crash someone would have to find out by hand which rows are in."""
    batch = interrupted(crm, file)
    before = crm.json("count", "customer").done["count"]
    assert 0 < before < ROWS - 1
    ended = crm.json("import", "customer", file, "--resume", batch, "--rejects", str(tmp_path / "rejects.csv"))
    assert ended.status == 3
    report = ended.json
    figures = {name: report[name] for name in ("batch", "rows", "created", "rejected", "records")}
    assert figures == {"batch": batch, "rows": ROWS, "created": ROWS - 1, "rejected": 1, "records": ROWS - 1}
    assert [each["line"] for each in report["rejects"]] == [9]
    assert "Person 7" in (tmp_path / "rejects.csv").read_text()
    assert crm.json("import", "customer", file, "--resume", batch).error["type"] == "ImportRefused"


def test_the_plain_command_says_what_can_be_resumed(crm: Crm, file: str) -> None:
    """Nobody would know that a batch is unfinished, or what its name is."""
    batch = interrupted(crm, file)
    again = crm.json("import", "customer", file, "--source", "s")
    assert f"--resume {batch}" in again.err
    assert again.json["unchanged"] > 0
    assert crm.json("count", "customer").done == {"count": ROWS - 1}


def test_a_batch_is_undone(crm: Crm, file: str) -> None:
    """A wrong file could not be got rid of, or take the work of others along."""
    batch = crm.json("import", "customer", file, "--source", "s").json["batch"]
    changed = crm.json("change", "customer", "email=p3@example.com", "note=met", "--actor", "omid").done["id"]
    undone = crm.json("import-undo", batch).done
    assert {name: undone[name] for name in ("batch", "removed", "restored")} == {
        "batch": batch,
        "removed": ROWS - 2,
        "restored": 0,
    }
    [kept] = undone["kept"]
    assert kept["id"] == changed
    assert "note by omid" in kept["reason"]
    assert crm.json("count", "customer").done == {"count": 1}
    assert "undone already" in crm.json("import-undo", batch).error["message"]


def test_whoever_names_the_file_is_told_where_the_batches_are(crm: Crm, file: str) -> None:
    """The id of a batch would have to be guessed by whoever did not keep the report."""
    assert "crm list import_batch" in crm.json("import-undo", file).error["message"]


@pytest.mark.parametrize("batch", ["x", "01a2011f-3d7b-75fa-a7ad-ca80d36a3c62"])
def test_no_such_batch(crm: Crm, file: str, batch: str) -> None:
    """A mistyped batch would end in a traceback."""
    assert crm.json("import-undo", batch).error["message"]
    assert crm.json("import", "customer", file, "--resume", batch).error["message"]
