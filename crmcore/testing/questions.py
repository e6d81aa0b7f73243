"""Hypothesis strategies for questions: predicates and sort orders over whatever a catalogue declares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from crmcore.domain.catalogue import Catalogue
from crmcore.domain.errors import InvalidValue
from crmcore.domain.field import Field
from crmcore.domain.part import PartType
from crmcore.domain.predicate import (
    Predicate,
    all_of,
    any_of,
    compare,
    exists,
    missing,
    negate,
    one_of,
    value_of,
)
from crmcore.domain.record import Record, RecordType
from crmcore.testing.values import References, present

__all__ = ["predicates", "sort_orders"]

EQUAL = ("=", "!=")
ORDER = (*EQUAL, "<", "<=", ">", ">=")
DEPTH = 2


@st.composite
def predicates(
    draw: DrawFn,
    catalogue: Catalogue,
    type: RecordType,
    held: Sequence[Record] = (),
    references: References | None = None,
    depth: int = DEPTH,
) -> Predicate:
    """Predicates that bind over this record type; their values are often those of `held` records."""
    if depth and draw(st.integers(0, 2)) == 0:
        parts = draw(st.lists(predicates(catalogue, type, held, references, depth - 1), min_size=2, max_size=3))
        joined = draw(st.sampled_from((all_of, any_of)))(*parts)
        return negate(joined) if draw(st.booleans()) else joined
    test = draw(_leaf(catalogue, type, held, references, depth))
    return negate(test) if draw(st.booleans()) else test


def _leaf(
    catalogue: Catalogue, type: RecordType, held: Sequence[Record], references: References | None, depth: int
) -> SearchStrategy[Predicate]:
    choices = [_over_field(each.name, each, _held(each, held), references) for each in type.fields]
    for part in type.parts:
        inner = [piece for record in held for piece in getattr(record, part.attribute)]
        choices += [_over_field(f"{part.name}.{f.name}", f, _held(f, inner), references) for f in part.fields]
        choices.append(_over_part(part, inner, references))
    for facet in catalogue.facets.get(type.name, ()):
        choices += [_over_field(facet.dotted(f), f, (), references) for f in facet.fields]
    for view in type.options.flats:
        part_type = type.part(view.part)
        field = part_type.field(view.field) if part_type else None
        if part_type and field:
            inner = [piece for record in held for piece in getattr(record, part_type.attribute)]
            choices.append(_over_field(view.name, field, _held(field, inner), references))
    for figure in type.options.derived:
        field = catalogue.record(figure.record).field(figure.field)
        if field:
            choices.append(_over_field(figure.name, field, (), references))
    if depth:
        choices += [_related(catalogue, each, type, references, depth - 1) for each in _referring(catalogue, type)]
    return st.one_of(choices)


def _held(field: Field, holders: Sequence[Any]) -> tuple[Any, ...]:
    values = [value for each in holders if (value := getattr(each, field.name)) is not None]
    if field.kind == "choices":
        return tuple(sorted({element for value in values for element in value}))
    return tuple(values)


def _over_field(
    path: str, field: Field, held: Sequence[Any], references: References | None
) -> SearchStrategy[Predicate]:
    absent = st.just(missing(path))
    if field.kind == "json":
        return absent
    fresh: SearchStrategy[Any] = st.uuids() if field.kind == "reference" else present(field, references)
    if field.kind == "choices":
        fresh = fresh.filter(bool).map(min)
    if field.kind == "reference" and (known := (references or {}).get(field.target)):
        fresh = st.sampled_from(known) | fresh
    values = fresh if not held else st.sampled_from(held) | fresh
    literal = values.filter(_is_literal)
    ordered = field.kind not in ("boolean", "choice", "reference")
    tests = st.builds(compare, st.just(path), st.sampled_from(ORDER if ordered else EQUAL), literal)
    several = st.builds(one_of, st.just(path), st.lists(literal, min_size=1, max_size=3))
    if field.kind == "text" and field.fold:
        return tests | several | absent | st.builds(_contains, st.just(path), literal, st.integers(0, 3))
    return tests | several | absent


def _contains(path: str, text: str, start: int) -> Predicate:
    return compare(path, "~", text[start : start + 3])


def _is_literal(value: Any) -> bool:
    try:
        value_of(value)
    except InvalidValue:
        return False
    return True


def _over_part(part: PartType, held: Sequence[Any], references: References | None) -> SearchStrategy[Predicate]:
    inner = st.one_of([_over_field(f.name, f, _held(f, held), references) for f in part.fields])
    both = st.lists(inner, min_size=1, max_size=2).map(lambda tests: exists(part.name, all_of(*tests)))
    return st.just(exists(part.name)) | both


def _referring(catalogue: Catalogue, type: RecordType) -> list[RecordType]:
    """The types with an own reference to this one, by which a predicate can ask for them."""
    return [
        each
        for each in catalogue.records.values()
        if any(f.target == type.name and f.name != "id" for f in each.fields)
    ]


def _related(
    catalogue: Catalogue, target: RecordType, type: RecordType, references: References | None, depth: int
) -> SearchStrategy[Predicate]:
    inner = predicates(catalogue, target, (), references, depth)
    there = st.builds(exists, st.just(target.name), inner)
    return st.just(exists(target.name)) | there


def sort_orders(catalogue: Catalogue, type: RecordType) -> SearchStrategy[str]:
    """Orders of up to two keys, over own fields, facets and flat names."""
    names = [f.name for f in type.fields if f.kind not in ("json", "choices")]
    names += [view.name for view in type.options.flats if not view.many]
    for facet in catalogue.facets.get(type.name, ()):
        names += [facet.dotted(f) for f in facet.fields if f.kind not in ("json", "choices")]
    keys = st.builds(lambda name, falls: f"-{name}" if falls else name, st.sampled_from(names), st.booleans())
    return st.lists(keys, max_size=2, unique_by=lambda key: key.lstrip("-")).map(",".join)
