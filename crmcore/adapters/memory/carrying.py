"""Carrying rows over to the classes of another release: in memory there are no tables, so values go by their names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs

from crmcore.adapters.memory.database import MemoryDatabase
from crmcore.adapters.memory.table import Table, facet_table, record_table
from crmcore.domain.catalogue import CUSTOM, Catalogue
from crmcore.domain.errors import SchemaMismatch
from crmcore.domain.facet import FacetType
from crmcore.domain.part import declared_parts


def carry_over(database: MemoryDatabase, catalogue: Catalogue, distribution: str) -> None:
    """Make the rows of a distribution instances of its declared classes. Fields that are new have their defaults, those
    that are gone are forgotten; `SchemaMismatch` for a new field that has to have a value, and nothing is changed."""
    records, facets = dict(database.records), dict(database.facets)
    for type in catalogue.records.values():
        if (type.plugin or "core") == distribution and type.name in records:
            records[type.name] = _carried(records[type.name], record_table(type), type.cls)
        for facet in catalogue.facets.get(type.name, ()):
            key = (type.name, facet.name)
            if facet.name == distribution and key in facets:
                facets[key] = _carried(facets[key], facet_table(facet), facet.cls)
    database.records, database.facets = records, facets


def follow_plugins(database: MemoryDatabase, catalogue: Catalogue) -> None:
    """Make the rows of plugins instances of the classes that are declared now: one that is switched off has others,
    made of its description. Those that were made by other declarations are left to revisions."""
    made = database.stamp.fingerprints if database.stamp else {}
    for plugin in sorted(_changed(database, catalogue)):
        if made.get(plugin) == catalogue.fingerprint(plugin):
            carry_over(database, catalogue, plugin)


def _changed(database: MemoryDatabase, catalogue: Catalogue) -> set[str]:
    types = ((t.plugin, database.records.get(t.name), t.cls) for t in catalogue.records.values() if t.plugin)
    facets = ((f.name, database.facets.get((f.record, f.name)), f.cls) for f in _facets(catalogue))
    return {plugin for plugin, table, cls in (*types, *facets) if plugin and table is not None and table.cls is not cls}


def _facets(catalogue: Catalogue) -> Iterator[FacetType]:
    return (facet for each in catalogue.facets.values() for facet in each if facet.name != CUSTOM)


def _carried(before: Table[Any], after: Table[Any], cls: type[Any]) -> Table[Any]:
    for id, row in before.rows.items():
        after.put(id, _made(row, cls))
    return after


def _made(row: Any, cls: type[Any]) -> Any:
    """The row as an instance of that class, and its parts as instances of theirs."""
    parts = {part.attribute: part.cls for part in declared_parts(cls)}
    given = dict(_values(row, cls))
    for name, part in parts.items():
        if name in given:
            given[name] = tuple(_made(each, part) for each in given[name])
    return cls(**given)


def _values(row: Any, cls: type[Any]) -> Iterator[tuple[str, Any]]:
    for attribute in attrs.fields(cls):
        if hasattr(row, attribute.name):
            yield attribute.name, getattr(row, attribute.name)
        elif attribute.default is attrs.NOTHING:
            raise SchemaMismatch(
                f"{cls.__name__}.{attribute.name} is new and has no default, so rows in memory cannot be carried over",
                field=attribute.name,
            )
