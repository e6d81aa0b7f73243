"""Legal events in small: matters, court dates and conflicts of interest, as a plugin of crmcore."""

from collections.abc import Sequence

from crmcore.domain.extension import NewState, WorkflowExtension
from crmcore.domain.facet import Facet
from crmcore.domain.record import Record
from crmcore.domain.workflow import Transition, Workflow
from crmcore.plugins import Plugin, hookimpl
from crmcore.plugins.specs import Channel, Command, Job, Metric, Report, Template
from crmcore_legal import hearing, matter
from crmcore_legal.conflicts import check_changes, check_merges, check_steps
from crmcore_legal.consequences import observe_changes, react_changes, react_steps, remind
from crmcore_legal.hearing import Hearing, LegalClient
from crmcore_legal.matter import Matter, Party
from crmcore_legal.persons import check_erasures, contribute_subject
from crmcore_legal.views import contribute_metrics, contribute_panel, contribute_timeline

__all__ = [
    "Hearing",
    "LegalClient",
    "Matter",
    "Party",
    "check_changes",
    "check_erasures",
    "check_merges",
    "check_steps",
    "contribute_metrics",
    "contribute_panel",
    "contribute_subject",
    "contribute_timeline",
    "observe_changes",
    "plugin",
    "react_changes",
    "react_steps",
]

plugin = Plugin(
    name="legal",
    description="Matters, court dates and conflicts of interest",
    capabilities=("interaction:add",),
)


@hookimpl
def declare_records() -> Sequence[type[Record]]:
    return (Matter, Hearing)


@hookimpl
def declare_facets() -> Sequence[type[Facet]]:
    return (LegalClient,)


@hookimpl
def declare_workflows() -> Sequence[Workflow]:
    return (matter.STATUS, hearing.STATUS)


@hookimpl
def declare_extensions() -> Sequence[WorkflowExtension]:
    """An opportunity can wait until a conflict of interest is cleared."""
    return (
        WorkflowExtension(
            workflow="opportunity:status",
            states=(NewState(name="conflict_hold", label={"en": "Held for a conflict", "fa": "در انتظار رفع تعارض"}),),
            transitions=(
                Transition(name="hold_for_conflict", sources=("open",), target="conflict_hold"),
                Transition(name="clear_conflict", sources=("conflict_hold",), target="open"),
            ),
        ),
    )


@hookimpl
def declare_channels() -> Sequence[Channel]:
    return (Channel("court", label={"en": "Court", "fa": "دادگاه", "ar": "المحكمة"}),)


@hookimpl
def declare_templates() -> Sequence[Template]:
    body = "Dear $name,\n\nwe act for you in the matter $number. Our terms are attached.\n"
    return (Template("legal.engagement", subject="Our engagement in $number", body=body),)


@hookimpl
def declare_jobs() -> Sequence[Job]:
    return (Job("remind", every="day", run=lambda context: remind(context.work, context.start.date())),)


@hookimpl
def declare_metrics() -> Sequence[Metric]:
    return (Metric("legal.open_matters", "matters", label={"en": "Open matters", "fa": "پرونده‌های جاری"}),)


@hookimpl
def declare_reports() -> Sequence[Report]:
    return (Report("legal.caseload", "crmcore_legal.views:caseload", ("status", "matters")),)


@hookimpl
def declare_commands() -> Sequence[Command]:
    return (Command("agenda", "crmcore_legal.commands:agenda", "List the court dates that are to come."),)
