"""One plugin on its own: with those that it requires, and nothing of a database."""

from __future__ import annotations

from crmcore.plugins.registry import Registry, load
from crmcore.plugins.starting.deadline import seconds_of
from crmcore.plugins.starting.discovery import discover
from crmcore.plugins.starting.importing import candidates


def load_with_required(name: str) -> Registry:
    """The registry of an installed plugin and of those that it requires; raises what `registry.load` raises."""
    wanted = {name}
    while True:
        found, _ = candidates(sorted(wanted), discover, seconds_of(None))
        more = {required for each in found for required in each.manifest.requires} - wanted
        if not more:
            return load(sorted(wanted))
        wanted |= more
