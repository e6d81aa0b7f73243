"""Altering the fields of a facet in memory: its rows become instances of another class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import attrs

from crmcore.adapters.memory.database import MemoryDatabase
from crmcore.adapters.memory.table import Table, facet_table
from crmcore.domain.catalogue import Catalogue
from crmcore.domain.errors import UnknownName
from crmcore.domain.facet import Facet, FacetType
from crmcore.domain.field import declared_fields


def adopt(database: MemoryDatabase, facet: FacetType) -> None:
    """Make the rows of a facet's table instances of its class; values of fields that it has not are kept, hidden."""
    before, after = database.facets[facet.record, facet.name], facet_table(facet)
    for id in before.rows:
        values = _values(before, id)
        given = {f.name: values.pop(f.name) for f in facet.fields if f.name in values}
        after.put(id, facet.cls(version=before.rows[id].version, **given))
        if values:
            after.hidden[id] = values
    database.facets[facet.record, facet.name] = after


def _values(table: Table[Facet], id: UUID) -> dict[str, Any]:
    """What a row holds, hidden or not, without what is missing or empty."""
    row = table.rows[id]
    held = {f.name: getattr(row, f.name) for f in declared_fields(type(row))}
    return {**table.hidden.get(id, {}), **_filled(held)}


def _filled(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None and value != frozenset()}


class MemoryAlteration:
    """Implements `ports.storage.Alteration`, for whoever has the turn."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    def setting(self, key: str) -> str | None:
        """A value that the core keeps about this database, or None."""
        return self._database.settings.get(key)

    def put_setting(self, key: str, value: str) -> None:
        """Keep such a value."""
        self._database.settings[key] = value

    def fit(self, catalogue: Catalogue, record: str, facet: str) -> None:
        """Make the facet's table, or its rows instances of the declared class."""
        declared = _declared(catalogue, record, facet)
        if (record, facet) in self._database.facets:
            adopt(self._database, declared)
        else:
            self._database.facets[record, facet] = facet_table(declared)

    def count(self, catalogue: Catalogue, record: str, facet: str, field: str) -> int:
        """How many records have a value of the field."""
        table = self._database.facets.get((record, facet))
        return 0 if table is None else sum(1 for id in table.rows if field in _values(table, id))

    def drop(self, catalogue: Catalogue, record: str, facet: str, field: str) -> None:
        """Forget the values of a field; all of the facet, if it has no other."""
        declared = _declared(catalogue, record, facet)
        others = tuple(f for f in declared.fields if f.name != field)
        if not others:
            self._database.facets.pop((record, facet), None)
        elif (record, facet) in self._database.facets:
            adopt(self._database, attrs.evolve(declared, fields=others))
            for values in self._database.facets[record, facet].hidden.values():
                values.pop(field, None)


def _declared(catalogue: Catalogue, record: str, facet: str) -> FacetType:
    declared = catalogue.facet(catalogue.record(record), facet)
    if declared is None:
        raise UnknownName("facet", facet, (f.name for f in catalogue.facets.get(record, ())), record)
    return declared
