"""`crm export`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import attrs
import click

from crmcore.application.exporting import RIGHT_TO_LEFT, export_columns, export_headers, export_records
from crmcore.cli import output
from crmcore.cli.formats import files_of, format_option
from crmcore.cli.importing import steps
from crmcore.cli.listing import names_in, where_option
from crmcore.cli.naming import record_argument
from crmcore.cli.options import Command
from crmcore.cli.session import Session, pass_session
from crmcore.domain.errors import InvalidSetting

READERS: Final = ("machine", "spreadsheet")
WORKBOOKS: Final = (".xlsx", ".xlsm")
JSON_LINES: Final = (".jsonl", ".ndjson")


@attrs.frozen
class Target:
    """Where an export is written; `file` is its name for people, None for standard output."""

    path: Path
    format: str | None
    file: str | None

    @property
    def form(self) -> str:
        """Whether records stand whole (jsonl), or as rows of a table whose cells are texts (csv, also for tsv) or typed
        (xlsx)."""
        if self.format:
            return self.format if self.format in ("jsonl", "xlsx") else "csv"
        suffix = self.path.suffix.lower()
        return "jsonl" if suffix in JSON_LINES else "xlsx" if suffix in WORKBOOKS else "csv"


@click.command("export", cls=Command)
@record_argument
@format_option("The file's format; default: that of its name, else csv. Plugins may have more.")
@where_option
@click.option(
    "--columns",
    metavar="A,B",
    help="These fields only; facets are dotted: loyalty.tier, and in tables also references: customer.city. What "
    "stands behind references is for reading: no import takes it.",
)
@click.option(
    "--out",
    metavar="FILE",
    help="The file to write, or to replace. Default: standard output, with --json a new file RECORD.FORMAT here.",
)
@click.option(
    "--for",
    "reader",
    type=click.Choice(READERS),
    default="machine",
    show_default=True,
    help="For a machine every value is exact; for a spreadsheet nothing in it can run as a formula, and without "
    "--columns names stand in place of the ids of references.",
)
@click.option(
    "--language",
    metavar="fa|ar|en",
    help="With --for spreadsheet: headings in this language; sheets of languages written from the right begin there.",
)
@pass_session
def export_file(
    session: Session,
    record: str,
    format: str | None,
    where: str | None,
    columns: str | None,
    out: str | None,
    reader: str,
    language: str | None,
) -> None:
    """Export records to a file of CSV, TSV, JSON lines or XLSX, which an import takes back.

    The file stands under its name only when it is whole. Without --columns it has every field that is not set by
    crmcore itself.
    """
    if language is not None and reader != "spreadsheet":
        raise InvalidSetting("headings have a language with --for spreadsheet only: machines know fields by name")
    with _target(session, record, format, out) as target:
        rows = _write(session, record, where, names_in(columns) or [], target, reader == "spreadsheet", language)
        if target.file is None:
            output.copy_file(target.path)
    if target.file is not None:
        session.emit({"rows": rows, "file": target.file}, lambda: f"{rows:,} rows in {target.file}")
    else:
        session.note(f"{rows:,} rows")


def _write(
    session: Session,
    record: str,
    where: str | None,
    asked: list[str],
    target: Target,
    for_spreadsheet: bool,
    language: str | None,
) -> int:
    files = files_of(session.crm, target.format)
    with session.snapshot() as work:
        names = export_columns(work, record, target.form, asked)
        sink = files.open_sink(
            target.path,
            names,
            target.format,
            for_spreadsheet,
            title=record,
            headers=export_headers(work, record, names, language) if language else None,
            right_to_left=language in RIGHT_TO_LEFT,
        )
        with session.progress(f"{record}s", lambda: work.records(record).count(where)) as done, sink:
            return export_records(
                work,
                record,
                where,
                names,
                sink,
                target.form,
                for_spreadsheet=for_spreadsheet,
                labelled=for_spreadsheet and not asked,
                progress=steps(done),
            )


@contextmanager
def _target(session: Session, record: str, format: str | None, out: str | None) -> Iterator[Target]:
    """Where to write. What goes to standard output is written to a file first, so that it is whole or not there."""
    if out is not None and out != "-":
        yield Target(Path(out), format, out)
    elif session.json:
        path = _free(record, format or "csv")
        yield Target(path, format or "csv", str(path))
    else:
        with TemporaryDirectory(prefix="crm-export-") as folder:
            yield Target(Path(folder) / "rows", format or "csv", None)


def _free(record: str, suffix: str) -> Path:
    """A name that is not taken yet: customer.csv, customer-2.csv ..."""
    names = (f"{record}{'' if number == 1 else f'-{number}'}.{suffix}" for number in count(1))
    return next(path for name in names if not (path := Path(name)).exists())
