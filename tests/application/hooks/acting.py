"""Hooks for one test, put into a Crm that many tests share."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from crmcore.crm import Crm
from crmcore.plugins import Plugin, hookimpl, on
from crmcore.plugins.dispatch import bind
from crmcore.plugins.refusal import Origin
from crmcore.plugins.routing import routed
from crmcore.plugins.starting.discovery import Candidate
from tests.shared import SharedCrm

Hook = Callable[[Any], Any]


def acting(name: str = "specimen", *records: str, capabilities: tuple[str, ...] = (), **hooks: Hook) -> Any:
    """A plugin with these hooks, for these record types; the name of the shared plugin makes its records its own."""
    marked = {hook: hookimpl(on(*(records or ("customer",)))(function)) for hook, function in hooks.items()}
    return SimpleNamespace(plugin=Plugin(name, capabilities=capabilities), **marked)


def hooked(shared: SharedCrm, *plugins: Any, **given: Any) -> Crm:
    """An empty Crm in which these plugins act, in this order."""
    crm = shared.fresh(**given)
    active = []
    for plugin in plugins:
        calls, problems = bind(Candidate(Origin(plugin.plugin.name), plugin.plugin, plugin))
        assert not problems
        active.append((plugin.plugin, calls))
    crm.kernel.hooks = routed(active, crm.catalogue)
    return crm
