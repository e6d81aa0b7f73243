"""Tests of names of other plugins: only what is required may be named, also where something else is active anyway."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from crmcore.domain import field
from crmcore.domain.errors import PluginFailed
from crmcore.domain.extension import WorkflowExtension
from crmcore.domain.facet import Facet, facet
from crmcore.domain.part import Part, part, parts
from crmcore.domain.record import Record, record
from crmcore.domain.workflow import Transition
from crmcore.plugins import hookimpl, on
from crmcore.plugins.registry import load
from tests.plugins.made import made, problems, refused, workflow


@record("entry")
class Entry(Record):
    """A record type of the plugin that is named."""

    customer: UUID | None = field.reference("customer", default=None)
    points: int = field.integer(default=0)
    state: str = field.choice("open", "closed", default="open")


@facet("customer")
class Member(Facet):
    """A facet of the plugin that is named."""

    tier: str = field.choice("low", "high", default="low")


@record("claim")
class Referring(Record):
    """Refers to the other's records."""

    entry: UUID | None = field.reference("points.entry", default=None)


@part("line")
class Line(Part):
    """Refers to the other's records from a part."""

    entry: UUID | None = field.reference("points.entry", default=None)


@record("claim")
class WithLines(Record):
    """Has parts that refer to the other's records."""

    lines: tuple[Line, ...] = parts(Line, default=())


@facet("order")
class ReferringFacet(Facet):
    """Refers to the other's records from a facet."""

    entry: UUID | None = field.reference("points.entry", default=None)


@facet("points.entry")
class OnTheirs(Facet):
    """Extends the other's records."""

    remark: str | None = field.text(default=None)


@on("points.entry")
@hookimpl
def react_changes(context: object) -> None:
    """A reaction to the other's records."""


@on("customer")
@hookimpl
def react_steps(context: object) -> None:
    """A reaction to records of the core."""


POINTS = made(
    "points",
    records=[Entry],
    facets=[Member],
    workflows=[workflow("points.entry", "state", "open", "closed")],
)
EXTENSION = WorkflowExtension(
    workflow="points.entry:state", transitions=(Transition(name="reopen", sources=("closed",), target="open"),)
)
NAMING: dict[str, dict[str, Any]] = {
    "a reference": {"records": [Referring]},
    "a reference of a part": {"records": [WithLines]},
    "a reference of a facet": {"facets": [ReferringFacet]},
    "a facet": {"facets": [OnTheirs]},
    "a workflow of a facet": {"workflows": [workflow("customer", "points.tier", "low", "high")]},
    "an extension": {"declares": {"extensions": [EXTENSION]}},
    "a hook": {"hooks": {"react_changes": react_changes}},
    "a capability": {"hooks": {"react_steps": react_steps}, "capabilities": ("points.entry:add",)},
}


@pytest.mark.parametrize("name", NAMING)
def test_what_is_not_required_cannot_be_named(name: str) -> None:
    """The plugin would break when somebody switches off one that he thinks nobody needs."""
    for others in ([POINTS], [POINTS, made("x")], [POINTS, made("x", requires=("points",))]):
        error = refused(PluginFailed, made("naming", **NAMING[name]), *others)
        assert {plugin for each in problems(error) for plugin in each["plugins"]} == {"naming"}


@pytest.mark.parametrize("name", NAMING)
def test_what_is_required_can_be_named(name: str) -> None:
    """Plugins could not build on each other."""
    naming = made("naming", requires=("points",), **NAMING[name])
    assert load([naming, POINTS]).names == ("points", "naming")


def test_what_comes_after_can_be_reacted_to() -> None:
    """A plugin that merely goes along with another could not live without it."""
    naming = made("naming", after=("points",), hooks={"react_changes": react_changes})
    assert load([naming]).names == ("naming",)
    assert load([naming, POINTS]).hooks.of("react_changes", "points.entry")
