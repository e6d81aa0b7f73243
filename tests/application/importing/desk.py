"""Imports in one call, for tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from crmcore.adapters.files import open_rejects, open_rows
from crmcore.adapters.serialization.schemas import RowSchemas
from crmcore.application.importing import ColumnMapping, ImportPlan, ImportReport, import_records, read_mapping
from crmcore.crm import Crm
from crmcore.domain.change import Actor


class Desk:
    """Takes files in, each in a unit of work of its own. `rejected` is the rejects file of the last one."""

    def __init__(self, crm: Crm, folder: Path) -> None:
        self.crm = crm
        self.rejected = folder / "rejects.csv"
        self._folder = folder

    def file(self, content: str | bytes, name: str = "rows.csv") -> Path:
        """A file with this content."""
        path = self._folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def take(
        self,
        content: str | bytes | Path,
        record: str = "customer",
        *,
        name: str = "rows.csv",
        encoding: str | None = None,
        sheet: str | None = None,
        map: str = "",
        dry: bool = False,
        actor: Actor | str = "importer",
        progress: Callable[[int], None] | None = None,
        **plan: Any,
    ) -> ImportReport:
        """The report of an import."""
        path = content if isinstance(content, Path) else self.file(content, name)
        rows = open_rows(path, encoding=encoding, sheet=sheet)
        mapping = read_mapping(map) if map else ColumnMapping()
        asked = ImportPlan(record=record, mapping=mapping, **plan)
        schemas = RowSchemas(self.crm.catalogue)
        with self.crm.work(actor, dry=dry) as work, open_rejects(self.rejected, rows.columns) as rejects:
            return import_records(work, asked, rows, schemas, rejects, progress)

    def all(self, record: str = "customer", where: str | None = None, **with_: Any) -> list[Any]:
        """The stored records of a type, oldest first."""
        with self.crm.work("reader") as work:
            return list(work.records(record).stream(where, **with_))

    def logged(self, record: str = "customer") -> int:
        """How many entries the log has about records of a type that are still there."""
        with self.crm.work("reader") as work:
            return sum(len(work.records(record).history(each.id)) for each in work.records(record).stream())


def counts(report: ImportReport) -> tuple[int, int, int, int, int]:
    """Rows, and how many of them were created, updated, unchanged and rejected."""
    assert report.rows == report.created + report.updated + report.unchanged + report.rejected
    return report.rows, report.created, report.updated, report.unchanged, report.rejected


def emails(customer: Any) -> list[str]:
    """The e-mail addresses of a customer."""
    return [point.value for point in customer.contact_points if point.kind == "email"]


def phones(customer: Any) -> list[str]:
    """The telephone numbers of a customer."""
    return [point.value for point in customer.contact_points if point.kind == "phone"]
