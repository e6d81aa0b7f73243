"""The hooks that a plugin may implement: the signatures are the specification.

A hook is a function of the same name in the plugin's module, marked with `@hookimpl`. It takes what its
specification takes, or less. Plugins are called in the order of their `requires` and `after`, ties by name. The first
word of a hook's name is its kind: declare, check, react, contribute or observe.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol, TypeVar

import pluggy

from crmcore.domain.extension import WorkflowExtension
from crmcore.domain.facet import Facet
from crmcore.domain.record import Record
from crmcore.domain.workflow import Workflow
from crmcore.plugins.answers import Contribution, Entry
from crmcore.plugins.contexts import (
    Amendment,
    Changed,
    Checking,
    Disclosing,
    Erasing,
    Hold,
    Lookback,
    Measuring,
    Merging,
    Observed,
    Stepped,
    Stepping,
    Veto,
    Viewing,
)
from crmcore.plugins.specs import Channel, Command, Format, Job, Metric, Report, Template

F = TypeVar("F", bound=Callable[..., Any])

PROJECT: Final = "crmcore"
hookspec: Final = pluggy.HookspecMarker(PROJECT)
hookimpl: Final = pluggy.HookimplMarker(PROJECT)
ROUTED: Final = ("check", "react", "observe")
"""The kinds of hooks that are called for the record types that they ask for, and for no other."""

RECORDS: Final = "crmcore_records"
FROM_START: Final = "crmcore_from_start"


def on(*records: str, from_start: bool = False) -> Callable[[F], F]:
    """Say for which record types a hook is to be called: `@on("opportunity", "legal.matter")`; "*" stands for all.

    `from_start`: an observer of a plugin that is new begins with the oldest change that there is, not with the next.
    """

    def mark(function: F) -> F:
        setattr(function, RECORDS, records)
        setattr(function, FROM_START, from_start)
        return function

    return mark


def begins_at_start(function: object) -> bool:
    """Whether an observer asked for the changes that were there before it."""
    return getattr(function, FROM_START, False) is True


class Hooks(Protocol):
    """Declare hooks are called once, at start; they are pure and return frozen specs, and a failure refuses the start.
    Guards (check) and reactions (react) run in the transaction: a failure rolls it back. Contributions are asked for
    and attributed: what fails is named and left out. Observers run after the commit, in a unit of work of their own: a
    failure is retried, then parked."""

    @hookspec
    def declare_records(self) -> Sequence[type[Record]]:
        """Record types of the plugin's own: the class `@record("entry")` of plugin `loyalty` is `loyalty.entry`."""

    @hookspec
    def declare_facets(self) -> Sequence[type[Facet]]:
        """Fields for record types of others: at most one facet class for each record type."""

    @hookspec
    def declare_workflows(self) -> Sequence[Workflow]:
        """Workflows of choice fields; record types and fields by their full names (`customer`, `loyalty.tier`)."""

    @hookspec
    def declare_extensions(self) -> Sequence[WorkflowExtension]:
        """States, transitions and guards for workflows of the core, or of plugins that it requires."""

    @hookspec
    def declare_jobs(self) -> Sequence[Job]:
        """Work that is due every hour, day, week or month, or after a span of time."""

    @hookspec
    def declare_commands(self) -> Sequence[Command]:
        """Commands of the command line, mounted under the plugin's name: `crm loyalty expire`."""

    @hookspec
    def declare_formats(self) -> Sequence[Format]:
        """Formats of files that are imported and exported."""

    @hookspec
    def declare_reports(self) -> Sequence[Report]:
        """Reports, by names that no other plugin has."""

    @hookspec
    def declare_metrics(self) -> Sequence[Metric]:
        """Figures to which plugins contribute, by names that no other plugin has."""

    @hookspec
    def declare_channels(self) -> Sequence[Channel]:
        """Ways to reach customers, by names that no other plugin has."""

    @hookspec
    def declare_templates(self) -> Sequence[Template]:
        """Texts of messages, by keys that no other plugin has."""

    @hookspec
    def check_changes(self, context: Checking) -> Sequence[Veto | Amendment] | None:
        """Guard: veto changes that are about to be written, or set the plugin's own facet with them."""

    @hookspec
    def check_steps(self, context: Stepping) -> Sequence[Veto] | None:
        """Guard: veto steps in workflows that are about to be taken."""

    @hookspec
    def check_merges(self, context: Merging) -> Sequence[Veto] | None:
        """Guard: veto a merge of customers, before it is written and in its preview. `@on("customer")`."""

    @hookspec
    def check_erasures(self, context: Erasing) -> Sequence[Hold] | None:
        """Guard: hold back what must not be erased yet. It is asked again until it holds back nothing, and what it no
        longer holds is erased then. `@on("customer")`."""

    @hookspec
    def react_changes(self, context: Changed) -> None:
        """Reaction: write what follows from changes, before they are committed."""

    @hookspec
    def react_steps(self, context: Stepped) -> None:
        """Reaction: write what follows from entering a state, before it is committed."""

    @hookspec
    def contribute_panel(self, context: Viewing) -> Mapping[str, Any] | None:
        """Contribution: what the plugin knows of a customer, as names and plain values."""

    @hookspec
    def contribute_timeline(self, context: Lookback) -> Sequence[Entry]:
        """Contribution: a page of entries of a customer's timeline that are no records of their own."""

    @hookspec
    def contribute_metrics(self, context: Measuring) -> Sequence[Contribution]:
        """Contribution: amounts that add up to the metrics of a customer, each with its reason."""

    @hookspec
    def contribute_subject(self, context: Disclosing) -> Mapping[str, Any] | None:
        """Contribution: what a person is told about themselves beside the plugin's records and facets, which are
        handed out anyway: how a score came about, what lies in other systems. One that fails stops the export."""

    @hookspec
    def observe_changes(self, context: Observed) -> None:
        """Observer: do what follows from committed changes; at least once, per record in order."""
