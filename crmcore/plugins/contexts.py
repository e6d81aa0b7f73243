"""What hooks are given and what guards give back: frozen, so that one plugin never sees what another one did to it.

A context has the name of one record type, a batch of changes of it, and `work`: what the plugin reads, and where its
kind of hook may, writes with. New facts come as new attributes; a signature never changes for them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import attrs

from crmcore.domain import step
from crmcore.domain.change import Change
from crmcore.domain.facet import Facet
from crmcore.ports.work import Work


@attrs.frozen(eq=False)
class Checking:
    """For guards: changes of one record type that are about to be written. `work` only reads."""

    record: str
    changes: tuple[Change, ...]
    work: Work


@attrs.frozen(eq=False)
class Changed:
    """For reactions: changes of one record type that were written and are not committed yet."""

    record: str
    changes: tuple[Change, ...]
    work: Work


@attrs.frozen(kw_only=True, eq=False)
class Step(step.Step):
    """A step with the change that takes it."""

    change: Change


@attrs.frozen(eq=False)
class Stepping:
    """For guards: steps in workflows of one record type that are about to be taken. `work` only reads."""

    record: str
    steps: tuple[Step, ...]
    work: Work


@attrs.frozen(eq=False)
class Stepped:
    """For reactions: steps that were taken and are not committed yet."""

    record: str
    steps: tuple[Step, ...]
    work: Work


@attrs.frozen(eq=False)
class Event:
    """One committed change as the feed has it: `position` is its place there, `fields` maps each name to its plain
    values (before, after), and is empty where they were erased or never logged."""

    position: int
    at: dt.datetime
    actor: str
    record: str
    id: UUID
    operation: str
    version: int
    fields: Mapping[str, tuple[Any, Any]]


@attrs.frozen(eq=False)
class Observed:
    """For observers: committed changes in the order of the feed, and a unit of work of the plugin's own."""

    events: tuple[Event, ...]
    work: Work


@attrs.frozen(eq=False)
class Veto:
    """A guard's answer: this change must not be written, for a reason that a person understands. `field` is the one
    at fault, if one is."""

    change: Change
    reason: str
    field: str = ""


@attrs.frozen(eq=False)
class Amendment:
    """A guard's answer: with this change, the plugin's own facet of the record becomes this one."""

    change: Change
    facet: Facet
