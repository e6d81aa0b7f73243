"""The interaction: one correspondence or contact, through any channel, with its outcome."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from crmcore.domain import field
from crmcore.domain.record import Record, record


@record(
    "interaction",
    label={"en": "Interaction", "fa": "تعامل", "ar": "تواصل"},
    title=("subject", "channel"),
    subject="customer",
    timeline=("customer", "at"),
)
class Interaction(Record):
    """A call, message, visit or letter; `customer` is missing until it is tied to one."""

    customer: UUID | None = field.reference("customer", default=None, kw_only=True)
    at: dt.datetime = field.datetime()
    channel: str = field.text(length=40, fold=False)
    direction: str | None = field.choice("in", "out", default=None)
    subject: str | None = field.text(default=None, length=500, personal=True)
    body: str | None = field.text(default=None, length=100_000, personal=True)
    outcome: str | None = field.text(default=None, length=500)
    owner: UUID | None = field.reference("user", default=None, index=True)
    campaign: str | None = field.text(default=None, length=100, index=True)
