"""The hooks that a plugin may implement: the signatures are the specification.

A hook is a function of the same name in the plugin's module, marked with `@hookimpl`. It takes what its
specification takes, or less. Plugins are called in the order of their `requires` and `after`, ties by name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

import pluggy

from crmcore.domain.facet import Facet
from crmcore.domain.record import Record
from crmcore.domain.workflow import Workflow

PROJECT: Final = "crmcore"
hookspec: Final = pluggy.HookspecMarker(PROJECT)
hookimpl: Final = pluggy.HookimplMarker(PROJECT)


class Hooks(Protocol):
    """Declare hooks: called once, at start; pure; they return frozen specs, and a failure refuses the start."""

    @hookspec
    def declare_records(self) -> Sequence[type[Record]]:
        """Record types of the plugin's own: the class `@record("entry")` of plugin `loyalty` is `loyalty.entry`."""

    @hookspec
    def declare_facets(self) -> Sequence[type[Facet]]:
        """Fields for record types of others: at most one facet class for each record type."""

    @hookspec
    def declare_workflows(self) -> Sequence[Workflow]:
        """Workflows of choice fields; record types and fields by their full names (`customer`, `loyalty.tier`)."""
