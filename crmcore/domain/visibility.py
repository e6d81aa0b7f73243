"""Record types as somebody sees them from whom a policy hides fields: the same declarations, less what is hidden.

What is looked up in them does not exist for that actor, so that hidden and unknown names are one case. A hidden flat
name with conditions, or for many values, hides the parts that it picks out; another one hides its field in all parts.
"""

from __future__ import annotations

from collections.abc import Set

import attrs

from crmcore.domain.bound import Bound, Const, Not, Test, every
from crmcore.domain.facet import FacetType
from crmcore.domain.field import Field
from crmcore.domain.part import PartType
from crmcore.domain.record import Flat, RecordType


def seen(record: RecordType, hidden: Set[str]) -> RecordType:
    """The record type without its hidden fields, parts, flat names and derived figures."""
    if not hidden:
        return record
    parts = tuple(_seen_part(record, p, hidden) for p in record.parts if not _is_gone(record, p, hidden))
    kept = {p.name: p for p in parts}
    options = attrs.evolve(
        record.options,
        flats=tuple(f for f in record.options.flats if f.part in kept and _is_seen(record, kept[f.part], f, hidden)),
        derived=tuple(d for d in record.options.derived if d.name not in hidden),
    )
    fields = tuple(f for f in record.fields if f.name not in hidden)
    return attrs.evolve(record, fields=fields, parts=parts, options=options)


def seen_facet(facet: FacetType, hidden: Set[str]) -> FacetType | None:
    """The facet without its hidden fields; None if it is hidden as a whole."""
    if facet.name in hidden:
        return None
    return attrs.evolve(facet, fields=tuple(f for f in facet.fields if facet.dotted(f) not in hidden))


def seen_parts(record: RecordType, part: PartType, hidden: Set[str]) -> Bound:
    """What a part must fulfil to be seen: that no hidden flat name picks it out."""
    return every(*(Not(_picked(part, view)) for view in _picking(record, part, hidden)))


def _hidden_views(record: RecordType, part: PartType, hidden: Set[str]) -> list[Flat]:
    return [f for f in record.options.flats if f.part == part.name and f.name in hidden]


def _picking(record: RecordType, part: PartType, hidden: Set[str]) -> list[Flat]:
    return [f for f in _hidden_views(record, part, hidden) if f.where or f.many]


def _picked(part: PartType, view: Flat) -> Bound:
    """Whether the flat name picks the part out."""
    return every(*(Test(f, "=", (view.where[f.name],)) for f in part.fields if f.name in view.where))


def _is_gone(record: RecordType, part: PartType, hidden: Set[str]) -> bool:
    """Whether nothing of these parts is seen."""
    if part.name in hidden or part.attribute in hidden:
        return True
    return any(_picked(part, view) == Const(True) for view in _picking(record, part, hidden))


def _seen_part(record: RecordType, part: PartType, hidden: Set[str]) -> PartType:
    gone = {f.field for f in _hidden_views(record, part, hidden) if not (f.where or f.many)}
    kept = tuple(f for f in part.fields if f.name not in gone and f"{part.name}.{f.name}" not in hidden)
    return attrs.evolve(part, fields=kept)


def _is_seen(record: RecordType, part: PartType, view: Flat, hidden: Set[str]) -> bool:
    """Whether none of what the flat name stands for is hidden, neither its field nor some of its parts."""
    if view.name in hidden or any(part.field(name) is None for name in (view.field, *view.where)):
        return False
    return all(_is_apart(view, other) for other in _picking(record, part, hidden))


def _is_apart(one: Flat, other: Flat) -> bool:
    """Whether no part can be meant by both."""
    return any(one.where[name] != value for name, value in other.where.items() if name in one.where)


def hidden_in_log(log: RecordType, hidden: Set[str]) -> frozenset[str]:
    """The fields of a log in which hidden fields of the record that it is about would be read: those of the same name,
    those that end with it (`to_stage` for `stage`), and those that declare so (`tells`)."""
    return frozenset(f.name for f in log.fields for name in hidden if _tells(f, name))


def _tells(field: Field, hidden: str) -> bool:
    return field.name == hidden or field.name.endswith(f"_{hidden}") or hidden in field.tells
