"""What stands in a database, row by row, also where the plugin that declared it is switched off."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias
from uuid import UUID

from crmcore.application.merging.following import targets
from crmcore.crm import Crm
from crmcore.domain.bound import BoundQuery
from crmcore.domain.catalogue import Catalogue
from crmcore.domain.copying import evolve
from crmcore.domain.privacy.belonging import PERSON
from crmcore.domain.record import Record
from crmcore.ports.moving import Reference

Rows: TypeAlias = Mapping[tuple[str, UUID], Record]
Where: TypeAlias = tuple[str, UUID, str]
"""A reference: the record type, the record, the name of the field."""


def references(catalogue: Catalogue, plugin: str) -> list[Reference]:
    """The references to customers that a plugin declares, in its records, their parts and its facets."""
    found = [Reference(*each) for each in catalogue.references_to(PERSON)]
    return [r for r in found if r.holder.plugin == plugin or r.place == f"facet:{plugin}"]


def rows(crm: Crm) -> Rows:
    """Every record but those of crmcore's own, with its facets, as it stands; versions and times of records count on
    and are left out."""
    with crm.work("author") as work:
        types = [type for type in work.catalogue.records.values() if not type.options.system]
        found = {}
        for type in types:
            facets = tuple(work.catalogue.facets.get(type.name, ()))
            for each in work.transaction.select(BoundQuery(type=type, facets=facets)):
                found[type.name, each.record.id] = evolve(each.record, version=1, changed_at=None)
    return found


def differing(before: Rows, after: Rows) -> list[str]:
    """What is not as it was: gone, new, or the names of the fields that differ."""
    names = sorted(before.keys() | after.keys(), key=str)
    return [text for each in names for text in _differing(each[0], before.get(each), after.get(each))]


def _differing(name: str, before: Any, after: Any) -> Iterator[str]:
    if before is None or after is None:
        yield f"{name} is {'new' if before is None else 'gone'}"
        return
    for field in type(before).__attrs_attrs__:
        was, now = getattr(before, field.name), getattr(after, field.name)
        if field.name == "facets":
            was, now = _named(was), _named(now)
        if was != now:
            yield f"{name}.{field.name}: {was!r} became {now!r}"


def _named(facets: Mapping[Any, Any]) -> dict[str, str]:
    """Facets as texts by the names of their classes, which are others after a plugin was disabled and enabled."""
    return {cls.__name__: repr(facet) for cls, facet in facets.items() if facet is not None}


def pointing(crm: Crm, plugin: str, customers: Iterable[UUID]) -> set[Where]:
    """The references of a plugin that point at any of these customers."""
    wanted, found = set(customers), rows(crm)
    with crm.work("author") as work:
        return {
            (name, id, reference.name)
            for reference in references(work.catalogue, plugin)
            for (name, id), record in found.items()
            if name == reference.holder.name and wanted.intersection(targets(work, reference, record))
        }
