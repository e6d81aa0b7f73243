"""`crm timeline`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from crmcore.application.contributing.asking import Missing
from crmcore.application.contributing.entries import Told
from crmcore.application.timeline import Entry
from crmcore.application.timeline import timeline as timeline_of
from crmcore.cli import channels, output, tables
from crmcore.cli.listing import after_option, limit_option
from crmcore.cli.naming import found_id, source_option
from crmcore.cli.options import Command
from crmcore.cli.records import Face
from crmcore.cli.session import Session, pass_session
from crmcore.domain.kinds import plain_datetime
from crmcore.domain.label import label_of

if TYPE_CHECKING:
    from crmcore.application.unit import UnitOfWork

SHOWN = ("at", "type", "label", "direction", "outcome", "status", "total")


def entries(work: UnitOfWork, found: Sequence[Entry | Told]) -> list[dict[str, Any]]:
    """Timeline entries as plain values: type, id, time and label, and the record's own fields; of what a plugin tells,
    its name, and the record that it is about."""
    return [_told(each) if isinstance(each, Told) else _entry(work, each) for each in found]


def _told(entry: Told) -> dict[str, Any]:
    return {
        "type": f"{entry.plugin}.{entry.kind}",
        "id": str(entry.id),
        "at": plain_datetime(entry.at),
        "label": entry.title,
        "plugin": entry.plugin,
        "record": {"type": entry.about[0], "id": str(entry.about[1])} if entry.about else None,
    }


def _entry(work: UnitOfWork, entry: Entry) -> dict[str, Any]:
    head = {
        "type": entry.type.name,
        "id": str(entry.record.id),
        "at": plain_datetime(entry.at),
        "label": label_of(entry.type, entry.record),
    }
    return {**head, **{n: v for n, v in Face(work, entry.type).flat(entry.record).items() if n not in head}}


def missing(found: Sequence[Missing]) -> dict[str, Any]:
    """Who is missing from what is shown, as a part of a document; nothing if nobody is."""
    return {"missing": [each.plain() for each in found]} if found else {}


def shown(items: list[dict[str, Any]]) -> str:
    """The entries as a table."""
    return tables.table([{n: each.get(n) for n in SHOWN} for each in items], most=output.terminal_width())


@click.command("timeline", cls=Command)
@click.argument("customer", metavar="CUSTOMER")
@limit_option
@after_option
@source_option
@pass_session
def timeline(session: Session, customer: str, limit: int, after: str | None, source: str | None) -> None:
    """List what happened with a customer, newest first: orders, interactions, and what plugins add."""
    with session.work() as work:
        id = found_id(work, work.catalogue.record("customer"), customer, source)
        page = timeline_of(work, id, limit, after)
        items = entries(work, page.items)
        told = channels.labelled(work, items)
    session.emit({"items": items, "next": page.next, **missing(page.missing)}, lambda: shown(told))
    if not session.json and page.next:
        session.note(f"there are more: --after {page.next}")
    if page.missing:
        names = ", ".join(each.plugin for each in page.missing)
        session.note(f"what these plugins tell is missing, because they failed: {names}")
