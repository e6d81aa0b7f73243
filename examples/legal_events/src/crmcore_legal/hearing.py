"""Court dates, which stand on the client's timeline."""

from __future__ import annotations

import datetime as dt
from typing import Final
from uuid import UUID

from crmcore.domain import field
from crmcore.domain.facet import Facet, facet
from crmcore.domain.record import Record, record
from crmcore.domain.workflow import Transition, Workflow

OUTCOMES: Final = ("scheduled", "held", "adjourned", "vacated")


@record(
    "hearing",
    label={"en": "Court date", "fa": "جلسه دادگاه", "ar": "جلسة المحكمة"},
    title=("place",),
    subject="client",
    timeline=("client", "at"),
    indexes=(("matter", "status"), ("status", "at")),
)
class Hearing(Record):
    """A date in court. `client` is filled from the matter; an adjourned one names the `adjourned_to` that follows."""

    matter: UUID = field.reference("legal.matter", on_remove="refuse")
    at: dt.datetime = field.datetime()
    place: str | None = field.text(default=None)
    status: str = field.choice(*OUTCOMES, default="scheduled")
    client: UUID | None = field.reference("customer", default=None)
    adjourned_to: UUID | None = field.reference("legal.hearing", default=None, on_remove="clear")
    reminded_on: dt.date | None = field.date(default=None)


STATUS: Final = Workflow(
    record="legal.hearing",
    field="status",
    states=OUTCOMES,
    initial=("scheduled", "held"),
    transitions=(
        Transition(name="hold", sources=("scheduled",), target="held"),
        Transition(name="adjourn", sources=("scheduled",), target="adjourned"),
        Transition(name="vacate", sources=("scheduled",), target="vacated"),
    ),
)


@facet("customer", label={"en": "Client of the firm", "fa": "موکل", "ar": "موكل"})
class LegalClient(Facet):
    """A customer for whom the firm acts or has acted, since the first engagement."""

    since: dt.date = field.date()
    matters: int = field.integer(default=0, index=True)
