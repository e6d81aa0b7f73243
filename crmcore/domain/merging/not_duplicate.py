"""The decision that two customers who look alike are two."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from uuid import UUID

from crmcore.domain import field
from crmcore.domain.record import Record, record


def refuse_self(pair: NotDuplicate) -> Mapping[str, str]:
    """A decision is about two."""
    return {"other": "a customer is no duplicate of itself"} if pair.one == pair.other else {}


@record(
    "not_duplicate",
    label={"en": "Not a duplicate", "fa": "تکراری نیست", "ar": "ليس مكررا"},
    title=("at",),
    subject="one",
    append_only=True,
    unique=(("one", "other"),),
    validators=(refuse_self,),
    system=True,
)
class NotDuplicate(Record):
    """Somebody looked at `one` and `other` (the lower id first) and decided that they are two. A merge of them is
    refused until the decision is overruled."""

    one: UUID = field.reference("customer", index=True, on_remove="follow")
    other: UUID = field.reference("customer", index=True, on_remove="follow")
    at: dt.datetime = field.datetime()
    by: str = field.text(length=500, fold=False)
    reason: str | None = field.text(default=None, length=500, personal=True)
