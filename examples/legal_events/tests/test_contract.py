"""Legal events keep the contract of plugins, on every storage that is there."""

from __future__ import annotations

import crmcore_legal
from crmcore.testing import PluginContract


class TestLegal(PluginContract):
    """As the core expects of any plugin."""

    plugin = crmcore_legal
