"""Creating what references mean, where the map asks for it: records of one text, which that text finds again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from crmcore.application.importing.finding import Finder, Wanted, searches
from crmcore.application.importing.lookup import name_field
from crmcore.application.importing.refusals import ROW_ERRORS
from crmcore.domain.columns import columns_of
from crmcore.domain.flatten import build
from crmcore.domain.matching import search_key
from crmcore.domain.record import Record, RecordType

if TYPE_CHECKING:
    from crmcore.application.unit import UnitOfWork


def create(unit: UnitOfWork, finder: Finder, wanted: Sequence[Wanted]) -> dict[Wanted, UUID | str]:
    """The ids of new records that have each of these texts and no more, or why there can be none."""
    by_type: dict[str, list[Wanted]] = {}
    for each in wanted:
        by_type.setdefault(each.target, []).append(each)
    return {each: id for name, given in by_type.items() for each, id in _create_of(unit, finder, name, given).items()}


def _create_of(unit: UnitOfWork, finder: Finder, name: str, wanted: Sequence[Wanted]) -> dict[Wanted, UUID | str]:
    type = unit.catalogue.record(name)
    alike: dict[tuple[Any, ...], list[Wanted]] = {}
    for each in wanted:
        alike.setdefault(_same_when(type, each), []).append(each)
    made = {each[0]: unit.kernel.ids.new() for each in alike.values()}
    ids = {each: made[group[0]] for group in alike.values() for each in group}
    try:
        with unit.savepoint():
            unit.records(name).add_many(_minimal(type, id, each) for each, id in made.items())
    except ROW_ERRORS as error:
        if len(wanted) == 1:
            return {wanted[0]: f"it cannot be created: {error}"}
        return {each: made for one in wanted for each, made in _create_of(unit, finder, name, [one]).items()}
    for each, id in ids.items():
        finder.remember(each, id)
    return dict(ids)


def _same_when(type: RecordType, wanted: Wanted) -> tuple[Any, ...]:
    """What texts share that would find the record which one of them makes."""
    name = name_field(type)
    search = searches(type).get(wanted.match or (name.name if name is not None else ""))
    return wanted.match, wanted.source, search_key(search, wanted.text) or wanted.text if search else wanted.text


def _minimal(type: RecordType, id: UUID, wanted: Wanted) -> Record:
    """A record that its text finds again: under the field that it is matched by, else as external id and name."""
    name = name_field(type)
    given: dict[str, Any] = {"id": id, "source": wanted.source}
    if wanted.match in (None, "external_id"):
        given["external_id"] = wanted.text
    if name is not None and (wanted.match is None or name.required):
        given[name.name] = wanted.text
    if wanted.match is not None and wanted.match != "id":
        given[wanted.match] = wanted.text
    return build(columns_of(type), given)
