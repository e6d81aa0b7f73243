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
    fields = [pair for name, (before, after) in each["changes"].items() for pair in _told(name, before, after)]
    for position, (name, before, after) in enumerate(fields or [("", None, None)]):
        blank = dict.fromkeys(head) if position else head
        yield {**blank, "field": name, "before": before, "after": after}


def _told(name: str, before: Any, after: Any) -> Iterator[tuple[str, Any, Any]]:
    """A field's values; of parts and their like, which stand in lists, only what differs in each."""
    old, new = _numbered(before), _numbered(after)
    if old is None or new is None or not (old or new):
        yield name, before, after
        return
    for no in sorted({*old, *new}):
        was, now = old.get(no, {}), new.get(no, {})
        for inner in dict.fromkeys((*was, *now)):
            if was.get(inner) != now.get(inner):
                yield f"{name} {no} {inner}", was.get(inner), now.get(inner)


def _numbered(side: Any) -> dict[int, dict[str, Any]] | None:
    """Parts by number, None for any other value; a side that is missing is as one without parts."""
    if side is None:
        return {}
    if not isinstance(side, list) or not all(isinstance(each, dict) and "no" in each for each in side):
        return None
    return {each["no"]: {name: value for name, value in each.items() if name != "no"} for each in side}
