"""crm plugins migrate, and what db says of databases that are behind."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from importlib import invalidate_caches
from pathlib import Path

import pytest

from tests.cli.conftest import Crm
from tests.plugins.made import Site, sites

PLUGIN = '''"""Shoes."""
from crmcore.domain import field
from crmcore.domain.facet import Facet, facet
from crmcore.plugins import Plugin, hookimpl
plugin = Plugin("shoes", requires=({requires}), migrations="{migrations}")

@facet("customer")
class Feet(Facet):
    size: int | None = field.integer(default=None)
    {more}

@hookimpl
def declare_facets():
    return [Feet]
'''
LACES = 'from crmcore.plugins import Plugin\nplugin = Plugin("laces")\n'
MORE = "width: str = field.choice('narrow', 'wide', default='narrow', index=True)"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A folder on the import path with the plugin shoes, which requires laces, in a package of its own."""
    folder = tmp_path / "site"
    folder.mkdir()
    for made in sites(folder, monkeypatch):
        made.install("shoes", [("shoes", "shoes")], {})
        made.install("laces", [("laces", "laces")], {"laces": LACES})
        (folder / "shoes").mkdir()
        declare(made)
        yield made


def declare(site: Site, more: str = "", migrations: str = "shoes.migrations") -> None:
    """What the plugin declares from now on."""
    text = PLUGIN.format(requires='"laces",', more=more, migrations=migrations)
    (site.folder / "shoes" / "__init__.py").write_text(text, encoding="utf-8")


def forget() -> None:
    """The next command is a process of its own."""
    for name in [n for n in sys.modules if n.partition(".")[0] == "shoes"]:
        del sys.modules[name]
    invalidate_caches()


def test_an_author_makes_revisions_and_a_user_runs_them(crm: Crm, site: Site) -> None:
    """Neither the author nor the user of a plugin would get from one release to the next."""
    revisions = site.folder / "shoes" / "migrations"
    first = crm.json("plugins", "migrate", "shoes", "-m", "First, of all!").done
    assert first == {
        "name": "shoes",
        "revision": "0001",
        "file": str(revisions / "0001_first_of_all.py"),
        "snapshot": str(revisions / "0001_first_of_all.json"),
        "operations": 1,
        "undecided": [],
    }
    assert not Path("crm.db").exists()
    told = json.loads(Path(first["snapshot"]).read_text(encoding="utf-8"))
    assert (told["distribution"], told["revision"], list(told["tables"])) == ("shoes", "0001", ["shoes_customer"])
    crm.json("--plugins", "shoes,laces", "db", "upgrade").done  # noqa: B018
    crm.add("customer", "name=Leila", "shoes.size=39")
    declare(site, MORE)
    forget()
    second = crm.json("plugins", "migrate", "shoes", "-m", "width").done
    assert (second["revision"], second["operations"]) == ("0002", 3)
    forget()
    waiting = {"shoes": ["0002"]}
    assert crm.json("db", "status").done["waiting"] == waiting
    assert crm.json("count", "customer").error["type"] == "SchemaMismatch"
    upgraded = crm.json("db", "upgrade")
    assert upgraded.done == {"revision": {"core": "0001", "laces": "0001", "shoes": "0002"}, "up_to_date": True}
    assert "shoes 0002: add_column(shoes_customer, width, text(40))" in upgraded.err
    assert crm.json("list", "customer", "--where", 'shoes.width = "narrow"').done["items"][0]["shoes.size"] == 39
    assert crm("--quiet", "db", "upgrade").err == ""


def test_what_is_to_be_decided_is_listed(crm: Crm, site: Site) -> None:
    """An author would ship a revision that refuses to run."""
    assert crm("plugins", "migrate", "shoes", "-m", "first").status == 0
    declare(site, "colour: str = field.choice('red', kw_only=True)")
    forget()
    done = crm("plugins", "migrate", "shoes", "-m", "colour")
    assert "to be decided there before it runs:\n- what is shoes_customer.colour in rows" in done.out
    crm.json("--plugins", "shoes,laces", "db", "upgrade").done  # noqa: B018


def test_nothing_to_migrate_is_refused_but_for_data(crm: Crm, site: Site) -> None:
    """Empty revisions would pile up, or a step with the rows alone could not be written."""
    assert crm("plugins", "migrate", "shoes", "-m", "first").status == 0
    assert "nothing that its tables depend on has changed in shoes" in crm.json(
        "plugins", "migrate", "shoes", "-m", "again"
    ).error["message"]  # fmt: skip
    done = crm.json("plugins", "migrate", "shoes", "-m", "shrink the sizes", "--data").done
    assert (done["revision"], done["operations"]) == ("0002", 0)
    forget()
    assert crm.json("--plugins", "shoes,laces", "db", "upgrade").done["revision"]["shoes"] == "0002"


@pytest.mark.parametrize(
    ("migrations", "arguments", "text"),
    [
        ("", ("shoes",), "does not say where its revisions are"),
        ("no_such.inner.migrations", ("shoes",), "there is no package 'no_such.inner'"),
        ("shoes.migrations", ("shoos",), "Did you mean 'shoes'"),
    ],
)
def test_what_cannot_be_migrated_is_said(
    crm: Crm, site: Site, migrations: str, arguments: tuple[str, ...], text: str
) -> None:
    """An author would not learn what is missing."""
    declare(site, migrations=migrations)
    assert text in crm.json("plugins", "migrate", *arguments, "-m", "first").error["message"]


def test_a_lost_snapshot_is_named(crm: Crm, site: Site, tmp_path: Path) -> None:
    """The next revision would be made as if there had been no tables."""
    done = crm.json("plugins", "migrate", "shoes", "-m", "first", "--dir", str(tmp_path / "here")).done
    Path(done["snapshot"]).unlink()
    error = crm.json("plugins", "migrate", "shoes", "-m", "next", "--dir", str(tmp_path / "here")).error
    assert "0001_first.json cannot be read" in error["message"]


def test_the_core_is_migrated_in_the_same_way(crm: Crm, tmp_path: Path) -> None:
    """Its own authors would need another tool."""
    done = crm.json("plugins", "migrate", "core", "-m", "first", "--dir", str(tmp_path / "here")).done
    tables = json.loads(Path(done["snapshot"]).read_text(encoding="utf-8"))["tables"]
    assert {"customer", "customer_contact_point", "opportunity"} <= set(tables)
