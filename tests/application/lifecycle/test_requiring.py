"""What plugins require of each other, and what they ask to write, holds also while they are switched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import crmcore
from crmcore.crm import Crm
from crmcore.domain.errors import (
    InvalidSetting,
    MissingPlugin,
    PluginConflict,
    PluginDisabled,
    PluginFailed,
    StillReferenced,
    UnknownName,
)
from crmcore.plugins.manifest import Plugin
from crmcore.testing import make_crm
from tests.plugins.made import facet_class, made, record_class

POINTS = made("points", records=[record_class("entry")])
COUPONS = made("coupons", facets=[facet_class("points.entry")], requires=("points",))


@pytest.fixture
def crm() -> Iterator[Crm]:
    """A Crm with a plugin and one that requires it."""
    with make_crm(plugins=[POINTS, COUPONS]) as opened:
        yield opened


def states(crm: Crm) -> dict[str, str]:
    return {each["name"]: each["state"] for each in crm.plugins.list() if each["name"] != "loyalty"}


def test_what_others_require_is_switched_off_after_them(crm: Crm) -> None:
    """A plugin would run without what it builds on, or a facet hang on a record type that is gone."""
    with pytest.raises(PluginConflict, match="'coupons': first `crm plugins disable coupons`"):
        crm.plugins.disable("points", actor="root")
    crm.plugins.disable("coupons", actor="root")
    crm.plugins.disable("points", actor="root")
    assert crm.catalogue.facets["points.entry"][0].name == "coupons"
    with pytest.raises(PluginConflict, match="'coupons': first `crm plugins retire coupons`"):
        crm.plugins.retire("points", actor="root")
    with pytest.raises(PluginDisabled, match="enable that first with `crm plugins enable points`"):
        crm.plugins.enable(COUPONS, actor="root")
    assert states(crm) == {"coupons": "disabled", "points": "disabled"}
    crm.plugins.retire("coupons", actor="root")
    crm.plugins.retire("points", actor="root")
    crm.plugins.enable(POINTS, actor="root")
    assert states(crm) == {"coupons": "retired", "points": "active"}
    crm.plugins.enable(COUPONS, actor="root")
    assert states(crm) == {"coupons": "active", "points": "active"}


def test_what_was_never_there_cannot_be_switched(crm: Crm) -> None:
    """A slip of the pen would pass for done."""
    with pytest.raises(UnknownName, match="did you mean 'points'"):
        crm.plugins.disable("pionts", actor="root")
    with pytest.raises(MissingPlugin):
        crm.plugins.enable("pionts", actor="root")
    with pytest.raises(MissingPlugin, match="requires 'never'"):
        crm.plugins.enable(made("late", requires=("never",)), actor="root")
    with pytest.raises(PluginFailed):
        crm.plugins.enable(made("broken", facets=[3]), actor="root")
    with pytest.raises(InvalidSetting, match="an actor is required"):
        crm.plugins.disable("coupons", actor=" ")
    assert states(crm) == {"coupons": "active", "points": "active"}


def test_fields_of_administrators_on_its_records_keep_a_plugin_from_being_retired(crm: Crm) -> None:
    """They would hang on record types that nobody knows."""
    crm.fields.add("points.entry", "colour", "text")
    crm.plugins.disable("coupons", actor="root")
    crm.plugins.retire("coupons", actor="root")
    crm.plugins.disable("points", actor="root")
    with pytest.raises(StillReferenced, match=r"points\.entry\.custom\.colour"):
        crm.plugins.retire("points", actor="root")
    crm.fields.remove("points.entry", "colour")
    crm.fields.purge("points.entry", "colour")
    assert crm.plugins.retire("points", actor="root").state == "retired"


def asking(*capabilities: str) -> Any:
    return made("greedy", capabilities=capabilities)


def test_a_plugin_that_asks_for_more_is_refused_until_it_is_enabled_again(tmp_path: Path) -> None:
    """An upgrade of a distribution would take rights that nobody has given."""
    url = f"sqlite:///{tmp_path / 'crm.db'}"
    with make_crm(url, plugins=[asking("interaction:add")]):
        pass
    with pytest.raises(PluginDisabled, match=r"more than it was enabled with \(customer:change\)"):
        crmcore.open(url, plugins=[asking("interaction:add", "customer:change")])
    crmcore.open(url, plugins=[asking()]).close()  # less is no harm
    administration = crmcore.open(url, plugins="none")
    greedy = asking("interaction:add", "customer:change")
    assert greedy.plugin == Plugin("greedy", capabilities=("interaction:add", "customer:change"))
    assert administration.plugins.capabilities(greedy) == ("interaction:add", "customer:change")
    administration.plugins.enable(greedy, actor="root")
    administration.close()
    with make_crm(url, plugins=[greedy]) as crm:
        [told] = [each for each in crm.plugins.list() if each["name"] == "greedy"]
        assert (told["state"], told["by"], told["capabilities"]) == ("active", "root", list(greedy.plugin.capabilities))
