"""Tests of what plugins say of each other, and of the order that follows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.domain.errors import MissingPlugin, PluginConflict, PluginFailed
from crmcore.plugins.registry import load
from tests.plugins.made import Site, facet_class, made, problems, refused


def test_a_requirement_that_is_not_installed_is_refused() -> None:
    """The plugin would fail later, at the first call into what is not there."""
    error = refused(MissingPlugin, made("coupons", requires=("loyalti",)))
    assert "plugin 'coupons': it requires the plugin 'loyalti', which is not installed. Did you mean 'loyalty'?" in str(
        error
    )


def test_a_requirement_that_is_only_installed_is_not_switched_on(site: Site) -> None:
    """A plugin could switch on another one of which the host knows nothing."""
    site.install("acme-points", [("points", "acme_points")], {"acme_points": "raise SystemExit"})
    error = refused(MissingPlugin, made("coupons", requires=("points",)))
    assert "'points', which is not active. Name 'points' among the plugins too" in str(error)


def test_a_requirement_that_failed_is_reported_once(site: Site) -> None:
    """The cause would drown in what follows from it."""
    site.install("acme-points", [("points", "acme_points")], {"acme_points": "raise SystemExit"})
    error = refused(PluginFailed, made("coupons", requires=("points",), facets=[facet_class("points.entry")]), "points")
    assert [each["plugins"] for each in problems(error)] == [["points"]]


def test_after_asks_for_order_only() -> None:
    """A plugin that merely goes along with another could not live without it."""
    assert load([made("coupons", after=("points",))]).names == ("coupons",)
    assert load([made("coupons", after=("points",)), made("points")]).names == ("points", "coupons")


@pytest.mark.parametrize("both", [False, True])
def test_what_says_that_it_conflicts_is_refused(both: bool) -> None:
    """Two plugins that spoil each other's records would run side by side."""
    one, other = made("coupons", conflicts=("points",)), made("points", conflicts=("coupons",) if both else ())
    error = refused(PluginConflict, other, one)
    says = "'coupons' and 'points'" if both else "'coupons'"
    assert str(error) == f"plugin 'coupons' and plugin 'points': cannot be active together, says {says}. Leave one out."


@pytest.mark.parametrize("kind", ["requires", "after"])
def test_circles_are_refused_each_with_its_path(kind: str) -> None:
    """There is no order in which to call them, and any that we took would be a coin tossed."""
    ring = {"a": "b", "b": "c", "c": "a", "x": "y", "y": "x", "z": "x"}
    error = refused(PluginFailed, *(made(name, **{kind: (next_,)}) for name, next_ in ring.items()))
    paths = [str(each["what"]).rpartition(": ")[2] for each in problems(error)]
    assert paths == ["a > b > c > a", "x > y > x"]


@given(st.data())
def test_any_order_of_discovery_gives_the_same_refusal(data: st.DataObject) -> None:
    """A host would see another message at each start, and one problem at a time."""
    bad = [
        made("ant", requires=("gnu",)),
        made("bee", requires=("cat",)),
        made("cat", requires=("bee",)),
        made("dog", facets="no list"),
        made("dog", records=3),
        made("eel", facets=[facet_class("customer")], conflicts=("fox",)),
        made("fox", facets=[facet_class("nobody")]),
        made("fo_x"),
        "nobody_here",
    ]
    messages = {str(refused(PluginFailed, *data.draw(st.permutations(bad)), installed=())) for _ in range(3)}
    assert len(messages) == 1


def test_without_ties_to_each_other_plugins_go_by_name() -> None:
    """Two that are independent would swap places from one start to the next."""
    assert load([made("cat"), made("ant"), made("bee", after=("cat",))]).names == ("ant", "cat", "bee")
