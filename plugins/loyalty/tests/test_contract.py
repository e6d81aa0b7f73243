"""Loyalty keeps the contract of plugins."""

from __future__ import annotations

import crmcore_loyalty
from crmcore.testing import PluginContract


class TestLoyalty(PluginContract):
    """On every storage."""

    plugin = crmcore_loyalty
