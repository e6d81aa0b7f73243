"""The plugins of this repository keep the contract that authors of others hold theirs to."""

from __future__ import annotations

from crmcore.testing import specimens
from crmcore.testing.plugins import PluginContract
from tests.plugins import visits


class TestSpecimen(PluginContract):
    """One of everything."""

    plugin = specimens


class TestVisits(PluginContract):
    """Every declaration in one small plugin."""

    plugin = visits
    storages = ("memory", "sqlite")
