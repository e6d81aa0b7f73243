"""crm plugins: switching on and off, also where a plugin is broken or gone."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Crm
from tests.plugins.made import Site, sites

FACET = """
from crmcore.domain import field
from crmcore.domain.facet import Facet, facet
from crmcore.plugins import Plugin, hookimpl

plugin = Plugin("shoes", capabilities=("interaction:add",))

@facet("customer")
class Shoes(Facet):
    size: int | None = field.integer(default=None)

@hookimpl
def declare_facets():
    return (Shoes,)
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A folder on the import path, with a plugin."""
    folder = tmp_path / "site"
    folder.mkdir()
    for made in sites(folder, monkeypatch):
        made.install("acme-shoes", [("shoes", "acme_shoes_cli")], {"acme_shoes_cli": FACET})
        yield made


@pytest.fixture
def shoes(site: Site, crm: Crm) -> Crm:
    """`crm` on a database in which that plugin was enabled, and somebody has a size."""
    assert crm("--plugins", "", "db", "upgrade").status == 0
    done = crm.json("plugins", "enable", "shoes")
    assert done.done == {
        "name": "shoes",
        "state": "active",
        "capabilities": ["interaction:add"],
        "moved": 0,
        "archive": None,
        "rows": {},
    }
    assert "shoes may from now on: interaction:add" in done.err
    crm.add("customer", "name=Leila", "shoes.size=42")
    return crm


def state(crm: Crm, name: str = "shoes") -> str:
    """The state of a plugin, as it is listed."""
    [found] = [each["state"] for each in crm.json("plugins", "list").done["items"] if each["name"] == name]
    return str(found)


def break_it(site: Site, text: str = "raise OSError('no such last')") -> None:
    """From now on the plugin cannot be imported."""
    (site.folder / "acme_shoes_cli.py").write_text(text, encoding="utf-8")
    sys.modules.pop("acme_shoes_cli", None)


def test_a_plugin_goes_through_its_whole_life(shoes: Crm, tmp_path: Path) -> None:
    """Each state is shown, and what was kept is there again."""
    count = ("count", "customer", "--where", "shoes.size = 42")
    assert (state(shoes), shoes.json(*count).done) == ("active", {"count": 1})
    assert shoes.json("plugins", "disable", "shoes").done["state"] == "disabled"
    assert (state(shoes), shoes.json(*count).done) == ("disabled", {"count": 1})
    listed = shoes.json("fields", "list", "customer").done["items"]
    assert [(each["name"], each["plugin"]) for each in listed if each["plugin"]] == [("shoes.size", "shoes")]
    refused = shoes.json("change", "customer", "name=Leila", "shoes.size=43").error
    assert refused["type"] == "PluginDisabled"
    assert shoes.json("plugins", "retire", "shoes").done["state"] == "retired"
    assert (state(shoes), shoes.json(*count).status) == ("retired", 1)
    assert shoes.json("plugins", "enable", "shoes").done["state"] == "active"
    assert (state(shoes), shoes.json(*count).done) == ("active", {"count": 1})
    for verb in ("disable", "retire"):
        assert shoes("plugins", verb, "shoes").status == 0
    kept = shoes.json("plugins", "purge", "shoes").error
    assert "repeat this with --yes" in kept["message"]
    purged = shoes.json("plugins", "purge", "shoes", "--yes", "--archive", str(tmp_path / "kept")).done
    assert purged["rows"] == {"shoes_customer": 1}
    [row] = (Path(purged["archive"]) / "shoes_customer.jsonl").read_text().splitlines()
    assert json.loads(row)["size"] == 42
    assert state(shoes) == "available"


def test_a_plugin_that_breaks_is_told_and_switched_off_without_importing_it(shoes: Crm, site: Site) -> None:
    """One broken distribution would lock everybody out of the database."""
    break_it(site)
    assert shoes.json("count", "customer").error["type"] == "PluginFailed"
    assert state(shoes) == "failed"
    [shown] = shoes.json("plugins", "show", "shoes").done["items"]
    assert "no such last" in shown["problem"]
    assert "acme_shoes_cli.py" in shown["traceback"]
    assert shown["contributes"]["facets"] == [{"record": "customer", "fields": ["shoes.size"]}]
    assert "Traceback" in shoes("plugins", "show", "shoes").out
    assert shoes.json("doctor").json["ok"] is False
    assert shoes.json("plugins", "disable", "shoes").done["state"] == "disabled"
    assert state(shoes) == "disabled"
    assert shoes.json("list", "customer", "--columns", "shoes.size").done["items"][0]["shoes.size"] == 42
    assert shoes.json("plugins", "enable", "shoes").error["type"] == "PluginFailed"
    break_it(site, FACET)
    assert shoes.json("plugins", "enable", "shoes").done["state"] == "active"


def test_a_plugin_that_is_gone_is_told_and_switched_off(shoes: Crm, site: Site) -> None:
    """Uninstalling before disabling would be a mistake that cannot be mended."""
    break_it(site, "")
    (site.folder / "acme_shoes-1.0.dist-info" / "entry_points.txt").unlink()
    assert state(shoes) == "failed"
    for verb, then in (("disable", "disabled"), ("retire", "retired")):
        assert shoes.json("plugins", verb, "shoes").done["state"] == then
    assert shoes.json("plugins", "purge", "shoes", "--yes").done["rows"] == {"shoes_customer": 1}
    assert [each for each in shoes.json("plugins", "list").done["items"] if each["name"] == "shoes"] == []


def test_a_person_is_asked_before_anything_is_dropped(shoes: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slip of the pen would cost the rows; or a person says yes to what is refused then."""
    for verb, word in (("disable", "active"), ("retire", "disabled")):
        assert f"is {word}; only one that is retired" in shoes("plugins", "purge", "shoes").err
        assert shoes("plugins", verb, "shoes").status == 0
    for said, then in (("n\n", "retired"), ("y\n", "available")):
        answer = io.StringIO(said)
        monkeypatch.setattr(answer, "isatty", lambda: True)
        monkeypatch.setattr(sys, "stdin", answer)
        shoes("plugins", "purge", "shoes")
        assert state(shoes) == then


def test_text_says_what_became_of_a_plugin(shoes: Crm) -> None:
    """A person would see nothing, and wonder."""
    assert shoes("plugins", "disable", "shoes").out == "shoes is disabled\n"
    assert "disabled" in shoes("plugins", "list").out
    assert "unknown record type of the active plugins: 'hats.hat'" in shoes("list", "hats.hat").err
    assert "CONTRIBUTES\nkind   name      fields\n" in shoes("plugins", "show", "shoes").out
    missing = shoes.json("plugins", "disable", "shoe").error
    assert missing["nearest"] == ["shoes"]
