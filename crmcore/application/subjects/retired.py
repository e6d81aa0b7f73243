"""What retired plugins keep about persons: their tables are put aside, and read outside of any unit of work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias
from uuid import UUID

import attrs

from crmcore.application.session import Session
from crmcore.application.subjects.belongings import Search
from crmcore.domain.catalogue import Catalogue
from crmcore.domain.dormant import Belongings, belongings
from crmcore.domain.facet import FacetType
from crmcore.domain.field import Field
from crmcore.domain.privacy.belonging import PERSON, Belonging, belonging
from crmcore.domain.record import RecordType
from crmcore.ports.retiring import PluginTables, Row
from crmcore.ports.stamp import Stamp

Ids: TypeAlias = dict[str, set[str]]


@attrs.frozen(eq=False)
class Kept:
    """A row of a table that is put aside: `type` is the record type that it is or was of, `place` the name of a part,
    `facet:NAME`, or "" (the record itself, or the elements of a set)."""

    plugin: str
    table: str
    type: RecordType
    place: str
    row: Row


@attrs.frozen(eq=False)
class _Table:
    """What a table holds: rows that are somebody's by the column `owner`, and what in them refers further."""

    type: RecordType
    place: str
    owner: str
    routes: tuple[tuple[str, str], ...] = ()


def retired_plugins(stamp: Stamp | None) -> list[Belongings]:
    """What is put aside in this database, by plugin."""
    known = stamp.known if stamp else {}
    return [belongings(name, each.described) for name, each in sorted(known.items()) if each.state == "retired"]


def ids_for(unit: Session, persons: Sequence[UUID], retired: Sequence[Belongings]) -> Ids:
    """The ids of the records that are theirs, as far as retired tables refer to such: to be asked for in the unit of
    work, before the tables are read."""
    found: Ids = {PERSON: {str(each) for each in persons}}
    search = Search(unit, tuple(persons), True)
    for name in {name for own in retired for name in _referred(unit.catalogue, own)} & set(search.ways) - {PERSON}:
        found[name] = {str(record.id) for chunk in search.records(search.ways[name]) for record in chunk}
    return found


def kept_rows(catalogue: Catalogue, tables: PluginTables, retired: Sequence[Belongings], ids: Ids) -> list[Kept]:
    """The rows that are theirs of tables that are put aside; `ids` are those of `ids_for`. Not inside a unit of work:
    whoever reads such tables is alone on the database."""
    return [kept for own in retired for kept in _rows(catalogue, tables, own, {n: set(i) for n, i in ids.items()})]


def _rows(catalogue: Catalogue, tables: PluginTables, own: Belongings, ids: Ids) -> Iterator[Kept]:
    known = _tables(_with(catalogue, own), own)
    while _learn(tables.contents(own), known, ids):  # what refers to what was found now may be theirs as well
        pass
    persons = ids[PERSON]
    for name, rows in tables.contents(own):
        if (table := known.get(name)) is None:
            continue
        for row in rows:
            is_whole = row.get(table.owner) in ids.get(table.type.name, ())
            if is_whole or any(target == PERSON and row.get(field) in persons for field, target in table.routes):
                yield Kept(own.plugin, name, table.type, table.place, row)


def _learn(contents: Iterator[tuple[str, Iterator[Row]]], known: Mapping[str, _Table], ids: Ids) -> bool:
    """Add the ids of records that are theirs by what they refer to; whether there were new ones."""
    before = sum(map(len, ids.values()))
    for name, rows in contents:
        table = known.get(name)
        if table is None or table.owner != "id" or table.place or not table.routes:
            continue
        for row in rows:
            if any(row.get(field) in ids.get(target, ()) for field, target in table.routes):
                ids.setdefault(table.type.name, set()).add(str(row["id"]))
    return sum(map(len, ids.values())) > before


def _tables(catalogue: Catalogue, own: Belongings) -> dict[str, _Table]:
    """The tables of a plugin by the names under which they are read."""
    ways = {way.type.name: way for way in belonging(catalogue)}
    found: dict[str, _Table] = {}
    for type in own.records:
        way, stem = ways.get(type.name), _stem(type.name)
        found[stem] = _Table(type, "", "id", _routes(way, ""))
        for part in type.parts:
            found[f"{stem}_{part.name}"] = _Table(type, part.name, "owner", _routes(way, part.name))
        found |= {f"{stem}_{name}": _Table(type, "", "owner") for name in _sets(type.fields)}
    for facet in own.facets:
        owner, place, stem = catalogue.record(facet.record), f"facet:{facet.name}", _facet_stem(facet)
        found[stem] = _Table(owner, place, "id", _routes(ways.get(owner.name), place))
        found |= {f"{stem}_{name}": _Table(owner, place, "owner") for name in _sets(facet.fields)}
    return found


def _routes(way: Belonging | None, place: str) -> tuple[tuple[str, str], ...]:
    routes = (*way.routes, *way.passages) if way else ()
    return tuple((route.field.name, route.target) for route in routes if route.place == place)


def _referred(catalogue: Catalogue, own: Belongings) -> set[str]:
    """The record types of others to which rows of a plugin belong."""
    ways = {way.type.name: way for way in belonging(_with(catalogue, own))}
    routes = (route for each in own.records if each.name in ways for route in ways[each.name].routes)
    return {route.target for route in routes} | {facet.record for facet in own.facets}


def _with(catalogue: Catalogue, own: Belongings) -> Catalogue:
    """The catalogue as it would be with a retired plugin."""
    facets: dict[str, tuple[FacetType, ...]] = dict(catalogue.facets)
    for each in own.facets:
        facets[each.record] = (*facets.get(each.record, ()), each)
    return attrs.evolve(catalogue, records={**catalogue.records, **{r.name: r for r in own.records}}, facets=facets)


def _sets(fields: Sequence[Field]) -> list[str]:
    return [field.name for field in fields if field.kind == "choices"]


def _stem(name: str) -> str:
    return name.replace(".", "_")


def _facet_stem(facet: FacetType) -> str:
    return f"{facet.name}_{_stem(facet.record)}"


def plain_kept(kept: Kept, hidden: frozenset[str]) -> dict[str, Any]:
    """A row without what is hidden from the actor, by the names that policies know."""
    prefix = f"{kept.place.removeprefix('facet:')}." if kept.place else ""
    return {name: value for name, value in kept.row.items() if f"{prefix}{name}" not in hidden}
