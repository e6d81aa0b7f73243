"""`crm subject erase`, the ledger, replaying and letting in again."""

import json
import os
import shutil
import stat
from pathlib import Path

import pytest

from tests.cli.conftest import Crm

LEILA = ("name=Leila Hosseini", "email=leila@example.com", "phone=+49 30 1234567", "note=calls at night")


def test_erase(loyal: Crm) -> None:
    """A script would not learn what was wiped and kept, or something personal would be found afterwards."""
    id = loyal.add("customer", *LEILA, "loyalty.card_number=C-1")["id"]
    loyal.add("interaction", f"customer={id}", "at=2025-01-01", "channel=call", "body=about the night")
    loyal.add("order", f"customer={id}", "ordered_at=2025-01-02")
    command = ("subject", "erase", "email=leila@example.com", "--reason", "asked for it")
    tried = loyal.json(*command, "--dry-run").done
    assert tried["dry_run"] is True
    assert loyal.json("show", "customer", id).done["customer"]["name"] == "Leila Hosseini"
    done = loyal.json(*command).done
    assert (done["subject"], done["state"], done["persons"]) == (id, "done", [id])
    assert done["wiped"] == {"customer": 1, "customer.loyalty": 1, "interaction": 1} == tried["wiped"]
    assert [(kept["record"], kept["count"]) for kept in done["kept"]] == [("order", 1)]
    assert (done["holds"], done["unreached"], done["removed"]) == ([], [], {})
    assert loyal.json("show", "customer", id).done["customer"]["name"] is None
    assert loyal.json("search", "leila@example.com").done["items"] == []
    history = loyal("--json", "history", "customer", id).out
    assert "eila" not in history and "night" not in history
    assert loyal.json(*command).error["type"] == "NotFound"
    bytes_left = b"".join(each.read_bytes() for each in Path().glob("loyal.db*"))
    assert b"eila" not in bytes_left and b"the night" not in bytes_left and b"C-1" not in bytes_left


def test_erase_for_people(crm: Crm) -> None:
    """Who erases somebody would not see what became of what."""
    id = crm.add("customer", *LEILA)["id"]
    crm.add("order", f"customer={id}", "ordered_at=2025-01-02")
    tried = crm("subject", "erase", id, "--reason", "asked", "--dry-run").out
    assert "would be erased" in tried
    told = crm("subject", "erase", id, "--reason", "asked").out
    assert "erased; 1 entries" in told
    assert "customer" in told and "wiped" in told and "kept" in told
    assert "asked" in crm("subject", "erasures").out


def test_a_reason_is_required(crm: Crm) -> None:
    """An erasure without a reason could never be explained."""
    id = crm.add("customer", *LEILA)["id"]
    assert crm("subject", "erase", id).status == 2
    assert crm.json("subject", "erase", id, "--reason", " ").error["type"] == "InvalidValue"
    assert crm.json("count", "customer", "--where", "name is missing").done == {"count": 0}


def test_who_was_erased_comes_back_only_of_their_own_will(crm: Crm) -> None:
    """An import of an old list would bring them back, or nobody could let them in again."""
    id = crm.add("customer", *LEILA)["id"]
    assert crm("subject", "erase", id, "--reason", "asked").status == 0
    refused = crm.json("add", "customer", "name=L.", "email=LEILA@example.com").error
    assert refused["type"] == "ErasedPerson"
    Path("old.csv").write_text("name,email\nLeila,leila@example.com\nAli,ali@example.com\n", encoding="utf-8")
    report = crm.json("import", "customer", "old.csv", "--rejects", "rejects.csv")
    assert report.status == 3
    assert "was erased on" in Path("rejects.csv").read_text(encoding="utf-8")
    assert crm.json("subject", "readmit", "email=ali@example.com", "--reason", "x").error["type"] == "NotFound"
    assert crm("subject", "readmit", "leila@example.com", "--reason", "x").status == 2
    let_in = crm.json("subject", "readmit", "email=leila@example.com", "--reason", "ordered again").done
    assert let_in["fields"] == ["email"] and len(let_in["erasures"]) == 1
    crm.add("customer", "name=L.", "email=leila@example.com")


def test_after_an_older_backup(crm: Crm) -> None:
    """A restored backup would bring everybody back who was erased since."""
    id = crm.add("customer", *LEILA)["id"]
    crm("db", "status")
    shutil.copyfile("crm.db", "older.db")
    assert crm("subject", "erase", id, "--reason", "asked").status == 0
    assert crm.json("subject", "erasures", "--out", "ledger.jsonl").done == {"erasures": 1, "file": "ledger.jsonl"}
    assert stat.S_IMODE(os.stat("ledger.jsonl").st_mode) == 0o600
    assert "eila" not in Path("ledger.jsonl").read_text(encoding="utf-8")
    older = Crm("sqlite:///older.db")
    assert older.json("show", "customer", id).done["customer"]["name"] == "Leila Hosseini"
    done = older.json("subject", "replay-erasures", "ledger.jsonl").done
    assert ([each["subject"] for each in done["erased"]], done["recorded"]) == ([id], 1)
    assert older.json("show", "customer", id).done["customer"]["name"] is None
    assert older.json("subject", "erasures").done["items"] == crm.json("subject", "erasures").done["items"]
    again = older("subject", "replay-erasures", "ledger.jsonl").out
    assert again.startswith("0 erased again, 0 entered")
    assert older.json("subject", "replay-erasures").done["erased"] == []


@pytest.mark.parametrize("content", ["{}", "no ledger", '{"crmcore": "erasures", "format": 2, "key": ""}', "\udcff"])
def test_what_is_no_ledger_is_refused(crm: Crm, content: str) -> None:
    """A wrong file would be taken for an empty ledger."""
    crm.add("customer", *LEILA)
    Path("ledger.jsonl").write_bytes(content.encode("utf-8", "surrogateescape"))
    assert crm.json("subject", "replay-erasures", "ledger.jsonl").error["type"] in ("InvalidValue", "InvalidSetting")


def test_a_ledger_that_cannot_be_written_leaves_nothing(crm: Crm) -> None:
    """Half a ledger would be taken for a whole one."""
    id = crm.add("customer", *LEILA)["id"]
    crm("subject", "erase", id, "--reason", "asked")
    before = sorted(each.name for each in Path().iterdir())
    refused = crm.json("subject", "erasures", "--out", "nowhere/ledger.jsonl").error
    assert refused["type"] == "InvalidSetting"
    assert sorted(each.name for each in Path().iterdir()) == before


def test_a_retired_plugin_is_named(loyal: Crm) -> None:
    """What is put aside would be forgotten, and come back with the plugin."""
    id = loyal.add("customer", *LEILA, "loyalty.card_number=C-77")["id"]
    assert loyal("plugins", "disable", "loyalty").status == loyal("plugins", "retire", "loyalty").status == 0
    done = loyal.json("subject", "erase", id, "--reason", "asked").done
    (told,) = done["unreached"]
    assert "'loyalty' keeps 1 rows" in told
    assert loyal("plugins", "enable", "loyalty").status == 0
    replayed = loyal.json("subject", "replay-erasures").done
    assert [each["wiped"] for each in replayed["erased"]] == [{"customer.loyalty": 1}]
    assert json.loads(loyal("--json", "show", "customer", id).out)["customer"]["loyalty.card_number"] is None
