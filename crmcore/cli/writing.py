"""`crm add`, `crm change` and `crm remove`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from crmcore.cli import output, tables
from crmcore.cli.naming import found_id, id_argument, record_argument, source_option
from crmcore.cli.options import Command
from crmcore.cli.records import Face
from crmcore.cli.session import Session, pass_session
from crmcore.cli.values import read_values
from crmcore.domain import flatten
from crmcore.domain.record import RecordType

if TYPE_CHECKING:
    from crmcore.application.unit import UnitOfWork


def _pairs(ctx: click.Context, param: click.Parameter, given: tuple[str, ...]) -> dict[str, str | list[str]]:
    """The values by field; a field that is given again has several."""
    values: dict[str, str | list[str]] = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals or not name.strip():
            raise click.BadParameter(f"{each!r} is not FIELD=VALUE", ctx, param)
        known = values.get(name.strip())
        if known is not None:
            values[name.strip()] = [*([known] if isinstance(known, str) else known), value]
        else:
            values[name.strip()] = value
    return values


values_argument = click.argument("values", metavar="FIELD=VALUE...", nargs=-1, required=True, callback=_pairs)


@click.command("add", cls=Command)
@record_argument
@values_argument
@pass_session
def add(session: Session, record: str, values: dict[str, str | list[str]]) -> None:
    """Add a record.

    Values are read as an import reads them. References are given by id, external_id, code or name, or as
    FIELD=VALUE (owner=email=sara@example.com). A field that holds several values may be given several times.
    """
    with session.work() as work:
        type = work.catalogue.record(record)
        typed = read_values(work, type, values)
        made = flatten.build(Face(work, type).columns, typed)
        document = stored(work, type, work.records(record).add(made).id)
    _answer(session, document)


@click.command("change", cls=Command)
@record_argument
@id_argument
@values_argument
@click.option("--version", type=click.IntRange(1), metavar="N", help="Only if the record is still at this version.")
@source_option
@pass_session
def change(
    session: Session,
    record: str,
    id: str,
    values: dict[str, str | list[str]],
    version: int | None,
    source: str | None,
) -> None:
    """Change a record. An empty value (FIELD=) takes the old one away.

    Values are read as in `crm add`. A facet's field is dotted: loyalty.tier=gold.
    """
    with session.work() as work:
        type = work.catalogue.record(record)
        found = found_id(work, type, id, source)
        typed = read_values(work, type, values, changing=True)
        work.records(record).change(found, version=version, **typed)
        document = stored(work, type, found)
    _answer(session, document)


@click.command("remove", cls=Command)
@record_argument
@id_argument
@click.option("--version", type=click.IntRange(1), metavar="N", help="Only if the record is still at this version.")
@source_option
@pass_session
def remove(session: Session, record: str, id: str, version: int | None, source: str | None) -> None:
    """Remove a record that nothing refers to. Its history stays: `crm history` shows what it was."""
    with session.work() as work:
        type = work.catalogue.record(record)
        found = found_id(work, type, id, source)
        document = stored(work, type, found)
        work.records(record).remove(found, version=version)
    _answer(session, document)


def stored(work: UnitOfWork, type: RecordType, id: UUID) -> dict[str, Any]:
    """The record as it is stored now, as plain values."""
    face = Face(work, type)
    return face.flat(work.records(type.name).get(id, with_=face.facets))


def _answer(session: Session, document: dict[str, Any]) -> None:
    session.emit(document, lambda: tables.sheet(document, output.terminal_width()))
    session.pump()
