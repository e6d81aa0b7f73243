"""`crm history`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from crmcore.cli import output, tables
from crmcore.cli.naming import found_id, id_argument, record_argument, source_option
from crmcore.cli.options import Command
from crmcore.cli.session import Session, pass_session
from crmcore.domain.change import LogEntry
from crmcore.domain.kinds import plain_datetime


@click.command("history", cls=Command)
@record_argument
@id_argument
@source_option
@pass_session
def history(session: Session, record: str, id: str, source: str | None) -> None:
    """List every change of a record, oldest first; also of one that was removed, by its id."""
    with session.work() as work:
        found = found_id(work, work.catalogue.record(record), id, source)
        items = [item(entry) for entry in work.records(record).history(found)]
    session.emit({"items": items}, lambda: shown(items))


def item(entry: LogEntry) -> dict[str, Any]:
    """One change as plain values."""
    return {
        "seq": entry.seq,
        "at": plain_datetime(entry.at),
        "actor": entry.actor,
        "work": str(entry.work),
        "operation": entry.operation,
        "version": entry.version,
        "changes": dict(entry.values()),
    }


def shown(items: list[dict[str, Any]]) -> str:
    """The changes as a table, a row for each field."""
    rows = [row for each in items for row in _rows(each)]
    return tables.table(rows, most=output.terminal_width())


def _rows(each: dict[str, Any]) -> Iterator[dict[str, Any]]:
    head = {name: each[name] for name in ("seq", "at", "actor", "operation", "version")}
    fields = list(each["changes"].items()) or [("", (None, None))]
    for position, (name, (before, after)) in enumerate(fields):
        blank = dict.fromkeys(head) if position else head
        yield {**blank, "field": name, "before": before, "after": after}
