"""Undoing an import: its entries in the log are walked backwards, in pages that each commit.

What the batch added is removed, what it changed gets its former values back; what somebody has changed since, or refers
to, is kept and named.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import attrs

from crmcore.application.importing.batch_log import batch_id, chunks_of, last_number
from crmcore.application.importing.batch_run import Begin
from crmcore.application.importing.patience import Patience
from crmcore.application.importing.retracting import Kept, Retraction
from crmcore.domain.change import LogEntry
from crmcore.domain.errors import CrmError, ImportRefused
from crmcore.domain.import_batch import ImportBatch, ImportChunk

if TYPE_CHECKING:
    from crmcore.application.unit import UnitOfWork

ENTRIES: Final = 2_000
"""Entries of the log in one unit of work."""


@attrs.frozen(kw_only=True)
class UndoReport:
    """What became of a batch: so many records were removed, so many got former values back; `kept` says which were
    left, as a whole or in some fields, and why."""

    batch: str
    removed: int
    restored: int
    kept: tuple[Kept, ...]

    def plain(self) -> dict[str, Any]:
        """The report as JSON can hold it."""
        return attrs.asdict(self)


@attrs.frozen
class Span:
    """A unit of work of the import, and between which numbers of the log it wrote."""

    work: UUID
    low: int
    high: int


@attrs.define(kw_only=True)
class Undone:
    """How far an undoing is: all with a seq from `down_to` on is done."""

    down_to: int | None = None
    removed: int = 0
    restored: int = 0
    kept: list[Kept] = attrs.field(factory=list)

    def add(self, text: str) -> None:
        """What one unit of work of it did, as its chunk says."""
        read = json.loads(text)
        self.down_to = read["down_to"]
        self.removed += read["removed"]
        self.restored += read["restored"]
        self.kept += [Kept(*each) for each in read["kept"]]


def undo_import(begin: Begin, batch: UUID | str, progress: Callable[[int], None] | None = None) -> UndoReport:
    """Undo a batch; see `Crm.undo_import`. An undoing that was interrupted goes on where it was."""
    id = batch_id(batch)
    with begin() as unit:
        held = unit[ImportBatch].get(id)
        if held.status == "undone":
            raise ImportRefused(f"batch {id} is undone already", batch=str(id))
        spans = list(_spans(unit, id))
        undone = Undone()
        for chunk in chunks_of(unit, id, "undo"):
            undone.add(chunk.state)
    patience, finished = Patience(), False
    while not finished:
        try:
            with begin(source=held.source) as unit:
                text, finished = _page(unit, held, spans, undone)
        except CrmError as error:
            if not patience.lasts(error):
                raise
            continue
        patience.restore()
        undone.add(text)
        if progress is not None:
            progress(undone.removed + undone.restored)
    return UndoReport(batch=str(id), removed=undone.removed, restored=undone.restored, kept=tuple(undone.kept))


def _spans(unit: UnitOfWork, batch: UUID) -> Iterator[Span]:
    """The units of work of an import, the latest first."""
    last = None
    for chunk in chunks_of(unit, batch, "import", sort="-number"):
        if chunk.work != last:
            yield Span(UUID(chunk.work), chunk.low, chunk.high)
        last = chunk.work


def _page(unit: UnitOfWork, batch: ImportBatch, spans: Sequence[Span], undone: Undone) -> tuple[str, bool]:
    """Undo the next entries; what that did, as the text of its chunk, and whether none are left."""
    low = unit.transaction.last_seq()
    unit.lock(ImportBatch, batch.id)
    now = unit[ImportBatch].get(batch.id)
    number = last_number(unit, batch.id)
    if now.status == "undone":
        raise ImportRefused(f"batch {batch.id} is undone already", batch=str(batch.id))
    entries = _entries(unit, spans, undone.down_to)
    retraction = Retraction(unit, batch.record, frozenset(span.work for span in spans))
    retraction.retract(entries)
    finished = not entries
    state = {
        "down_to": entries[-1].seq if entries else 0,
        "removed": retraction.removed,
        "restored": retraction.restored,
        "kept": [[each.id, each.reason] for each in retraction.kept],
    }
    text = json.dumps(state, ensure_ascii=False)
    high = unit.transaction.last_seq()
    unit[ImportChunk].add(ImportChunk(batch.id, number + 1, "undo", str(unit.id), low, high, text))
    counts = {
        "removed": undone.removed + retraction.removed,
        "restored": undone.restored + retraction.restored,
        "kept": len(undone.kept) + len(retraction.kept),
    }
    if finished:
        unit[ImportBatch].change(batch.id, {"status": "undone", "finished_at": unit.now(), **counts})
    elif now.status != "undoing":
        unit[ImportBatch].change(batch.id, {"status": "undoing"})
    return text, finished


def _entries(unit: UnitOfWork, spans: Sequence[Span], down_to: int | None) -> list[LogEntry]:
    """The next page of what the import has logged, newest first."""
    found: list[LogEntry] = []
    for span in spans:
        high = span.high if down_to is None else min(span.high, down_to - 1)
        if high > span.low and len(found) < ENTRIES:
            found += unit.transaction.entries(span.work, span.low, high, ENTRIES - len(found))
    return found
