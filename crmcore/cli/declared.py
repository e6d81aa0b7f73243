"""`crm fields` and `crm plugins`: what is declared here, and by whom."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import click

from crmcore.cli import output, tables
from crmcore.cli.groups import Group
from crmcore.cli.naming import complete_record
from crmcore.cli.options import Command
from crmcore.cli.session import Session, pass_session
from crmcore.domain.catalogue import Catalogue
from crmcore.domain.columns import Column, columns_of
from crmcore.domain.errors import UnknownName
from crmcore.domain.facet import FacetType
from crmcore.domain.record import RecordType

LISTED: Final = ("name", "version", "api", "state", "contributes")


@click.group("fields", cls=Group)
def fields() -> None:
    """Record types and their fields."""


@fields.command("list", cls=Command)
@click.argument("record", metavar="[RECORD]", required=False, shell_complete=complete_record)
@pass_session
def list_fields(session: Session, record: str | None) -> None:
    """List the fields of a record type, or of all: the names that imports, exports and filters know."""
    catalogue = session.crm.catalogue
    types = list(catalogue.records.values()) if record is None else [catalogue.record(record)]
    items = [item for type in types for item in _items(catalogue, type)]
    session.emit({"items": items}, lambda: tables.table(items, most=output.terminal_width()))


def _items(catalogue: Catalogue, type: RecordType) -> Iterator[dict[str, Any]]:
    for column in columns_of(type, catalogue.facets.get(type.name, ())):
        field = column.field
        yield {
            "record": type.name,
            "name": column.name,
            "type": field.kind,
            "plugin": _owner(type, column),
            "index": field.index,
            "unique": field.unique,
            "personal": field.personal,
        }


def _owner(type: RecordType, column: Column) -> str | None:
    holder = column.group.holder if column.group is not None else None
    return holder.name if isinstance(holder, FacetType) else type.plugin


@click.group("plugins", cls=Group)
def plugins() -> None:
    """Active and installed plugins."""


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
