"""The merge: which customers became one, when, by whom, and where each surviving value came from."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from crmcore.domain import field
from crmcore.domain.record import Record, record


@record(
    "merge",
    label={"en": "Merge", "fa": "ادغام", "ar": "دمج"},
    title=("at",),
    subject="survivor",
    system=True,
)
class Merge(Record):
    """`others` (ids, in the order given) became part of `survivor` at `at`; `undone_at` is when that was taken back.

    `origins`: by field name (facets dotted), the record that the surviving value came from, the moment since when it
    is known, and the system it came from: `{"name": {"from": id, "at": time, "source": text or null}}`. No values.
    `stays`: what kept referring to a merged record, each with its reason. `repointed`: by record type, how many
    references follow. Which ones is kept row by row in the table of moves. `choices`: what was chosen otherwise than
    declared. `versions`: by id, the version that each record got, which names its entry in the log.
    """

    survivor: UUID | None = field.reference("customer", default=None, index=True, on_merge="stay", on_remove="clear")
    at: dt.datetime = field.datetime(kw_only=True)
    by: str = field.text(length=500, fold=False, kw_only=True)
    status: str = field.choice("merged", "undone", default="merged", index=True)
    others: Any = field.json(default=None)
    origins: Any = field.json(default=None)
    stays: Any = field.json(default=None)
    repointed: Any = field.json(default=None)
    choices: Any = field.json(default=None)
    versions: Any = field.json(default=None)
    undone_at: dt.datetime | None = field.datetime(default=None)
    undone_by: str | None = field.text(default=None, length=500, fold=False)
