"""Taking out of records and their history what a policy hides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from crmcore.domain.catalogue import Catalogue
from crmcore.domain.copying import evolve
from crmcore.domain.errors import DuplicateValue
from crmcore.domain.facet import Facet
from crmcore.domain.part import Part, PartType
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
        elif held:
            changes[part.attribute] = _seen_parts(type, part, held, hidden)
    facets = {cls: _blank_facet(catalogue, type, cls, value, hidden) for cls, value in record.facets.items()}
    return evolve(record, **changes, facets=facets)


def hidden_views(type: RecordType, part: str, hidden: frozenset[str]) -> tuple[Flat, ...]:
    """The hidden flat names that look at this part."""
    return tuple(f for f in type.options.flats if f.name in hidden and f.part == part)


def _picking(type: RecordType, part: str, hidden: frozenset[str]) -> list[Flat]:
    """The hidden flat names that pick parts out by their kind: those go as a whole."""
    return [view for view in hidden_views(type, part, hidden) if view.where or view.many]


def _gone(type: RecordType, part: PartType, hidden: frozenset[str]) -> dict[str, None]:
    """The fields that are hidden in all parts of this type: by a flat name without conditions, or by their own."""
    plain = {view.field for view in hidden_views(type, part.name, hidden) if not (view.where or view.many)}
    return {f.name: None for f in part.fields if f.name in plain or f"{part.name}.{f.name}" in hidden}


def _seen_parts(type: RecordType, part: PartType, held: tuple[Part, ...], hidden: frozenset[str]) -> tuple[Part, ...]:
    picking, gone = _picking(type, part.name, hidden), _gone(type, part, hidden)
    kept = (p for p in held if not any(all(getattr(p, n) == x for n, x in view.where.items()) for view in picking))
    return tuple(evolve(each, **gone) if gone else each for each in kept)


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
        kept[name] = [_hide_parts(type, part, side, hidden) for side in pair] if part else list(pair)
    return {name: pair for name, pair in kept.items() if pair[0] != pair[1]}


def _hide_parts(
    type: RecordType, part: PartType, side: list[dict[str, Any]] | None, hidden: frozenset[str]
) -> list[dict[str, Any]] | None:
    if side is None:
        return None
    picking, gone = _picking(type, part.name, hidden), _gone(type, part, hidden)
    seen = [
        {name: value for name, value in each.items() if name not in gone}
        for each in side
        if not any(all(each.get(n) == x for n, x in view.where.items()) for view in picking)
    ]
    return seen or None


@contextmanager
def without_hidden(hidden: frozenset[str]) -> Iterator[None]:
    """Let a refusal for values that are taken together name those of them alone that may be seen."""
    try:
        yield
    except DuplicateValue as error:
        names = str(error.details.get("field", "")).split(", ")
        if hidden.isdisjoint(names):
            raise
        record, seen = error.details.get("record"), ", ".join(n for n in names if n not in hidden)
        message = f"{record}: {seen} is taken already; give another value"
        raise DuplicateValue(message, record=record, field=seen) from None
