"""FIELD=VALUE as typed values: read as an import reads a row, references looked up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from crmcore.adapters.serialization.schemas import RowSchemas
from crmcore.application.importing.finding import Finder, Wanted, ways
from crmcore.cli.naming import found_id
from crmcore.domain.errors import AmbiguousMatch, InvalidRecord, InvalidValue, NotFound, UnknownName
from crmcore.domain.reading import shorten
from crmcore.domain.record import RecordType
from crmcore.ports.codec import Rules, Unresolved

if TYPE_CHECKING:
    from crmcore.application.unit import UnitOfWork

STAMPED: Final = frozenset({"version", "created_at", "changed_at"})


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


def _found(work: UnitOfWork, type: RecordType, text: str) -> UUID:
    """The record that a text means, found as an import finds it, or as FIELD=VALUE."""
    if "=" in text:
        return found_id(work, type, text)
    wanted = Wanted(type.name, None, None, text)
    ids = Finder(work).find([wanted]).get(wanted, ())
    if not ids:
        by = ", ".join(ways(type))
        raise NotFound(f"there is no {type.name} {shorten(text)} by {by}", record=type.name)
    if len(ids) > 1:
        raise AmbiguousMatch(f"{shorten(text)} may be any of {', '.join(map(str, ids))}: give an id", record=type.name)
    return ids[0]
