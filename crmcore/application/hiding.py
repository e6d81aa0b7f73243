"""Taking out of records and their history what a policy hides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crmcore.domain.catalogue import Catalogue
from crmcore.domain.copying import evolve
from crmcore.domain.facet import Facet
from crmcore.domain.record import Flat, Record, RecordType


def blank(catalogue: Catalogue, type: RecordType, record: Record, hidden: frozenset[str]) -> Record:
    """The record with hidden fields missing, hidden parts gone and hidden facets as if there were none."""
    changes: dict[str, Any] = {}
    for field in type.fields:
        if field.name in hidden and field.name not in ("id", "version"):
            changes[field.name] = frozenset() if field.kind == "choices" else None
    for part in type.parts:
        held = getattr(record, part.attribute)
        if part.attribute in hidden or part.name in hidden:
            changes[part.attribute] = ()
        elif views := hidden_views(type, part.name, hidden):
            changes[part.attribute] = tuple(p for each in held if (p := _blank_part(each, views)) is not None)
    facets = {cls: _blank_facet(catalogue, type, cls, value, hidden) for cls, value in record.facets.items()}
    return evolve(record, **changes, facets=facets)


def hidden_views(type: RecordType, part: str, hidden: frozenset[str]) -> tuple[Flat, ...]:
    """The hidden flat names that look at this part."""
    return tuple(f for f in type.options.flats if f.name in hidden and f.part == part)


def _blank_part(part: Any, views: tuple[Flat, ...]) -> Any:
    """A part that a hidden name picks out by its kind goes as a whole; else only the named field goes."""
    for view in views:
        if view.where or view.many:
            if all(getattr(part, name) == value for name, value in view.where.items()):
                return None
        else:
            part = evolve(part, **{view.field: None})
    return part


def _blank_facet(
    catalogue: Catalogue, type: RecordType, cls: type[Facet], value: Facet | None, hidden: frozenset[str]
) -> Facet | None:
    facet = catalogue.facet_of(cls, type)
    if value is None or facet.name in hidden:
        return None
    gone = {f.name: None for f in facet.fields if facet.dotted(f) in hidden}
    return evolve(value, **gone) if gone else value


def hide_in_history(type: RecordType, values: Mapping[str, list[Any]], hidden: frozenset[str]) -> dict[str, list[Any]]:
    """The [before, after] pairs that may be seen."""
    kept: dict[str, list[Any]] = {}
    for name, pair in values.items():
        part = next((p for p in type.parts if p.attribute == name), None)
        if name in hidden or name.partition(".")[0] in hidden or (part is not None and part.name in hidden):
            continue
        views = hidden_views(type, part.name, hidden) if part else ()
        kept[name] = [_hide_parts(side, views) for side in pair] if views else list(pair)
    return {name: pair for name, pair in kept.items() if pair[0] != pair[1]}


def _hide_parts(side: list[dict[str, Any]] | None, views: tuple[Flat, ...]) -> list[dict[str, Any]] | None:
    if side is None:
        return None
    whole = [v for v in views if v.where or v.many]
    fields = {v.field for v in views if not (v.where or v.many)}
    return [
        {name: value for name, value in part.items() if name not in fields}
        for part in side
        if not any(all(part.get(n) == x for n, x in view.where.items()) for view in whole)
    ]
