"""How the rows of a record type are known: which identities there are follows from its declaration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from crmcore.application import reading
from crmcore.application.importing.identities import ByContact, ByExternalId, ById, ByKey, ByName, ByValue, Identity
from crmcore.application.importing.lookup import Lookup
from crmcore.domain.columns import Columns
from crmcore.domain.record import RecordType

if TYPE_CHECKING:
    from crmcore.application.unit import UnitOfWork

CONTACTS: Final = ("email", "phone")


def usual(lookup: Lookup, columns: Columns, origin: str | None) -> list[Identity]:
    """How rows of a record type are known where nothing else is said, best first.

    By id or external id; else by code or, where every record has a name, by that; else by a contact point and the
    name. Which of these there is follows from the declaration.
    """
    type = lookup.type
    found: list[Identity] = [ById(lookup), ByExternalId(lookup, origin)]
    found += [ByKey(lookup, f.name, "code") for f in type.fields if f.search == "code" and f.name in columns.by_name]
    name, contacts = lookup.name, _contacts(type, columns)
    if name is not None and name.required:
        found.append(ByName(lookup, name.name))
    elif name is not None and contacts:
        found.append(ByContact(lookup, name.name, contacts))
    return found


def alone(unit: UnitOfWork, lookup: Lookup, columns: Columns, origin: str | None, name: str) -> Identity:
    """How rows are known by one field alone; it has been checked that records can be found by it."""
    kind = reading.key_kind(unit, lookup.type, name)
    field = lookup.type.field(name)
    if name == "id":
        return ById(lookup)
    if name == "external_id":
        return ByExternalId(lookup, origin)
    if kind is None and field is not None and field.search in ("code", "name"):
        return ByKey(lookup, name, "code") if field.search == "code" else ByName(lookup, name)
    return ByKey(lookup, name, kind) if kind else ByValue(lookup, columns.by_name[name])


def _contacts(type: RecordType, columns: Columns) -> tuple[tuple[str, str], ...]:
    views = [(view.name, view.search) for view in type.options.flats]
    fields = [(field.name, field.search) for field in type.fields]
    return tuple((n, kind) for n, kind in (*views, *fields) if kind in CONTACTS and n in columns.by_name)
