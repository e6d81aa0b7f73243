"""What plugins require of each other, and what they ask to write, holds also while they are switched."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import attrs
import pytest

import crmcore
from crmcore import Money, Opportunity
from crmcore.application.lifecycle.declared import Declared
from crmcore.crm import Crm
from crmcore.domain.errors import (
    InvalidSetting,
    MissingPlugin,
    PluginConflict,
    PluginDisabled,
    PluginFailed,
    SchemaMismatch,
    StillReferenced,
    UnknownName,
)
from crmcore.plugins.manifest import Plugin
from crmcore.ports.stamp import Stamp
from crmcore.testing import make_crm
from tests.plugins import pausing
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


def test_fields_that_refer_to_records_of_a_plugin_are_purged_before_it_is_retired(crm: Crm) -> None:
    """SQLite would refuse it in words of its own, and elsewhere neither the plugin nor the field could be purged."""
    crm.fields.add("customer", "best", "reference", target="points.entry")
    crm.plugins.disable("coupons", actor="root")
    crm.plugins.retire("coupons", actor="root")
    crm.plugins.disable("points", actor="root")
    for drop in (crm.fields.remove, crm.fields.purge):
        with pytest.raises(StillReferenced, match=r"remove and purge customer\.custom\.best first"):
            crm.plugins.retire("points", actor="root")
        drop("customer", "best")
    assert crm.plugins.retire("points", actor="root").state == "retired"


def test_a_plugin_that_is_enabled_while_others_are_loaded_is_taken_the_next_time() -> None:
    """A process that names no plugins would be refused now and then, for not having named the one just enabled."""
    before = Stamp({}, {}, (), 1, 1)
    after = attrs.evolve(before, plugins=("loyalty",))
    looks = chain([before], repeat(after))
    declared = Declared(None, lambda: next(looks))
    names = [declared.registry.names]
    with suppress(SchemaMismatch):  # there are no tables
        declared.again()
    names.append(declared.registry.names)
    assert names == [(), ("loyalty",)]


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


def test_declarations_that_changed_meanwhile_are_refused_as_at_any_start(crm: Crm) -> None:
    """Rows of other tables would be read as if they were of these."""
    crm.plugins.disable("coupons", actor="root")
    other = made("coupons", facets=[facet_class("points.entry", "remark", "more")], requires=("points",))
    for state in ("disabled", "retired"):
        with pytest.raises(SchemaMismatch, match="made by other declarations"):
            crm.plugins.enable(other, actor="root")
        assert states(crm)["coupons"] == state
        if state == "disabled":
            crm.plugins.retire("coupons", actor="root")
    assert crm.plugins.enable(COUPONS, actor="root").state == "active"


def test_a_database_is_told_of_new_states_before_they_are_used(tmp_path: Path) -> None:
    """A plugin would be disabled while records stand in a state of which nobody knows whose it is."""
    url = f"sqlite:///{tmp_path / 'crm.db'}"
    with make_crm(url, plugins=[made("pausing")]):
        pass
    later = crmcore.open(url, plugins=[pausing])
    with pytest.raises(SchemaMismatch, match="pausing adds states"), later.work("sara"):
        pass
    assert later.status()[1] is False
    later.upgrade()
    with later.work("sara") as work:
        work.opportunities.add(Opportunity("Plan", status="on_hold", amount=Money("1", "EUR")))
    later.close()
    with closing(crmcore.open(url, plugins="none")) as administration, pytest.raises(StillReferenced, match="on_hold"):
        administration.plugins.disable("pausing", actor="root")


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
