"""`crm plugins doctor`: what observers and jobs of plugins could not do, and another try at it."""

from __future__ import annotations

from typing import Any, Final

import click

from crmcore.cli import output, tables
from crmcore.cli.options import Command
from crmcore.cli.session import Session, pass_session
from crmcore.domain.errors import UnknownName

ALL: Final = "all"
RETRY_SECONDS: Final = 10.0
SHORT: Final = ("plugin", "hook", "state", "what", "attempts", "due", "error")


@click.command("doctor", cls=Command)
@click.option("--retry", metavar="NAME|all", help="Try again now what failed: of one plugin, or of all.")
@click.option("--traceback", "with_traceback", is_flag=True, help="Show where in the plugin each failure arose.")
@pass_session
def doctor(session: Session, retry: str | None, with_traceback: bool) -> None:
    """Show what observers and jobs of plugins could not do: what is tried again (retry), what waits behind that
    (behind), and what was given up until somebody asks for it (parked)."""
    retried = 0 if retry is None else _retry(session, retry)
    items = session.crm.workers.put_aside()
    document: dict[str, Any] = {"ok": not items, "items": items, "retried": retried}
    session.emit(document, lambda: _text(items, with_traceback))


def _retry(session: Session, name: str) -> int:
    """Make what failed due, and work it off."""
    crm = session.crm
    known = {*crm.registry.names, *(each["plugin"] for each in crm.workers.put_aside())}
    if name != ALL and name not in known:
        raise UnknownName("plugin", name, [*known, ALL])
    retried = crm.workers.retry(None if name == ALL else name)
    crm.pump(RETRY_SECONDS)
    return retried


def _text(items: list[dict[str, Any]], with_traceback: bool) -> str:
    if not items:
        return "nothing is waiting, and nothing is parked"
    rows = [{name: row[name] for name in SHORT} for row in map(_short, items)]
    shown = tables.table(rows, most=output.terminal_width())
    causes = [each["traceback"] for each in items if with_traceback and each["traceback"]]
    return "\n\n".join([shown, *causes])


def _short(item: dict[str, Any]) -> dict[str, Any]:
    """What it was about, in one column."""
    event = f"{item.get('position')} {item.get('record')} {item.get('id')}"
    return {**item, "what": item.get("period") or event}
