"""`crm subject export`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import click

from crmcore.adapters.files.replacement import Replacement
from crmcore.adapters.reports.subject import subject_json, subject_page
from crmcore.application.subjects.handing_out import handed_out
from crmcore.cli import output
from crmcore.cli.lead_figures import customer_argument, customer_id
from crmcore.cli.naming import source_option
from crmcore.cli.options import Command
from crmcore.cli.session import Session, pass_session

if TYPE_CHECKING:
    from crmcore.application.subjects.export import SubjectExport

FORMATS: Final = ("json", "html")
PAGES: Final = (".html", ".htm")


@click.command("export", cls=Command)
@customer_argument
@click.option("--format", type=click.Choice(FORMATS), help="Default: html for a FILE that ends so, else json.")
@click.option("--out", metavar="FILE", help="The file to write, or to replace. Default: standard output.")
@source_option
@pass_session
def export_subject(session: Session, customer: str, format: str | None, out: str | None, source: str | None) -> None:
    """Hand out everything that is kept about a person.

    json is for machines, html for people. Nothing of anybody else is in it; what you may not see is left out and named.
    The history keeps that you took it out. Only you can read FILE.
    """
    to_file = out is not None and out != "-"
    known = format or ("html" if to_file and Path(out or "").suffix.lower() in PAGES else "json")
    if session.json and not to_file and known != "json":
        raise click.UsageError(f"with --json standard output is one JSON document: give --out for {known}")
    with session.work() as work:
        id = customer_id(work, customer, source)
    if to_file:
        document = {**_write(session, id, Path(out or ""), known), "file": out}
        session.emit(document, lambda: _told(document))
        return
    with TemporaryDirectory(prefix="crm-subject-") as folder:
        path = Path(folder) / "subject"
        document = _write(session, id, path, known)
        output.copy_file(path)
        session.answered = True
    session.note(_told(document))


def _write(session: Session, id: Any, path: Path, format: str) -> dict[str, Any]:
    """Write a file that its owner alone can read, and that stands under its name only when it is whole; what is in
    it."""
    crm = session.crm
    work = partial(crm.work, session.settings.actor)
    file = Replacement(path, private=True)
    try:
        with handed_out(work, lambda: crm.storage, id) as export:
            for text in _texts(export, format):
                file.write(text)
            found = _summary(export)
    except BaseException:
        file.discard()
        raise
    file.commit()
    session.pump()
    return found


def _texts(export: SubjectExport, format: str) -> Iterator[str]:
    return subject_page(export) if format == "html" else subject_json(export.sections())


def _summary(export: SubjectExport) -> dict[str, Any]:
    """What was handed out, per record type and plugin, and what was not."""
    return {
        "subject": str(export.subject),
        "records": export.counts,
        "plugins": export.told,
        "withheld": sorted(export.withheld),
    }


def _told(document: dict[str, Any]) -> str:
    listed = ", ".join(f"{count:,} {name}" for name, count in document["records"].items())
    where = f" in {document['file']}" if "file" in document else ""
    withheld = f"; withheld: {', '.join(document['withheld'])}" if document["withheld"] else ""
    return f"{listed}{where}{withheld}"
