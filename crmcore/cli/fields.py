"""`crm fields`: the fields of record types, and those that administrators add at run time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import click

from crmcore.cli import output, tables
from crmcore.cli.groups import Group
from crmcore.cli.naming import complete_record, record_argument
from crmcore.cli.options import Command
from crmcore.cli.session import Session, pass_session
from crmcore.domain.catalogue import CUSTOM, Catalogue
from crmcore.domain.columns import Column, columns_of
from crmcore.domain.describing import KINDS
from crmcore.domain.errors import InvalidSetting
from crmcore.domain.facet import FacetType
from crmcore.domain.field import Field
from crmcore.domain.record import RecordType

name_argument = click.argument("name", metavar="NAME")


@click.group("fields", cls=Group)
def fields() -> None:
    """Record types and their fields; adding and removing fields while everything runs."""


@fields.command("list", cls=Command)
@click.argument("record", metavar="[RECORD]", required=False, shell_complete=complete_record)
@click.option("--removed", is_flag=True, help="Those that were removed, and whose values are kept until a purge.")
@pass_session
def list_fields(session: Session, record: str | None, removed: bool) -> None:
    """List the fields of a record type, or of all: the names that imports, exports and filters know."""
    catalogue = session.crm.catalogue
    types = list(catalogue.records.values()) if record is None else [catalogue.record(record)]
    if removed:
        items = [item(name, field) for name, field in session.crm.fields.removed(record)]
    else:
        items = [each for type in types for each in _items(catalogue, type)]
    session.emit({"items": items}, lambda: tables.table(items, most=output.terminal_width()) or "no field")


def _items(catalogue: Catalogue, type: RecordType) -> Iterator[dict[str, Any]]:
    for column in columns_of(type, catalogue.facets.get(type.name, ())):
        yield _item(type.name, column.name, column.field, _owner(type, column))


def item(record: str, field: Field) -> dict[str, Any]:
    """A field that was added at run time, as plain values."""
    return _item(record, f"{CUSTOM}.{field.name}", field, CUSTOM)


def _item(record: str, name: str, field: Field, plugin: str | None) -> dict[str, Any]:
    return {
        "record": record,
        "name": name,
        "type": field.kind,
        "plugin": plugin,
        "index": field.index,
        "unique": field.unique,
        "personal": field.personal,
    }


def _owner(type: RecordType, column: Column) -> str | None:
    holder = column.group.holder if column.group is not None else None
    return holder.name if isinstance(holder, FacetType) else type.plugin


def _labels(ctx: click.Context, option: click.Parameter, given: Sequence[str]) -> dict[str, str]:
    pairs = [each.partition("=") for each in given]
    if bad := [language for language, equals, text in pairs if not (language and equals and text)]:
        raise click.BadParameter(f"write LANGUAGE=TEXT, such as en=Size, not {bad[0]!r}", ctx, option)
    return {language: text for language, _, text in pairs}


_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option("--index", is_flag=True, help="Index it: filters and sorting by it stay fast with many records."),
    click.option("--unique", is_flag=True, help="No two records have the same value."),
    click.option("--personal", is_flag=True, help="It tells of a person: erasing the person wipes it."),
    click.option(
        "--length", type=int, metavar="N", help="Most characters of a text (default 255) or of a set's texts."
    ),
    click.option("--scale", type=int, metavar="N", help="Decimal places of a decimal (default 2)."),
    click.option("--option", "options", multiple=True, metavar="TEXT", help="One option of a choice; repeat it."),
    click.option("--target", metavar="RECORD", help="The record type that a reference points at."),
    click.option("--label", multiple=True, callback=_labels, metavar="LANG=TEXT", help="What people read; repeat it."),
)


def _described(command: Any) -> Any:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@fields.command("add", cls=Command)
@record_argument
@name_argument
@click.argument("kind", metavar="TYPE", type=click.Choice(KINDS))
@_described
@pass_session
def add_field(session: Session, /, record: str, name: str, kind: str, **options: Any) -> None:
    """Add a field to a record type, while everything runs. It is called custom.NAME, and may always be missing.

    TYPE is text, integer, decimal, money, boolean, date, datetime, choice, choices (a set), reference or json. A field
    that was removed comes back with its values. Running processes know it from their next unit of work on.
    """
    added = session.crm.fields.add(record, name, kind, **options)
    _answer(session, record, added, "added")


@fields.command("remove", cls=Command)
@record_argument
@name_argument
@pass_session
def remove_field(session: Session, record: str, name: str) -> None:
    """Remove a field that was added at run time. Its values are kept, out of sight, until `crm fields purge`."""
    removed = session.crm.fields.remove(record, name)
    _answer(session, record, removed, "removed; its values are kept until it is purged")


@fields.command("purge", cls=Command)
@record_argument
@name_argument
@click.option("--yes", is_flag=True, help="Do it; without this, only say how many values would go.")
@pass_session
def purge_field(session: Session, record: str, name: str, yes: bool) -> None:
    """Drop a removed field for good, with its values. The history goes on telling of them."""
    own = name.removeprefix(f"{CUSTOM}.")
    full = f"{CUSTOM}.{own}"
    if not yes:
        held = session.crm.fields.held(record, own)
        removed = own in {field.name for _, field in session.crm.fields.removed(record)}
        then = "repeat this with --yes" if removed else f"`crm fields remove {record} {own}` comes first"
        raise InvalidSetting(f"{held} values of {full} of {record} would be lost for good: {then}", values=held)
    lost = session.crm.fields.purge(record, name)
    document = {"record": record, "name": full, "purged": lost}
    session.emit(document, lambda: f"{full} of {record} is purged; {lost} values are gone")


def _answer(session: Session, record: str, field: Field, done: str) -> None:
    session.emit({"items": [item(record, field)]}, lambda: f"{CUSTOM}.{field.name} of {record} is {done}")
