"""A well-behaved plugin that uses every hook: visits to customers, and where they stand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from crmcore.domain import field
from crmcore.domain.facet import Facet, facet
from crmcore.domain.part import Part, part, parts
from crmcore.domain.record import Record, record
from crmcore.domain.workflow import Transition, Workflow
from crmcore.plugins import Plugin, hookimpl
from crmcore.plugins.answers import ReportTable
from crmcore.plugins.contexts import Reporting
from crmcore.plugins.specs import Channel, Command, Format, Job, Metric, Report, Template

plugin = Plugin("visits", description="Visits to customers")


@part("guest")
class Guest(Part):
    """Somebody who came along."""

    name: str = field.text(personal=True)


@record("visit", title=("place",), subject="customer", timeline=("customer", "at"))
class Visit(Record):
    """Going to see a customer."""

    customer: UUID = field.reference("customer")
    at: dt.datetime = field.datetime()
    place: str | None = field.text(default=None)
    state: str = field.choice("planned", "done", "missed", default="planned")
    follows: UUID | None = field.reference("visits.visit", default=None)
    guests: tuple[Guest, ...] = parts(Guest, default=())


@facet("customer")
class Visiting(Facet):
    """How a customer likes to be visited."""

    best_day: str | None = field.text(default=None, length=20)


STATE = Workflow(
    record="visits.visit",
    field="state",
    states=("planned", "done", "missed"),
    initial=("planned",),
    transitions=(
        Transition(name="carry_out", sources=("planned",), target="done"),
        Transition(name="miss", sources=("planned",), target="missed"),
        Transition(name="plan_again", sources=("missed",), target="planned"),
    ),
)


@hookimpl
def declare_records() -> Sequence[type[Record]]:
    return (Visit,)


@hookimpl
def declare_facets() -> Sequence[type[Facet]]:
    return [Visiting]


@hookimpl
def declare_workflows() -> Sequence[Workflow]:
    return [STATE]


def count_planned(context: object) -> int:
    """Count the visits that are planned: none, in this plugin."""
    return 0


def report_planned(context: Reporting) -> ReportTable:
    """How many visits are planned."""
    return ReportTable(("planned",), [(context.work[Visit].count('state = "planned"'),)])


@hookimpl
def declare_jobs() -> Sequence[Job]:
    return [Job(name="plan", every="week", run=count_planned)]


@hookimpl
def declare_commands() -> Sequence[Command]:
    return [Command(name="plan", target="tests.plugins.visits:count_planned", help="Plan the visits of a week.")]


@hookimpl
def declare_formats() -> Sequence[Format]:
    return [Format(name="diary", suffixes=(".diary",), reader="crmcore.adapters.files.jsonl:JsonLinesRows")]


@hookimpl
def declare_reports() -> Sequence[Report]:
    return [Report(name="visits.planned", target="tests.plugins.visits:report_planned", columns=("planned",))]


@hookimpl
def declare_metrics() -> Sequence[Metric]:
    return [Metric(name="visits_done", unit="visits", label={"en": "Visits", "ar": "الزيارات"})]


@hookimpl
def declare_channels() -> Sequence[Channel]:
    return [Channel(name="visit", label={"en": "Visit", "fa": "بازدید"})]


@hookimpl
def declare_templates() -> Sequence[Template]:
    return [Template(key="visits.announce", subject="We come to see you", body="Dear {name}, we come on {day}.")]
