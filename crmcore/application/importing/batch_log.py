"""The record of a batch and its chunks: begun, gone on with, finished, found again."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING
from uuid import UUID

import attrs

from crmcore.application.importing.chunk_text import Kept, kept_of, texts_of
from crmcore.application.importing.report import LISTED
from crmcore.application.importing.state import Chunk, State
from crmcore.domain.errors import ImportRefused, InvalidValue
from crmcore.domain.import_batch import ImportBatch, ImportChunk

if TYPE_CHECKING:
    from crmcore.application.unit import UnitOfWork

FOUND = 20
STATES = {
    "done": "is finished, so there is nothing to resume: import the file once more, if that is meant",
    "undoing": "is being undone: end that first (import-undo), then import the file anew",
    "undone": "was undone: import the file anew",
}


@attrs.define(eq=False)
class BatchLog:
    """Writes down how far a batch has got. `chunks`: how many of them are stored."""

    batch: ImportBatch
    chunks: int = 0

    def begin(self, unit: UnitOfWork) -> None:
        """The batch is stored with its first chunk; for later ones nobody else may go on with it meanwhile."""
        if not self.chunks:
            unit[ImportBatch].add(self.batch)
            return
        unit.lock(ImportBatch, self.batch.id)
        held = unit[ImportBatch].get(self.batch.id)
        if held.status != "running" or last_number(unit, self.batch.id) != self.chunks:
            raise ImportRefused(
                f"batch {self.batch.id} is no longer this process's: another one goes on with it or undoes it",
                batch=str(self.batch.id),
            )

    def store(self, unit: UnitOfWork, state: State, chunk: Chunk, low: int) -> int:
        """Store what a chunk has settled; how many records that took, to be added to `chunks` once they are safe."""
        texts = texts_of(chunk, max(LISTED - len(state.rejects), 0))
        high = unit.transaction.last_seq()
        unit[ImportChunk].add_many(
            ImportChunk(self.batch.id, self.chunks + at, "import", str(unit.id), low, high, text)
            for at, text in enumerate(texts, 1)
        )
        if state.ends_with(chunk):
            self._finish(unit, state, chunk)
        return len(texts)

    def _finish(self, unit: UnitOfWork, state: State, chunk: Chunk) -> None:
        tally = chunk.tally
        counts = {name: state.counts[name] + count for name, count in tally.counts.items()}
        counts["rejected"] = state.counts["rejected"] + len(tally.refused)
        done = {"rows": state.rows + tally.rows, "records": state.records + tally.records, **counts}
        unit[ImportBatch].change(self.batch.id, {"status": "done", "finished_at": unit.now(), **done})


def batch_to_resume(unit: UnitOfWork, id: UUID, record: str, sha256: str) -> ImportBatch:
    """The batch, if it can go on with this file; `NotFound`, or `ImportRefused` that says why not."""
    batch = unit[ImportBatch].get(id)
    problem = STATES.get(batch.status)
    if problem is None and batch.record != record:
        problem = f"took in records of type {batch.record}, not {record}"
    if problem is None and batch.sha256 != sha256:
        problem = f"is of another file, or of {batch.file} before somebody changed it: its SHA-256 was {batch.sha256}"
    if problem is not None:
        raise ImportRefused(f"batch {id} {problem}", batch=str(id))
    return batch


def unfinished(unit: UnitOfWork, record: str, sha256: str) -> tuple[str, ...]:
    """Batches of this file that were begun and never finished, newest first."""
    type = unit.catalogue.of(ImportBatch)
    if not {"sha256", "record", "status"} <= set(unit.binder().visible_names(type)):
        return ()
    alike = f'sha256 = "{sha256}" and record = "{record}" and status = "running"'
    return tuple(str(each.id) for each in unit[ImportBatch].query(alike, sort="-created_at", limit=FOUND).items)


def kept_chunks(unit: UnitOfWork, batch: UUID) -> Iterator[Kept]:
    """What the chunks of an import have settled, in order."""
    for _, rows in groupby(chunks_of(unit, batch, "import"), lambda each: each.work):
        yield kept_of([each.state for each in rows])


def chunks_of(unit: UnitOfWork, batch: UUID, kind: str, sort: str = "number") -> Iterator[ImportChunk]:
    """The stored chunks of a batch."""
    return unit[ImportChunk].stream(f'batch = "{batch}" and kind = "{kind}"', sort=sort)


def batch_id(given: UUID | str) -> UUID:
    """The id of a batch; `InvalidValue` for what is none."""
    try:
        return given if isinstance(given, UUID) else UUID(given)
    except ValueError:
        raise InvalidValue(
            f"the id of a batch is a UUID, not {given!r}; `crm list import_batch` shows them", value=str(given)
        ) from None


def last_number(unit: UnitOfWork, batch: UUID) -> int:
    """How many chunks a batch has."""
    newest = unit[ImportChunk].query(f'batch = "{batch}"', sort="-number", limit=1).items
    return newest[0].number if newest else 0
