"""The stage history: what an opportunity was from one moment on, kept for ever."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from uuid import UUID

from crmcore.domain import field
from crmcore.domain.money import Money
from crmcore.domain.record import Record, record


@record(
    "stage_change",
    label={"en": "Stage change", "fa": "تغییر مرحله", "ar": "تغيير المرحلة"},
    title=("name", "to_stage"),
    subject="customer",
    timeline=("customer", "at"),
    append_only=True,
    indexes=(("opportunity", "at"),),
)
class StageChange(Record):
    """From `at` on the opportunity was like this. Written by crmcore with every change that a forecast depends on.

    `status` is what its status counts as. `from_stage` equals `to_stage` where only the amount or the expected close
    changed. `reached` is the furthest open stage up to then, `probability` what was stated for this opportunity in
    place of its stage's, `cycle_days` how long a closed one was open. `at` is when it was so: now, or for an
    opportunity that came in with its past, the day that it states; `created_at` is when it was recorded. It stands on
    the timeline of the customer whose opportunity it was, under the name that that had.
    """

    opportunity: UUID = field.reference("opportunity", on_remove="follow")
    at: dt.datetime = field.datetime()
    by: str = field.text(length=200, fold=False)
    pipeline: UUID = field.reference("pipeline", index=True)
    to_stage: str = field.text(length=100, fold=False)
    status: str = field.choice("open", "won", "lost")
    reached: str = field.text(length=100, fold=False)
    from_stage: str | None = field.text(default=None, length=100, fold=False)
    probability: Decimal | None = field.decimal(scale=4, default=None)
    amount: Money | None = field.money(default=None)
    expected_close: dt.date | None = field.date(default=None)
    cycle_days: int | None = field.integer(default=None)
    customer: UUID | None = field.reference("customer", default=None)
    name: str | None = field.text(default=None, personal=True)
    reason: str | None = field.text(default=None, length=500, tells=("stage_reason", "won_reason", "lost_reason"))


def time_in_stage(changes: Iterable[StageChange], until: dt.datetime) -> dict[str, dt.timedelta]:
    """How long one opportunity was in each stage up to `until`, over all its visits.

    `changes` is its history, oldest first. Time in a closing stage is not counted.
    """
    times: dict[str, dt.timedelta] = {}
    here: StageChange | None = None
    for change in changes:
        if change.at > until:
            break
        if here is not None and here.status == "open":
            times[here.to_stage] = times.get(here.to_stage, dt.timedelta()) + (change.at - here.at)
        here = change
    if here is not None and here.status == "open":
        times[here.to_stage] = times.get(here.to_stage, dt.timedelta()) + (until - here.at)
    return times
