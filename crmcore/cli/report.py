"""`crm report`: reports of plugins, as tables, files and charts."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import click

from crmcore.adapters.files import open_sink
from crmcore.adapters.files.replacement import Replacement
from crmcore.adapters.reports import chart, page
from crmcore.application.contributing.panels import exact
from crmcore.cli import output, tables
from crmcore.cli.options import Command
from crmcore.cli.session import Session, pass_session
from crmcore.domain.errors import InvalidSetting
from crmcore.domain.money import Money
from crmcore.plugins.answers import ReportTable

FORMATS: Final = ("table", "json", "csv", "html", "svg", "png")
LIST: Final = "list"
NO_PNG: Final = "png is drawn by the extra `charts`, which this version does not have: take svg, which browsers show"


@click.command("report", cls=Command)
@click.argument("name", metavar="NAME|list")
@click.option("--format", type=click.Choice(FORMATS), help="Default: that of the file's name, else table.")
@click.option("--out", metavar="FILE", help="The file to write, or to replace. Default: standard output.")
@pass_session
def report(session: Session, name: str, format: str | None, out: str | None) -> None:
    """Run a report of a plugin, or list the reports that there are.

    It tells what you may see. csv is for spreadsheets: nothing in it runs as a formula.
    """
    if name == LIST:
        items = listed(session)
        session.emit(
            {"items": items}, lambda: tables.table(items, most=output.terminal_width()) or "there is no report"
        )
        return
    known = _format(session, format, out)
    with session.snapshot() as work:
        table = work.report(name)
    document = {"columns": list(table.columns), "rows": [[plain(each) for each in row] for row in table.rows]}
    if out is not None and out != "-":
        _write(Path(out), known, name, table, document)
        session.emit({**document, "file": out}, lambda: f"{len(table.rows):,} rows in {out}")
    elif session.json or known == "json":
        output.write_json(document)
        session.answered = True
    elif known == "table":
        session.emit(document, lambda: _table(table, output.terminal_width()))
    else:
        _print(known, name, table, document)


def listed(session: Session) -> list[dict[str, Any]]:
    """The reports of the active plugins, by name."""
    slots = session.crm.registry.slots.get("report", {})
    return [
        {
            "name": name,
            "plugin": slot.plugin,
            "label": slot.spec.label.get("en", "") if slot.spec else "",
            "columns": list(slot.spec.columns) if slot.spec else [],
        }
        for name, slot in sorted(slots.items())
    ]


def plain(value: Any) -> Any:
    """A cell as JSON has it."""
    return value if value is None or isinstance(value, bool | int | str) else exact(value)


def _format(session: Session, format: str | None, out: str | None) -> str:
    """The format that is meant; what cannot be is refused before anything is read."""
    to_file = out is not None and out != "-"
    known = format or (Path(out or "").suffix.lower().removeprefix(".") if to_file else "table")
    if known not in FORMATS:
        raise click.BadParameter(f"the name of {out} does not tell: one of {', '.join(FORMATS)}", param_hint="--format")
    if known == "png":
        raise InvalidSetting(NO_PNG, format=known)
    if session.json and not to_file and known not in ("table", "json"):
        raise click.UsageError(f"with --json standard output is one JSON document: give --out for {known}")
    return known


def _table(table: ReportTable, most: int | None) -> str:
    rows = [dict(zip(table.columns, map(plain, row), strict=True)) for row in table.rows]
    return tables.table(rows, table.columns, most) or "the report has no rows"


def _print(format: str, name: str, table: ReportTable, document: dict[str, Any]) -> None:
    """To standard output, from a file that is whole."""
    with TemporaryDirectory(prefix="crm-report-") as folder:
        path = Path(folder) / "report"
        _write(path, format, name, table, document)
        output.copy_file(path)


def _write(path: Path, format: str, name: str, table: ReportTable, document: dict[str, Any]) -> None:
    """Write a file, which stands under its name only when it is whole."""
    if format == "csv":
        with open_sink(path, table.columns, "csv", for_spreadsheet=True) as sink:
            for row in table.rows:
                sink.write(dict(zip(table.columns, map(_cell, row), strict=True)))
        return
    texts = {
        "table": lambda: _table(table, None) + "\n",
        "json": lambda: output.json_text(document) + "\n",
        "html": lambda: page(name, table),
        "svg": lambda: chart(name, table) + "\n",
    }
    text = texts[format]()
    file = Replacement(path)
    file.write(text)
    file.commit()


def _cell(value: Any) -> object:
    """A cell for a spreadsheet: figures stay figures, and the minus of an amount starts no formula."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Money):
        return str(value).replace("-", "\u2212")
    return value if value is None or isinstance(value, int | str | Decimal) else exact(value)
