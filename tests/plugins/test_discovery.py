"""Tests of what is found and imported: nothing that the host did not name, and every failure with its names."""

import importlib
import subprocess
import sys
from typing import Any

import pytest

from crmcore.domain.errors import InvalidSetting, MissingPlugin, PluginConflict, PluginFailed
from crmcore.plugins.registry import load
from crmcore.plugins.starting.discovery import discover
from tests.plugins.bad import IMPORTED, source
from tests.plugins.made import Site, made, problems, refused

GOOD = "from crmcore.plugins import Plugin\nplugin = Plugin({name!r})\n"


def test_installed_is_not_active(site: Site) -> None:
    """A plugin could run code in every host on whose machine it happens to lie."""
    site.install("acme-points", [("points", "acme_points")], {"acme_points": "raise SystemExit('imported')"}, "2.3")
    found = [(each.name, each.distribution, each.version) for each in discover()]
    assert ("points", "acme-points", "2.3") in found
    assert load().names == ()
    assert "acme_points" not in sys.modules


def test_only_what_is_named_is_imported(site: Site) -> None:
    """Naming one plugin would run the code of all."""
    modules = {"one": GOOD.format(name="one"), "two": "raise RuntimeError"}
    site.install("both", [("one", "one"), ("two", "two")], modules)
    assert load(["one"]).names == ("one",)
    assert "two" not in sys.modules


def test_the_bundled_plugin_is_not_imported_until_it_is_named() -> None:
    """Hosts that do without loyalty would pay for it."""
    program = (
        "import sys; from crmcore.plugins.registry import load\n"
        "load().describe(); assert 'crmcore_loyalty' not in sys.modules\n"
        "load(['loyalty']); assert 'crmcore_loyalty' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True)


# PLG-01, PLG-02 and others of their kind.
BROKEN_MODULES = {source(name): what for name, what in IMPORTED.items()} | {
    "raise GeneratorExit": "GeneratorExit",
    "from crmcore.plugins import Plugin\nplugin = Plugin('Broken')": "InvalidDeclaration",
}


@pytest.mark.parametrize("text", BROKEN_MODULES)
def test_a_plugin_that_cannot_be_imported_is_refused_by_name(site: Site, text: str) -> None:
    """The host would die of somebody else's code, or not learn whose it was."""
    site.install("acme-broken", [("broken", "acme_broken")], {"acme_broken": text})
    error = refused(PluginFailed, "broken")
    assert str(error).startswith("plugin 'broken' (acme-broken 1.0): importing acme_broken raised ")
    assert BROKEN_MODULES[text] in str(error)
    assert isinstance(error.__cause__, BaseException)
    assert problems(error)[0]["distributions"] == ["acme-broken"]


@pytest.mark.parametrize("text", BROKEN_MODULES)
def test_a_broken_plugin_leaves_nothing_behind(site: Site, text: str) -> None:
    """The host could not start without the plugin either, not even to take it off its list."""
    site.install("acme", [("broken", "acme_broken"), ("good", "acme_good")], {"acme_broken": text})
    (site.folder / "acme_good.py").write_text(GOOD.format(name="good"))
    refused(PluginFailed, "good", "broken")
    registry = load(["good"])
    assert registry.names == ("good",)
    states = {each["name"]: each["state"] for each in registry.describe()}
    assert states["broken"] == "available"


def test_a_package_that_fails_by_half_can_be_mended(site: Site) -> None:
    """A host that runs on would see another error at the second try, from what is left of the first."""
    site.install("acme-half", [("half", "acme_half")], {})
    package = site.folder / "acme_half"
    package.mkdir()
    (package / "first.py").write_text("value = 'half'\n")
    (package / "__init__.py").write_text(source("half_a_package"))
    for _ in range(2):
        assert "ImportError: the second half is missing" in str(refused(PluginFailed, "half"))
        assert not [name for name in sys.modules if name.startswith("acme_half")]
    text = "import acme_half.first\nfrom crmcore.plugins import Plugin\nplugin = Plugin(acme_half.first.value)\n"
    (package / "__init__.py").write_text(text + "# mended\n")
    importlib.invalidate_caches()
    assert load(["half"]).names == ("half",)


def test_an_interrupted_import_stays_interrupted(site: Site) -> None:
    """Ctrl-C while a plugin is imported would be taken for a fault of the plugin."""
    site.install("acme-slow", [("slow", "acme_slow")], {"acme_slow": "raise KeyboardInterrupt"})
    with pytest.raises(KeyboardInterrupt):
        load(["slow"])


def test_an_unknown_plugin_is_refused_with_the_nearest(site: Site) -> None:
    """A slip of the pen would start the host without the plugin, or leave its administrator guessing."""
    site.install("acme-points", [("points", "acme_points")], {})
    error = refused(MissingPlugin, "point")
    assert "plugin 'point': no installed distribution offers it. Did you mean 'points'?" in str(error)
    assert "installed: " in str(error)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "it has no manifest, its attribute `plugin` is NoneType"),
        ("plugin = 'points'", "it has no manifest, its attribute `plugin` is str"),
        ("def __getattr__(name): raise SystemExit(3)", "reading its manifest raised SystemExit: 3"),
        (GOOD.format(name="coupons"), "its manifest calls it 'coupons', its entry point 'points'"),
        (
            "from crmcore.plugins import Plugin\nplugin = Plugin('points', api=2)",
            "it needs version 2 of the plugin interface, this crmcore has 1",
        ),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(site: Site, text: str, what: str) -> None:
    """A plugin could be active under a name that is not its own, or against hooks that it does not know."""
    site.install("acme-points", [("points", "acme_points")], {"acme_points": text})
    assert f"plugin 'points' (acme-points 1.0): {what}. " in str(refused(PluginFailed, "points"))


