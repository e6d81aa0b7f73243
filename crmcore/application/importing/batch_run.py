"""A batch on its way: chunk by chunk, each in a unit of work of its own, together with the record of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

from crmcore.application.importing.batch_log import BatchLog, kept_chunks, last_number
from crmcore.application.importing.chunk_text import Kept
from crmcore.application.importing.entries import Batch
from crmcore.application.importing.patience import Patience
from crmcore.application.importing.report import Progress
from crmcore.application.importing.run import FileImport, hand_over
from crmcore.application.importing.state import Chunk, Start, State
from crmcore.application.importing.tally import Refused
from crmcore.domain.errors import CrmError
from crmcore.ports.exchange import BadRow, RawRow, RejectSink, RowSource

if TYPE_CHECKING:
    from crmcore.application.unit import UnitOfWork


class Begin(Protocol):
    """Begins a unit of work of the actor who imports."""

    def __call__(self, *, source: str | None = None, dry: bool = False) -> UnitOfWork: ...


class BatchRun:
    """Takes in what is left of a file. `state`: how far it is."""

    def __init__(
        self,
        begin: Begin,
        importing: FileImport,
        log: BatchLog,
        start: Start,
        sink: RejectSink | None,
        progress: Progress | None,
    ) -> None:
        self._begin = begin
        self._importing = importing
        self._log = log
        self._sink = sink
        self._progress = progress
        self.state = State(start)

    def restore(self) -> None:
        """Stand where the stored chunks end: with their counts, rejects and identities."""
        batch, state = self._log.batch.id, self.state
        again = RejectsAgain(self._importing.rows, self._sink)
        with self._begin() as unit:
            for kept in kept_chunks(unit, batch):
                state.add_counts(kept.counts, len(kept.rejects), kept.records)
                state.list(kept.rejects)
                state.go_on(kept.next, kept.waits, set(), kept.seen)
                again.put(kept)
            self._log.chunks = last_number(unit, batch)
        state.awaited = self._importing.keys(state.before or set())
        state.awaiting = self._importing.keys(state.waiting)

    def finish(self) -> None:
        """Take all that is left. A chunk that another writer got in the way of is repeated; an error that ends the
        import names the batch, so that it can be resumed."""
        batches: Iterator[Batch] | None = None
        patience = Patience()
        while not self.state.finished:
            try:
                batches = self._importing.batches(self.state) if batches is None else batches
                chunk = self._take(batches)
            except CrmError as error:
                if not patience.lasts(error):
                    self._name_batch(error)
                    raise
                batches = None  # the rows of the chunk are read anew
                continue
            patience.restore()
            self.state.add(chunk)
            hand_over(chunk, self._sink)
            batches = None if chunk.next is None else batches

    def _take(self, batches: Iterator[Batch]) -> Chunk:
        with self._begin(source=self._importing.plan.origin) as unit:
            low = unit.transaction.last_seq()
            self._log.begin(unit)
            chunk = self._importing.take(unit, self.state, batches, self._progress)
            stored = self._log.store(unit, self.state, chunk, low)
        self._log.chunks += stored
        return chunk

    def _name_batch(self, error: CrmError) -> None:
        if self._log.chunks:
            batch = str(self._log.batch.id)
            error.details["batch"] = batch
            error.message += f" (batch {batch} can be resumed: {self.state.rows:,} rows of it are in)"


class RejectsAgain:
    """Writes the refused rows of stored chunks into a new rejects file: the reasons are kept, the cells are read from
    the file once more."""

    def __init__(self, rows: RowSource, sink: RejectSink | None) -> None:
        self._rows = rows
        self._sink = sink
        self._pass: Iterator[RawRow | BadRow] | None = None

    def put(self, kept: Kept) -> None:
        """The rows of the next chunk; its lines come after those of the chunk before it, in the same pass."""
        if self._sink is None:
            return
        wanted = {each.line for each in kept.rejects}
        found: dict[int, RawRow | BadRow] = {}
        self._pass = self._pass or iter(self._rows)
        while len(found) < len(wanted) and (row := next(self._pass, None)) is not None:
            if row.line in wanted:
                found[row.line] = row
        for each in kept.rejects:
            if each.line in found:
                Refused(found[each.line], each).put(self._sink)
        if kept.next is None:
            self._pass = None
