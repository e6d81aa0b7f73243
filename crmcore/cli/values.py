"""FIELD=VALUE as typed values: read as an import reads a row, references looked up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from crmcore.adapters.serialization.schemas import RowSchemas
from crmcore.application import reading
from crmcore.cli.naming import found_id
from crmcore.domain.errors import AmbiguousMatch, CrmError, InvalidRecord, InvalidValue, NotFound, UnknownName
from crmcore.domain.reading import shorten
from crmcore.domain.record import RecordType
from crmcore.ports.codec import Rules, Unresolved

if TYPE_CHECKING:
    from crmcore.application.unit import UnitOfWork

STAMPED: Final = frozenset({"version", "created_at", "changed_at"})
KNOWN_BY: Final = ("external_id", "code", "email", "name")


def read_values(
    work: UnitOfWork, type: RecordType, given: Mapping[str, str | list[str]], *, changing: bool = False
) -> dict[str, Any]:
    """The typed values by column; with `changing` an empty text takes a value away and nothing is required.

    Raises InvalidRecord with every value that does not fit, UnknownName for a field that is not there.
    """
    kernel, hidden = work.kernel, work.rule(type).hidden
    rules = Rules(zone=kernel.zone, currency=kernel.currency, hidden=hidden, partial=changing, clear=changing)
    schemas = RowSchemas(work.catalogue)
    columns = schemas.columns(type).visible(hidden)
    for name in given:
        if name not in columns.by_name:
            raise columns.unknown(name)
    row = schemas.read(type, given, rules=rules)
    problems = {each.field: each.reason for each in row.problems}
    fixed = STAMPED | {"id"} if changing else STAMPED
    problems.update((name, "is set by crmcore itself") for name in given if name in fixed)
    typed = {n: _resolved(work, columns.by_name[n].field.target, n, v, problems) for n, v in row.values.items()}
    if problems:
        raise InvalidRecord(type.name, problems)
    return typed


def _resolved(work: UnitOfWork, target: str, name: str, value: Any, problems: dict[str, str]) -> Any:
    if not isinstance(value, Unresolved):
        return value
    try:
        return _found(work, work.catalogue.record(target), value.text)
    except (NotFound, AmbiguousMatch, InvalidValue, UnknownName) as error:
        problems[name] = error.message
        return None


def _found(work: UnitOfWork, type: RecordType, text: str) -> Any:
    if "=" in text:
        return found_id(work, type, text)
    for name in KNOWN_BY:
        found = _by(work, type, name, text)
        if found is not None:
            return found
    raise NotFound(f"there is no {type.name} {shorten(text)}: give its id, external_id or name", record=type.name)


def _by(work: UnitOfWork, type: RecordType, name: str, text: str) -> Any:
    try:
        found = reading.find(work, type, {name: text}, ())
    except UnknownName:
        return None
    except AmbiguousMatch as error:
        raise AmbiguousMatch(f"{error.message}, or as FIELD=VALUE", **error.details) from None
    except CrmError:
        return None
    return None if found is None else found.id
