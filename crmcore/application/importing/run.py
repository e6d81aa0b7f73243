"""Importing a file: every row has one outcome, in one transaction, in constant memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from crmcore.application.importing.binding import bind
from crmcore.application.importing.entries import Batches
from crmcore.application.importing.plan import ImportPlan
from crmcore.application.importing.precedence import Stage
from crmcore.application.importing.report import ImportReport, Progress, Tally
from crmcore.application.importing.rows import RowTyper
from crmcore.application.importing.scanning import scan
from crmcore.application.importing.taking import Taking
from crmcore.ports.codec import Schemas
from crmcore.ports.exchange import BadRow, RawRow, RejectSink, RowSource

if TYPE_CHECKING:
    from crmcore.application.unit import UnitOfWork


def import_records(
    unit: UnitOfWork,
    plan: ImportPlan,
    rows: RowSource,
    schemas: Schemas,
    rejects: RejectSink | None = None,
    progress: Progress | None = None,
    stopwatch: Callable[[], float] = time.monotonic,
) -> ImportReport:
    """Take the rows of a file in as records of one type, within the unit of work.

    Rows that cannot be taken are listed in the report and handed to `rejects` (which is the caller's to close); the
    others are in when the unit of work commits. A dry unit of work gives the same report and leaves nothing. `progress`
    is called with the number of rows done, batch by batch. Raises `ImportRefused`, before anything is written, for a
    file that cannot be understood as a whole (columns that match no field, dates that could mean two days), and what
    ends any unit of work.
    """
    began = stopwatch()
    binding = bind(unit, plan, schemas, rows.columns, rows.format)
    scan(rows, binding)
    tally = Tally(rejects, progress)
    taking = Taking(unit, plan, binding, tally)
    batches = Batches(binding, plan.origin, RowTyper(binding, schemas).type, tally.unreadable)
    _passes(rows, batches, taking, tally)
    return tally.report(str(unit.id), stopwatch() - began, binding.left_out)


def _passes(rows: RowSource, batches: Batches, taking: Taking, tally: Tally) -> None:
    """Once through the file, and again over rows that wait for records further down in it, until none does."""
    waiting = _pass(rows, batches, taking, tally, Stage.HOPING)
    while waiting:
        before = waiting
        for stage in Stage:
            waiting = _pass(_at(rows, before), batches, taking, tally, stage)
            if len(waiting) < len(before):
                break


def _pass(rows: Iterable[RawRow | BadRow], batches: Batches, taking: Taking, tally: Tally, stage: Stage) -> set[int]:
    waiting: set[int] = set()
    taking.begin(stage)
    for batch in batches(rows):
        waiting |= taking.take(batch)
        tally.advance()
    return waiting


def _at(rows: RowSource, lines: set[int]) -> Iterator[RawRow | BadRow]:
    return (row for row in rows if isinstance(row, RawRow) and row.line in lines)
