"""The opportunity: a sale that may come about, on its way through a pipeline."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Final
from uuid import UUID

from crmcore.domain import field
from crmcore.domain.copying import evolve
from crmcore.domain.money import Money
from crmcore.domain.order import lines_total
from crmcore.domain.part import Part, part, parts
from crmcore.domain.record import Flat, Record, record
from crmcore.domain.workflow import Transition, Workflow


@part("line", label={"en": "Line", "fa": "سطر", "ar": "بند"})
class OpportunityLine(Part):
    """`quantity` of a product at `unit_price`, as offered."""

    product: UUID | None = field.reference("product", default=None, index=True)
    quantity: Decimal = field.decimal(scale=4, default=Decimal(1))
    unit_price: Money | None = field.money(default=None)
    description: str | None = field.text(default=None, length=500)


@part("party", label={"en": "Party", "fa": "طرف", "ar": "طرف"})
class Party(Part):
    """Somebody else who has a part in the sale: a competitor, or a partner with its share of the credit (0 to 1)."""

    role: str = field.choice("competitor", "partner")
    name: str | None = field.text(default=None, personal=True)
    customer: UUID | None = field.reference("customer", default=None, index=True)
    share: Decimal | None = field.decimal(scale=4, default=None)
    note: str | None = field.text(default=None, length=2_000, personal=True)


def complete_opportunity(before: Opportunity | None, after: Opportunity) -> Opportunity:
    """An amount that was not stated follows from the lines, and follows them when they change."""
    stated = after.amount is not None if before is None else after.amount != before.amount
    if stated or (before is not None and before.lines == after.lines) or not after.lines:
        return after
    return evolve(after, amount=lines_total(after.lines))


def check_opportunity(opportunity: Opportunity) -> Mapping[str, str]:
    """Dates are in order, probability and shares are from 0 to 1, every party is somebody."""
    problems = {}
    start, end = opportunity.opened_on, opportunity.closed_on
    if start is not None and end is not None and end < start:
        problems["closed_on"] = f"{end} is before opened_on {start}"
    if opportunity.probability is not None and not 0 <= opportunity.probability <= 1:
        problems["probability"] = f"{opportunity.probability} is no probability: from 0 to 1"
    for index, each in enumerate(opportunity.parties):
        if each.name is None and each.customer is None:
            problems[f"party[{index}].name"] = "a party is named, or is a customer"
        if each.share is not None and not 0 <= each.share <= 1:
            problems[f"party[{index}].share"] = f"{each.share} is no share: from 0 to 1"
    return problems


def _party(role: str) -> Flat:
    return Flat(name=role, part="party", field="name", where={"role": role})


@record(
    "opportunity",
    plural="opportunities",
    label={"en": "Opportunity", "fa": "فرصت فروش", "ar": "فرصة بيع"},
    title=("name", "external_id"),
    subject="customer",
    flats=(_party("competitor"), _party("partner")),
    indexes=(("pipeline", "stage"), ("status", "expected_close")),
    complete=complete_opportunity,
    validators=(check_opportunity,),
)
class Opportunity(Record):
    """A sale that may come about. `stage` is the key of a stage of its pipeline, `status` that stage's kind, or
    a status that a plugin added and that counts as it.

    `amount` is as stated, or the sum of the lines. `probability` (0 to 1) stands in place of the stage's where it is
    stated; `stage_reason` says why it was moved to its stage. crmcore sets `reached`, the furthest open stage so far,
    and `cycle_days`, the days from `opened_on` (or the day of its creation) to `closed_on`.
    """

    name: str | None = field.text(default=None, search="name", index=True, personal=True)
    customer: UUID | None = field.reference("customer", default=None, index=True)
    pipeline: UUID | None = field.reference("pipeline", default=None)
    stage: str | None = field.text(default=None, length=100, fold=False)
    status: str = field.choice("open", "won", "lost", default="open")
    amount: Money | None = field.money(default=None)
    probability: Decimal | None = field.decimal(scale=4, default=None)
    opened_on: dt.date | None = field.date(default=None)
    expected_close: dt.date | None = field.date(default=None)
    closed_on: dt.date | None = field.date(default=None, index=True)
    owner: UUID | None = field.reference("user", default=None, index=True)
    product: UUID | None = field.reference("product", default=None, index=True)
    stage_reason: str | None = field.text(default=None, length=500)
    won_reason: str | None = field.text(default=None, length=500)
    lost_reason: str | None = field.text(default=None, length=500)
    lead_source: str | None = field.text(default=None, length=100)
    campaign: str | None = field.text(default=None, length=100)
    note: str | None = field.text(default=None, length=20_000, personal=True)
    payment_terms: UUID | None = field.reference("payment_terms", default=None, kw_only=True, index=True)
    reached: str | None = field.text(default=None, length=100, fold=False)
    cycle_days: int | None = field.integer(default=None)
    lines: tuple[OpportunityLine, ...] = parts(OpportunityLine, default=())
    parties: tuple[Party, ...] = parts(Party, default=())


def _step(name: str, sources: tuple[str, ...], target: str, label: Mapping[str, str]) -> Transition:
    return Transition(name=name, sources=sources, target=target, label=label)


STATUS: Final = Workflow(
    record="opportunity",
    field="status",
    states=("open", "won", "lost"),
    initial=("open", "won", "lost"),  # what comes from another system may be over
    transitions=(
        _step("win", ("open",), "won", {"en": "Win", "fa": "برد", "ar": "فوز"}),
        _step("lose", ("open",), "lost", {"en": "Lose", "fa": "باخت", "ar": "خسارة"}),
        _step("reopen", ("won", "lost"), "open", {"en": "Reopen", "fa": "بازگشایی", "ar": "إعادة فتح"}),
    ),
)
"""An opportunity that is over goes on only by being opened again."""
