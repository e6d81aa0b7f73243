"""Importing a file in chunks that each commit: what is in stays in, and an import that was killed can be resumed."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Final, Protocol
from uuid import UUID

import attrs

from crmcore.application.importing.batch_log import BatchLog, batch_id, batch_to_resume, unfinished
from crmcore.application.importing.batch_run import BatchRun, Begin
from crmcore.application.importing.binding import bind
from crmcore.application.importing.mapping import ColumnMapping, read_mapping
from crmcore.application.importing.plan import ImportPlan
from crmcore.application.importing.plan_text import check_same, plan_of, plan_text
from crmcore.application.importing.report import ImportReport, Progress
from crmcore.application.importing.run import ROWS, FileImport, import_records
from crmcore.application.importing.state import Start
from crmcore.domain.errors import InvalidSetting
from crmcore.domain.import_batch import ImportBatch
from crmcore.domain.record import RecordType
from crmcore.ports.codec import Schemas
from crmcore.ports.exchange import RejectSink, RowSource

LONGEST_NAME: Final = 255
LONGEST_SOURCE: Final = 100


class Files(Protocol):
    """What opens files."""

    def fingerprint(self, path: Path, /) -> tuple[str, int]:
        """SHA-256 and size in bytes."""

    def open_rows(
        self, path: Path, /, format: str | None = None, encoding: str | None = None, *, sheet: str | None = None
    ) -> RowSource:
        """The rows of a file."""

    def open_rejects(self, path: Path, columns: Sequence[str], /) -> RejectSink:
        """A file for refused rows."""


@attrs.frozen(kw_only=True)
class ImportRequest:
    """What is asked: the file, how it is read (`format`, `encoding`, `sheet`; what is missing is found out), the plan
    for its rows, and where refused ones go. `resume`: the batch to go on with, as it began."""

    path: Path
    plan: ImportPlan
    reading: dict[str, str | None] = attrs.field(factory=dict)
    rejects: Path | None = None
    dry_run: bool = False
    resume: UUID | str | None = None
    chunk: int = ROWS


def import_file(
    begin: Begin, files: Files, schemas: Schemas, request: ImportRequest, progress: Progress | None = None
) -> ImportReport:
    """Import a file; see `Crm.import_file`. The rejects file stands before the rows do: none of them gets lost."""
    began = time.monotonic()
    if request.dry_run:
        return _rehearse(begin, files, schemas, request, progress)
    batch = None if request.resume is None else _held(begin, request, files.fingerprint(request.path)[0])
    plan, reading = (request.plan, request.reading) if batch is None else plan_of(batch.plan)
    rows = files.open_rows(request.path, **reading)
    sha256, size = files.fingerprint(request.path)
    with begin() as unit:
        binding = bind(unit, plan, schemas, rows.columns, rows.format)
        others = unfinished(unit, plan.record, sha256)
        start = Start(unit.now(), unit.kernel.ids.new()) if batch is None else Start(batch.started_at, batch.id)
    importing = FileImport(binding, plan, rows, schemas, request.chunk)
    log = BatchLog(batch or _new_batch(request, start, sha256, size, rows.format))
    with nullcontext() if request.rejects is None else files.open_rejects(request.rejects, rows.columns) as sink:
        run = BatchRun(begin, importing, log, start, sink, progress)
        if batch is not None:
            run.restore()
        run.finish()
    others = tuple(each for each in others if each != str(start.id))
    return run.state.report(str(start.id), time.monotonic() - began, binding.left_out, others, rows.notes)


def plan_for(type: RecordType, map: str | None, name: str, options: Mapping[str, Any]) -> ImportPlan:
    """The plan with these options, and the mapping in a text of TOML; `name` says where that came from."""
    mapping = ColumnMapping() if map is None else read_mapping(map, name)
    return ImportPlan(record=type.name, mapping=mapping, **options)


def _rehearse(
    begin: Begin, files: Files, schemas: Schemas, request: ImportRequest, progress: Progress | None
) -> ImportReport:
    """A dry run: all in one unit of work, which rolls back."""
    if request.resume is not None:
        raise InvalidSetting("a batch is resumed, or tried without writing (dry run): not both")
    rows = files.open_rows(request.path, **request.reading)
    rejects = nullcontext() if request.rejects is None else files.open_rejects(request.rejects, rows.columns)
    with begin(source=request.plan.origin, dry=True) as unit, rejects as sink:
        return import_records(unit, request.plan, rows, schemas, sink, progress, chunk=request.chunk)


def _held(begin: Begin, request: ImportRequest, sha256: str) -> ImportBatch:
    """The batch that is to be resumed."""
    with begin() as unit:
        batch = batch_to_resume(unit, batch_id(request.resume or ""), request.plan.record, sha256)
    check_same(str(batch.id), (request.plan, request.reading), plan_of(batch.plan))
    return batch


def _new_batch(request: ImportRequest, start: Start, sha256: str, size: int, format: str) -> ImportBatch:
    name = request.path.name.encode("utf-8", "backslashreplace").decode()
    reading: dict[str, Any] = {**request.reading, "format": request.reading.get("format") or format}
    origin = request.plan.origin
    return ImportBatch(
        request.plan.record,
        name[-LONGEST_NAME:],
        sha256,
        size,
        plan_text(request.plan, reading),
        start.at,
        id=start.id,
        source=origin if origin and len(origin) <= LONGEST_SOURCE else None,
    )
