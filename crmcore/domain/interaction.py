"""The interaction: one correspondence or contact, through any channel, with its outcome."""

from __future__ import annotations

import datetime as dt
from typing import Final
from uuid import UUID

from crmcore.domain import field
from crmcore.domain.record import Record, record

KINDS: Final = ("inquiry", "offer", "order", "meeting", "complaint", "support", "feedback", "other")
"""What a correspondence is about; through what it came is its channel."""


@record(
    "interaction",
    label={"en": "Interaction", "fa": "تعامل", "ar": "تواصل"},
    title=("subject", "channel"),
    subject="customer",
    timeline=("customer", "at"),
    indexes=(("kind", "order"),),
)
class Interaction(Record):
    """A call, message, visit or letter; `customer` is missing until it is tied to one, `order` and
    `opportunity` name what it is about or led to."""

    customer: UUID | None = field.reference("customer", default=None, kw_only=True)
    at: dt.datetime = field.datetime()
    channel: str = field.text(length=40, fold=False)
    direction: str | None = field.choice("in", "out", default=None)
    subject: str | None = field.text(default=None, length=500, personal=True)
    body: str | None = field.text(default=None, length=100_000, personal=True, sensitive=True)
    outcome: str | None = field.text(default=None, length=500, personal=True)
    owner: UUID | None = field.reference("user", default=None, index=True)
    campaign: str | None = field.text(default=None, length=100, index=True)
    kind: str | None = field.choice(*KINDS, default=None, kw_only=True)
    order: UUID | None = field.reference("order", default=None, kw_only=True, index=True)
    opportunity: UUID | None = field.reference("opportunity", default=None, kw_only=True, index=True)
