"""`crm plugins`: the plugins that are active here, and what they contribute."""

from __future__ import annotations

from typing import Any, Final

import click

from crmcore.cli import output, tables
from crmcore.cli.groups import Group
from crmcore.cli.migrating import migrate
from crmcore.cli.options import Command
from crmcore.cli.session import Session, pass_session
from crmcore.cli.why import why
from crmcore.domain.errors import UnknownName

LISTED: Final = ("name", "version", "api", "state", "contributes")


@click.group("plugins", cls=Group)
def plugins() -> None:
    """Active and installed plugins."""


plugins.add_command(why)
plugins.add_command(migrate)


@plugins.command("list", cls=Command)
@pass_session
def list_plugins(session: Session) -> None:
    """List the plugins that are active here and those that are installed."""
    items = [{name: each[name] for name in LISTED} for each in session.crm.registry.describe()]
    rows = [{**each, "contributes": _short(each["contributes"])} for each in items]
    session.emit({"items": items}, lambda: tables.table(rows, most=output.terminal_width()) or "no plugin is installed")


@plugins.command("show", cls=Command)
@click.argument("name", metavar="NAME")
@pass_session
def show_plugin(session: Session, name: str) -> None:
    """Show a plugin: where it comes from and what it contributes."""
    known = {each["name"]: each for each in session.crm.registry.describe()}
    if name not in known:
        raise UnknownName("plugin", name, known)
    session.emit({"items": [known[name]]}, lambda: tables.sheet(known[name], output.terminal_width()))


def _short(contributes: dict[str, Any]) -> str:
    names = [each["record"] for each in contributes.get("record_types", ())]
    names += [field for each in contributes.get("facets", ()) for field in each["fields"]]
    return ", ".join([*names, *contributes.get("workflows", ())])
