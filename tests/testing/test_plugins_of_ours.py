"""The plugins of this repository keep the contract that authors of others hold theirs to."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from crmcore.crm import Crm
from crmcore.plugins import Plugin, Viewing, hookimpl, on
from crmcore.testing import make_crm, recorded, specimens
from crmcore.testing.plugins import PluginContract
from crmcore.testing.plugins.case import drawn
from crmcore.testing.plugins.rights import play
from tests.plugins import forgetful, visits


class TestSpecimen(PluginContract):
    """One of everything."""

    plugin = specimens


class TestVisits(PluginContract):
    """Every declaration in one small plugin."""

    plugin = visits
    storages = ("memory", "sqlite")


class TestForgetful(PluginContract):
    """Persons in every corner, and no hook that looks after them."""

    plugin = forgetful


def look(context: Any) -> None:
    """Looks at everything that it is given, and has nothing to say."""
    for name in ("changes", "steps", "events"):
        assert all(repr(each) for each in getattr(context, name, ()))


def count_names(context: Viewing) -> Mapping[str, int]:
    """A panel."""
    return {"letters": len(context.customer.name or "")}


EVERYWHERE = ("check_changes", "check_steps", "react_changes", "react_steps", "observe_changes")


class TestOnlooker(PluginContract):
    """A plugin that is called for every record type there is: the contract can write all but crmcore's own."""

    plugin = SimpleNamespace(
        plugin=Plugin("onlooker"),
        contribute_panel=hookimpl(count_names),
        **{hook: hookimpl(on("*")(lambda context: look(context))) for hook in EVERYWHERE},
    )
    storages = ("memory", "sqlite")


def test_records_of_every_type_can_be_drawn_and_stored() -> None:
    """The contract would pass for a plugin that it has never called: what is refused is left out."""
    case = TestOnlooker()
    with make_crm(plugins=[case.plugin]) as crm:
        types = crm.catalogue.records.values()
        hooks, names = recorded(crm), sorted(type.name for type in types if not type.options.system)
        for name in names:
            _play(crm, case, name)
    assert {call.record for call in hooks.of("onlooker", "react_changes")} == set(names)


def _play(crm: Crm, case: PluginContract, name: str) -> None:
    @settings(drawn, max_examples=5)
    @given(data=st.data())
    def play_once(data: st.DataObject) -> None:
        with crm.work("author", dry=True) as work:
            play(case.drawing(work, data), work, name)

    play_once()