def test_two_distributions_with_one_plugin_are_refused(site: Site) -> None:
    """Which of them runs would hang on the order of the import path."""
    for name in ("acme-points", "better-points"):
        module = name.replace("-", "_")
        site.install(name, [("points", module)], {module: GOOD.format(name="points")})
    error = refused(PluginConflict, "points")
    assert "'points' (acme-points 1.0) and plugin 'points' (better-points 1.0): several" in str(error)
    assert "acme_points" not in sys.modules


def test_metadata_that_cannot_be_read_names_its_distribution(site: Site) -> None:
    """One rotten file would stop the host with a message of the standard library that names nobody."""
    site.install("acme-rotten", "[crmcore.plugins]\nno value\n", {})
    with pytest.raises(PluginFailed, match="the entry points of acme-rotten cannot be read"):
        discover()


@pytest.mark.parametrize("thing", [None, 3, object(), {}, type("Bare", (), {})])
def test_a_thing_that_is_no_plugin_is_refused(thing: Any) -> None:
    """A host that hands over the wrong object would start without its plugin."""
    assert "has no manifest" in str(refused(PluginFailed, thing))


def test_one_text_for_a_list_of_names_is_refused() -> None:
    """`plugins="loyalty"` would ask for the plugins l, o, y, a, l, t and y."""
    with pytest.raises(InvalidSetting, match="loyalty"):
        load("loyalty")


def test_naming_a_plugin_twice_is_naming_it() -> None:
    """A host that joins two lists of plugins would be refused for nothing."""
    import crmcore_loyalty

    assert load(["loyalty", "loyalty", crmcore_loyalty, crmcore_loyalty]).names == ("loyalty",)


def test_two_plugins_of_one_name_are_refused() -> None:
    """One of them would silently take the other's place."""
    error = refused(PluginConflict, made("points"), made("points", version="2"), "loyalty")
    assert problems(error)[0]["what"] == "have one name"


def test_names_that_read_alike_are_refused() -> None:
    """Fields and tables of one plugin would be taken for the other's (PLG-12)."""
    error = refused(PluginConflict, made("gift_card"), made("giftcard"))
    assert str(error).startswith("plugin 'gift_card' and plugin 'giftcard': have names that differ only in")
