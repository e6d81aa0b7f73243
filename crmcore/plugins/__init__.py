"""The socket for plugins. A plugin needs few names of it: `Plugin`, `hookimpl`, `on`, and the contexts of its hooks."""

from crmcore.plugins.contexts import (
    Amendment,
    Changed,
    Checking,
    Event,
    Observed,
    Step,
    Stepped,
    Stepping,
    Veto,
)
from crmcore.plugins.hookspecs import hookimpl, on
from crmcore.plugins.manifest import API, Plugin

__all__ = [
    "API",
    "Amendment",
    "Changed",
    "Checking",
    "Event",
    "Observed",
    "Plugin",
    "Step",
    "Stepped",
    "Stepping",
    "Veto",
    "hookimpl",
    "on",
]
