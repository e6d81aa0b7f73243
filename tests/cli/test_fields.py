"""`crm fields`: adding, listing, removing and purging fields by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Crm

ADDED = {"record": "customer", "name": "custom.shoe_size", "type": "integer", "plugin": "custom", "index": True,
         "unique": False, "personal": False}  # fmt: skip


def test_a_field_comes_and_goes(crm: Crm) -> None:
    """Each command tells which field it was, in the form of the list."""
    added = crm.json("fields", "add", "customer", "shoe_size", "integer", "--index", "--label", "ar=مقاس الحذاء").done
    assert added == {"items": [ADDED]}
    assert [each for each in crm.json("fields", "list", "customer").done["items"] if each["plugin"]] == [ADDED]
    crm.json("add", "customer", "name=Leila", "custom.shoe_size=42")
    assert crm.json("list", "customer", "--columns", "custom.shoe_size").done["items"][0]["custom.shoe_size"] == 42
    assert "`crm fields remove customer shoe_size` comes" in crm("fields", "purge", "customer", "shoe_size").err
    assert crm.json("fields", "remove", "customer", "custom.shoe_size").done == {"items": [ADDED]}
    assert ADDED not in crm.json("fields", "list", "customer").done["items"]
    assert crm.json("fields", "list", "--removed").done == {"items": [ADDED]}
    refused = crm.json("fields", "purge", "customer", "shoe_size").error
    assert (refused["type"], refused["values"]) == ("InvalidSetting", 1)
    other = crm.json("fields", "add", "customer", "shoe_size", "text").error["message"]
    assert "it had type 'integer' (now 'text'): add it as it was" in other
    purged = crm.json("fields", "purge", "customer", "shoe_size", "--yes").done
    assert purged == {"record": "customer", "name": "custom.shoe_size", "purged": 1}
    assert crm.json("fields", "list", "--removed").done == {"items": []}


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("shoe_size text --length 5", 1),
        ("size colour", 2),
        ("size text --label ar", 2),
        ("size text --label =x", 2),
        ("size decimal --scale many", 2),
        ("size choice", 1),
        ("select-all text", 1),
        ("size reference --target nobody", 1),
        ("size integer --required", 2),
    ],
)
def test_what_cannot_be_added_is_refused(crm: Crm, words: str, status: int) -> None:
    """By one document, and nothing is added."""
    crm("fields", "add", "customer", "shoe_size", "integer")
    before = crm.json("fields", "list", "customer").done
    ended = crm.json("fields", "add", "customer", *words.split())
    assert (ended.status, bool(ended.error["message"])) == (status, True)
    assert crm.json("fields", "list", "customer").done == before


def test_every_option_says_something(crm: Crm) -> None:
    """Of a field of the kind that it is for."""
    for words in (
        "badge text --length 20 --unique --personal",
        "rate decimal --scale 3 --index",
        "colour choice --option red --option blue",
        "likes choices --option tea",
        "shop reference --target customer --index",
    ):
        assert crm("fields", "add", "customer", *words.split()).status == 0
    listed = {each["name"]: each for each in crm.json("fields", "list", "customer").done["items"]}
    assert listed["custom.badge"]["personal"] and listed["custom.badge"]["unique"] and listed["custom.rate"]["index"]
    for values in ("custom.rate=1.2345", "custom.colour=green", "custom.likes=milk", f"custom.badge={'x' * 21}"):
        assert crm.json("add", "customer", "name=Omar", values).error["type"] == "InvalidRecord"
    shop = crm.json("add", "customer", "name=Shop").done["id"]
    leila = crm.json("add", "customer", "name=Leila", f"custom.shop={shop}").done["id"]
    assert crm.json("remove", "customer", shop).error["type"] == "StillReferenced"
    assert crm("remove", "customer", leila).status == 0


def test_without_plugins_fields_are_only_listed(crm: Crm) -> None:
    """As all else is looked at."""
    crm("fields", "add", "customer", "shoe_size", "integer")
    assert "custom.shoe_size" in crm("--plugins", "none", "fields", "list", "customer").out
    for words in ("add customer other text", "remove customer shoe_size", "purge customer shoe_size --yes"):
        assert crm.json("--plugins", "none", "fields", *words.split()).error["type"] == "SchemaMismatch"


def test_files_carry_them(crm: Crm, tmp_path: Path) -> None:
    """Out and in again, under the dotted name."""
    crm("fields", "add", "customer", "shoe_size", "integer")
    crm("fields", "add", "customer", "likes", "choices")
    (tmp_path / "in.csv").write_text("name,custom.shoe_size,custom.likes\nLeila,42,tea|milk\nOmar,,\n")
    assert crm.json("import", "customer", str(tmp_path / "in.csv")).done["created"] == 2
    out = str(tmp_path / "out.csv")
    columns = "name,custom.shoe_size,custom.likes"
    exported = crm.json("export", "customer", "--columns", columns, "--where", "custom.shoe_size > 40", "--out", out)
    assert exported.done["rows"] == 1
    assert (tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()[1].startswith("Leila,42,")
