"""Import batches: which file was taken in, how far it got, and what may be undone."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from crmcore.domain import field
from crmcore.domain.record import Record, record

STATE_LENGTH = 1_000_000
"""Characters that one chunk remembers at most; what is more goes into further chunks."""


@record(
    "import_batch",
    plural="import_batches",
    label={"en": "Import batch", "fa": "دستهٔ ورودی", "ar": "دفعة استيراد"},
    title=("file",),
)
class ImportBatch(Record):
    """One import of one file: `record` is the type that its rows became, `plan` how they were read, as JSON.

    `running` until the last row is settled, also where the process was killed: it can be resumed then. The counts are
    those of the report of the import, and of its undoing.
    """

    record: str = field.text(length=100, fold=False, index=True)
    file: str = field.text(length=255)
    sha256: str = field.text(length=64, fold=False, index=True)
    size: int = field.integer()
    plan: str = field.text(length=STATE_LENGTH, fold=False)
    started_at: dt.datetime = field.datetime()
    finished_at: dt.datetime | None = field.datetime(default=None)
    status: str = field.choice("running", "done", "undoing", "undone", default="running", index=True)
    rows: int = field.integer(default=0)
    created: int = field.integer(default=0)
    updated: int = field.integer(default=0)
    unchanged: int = field.integer(default=0)
    rejected: int = field.integer(default=0)
    records: int = field.integer(default=0)
    removed: int = field.integer(default=0)
    restored: int = field.integer(default=0)
    kept: int = field.integer(default=0)


@record(
    "import_chunk",
    label={"en": "Import chunk", "fa": "بخش ورودی", "ar": "جزء استيراد"},
    append_only=True,
    unique=(("batch", "number"),),
)
class ImportChunk(Record):
    """What one unit of work of an import, or of its undoing, has settled. Chunks count from 1 within their batch.

    `work` is that unit of work; it logged with a seq above `low` and up to `high`. `state` is what going on after it
    takes, as JSON; cells of refused rows are in it, as the report lists them.
    """

    batch: UUID = field.reference("import_batch", on_remove="follow")
    number: int = field.integer()
    kind: str = field.choice("import", "undo")
    work: str = field.text(length=36, fold=False)
    low: int = field.integer()
    high: int = field.integer()
    state: str = field.text(length=STATE_LENGTH, fold=False, personal=True)
