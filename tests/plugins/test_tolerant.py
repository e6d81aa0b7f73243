"""Tests of loading what can be loaded: administration has to work just when plugins do not (PLG-01 to PLG-04)."""

from __future__ import annotations

from itertools import permutations

import pytest

from crmcore.domain.dormant import belongings, describe
from crmcore.domain.errors import MissingPlugin, PluginConflict
from crmcore.plugins import hookimpl
from crmcore.plugins.registry import Registry, load
from crmcore.plugins.specs import Report
from tests.plugins.bad import HANGING, IMPORTED, source
from tests.plugins.made import Site, facet_class, made, record_class, refused

SALES = {"reports": [Report(name="sales", target="a:b")]}
GOOD = "from crmcore.plugins import Plugin\nplugin = Plugin({name!r})\n"


def left_out(registry: Registry) -> list[str]:
    """The names of the plugins that were left out."""
    return [each.name for each in registry.failed]


@pytest.mark.parametrize("name", [*IMPORTED, *HANGING])
def test_a_plugin_that_cannot_be_imported_is_left_out(site: Site, name: str) -> None:
    """Nobody could list the plugins to find out which one to switch off."""
    modules = {f"acme_left_{name}": source(name), f"acme_good_{name}": GOOD.format(name="good")}
    site.install("acme", [("bad", f"acme_left_{name}"), ("good", f"acme_good_{name}")], modules, "2.0")
    registry = load(["bad", "good", "loyalty"], tolerant=True, deadline=0.5 if name in HANGING else None)
    assert registry.names == ("good", "loyalty")
    (failed,) = registry.failed
    assert (failed.name, failed.distribution) == ("bad", "acme")
    assert failed.problem.startswith(f"plugin 'bad' (acme 2.0): importing acme_left_{name} ")
    described = {each["name"]: each for each in registry.describe()}["bad"]
    assert (described["state"], described["version"], described["problem"]) == ("failed", "2.0", failed.problem)


def test_the_trace_of_what_a_plugin_raised_is_kept(site: Site) -> None:
    """Its author could not find the place from what an administrator sends."""
    site.install("acme", [("bad", "acme_traced")], {"acme_traced": "def fail():\n    raise ValueError('x')\nfail()"})
    (failed,) = load(["bad"], tolerant=True).failed
    assert "acme_traced.py" in failed.traceback
    assert failed.traceback.rstrip().endswith("ValueError: x")


def test_what_fits_stays_whatever_the_order() -> None:
    """An application could have other plugins from one start to the next."""
    plugins = [
        made("good", facets=[facet_class("customer")]),
        made("clash_a", declares=SALES),
        made("clash_b", declares=SALES),
        made("needs_a", requires=("clash_a",)),
        made("needs_needs", requires=("needs_a",)),
        "nobody_here",
    ]
    found = set()
    for order in list(permutations(plugins))[::7]:
        registry = load(order, tolerant=True, installed=())
        found.add((registry.names, registry.failed))
    ((names, failed),) = found
    assert names == ("good",)
    assert [each.name for each in failed] == ["clash_a", "clash_b", "needs_a", "needs_needs", "nobody_here"]
    assert failed[3].problem == (
        "plugin 'needs_needs': it requires 'needs_a', which is left out. See what is wrong there."
    )


def test_whoever_takes_over_from_one_that_is_left_out_is_left_out_too() -> None:
    """Whether a plugin has its report would hang on whether another one is broken."""
    wrong = made("a", declares=SALES, facets=[facet_class("nobody")])
    registry = load([wrong, made("b", declares=SALES, replaces=("report:sales",))], tolerant=True, installed=())
    assert left_out(registry) == ["a", "b"]
    assert "neither the core nor an active plugin has that report" in registry.failed[1].problem


def test_what_is_left_out_claims_nothing() -> None:
    """A broken plugin could keep names from those that work."""
    registry = load([made("a", declares=SALES), made("b", declares=SALES)], tolerant=True, installed=())
    assert "report" not in registry.slots
    assert registry.catalogue.plugins() == ()


