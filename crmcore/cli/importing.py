"""`crm import`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs
import click

from crmcore.application.importing import ImportReport
from crmcore.application.importing.mapping import CALENDARS
from crmcore.application.importing.plan import CHOICES, OnDuplicate
from crmcore.cli import errors, output, tables
from crmcore.cli.formats import files_of, format_option
from crmcore.cli.naming import record_argument
from crmcore.cli.options import Command
from crmcore.cli.session import Session, pass_session
from crmcore.domain.reading import DECIMAL_MARKS

if TYPE_CHECKING:
    from crmcore.application.importing.undoing import UndoReport
    from crmcore.crm import Crm

SHOWN: Final = 20
BLOCK: Final = 1 << 20


@attrs.frozen(kw_only=True)
class Request:
    """What `crm import` is asked to do."""

    record: str
    file: Path
    format: str | None = None
    map: Path | None = None
    encoding: str | None = None
    sheet: str | None = None
    date_format: str | None = None
    calendar: str | None = None
    decimal: str | None = None
    match: str | None = None
    on_duplicate: OnDuplicate = "skip"
    source: str | None = None
    ignore_unknown: bool = False
    create_pipeline: bool = False
    dry_run: bool = False
    rejects: Path | None = None
    resume: str | None = None


@click.command("import", cls=Command)
@record_argument
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@format_option("The file's format, if its name does not tell; plugins may have more.")
@click.option(
    "--map", metavar="MAP.toml", type=click.Path(path_type=Path), help="Which column is which field, and how."
)
@click.option("--encoding", metavar="E", help="The file's encoding, if it does not prove itself: cp1256, say.")
@click.option("--sheet", metavar="NAME", help="The sheet of a workbook, where several have something in them.")
@click.option("--date-format", metavar="F", help="How dates are written: %d/%m/%Y; else ISO 8601.")
@click.option("--calendar", type=click.Choice(CALENDARS), help="The calendar of dates in texts; default: gregorian.")
@click.option("--decimal", type=click.Choice(DECIMAL_MARKS), help="The decimal mark, where a number could mean two.")
@click.option("--match", metavar="FIELD", help="The one field by which a row's record is known.")
@click.option("--dry-run", is_flag=True, help="Report what would happen, and write no record.")
@click.option("--rejects", metavar="FILE", type=click.Path(path_type=Path), help="Put refused rows here, to be mended.")
@click.option(
    "--on-duplicate",
    type=click.Choice(CHOICES),
    default="skip",
    show_default=True,
    help="What becomes of a row whose record is there already.",
)
@click.option("--source", metavar="S", help="The system of origin, for rows that name none.")
@click.option("--ignore-unknown", is_flag=True, help="Leave out columns that match no field.")
@click.option("--create-pipeline", is_flag=True, help="Make a pipeline that is not there, of the stages in the map.")
@click.option("--resume", metavar="BATCH", help="Go on with an import of this file that was interrupted.")
@pass_session
def import_file(session: Session, /, **given: Any) -> int:
    """Import records from a file of CSV, TSV, JSON lines or XLSX.

    Each row is created, updated, unchanged or rejected. Exit status 3: some rows were rejected, all others are in.
    """
    files_of(session.crm, given["format"])
    report = import_into(session, session.crm, Request(**given), session.settings.actor)
    session.emit(report.plain(), lambda: report_text(report, given["dry_run"]))
    for note in report.notes:
        session.note(note)
    for batch in report.unfinished:
        session.note(f"batch {batch} of this file was interrupted; it can be resumed (--resume {batch}) or undone")
    if report.left_out:
        session.note(f"columns that were left out: {', '.join(report.left_out)}")
    if not given["dry_run"]:
        session.pump()
    return errors.REJECTED if report.rejected else errors.DONE


@click.command("import-undo", cls=Command)
@click.argument("batch", metavar="BATCH")
@pass_session
def undo(session: Session, batch: str) -> None:
    """Take back what an import did: remove what it added, and give back the values that it changed.

    What somebody has changed since, or refers to, is kept and listed. An undoing that was interrupted is ended by
    running it again.
    """
    report = session.crm.undo_import(batch, actor=session.settings.actor)
    session.emit(report.plain(), lambda: undo_text(report))
    session.pump()


def import_into(session: Session, crm: Crm, request: Request, actor: str) -> ImportReport:
    """Do what is asked, and show how far it is."""
    given = attrs.asdict(request, recurse=False)
    path, record = given.pop("file"), given.pop("record")
    plural = crm.catalogue.record(record).options.plural
    with session.progress(plural, lambda: lines_of(path)) as done:
        return crm.import_file(path, record, actor=actor, progress=steps(done), **given)


def steps(done: Callable[[int], None]) -> Callable[[int], None]:
    """A function to call with how much is done in all, from one to call with how much more is."""
    before = 0

    def advance(total: int) -> None:
        nonlocal before
        done(total - before)
        before = total

    return advance


def lines_of(path: Path) -> int:
    """How many lines a file has: about how many rows."""
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(BLOCK), b""))


def undo_text(report: UndoReport) -> str:
    """The report of an undoing for people, with the first records that were kept."""
    head = f"{report.removed:,} removed, {report.restored:,} restored, {len(report.kept):,} kept"
    listed = [attrs.asdict(each) for each in report.kept[:SHOWN]]
    more = f"\n… and {len(report.kept) - SHOWN:,} more" if len(report.kept) > SHOWN else ""
    return f"{head}\n\n{tables.table(listed, most=output.terminal_width())}{more}" if listed else head


def report_text(report: ImportReport, dry: bool) -> str:
    """The report for people, with the first refused rows."""
    figures = ("created", "updated", "unchanged", "rejected")
    counts = ", ".join(f"{getattr(report, name):,} {name}" for name in figures)
    batch = "" if dry else f" (batch {report.batch})"
    head = f"{'would be: ' if dry else ''}{report.rows:,} rows: {counts}; {report.records:,} records made{batch}"
    listed = [attrs.asdict(each) for each in report.rejects[:SHOWN]]
    more = f"\n… and {report.rejected - SHOWN:,} more rejected rows" if report.rejected > SHOWN else ""
    return f"{head}\n\n{tables.table(listed, most=output.terminal_width())}{more}" if listed else head
