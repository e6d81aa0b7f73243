"""Imports that are interrupted, and what a database holds, so that two of them can be compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from crmcore.application.importing.report import ImportReport
from crmcore.crm import Crm
from crmcore.domain.import_batch import ImportBatch, ImportChunk

BOOKS = ("import_batch", "import_chunk")


class Killed(BaseException):
    """Stands for what no code can catch."""


def killer(rows: int) -> Callable[[int], None]:
    """A progress function that ends the process's work when so many rows are done."""

    def progress(done: int) -> None:
        if done >= rows:
            raise Killed

    return progress


def contents(crm: Crm) -> dict[str, Counter[str]]:
    """All records by type, in words: ids and times aside, references by what they point at."""
    held: dict[str, list[Any]] = {}
    with crm.work("reader") as work:
        for name in crm.catalogue.records:
            if name not in BOOKS:
                classes = [facet.cls for facet in crm.catalogue.facets.get(name, ())]
                held[name] = list(work.records(name).stream(with_=classes))
    labels = {each.id: f"{name} {_label(each)}" for name, records in held.items() for each in records}
    return {name: Counter(_told(crm, name, each, labels) for each in records) for name, records in held.items()}


def _label(record: Any) -> str:
    return str(record.external_id or getattr(record, "name", None) or getattr(record, "label", None))


def _told(crm: Crm, name: str, record: Any, labels: dict[UUID, str]) -> str:
    type = crm.catalogue.record(name)
    shown: dict[str, Any] = {"version": record.version, "source": record.source, "external_id": record.external_id}
    for field in type.own:
        value = getattr(record, field.name)
        shown[field.name] = labels.get(value, value) if isinstance(value, UUID) else value
    for part in type.parts:
        shown[part.attribute] = [
            [labels.get(v, v) if isinstance(v, UUID) else v for v in (each.no, *part.values(each))]
            for each in getattr(record, part.attribute)
        ]
    shown["facets"] = sorted(repr(facet) for facet in record.facets.values() if facet is not None)
    return repr(shown)


def batches(crm: Crm) -> list[ImportBatch]:
    """The batches, oldest first."""
    with crm.work("reader") as work:
        return list(work[ImportBatch].stream())


def chunks(crm: Crm, kind: str = "import") -> list[ImportChunk]:
    """The chunks, oldest first."""
    with crm.work("reader") as work:
        return list(work[ImportChunk].stream(f'kind = "{kind}"'))


def outcome(report: ImportReport, rejects: Path) -> tuple[Any, ...]:
    """A report without batch and seconds, and the rejects file."""
    plain = {k: v for k, v in report.plain().items() if k not in ("batch", "seconds")}
    return plain, rejects.read_text() if rejects.exists() else None
