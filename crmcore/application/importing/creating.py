"""Creating what references mean, where the map asks for it: records of one text, which that text finds again, with
what else the map takes from the row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from crmcore.application.importing.finding import Finder, Wanted, searches
from crmcore.application.importing.lookup import name_field
from crmcore.application.importing.refusals import ROW_ERRORS
from crmcore.domain.columns import Columns, columns_of
from crmcore.domain.flatten import build
from crmcore.domain.matching import search_key
from crmcore.domain.record import Record, RecordType

if TYPE_CHECKING:
    from crmcore.application.unit import UnitOfWork


Given = Mapping[Wanted, Mapping[str, Any]]
"""What is wanted, each with the further values of its record."""


def create(unit: UnitOfWork, finder: Finder, wanted: Given) -> dict[Wanted, UUID | str]:
    """The ids of new records that have each of these texts and these values, or why there can be none."""
    by_type: dict[str, dict[Wanted, Mapping[str, Any]]] = {}
    for each, more in wanted.items():
        by_type.setdefault(each.target, {})[each] = more
    return {each: id for name, given in by_type.items() for each, id in _create_of(unit, finder, name, given).items()}


def _create_of(unit: UnitOfWork, finder: Finder, name: str, wanted: Given) -> dict[Wanted, UUID | str]:
    type = unit.catalogue.record(name)
    alike: dict[tuple[Any, ...], list[Wanted]] = {}
    for each in wanted:
        alike.setdefault(_same_when(type, each), []).append(each)
    made = {each[0]: unit.kernel.ids.new() for each in alike.values()}
    ids = {each: made[group[0]] for group in alike.values() for each in group}
    try:
        with unit.savepoint():
            columns = columns_of(type, unit.catalogue.facets.get(name, ()))
            unit.records(name).add_many(_made(columns, id, each, wanted[each]) for each, id in made.items())
    except ROW_ERRORS as error:
        if len(wanted) == 1:
            return dict.fromkeys(wanted, f"it cannot be created: {error}")
        singly = (_create_of(unit, finder, name, {one: more}) for one, more in wanted.items())
        return {each: outcome for outcomes in singly for each, outcome in outcomes.items()}
    for each, id in ids.items():
        finder.remember(each, id)
    return dict(ids)


def _same_when(type: RecordType, wanted: Wanted) -> tuple[Any, ...]:
    """What texts share that would find the record which one of them makes."""
    name = name_field(type)
    search = searches(type).get(wanted.match or (name.name if name is not None else ""))
    return wanted.match, wanted.source, search_key(search, wanted.text) or wanted.text if search else wanted.text


def _made(columns: Columns, id: UUID, wanted: Wanted, more: Mapping[str, Any]) -> Record:
    """A record that its text finds again: under the field that it is matched by, else as external id and name."""
    name = name_field(columns.type)
    given: dict[str, Any] = {**more, "id": id, "source": wanted.source}
    if wanted.match in (None, "external_id"):
        given["external_id"] = wanted.text
    if name is not None and (wanted.match is None or name.required):
        given.setdefault(name.name, wanted.text)
    if wanted.match is not None and wanted.match != "id":
        given[wanted.match] = wanted.text
    return build(columns, given)
