"""How `crm demo` takes its files in: by the import that everybody uses."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from crmcore.cli.importing import Request, import_into

if TYPE_CHECKING:
    from crmcore.application.importing import ImportReport
    from crmcore.cli.session import Session
    from crmcore.crm import Crm

DATA: Final = Path(__file__).with_name("data")
BUNDLED: Final = (
    ("user", "users"),
    ("customer", "customers"),
    ("product", "products"),
    ("order", "orders"),
    ("order", "cdnow_orders"),
)
"""Record types and the files that they are in, each with a map of the same name."""
ACTOR: Final = "system:demo"


def load_bundled(session: Session, crm: Crm) -> list[dict[str, Any]]:
    """Take the bundled files in; what came of each."""
    return [_load(session, crm, record, DATA / stem) for record, stem in BUNDLED]


def _load(session: Session, crm: Crm, record: str, stem: Path) -> dict[str, Any]:
    request = Request(record=record, file=stem.with_suffix(".csv"), map=stem.with_suffix(".toml"))
    return told(request, import_into(session, crm, request, ACTOR))


def told(request: Request, report: ImportReport) -> dict[str, Any]:
    """What came of a file, in short."""
    return {
        "record": request.record,
        "file": request.file.name,
        "rows": report.rows,
        "created": report.created,
        "records": report.records,
        "rejected": report.rejected,
    }
