"""`crm plugins list` and `crm plugins show`: they work also where a plugin does not."""

from __future__ import annotations

from typing import Any, Final

import click

from crmcore.cli import output, tables
from crmcore.cli.options import Command
from crmcore.cli.session import Session, pass_session
from crmcore.domain.errors import UnknownName

LISTED: Final = ("name", "version", "api", "state", "contributes")


@click.command("list", cls=Command)
@pass_session
def list_plugins(session: Session) -> None:
    """List plugins with their state and what they contribute: those of the database, and those that are installed."""
    items = [{name: each[name] for name in LISTED} for each in session.plugins()]
    rows = [{**each, "contributes": _short(each["contributes"])} for each in items]
    session.emit({"items": items}, lambda: tables.table(rows, most=output.terminal_width()) or "no plugin is installed")


@click.command("show", cls=Command)
@click.argument("name", metavar="NAME")
@pass_session
def show_plugin(session: Session, name: str) -> None:
    """Show one plugin: where it comes from, what it contributes, and why it failed if it did."""
    known = {each["name"]: each for each in session.plugins()}
    if name not in known:
        raise UnknownName("plugin", name, known)
    session.emit({"items": [known[name]]}, lambda: _sheet(known[name]))


def _sheet(plugin: dict[str, Any]) -> str:
    trace = plugin.get("traceback", "")
    most = output.terminal_width()
    shown = tables.sheet({k: v for k, v in plugin.items() if k not in ("contributes", "traceback")}, most)
    contributes = tables.table(_contributed(plugin["contributes"]), most=most)
    return "\n\n".join(each for each in (shown, contributes and f"CONTRIBUTES\n{contributes}", trace) if each).rstrip()


def _contributed(contributes: dict[str, Any]) -> list[dict[str, Any]]:
    """A row for each thing that a plugin contributes."""
    rows = []
    for kinds, things in contributes.items():
        kind = kinds.replace("_", " ").removesuffix("s")
        for each in things:
            told = each if isinstance(each, dict) else {"record": each}
            rows.append({"kind": kind, "name": told["record"], "fields": told.get("fields", ())})
    return rows


def _short(contributes: dict[str, Any]) -> str:
    names = [each["record"] for each in contributes.get("record_types", ())]
    names += [field for each in contributes.get("facets", ()) for field in each["fields"]]
    return ", ".join([*names, *contributes.get("workflows", ()), *contributes.get("extensions", ())])
