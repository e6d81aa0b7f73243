"""`crm subject export`: a person's data, for machines and for the person."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from tests.cli.conftest import Crm

LEILA = ("name=Leila Hosseini", "email=leila@example.com", "city=Cairo", "loyalty.card_number=LC-7")


@pytest.fixture
def leila(crm: Crm) -> str:
    """The id of a customer with an interaction and a card; there is another customer."""
    assert crm("plugins", "enable", "loyalty").status == 0
    id: str = crm.add("customer", *LEILA)["id"]
    crm.add("interaction", f"customer={id}", "channel=call", "at=2025-01-15", "subject=About tea")
    crm.add("customer", "name=Omar Haddad", "email=omar@example.com")
    return id


@pytest.mark.usefixtures("leila")
def test_to_a_file(crm: Crm, tmp_path: Path) -> None:
    """The file is whole, its owner's alone, and the answer counts what is in it."""
    done = crm.json("subject", "export", "email=leila@example.com", "--out", "leila.json").done
    assert list(done) == ["subject", "records", "plugins", "withheld", "file"]
    assert (done["records"], done["withheld"], done["file"]) == ({"customer": 1, "interaction": 1}, [], "leila.json")
    file = tmp_path / "leila.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    document = json.loads(file.read_text(encoding="utf-8"))
    assert document["records"]["customer"][0]["loyalty.card_number"] == "LC-7"
    assert "Omar" not in json.dumps(document)
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".")] == []


def test_to_standard_output(crm: Crm, leila: str) -> None:
    """The document itself, with --json or without; who took it out stands in the history."""
    for arguments in (("--json",), ()):
        ran = crm("--actor", "sara", *arguments, "subject", "export", leila)
        assert ran.status == 0 and ran.json["subject"] == leila and ran.json["by"] == "sara"
    reads = [each for each in crm.json("history", "customer", leila).done["items"] if each["operation"] == "read"]
    assert [(each["actor"], each["changes"]) for each in reads] == [("sara", {"subject export": [None, True]})] * 2


def test_as_a_page(crm: Crm, leila: str, tmp_path: Path) -> None:
    """By the name of the file, or by --format."""
    ran = crm("subject", "export", leila, "--out", "leila.html")
    assert ran.status == 0 and ran.out == "1 customer, 1 interaction in leila.html\n"
    text = (tmp_path / "leila.html").read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>") and "About tea" in text and "LC-7" in text and "Omar" not in text
    shown = crm("subject", "export", leila, "--format", "html")
    assert shown.status == 0 and "About tea" in shown.out
    assert crm.json("subject", "export", leila, "--format", "html").status == 2


def test_a_retired_plugin_is_in_it(crm: Crm, leila: str) -> None:
    """What it keeps is the person's as well."""
    for step in ("disable", "retire"):
        assert crm("plugins", step, "loyalty").status == 0
    document = crm("subject", "export", leila).json
    [row] = document["retired"]["loyalty"]["loyalty_customer"]
    assert row["card_number"] == "LC-7"


def test_what_is_refused(crm: Crm, leila: str, tmp_path: Path) -> None:
    """Nobody, a directory in the way, a folder that is not there: an error, and no file is left behind."""
    assert crm.json("subject", "export", "email=nobody@example.com").error["type"] == "NotFound"
    assert crm.json("subject", "export", leila, "--out", "there/leila.json").error["type"] == "InvalidSetting"
    (tmp_path / "folder").mkdir()
    assert crm.json("subject", "export", leila, "--out", "folder").error["type"] == "InvalidSetting"
    assert crm.json("subject", "exprot", leila).error["message"].endswith("Did you mean 'export'?")
    assert sorted(each.name for each in tmp_path.iterdir() if each.suffix in (".json", ".part")) == []


def test_an_older_file_stays_where_nothing_is_handed_out(crm: Crm, tmp_path: Path) -> None:
    """And one that is replaced loses the permissions that it had."""
    file = tmp_path / "leila.json"
    file.write_text("old")
    file.chmod(0o644)
    assert crm("subject", "export", "email=nobody@example.com", "--out", str(file)).status == 1
    assert file.read_text() == "old"
    crm.add("customer", *LEILA[:3])
    assert crm("subject", "export", "email=leila@example.com", "--out", str(file)).status == 0
    assert json.loads(file.read_text(encoding="utf-8"))["records"]["customer"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
