"""The lead: a customer in a stage of the lifecycle, in one line of business."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from crmcore.domain import field
from crmcore.domain.copying import evolve
from crmcore.domain.leads.lifecycle import STAGES
from crmcore.domain.leads.qualification import WEIGHTS
from crmcore.domain.part import Part, part, parts
from crmcore.domain.record import NIL, Record, record

DIMENSIONS: Final = tuple(WEIGHTS)
"""What BANT asks."""

FROZEN: Final = ("customer", "business_line", "lead_source", "campaign", "converted_at", "qualifications")
"""What no longer changes in a lead that was converted: all but its later stages and who looks after it."""
CONVERTED: Final = ("converted_at", "opportunity")
BY_CONVERTING: Final = "is set by converting the lead: `crm lead convert`"


def _up_to_three(value: Any) -> str | None:
    return None if 0 <= value <= 3 else f"{value} is no answer: from 0 (not at all) to 3 (fully)"


@part("qualification", label={"en": "Qualification", "fa": "صلاحیت", "ar": "تأهيل"})
class Qualification(Part):
    """One answer of BANT, from 0 to 3, with what it rests on and the day of it. What is not known has none."""

    dimension: str = field.choice(*DIMENSIONS)
    value: int = field.integer(validators=(_up_to_three,))
    evidence: str | None = field.text(default=None, length=2_000, personal=True)
    on: dt.date | None = field.date(default=None)


def complete_lead(before: Lead | None, after: Lead) -> Lead:
    """A rule and a reason belong to one step; a new owner takes it from its queue; going back begins a new cycle,
    which may end in another conversion (the log keeps the former one)."""
    if before is None:
        return after
    values: dict[str, Any] = {}
    if after.stage != before.stage:
        values.update((name, None) for name in ("rule", "reason") if getattr(after, name) == getattr(before, name))
        if after.stage == "recycled":
            values.update(converted_at=None, opportunity=None)
    if after.owner is not None and after.owner != before.owner and after.queue == before.queue:
        values["queue"] = None
    if after.queue is not None and after.queue != before.queue and after.owner == before.owner:
        values["owner"] = None
    return evolve(after, **values) if values else after


def check_lead(lead: Lead) -> Mapping[str, str]:
    """One answer for each question, and an owner or a queue but not both."""
    problems = {}
    asked = Counter(each.dimension for each in lead.qualifications)
    if twice := sorted(name for name, times in asked.items() if times > 1):
        problems["qualifications"] = f"{twice[0]} is answered twice"
    if lead.owner is not None and lead.queue is not None:
        problems["queue"] = "a lead has an owner or waits in a queue, not both"
    return problems


def is_born_here(new: Lead) -> bool:
    """Whether a new lead is first recorded here: one with an id of its own, a source or an external id comes from
    another system or database."""
    return new.id == NIL and new.source is None and new.external_id is None


def fixed_fields(before: Lead | None, after: Lead) -> Mapping[str, str]:
    """What may not change like this, by field: a lead that was converted is read-only, and only converting sets
    what it was converted to."""
    if before is None:
        named = CONVERTED if is_born_here(after) else ()
        return {name: BY_CONVERTING for name in named if getattr(after, name) is not None}
    if before.stage != after.stage == "recycled":
        return {}
    if before.converted_at is None:
        named = () if after.stage == "opportunity" else CONVERTED
        return {name: BY_CONVERTING for name in named if getattr(after, name) not in (None, getattr(before, name))}
    problem = f"the lead was converted on {before.converted_at.date()} and is read-only: recycle it, with a reason"
    changed = [name for name in FROZEN if getattr(before, name) != getattr(after, name)]
    if after.opportunity not in (None, before.opportunity):  # it is emptied where the opportunity is removed
        changed.append("opportunity")
    return dict.fromkeys(changed, problem)


@record(
    "lead",
    label={"en": "Lead", "fa": "سرنخ", "ar": "عميل محتمل"},
    title=("stage",),
    subject="customer",
    unique=(("customer", "business_line"),),
    indexes=(("stage", "owner"),),
    complete=complete_lead,
    validators=(check_lead,),
)
class Lead(Record):
    """Where a customer stands on the way to buying, in one line of business ("": there is only one).

    `lead_source` and `campaign` are those of the first touch; later ones stand on the interactions. `rule` and `reason`
    say what brought it to its present stage (no rule: somebody did). `opportunity` is what it was converted to, at
    `converted_at`.
    """

    customer: UUID = field.reference("customer")
    business_line: str = field.text(default="", length=100, fold=False)
    stage: str = field.choice(*STAGES, default="lead")
    owner: UUID | None = field.reference("user", default=None, index=True)
    queue: str | None = field.text(default=None, length=100, index=True)
    lead_source: str | None = field.text(default=None, length=100)
    campaign: str | None = field.text(default=None, length=100, index=True)
    rule: str | None = field.text(default=None, length=100, fold=False)
    reason: str | None = field.text(default=None, length=500, personal=True)
    converted_at: dt.datetime | None = field.datetime(default=None)
    opportunity: UUID | None = field.reference("opportunity", default=None, index=True, on_remove="clear")
    qualifications: tuple[Qualification, ...] = parts(Qualification, default=())


@record(
    "lead_change",
    label={"en": "Lead change", "fa": "تغییر سرنخ", "ar": "تغيير العميل المحتمل"},
    title=("to_stage", "at"),
    append_only=True,
    indexes=(("lead", "at"),),
)
class LeadChange(Record):
    """A step of a lead, written by crmcore in the same transaction. `from_stage` is missing for the first one; `rule`
    is what took the step (missing: somebody did), `evidence` why."""

    lead: UUID = field.reference("lead", on_remove="follow")
    from_stage: str | None = field.choice(*STAGES, default=None, kw_only=True)
    to_stage: str = field.choice(*STAGES)
    at: dt.datetime = field.datetime()
    by: str = field.text(length=500, fold=False)
    rule: str | None = field.text(default=None, length=100, fold=False)
    evidence: str | None = field.text(default=None, length=500, personal=True, tells=("reason",))
