"""Importing a file: every row has one outcome, in constant memory, chunk by chunk."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Final

from crmcore.application.importing.binding import Binding, bind
from crmcore.application.importing.entries import Batch, Batches
from crmcore.application.importing.finding import searches
from crmcore.application.importing.new_pipelines import settle_pipelines
from crmcore.application.importing.plan import ImportPlan
from crmcore.application.importing.precedence import Key, known_by
from crmcore.application.importing.report import ImportReport, Progress
from crmcore.application.importing.rows import RowTyper
from crmcore.application.importing.scanning import scan
from crmcore.application.importing.state import Chunk, Start, State
from crmcore.application.importing.taking import Taking
from crmcore.ports.codec import Schemas
from crmcore.ports.exchange import BadRow, RawRow, RejectSink, RowSource

if TYPE_CHECKING:
    from crmcore.application.unit import UnitOfWork

ROWS: Final = 5_000
"""Rows that a chunk takes before it ends, with the batch that it is in: from there on, larger ones are no faster."""


class FileImport:
    """One file on its way into records of one type. Making it raises `ImportRefused` for what could mean several
    things in the file as a whole: dates that could be of two days."""

    def __init__(
        self, binding: Binding, plan: ImportPlan, rows: RowSource, schemas: Schemas, chunk: int = ROWS
    ) -> None:
        scan(rows, binding)
        self.plan = plan
        self.rows = rows
        self.binding = binding
        self._chunk = chunk
        self._batches = Batches(binding, plan.origin, RowTyper(binding, schemas).type)

    def batches(self, state: State) -> Iterator[Batch]:
        """What is left of the pass that the state is in."""
        rows = (row for row in self.rows if row.line >= state.next) if state.next else iter(self.rows)
        return self._batches(rows if state.before is None else _at(rows, state.before))

    def take(self, unit: UnitOfWork, state: State, batches: Iterator[Batch], progress: Progress | None = None) -> Chunk:
        """What the next chunk of rows comes to; it is stored when the unit of work commits."""
        if state.is_new:
            settle_pipelines(unit, self.plan, self.binding, self.rows)
        taking = Taking(unit, self.plan, self.binding, state)
        for batch in batches:
            taking.take(batch)
            if progress is not None:
                progress(state.rows + taking.chunk.tally.rows)
            if taking.chunk.taken >= self._chunk:
                break
        return taking.chunk

    def keys(self, lines: set[int]) -> set[Key]:
        """What the records of these lines are known by."""
        searched = searches(self.binding.type)
        found: set[Key] = set()
        for batch in self._batches(_at(self.rows, lines)) if lines else ():
            for entry in batch.entries:
                found.update(known_by(searched, self.plan.origin, entry))
        return found


def import_records(
    unit: UnitOfWork,
    plan: ImportPlan,
    rows: RowSource,
    schemas: Schemas,
    rejects: RejectSink | None = None,
    progress: Progress | None = None,
    stopwatch: Callable[[], float] = time.monotonic,
    *,
    chunk: int = ROWS,
) -> ImportReport:
    """Take the rows of a file in as records of one type, all within this unit of work.

    Rows that cannot be taken are listed in the report and handed to `rejects` (which is the caller's to close); the
    others are in when the unit of work commits. A dry unit of work gives the same report and leaves nothing. `progress`
    is called with the number of rows done, batch by batch. Raises `ImportRefused`, before anything is written, for a
    file that cannot be understood as a whole (columns that match no field, dates that could mean two days), and what
    ends any unit of work. No batch is kept of it; see `import_file` of `Crm`.
    """
    began = stopwatch()
    binding = bind(unit, plan, schemas, rows.columns, rows.format)
    importing = FileImport(binding, plan, rows, schemas, chunk)
    state = State(Start(unit.now(), unit.id))
    while not state.finished:
        batches = importing.batches(state)
        taken = Chunk(next=0)
        while taken.next is not None:
            taken = importing.take(unit, state, batches, progress)
            state.add(taken)
            hand_over(taken, rejects)
    return state.report(str(unit.id), stopwatch() - began, binding.left_out, notes=rows.notes)


def hand_over(chunk: Chunk, rejects: RejectSink | None) -> None:
    """Put what a chunk refuses into the rejects file."""
    if rejects is not None:
        for each in chunk.tally.refused:
            each.put(rejects)


def _at(rows: Iterable[RawRow | BadRow], lines: set[int]) -> Iterator[RawRow | BadRow]:
    return (row for row in rows if isinstance(row, RawRow) and row.line in lines)
