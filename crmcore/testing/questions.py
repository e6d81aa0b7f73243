"""Hypothesis strategies for questions: predicates and sort orders over whatever a catalogue declares."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from crmcore.domain.catalogue import Catalogue
from crmcore.domain.errors import InvalidValue
from crmcore.domain.field import Field
from crmcore.domain.literal import value_of
from crmcore.domain.part import PartType
from crmcore.domain.predicate import Predicate, all_of, any_of, compare, exists, missing, negate, one_of
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


@st.composite
def _leaf(
    draw: DrawFn,
    catalogue: Catalogue,
    type: RecordType,
    held: Sequence[Record],
    references: References | None,
    depth: int,
) -> Predicate:
    """One test: what it asks about is drawn first, so that no strategy is made for all the rest."""
    related = [("", None, each) for each in _referring(catalogue, type)] if depth else []
    paths: list[tuple[str, Field | None, Any]] = [*_paths(catalogue, type, held), *related]
    paths += [("", None, part) for part in type.parts]
    path, field, of = draw(st.sampled_from(paths))
    if field is not None:
        return draw(_over_field(path, field, of, references))
    if isinstance(of, PartType):
        return draw(_over_part(of, _pieces(of, held), references))
    inner = predicates(catalogue, of, (), references, depth - 1)
    return draw(st.just(exists(of.name)) | st.builds(exists, st.just(of.name), inner))


def _paths(catalogue: Catalogue, type: RecordType, held: Sequence[Record]) -> Iterator[tuple[str, Field, Any]]:
    """Every name with its field and the values of it that are held."""
    for field in type.fields:
        yield field.name, field, _held(field, held)
    for part in type.parts:
        yield from ((f"{part.name}.{f.name}", f, _held(f, _pieces(part, held))) for f in part.fields)
    for facet in catalogue.facets.get(type.name, ()):
        yield from ((facet.dotted(f), f, ()) for f in facet.fields)
    for view in type.options.flats:
        behind = type.part(view.part)
        if behind and (found := behind.field(view.field)):
            yield view.name, found, _held(found, _pieces(behind, held))
    for figure in type.options.derived:
        if counted := catalogue.record(figure.record).field(figure.field):
            yield figure.name, counted, ()


def _pieces(part: PartType, held: Sequence[Record]) -> list[Any]:
    return [piece for record in held for piece in getattr(record, part.attribute)]


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
    literal = _values(field, held, references).filter(_is_literal)
    ordered = field.kind not in ("boolean", "choice", "reference")
    tests = st.builds(compare, st.just(path), st.sampled_from(ORDER if ordered else EQUAL), literal)
    several = st.builds(one_of, st.just(path), st.lists(literal, min_size=1, max_size=3))
    if field.kind == "text" and field.fold:
        return tests | several | absent | st.builds(_contains, st.just(path), literal, st.integers(0, 3))
    return tests | several | absent


def _values(field: Field, held: Sequence[Any], references: References | None) -> SearchStrategy[Any]:
    fresh: SearchStrategy[Any] = st.uuids() if field.kind == "reference" else present(field, references)
    if field.kind == "choices":
        fresh = fresh.filter(bool).map(min)
    if field.kind == "reference" and (known := (references or {}).get(field.target)):
        fresh = st.sampled_from(known) | fresh
    return st.sampled_from(held) | fresh if held else fresh


def _contains(path: str, text: str, start: int) -> Predicate:
    return compare(path, "~", text[start : start + 3])


def _is_literal(value: Any) -> bool:
    try:
        value_of(value)
    except InvalidValue:
        return False
    return True


@st.composite
def _over_part(draw: DrawFn, part: PartType, held: Sequence[Any], references: References | None) -> Predicate:
    fields = draw(st.lists(st.sampled_from(part.fields), max_size=2))
    tests = [draw(_over_field(f.name, f, _held(f, held), references)) for f in fields]
    return exists(part.name, all_of(*tests)) if tests else exists(part.name)


def _referring(catalogue: Catalogue, type: RecordType) -> list[RecordType]:
    """The types with an own reference to this one, by which a predicate can ask for them."""
    return [
        each
        for each in catalogue.records.values()
        if any(f.target == type.name and f.name != "id" for f in each.fields)
    ]


def sort_orders(catalogue: Catalogue, type: RecordType) -> SearchStrategy[str]:
    """Orders of up to two keys, over own fields, facets and flat names."""
    names = [f.name for f in type.fields if f.kind not in ("json", "choices")]
    names += [view.name for view in type.options.flats if not view.many]
    for facet in catalogue.facets.get(type.name, ()):
        names += [facet.dotted(f) for f in facet.fields if f.kind not in ("json", "choices")]
    keys = st.builds(lambda name, falls: f"-{name}" if falls else name, st.sampled_from(names), st.booleans())
    return st.lists(keys, max_size=2, unique_by=lambda key: key.lstrip("-")).map(",".join)
