"""The erasure: that a person's data was erased, why, what was kept, and by what they would be known again."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from crmcore.domain import field
from crmcore.domain.part import Part, part, parts
from crmcore.domain.record import Record, record


@part("erased_key", label={"en": "Erased key", "fa": "کلید پاک‌شده", "ar": "مفتاح محو"})
class ErasedKey(Part):
    """A keyed digest of something by which the person was known (an e-mail, a phone number, an id in another system);
    `kind` says of what. What it was cannot be read from it."""

    kind: str = field.text(length=20, fold=False)
    digest: str = field.text(length=64, fold=False, index=True)


@record(
    "erasure",
    label={"en": "Erasure", "fa": "پاک‌سازی", "ar": "محو"},
    title=("at",),
    subject="customer",
    system=True,
)
class Erasure(Record):
    """One entry of the erasure ledger. `person` is the id of the erased customer, which also holds where no such row is
    there any more; `customer` refers to the row.

    `state`: held (a hold keeps everything), partial (holds keep some of it) or done. `holds` and `kept` name what was
    kept and why; `wiped` counts what was erased, by record type. None of them has a personal value.
    """

    person: str = field.text(length=36, fold=False, index=True)
    customer: UUID | None = field.reference("customer", default=None, index=True, on_merge="stay", on_remove="clear")
    at: dt.datetime = field.datetime(kw_only=True)
    by: str = field.text(length=500, fold=False, kw_only=True)
    reason: str = field.text(length=500, kw_only=True)
    state: str = field.choice("held", "partial", "done", default="done", index=True)
    holds: Any = field.json(default=None)
    kept: Any = field.json(default=None)
    wiped: Any = field.json(default=None)
    finished_at: dt.datetime | None = field.datetime(default=None)
    readmitted_at: dt.datetime | None = field.datetime(default=None)
    keys: tuple[ErasedKey, ...] = parts(ErasedKey, default=())