def test_plugins_that_do_not_fit_the_rest_are_left_out() -> None:
    """One declaration that is refused would take every other plugin with it."""
    registry = load([made("bad", facets=[facet_class("nobody")]), "loyalty"], tolerant=True)
    assert registry.names == ("loyalty",)
    assert left_out(registry) == ["bad"]


def test_hooks_are_asked_once_however_many_attempts_it_takes() -> None:
    """A plugin would be asked again each time that another one is left out."""
    asked: list[str] = []

    def declare_facets() -> tuple[()]:
        asked.append("facets")
        return ()

    counting = made("counting", hooks={"declare_facets": hookimpl(declare_facets)})
    load([counting, made("bad", facets=[facet_class("nobody")]), made("worse", requires=("bad",))], tolerant=True)
    assert asked == ["facets"]


def test_metadata_that_cannot_be_read_hides_no_other_distribution(site: Site) -> None:
    """One rotten file would keep administration from every plugin."""
    site.install("acme-rotten", "[crmcore.plugins]\nno value\n", {})
    site.install("acme-fine", [("fine", "acme_fine_one")], {"acme_fine_one": GOOD.format(name="fine")}, "2.0")
    registry = load(["fine"], tolerant=True)
    assert registry.names == ("fine",)
    assert [(each.name, each.distribution) for each in registry.failed] == [("", "acme-rotten")]
    assert "the entry points of acme-rotten cannot be read" in registry.failed[0].problem
    assert {"fine", "loyalty"} <= {each["name"] for each in registry.describe()}


def test_what_a_plugin_keeps_in_the_database_stays_known_when_it_breaks() -> None:
    """An export, or an erasure, would pass over the records of a plugin that happens to be broken."""
    sound = made("points", records=[record_class("entry")], facets=[facet_class("customer")])
    kept = belongings("points", describe(load([sound]).catalogue, "points"))
    broken = made("points", records="no list")
    asleep = load([broken, made("needs", requires=("points",))], tolerant=True, installed=(), dormant=[kept])
    assert left_out(asleep) == ["needs", "points"]
    assert asleep.catalogue.dormant == {"points"}
    assert "points.entry" in asleep.catalogue.records
    awake = load([sound], tolerant=True, installed=(), dormant=[kept])
    assert awake.catalogue.dormant == frozenset()


def test_whoever_is_not_there_is_named_rather_than_what_is_kept_about_its_records() -> None:
    """An administrator would be sent to a plugin that is disabled, while the one that it extended is not installed."""
    sound = made("points", records=[record_class("entry")])
    extending = made("coupons", facets=[facet_class("points.entry")], requires=("points",))
    kept = belongings("coupons", describe(load([sound, extending]).catalogue, "coupons"))
    with pytest.raises(MissingPlugin, match="plugin 'points': no installed distribution offers it"):
        load(["points"], installed=(), dormant=[kept])


@pytest.mark.parametrize(
    ("manifest", "what"),
    [("'points', api=99", "it needs version 99 of the plugin interface"), ("'other'", "its manifest calls it 'other'")],
)
def test_what_cannot_be_used_here_is_left_out(site: Site, manifest: str, what: str) -> None:
    """A plugin for a newer crmcore would stop administration altogether."""
    text = f"from crmcore.plugins import Plugin\nplugin = Plugin({manifest})\n"
    site.install("acme", [("points", "acme_misfit")], {"acme_misfit": text})
    (failed,) = load(["points"], tolerant=True).failed
    assert (failed.name, failed.distribution) == ("points", "acme")
    assert what in failed.problem


def test_of_two_distributions_with_one_plugin_both_are_told(site: Site) -> None:
    """Nobody would know which of them to uninstall."""
    for name in ("acme-points", "better-points"):
        site.install(name, [("points", "acme_twice")], {})
    registry = load(["points", "loyalty"], tolerant=True)
    assert [(each.name, each.distribution) for each in registry.failed] == [
        ("points", "acme-points"),
        ("points", "better-points"),
    ]
    assert registry.names == ("loyalty",)


def test_without_being_asked_for_nothing_is_left_out() -> None:
    """Records would be written without the guards of the plugin that is broken."""
    refused(PluginConflict, made("a", declares=SALES), made("b", declares=SALES))
    assert load([made("a", declares=SALES)]).failed == ()
