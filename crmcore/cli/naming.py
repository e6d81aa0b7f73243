"""RECORD and ID as the command line names them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from crmcore.application import reading
from crmcore.domain.errors import AmbiguousMatch, InvalidValue, NotFound, UnknownName
from crmcore.domain.label import label_of
from crmcore.domain.reading import shorten
from crmcore.domain.record import RecordType
from crmcore.domain.records import CORE

if TYPE_CHECKING:
    from crmcore.application.unit import UnitOfWork


def complete_record(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The names of record types for the shell; no database is opened for them."""
    names = [cls.__crm__.name for cls in CORE if cls.__crm__]
    return [name for name in names if name.startswith(incomplete)]


record_argument = click.argument("record", metavar="RECORD", shell_complete=complete_record)
id_argument = click.argument("id", metavar="ID")
source_option = click.option("--source", metavar="S", help="The system of origin, where ID is external_id=VALUE.")


def found_id(work: UnitOfWork, type: RecordType, text: str, source: str | None = None) -> UUID:
    """The id of the record that `text` names: the id itself (of a record that may be gone), or FIELD=VALUE over a
    unique field or contact point.

    Raises NotFound, UnknownName, InvalidValue, and AmbiguousMatch with those that fit.
    """
    name, equals, value = text.partition("=")
    if not equals:
        return _read_id(type, text)
    return _found(work, type, name.strip(), value, source)


def _read_id(type: RecordType, text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise InvalidValue(
            f"{shorten(text)} is no id: give that of the {type.name}, or FIELD=VALUE such as external_id=42", value=text
        ) from None


def _found(work: UnitOfWork, type: RecordType, name: str, value: str, source: str | None) -> UUID:
    known = work.binder().visible_names(type)
    if name not in known:
        raise UnknownName("field", name, known, type.name)
    unique = {name: value} if source is None else {name: value, "source": source}
    try:
        found = reading.find(work, type, dict(unique), ())
    except AmbiguousMatch as error:
        raise _listing(work, type, error) from None
    if found is None:
        raise NotFound(f"there is no {type.name} with {name} {shorten(value)}", record=type.name, **unique)
    return found.id


def _listing(work: UnitOfWork, type: RecordType, error: AmbiguousMatch) -> AmbiguousMatch:
    """The error with what a person knows the records by."""
    ids: Any = error.details.get("ids", [])
    records = [work.records(type.name).get(UUID(id)) for id in ids]
    items = [{"id": str(each.id), "label": label_of(type, each)} for each in records]
    return AmbiguousMatch(error.message, **{**error.details, "items": items})
