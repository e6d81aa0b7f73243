"""What an erasure leaves of an entry of the change log: pure, from the declaration alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final
from uuid import UUID

from crmcore.domain.facet import FacetType
from crmcore.domain.part import PartType
from crmcore.domain.privacy.wiping import ELSEWHERE, is_person, is_wiped, mentioning
from crmcore.domain.record import RecordType

UNTOUCHED: Final = frozenset(("erase", "read"))
"""Operations whose entries hold names and proofs, never a value."""

Values = Mapping[str, list[Any]]


def without_personal(type: RecordType | None, facets: Iterable[FacetType], values: Values) -> dict[str, list[Any]]:
    """The values of an entry about an erased person that may stay. What is not declared any more goes: nobody can say
    that it is not personal. `type` is None for a record type that is gone."""
    if type is None:
        return {}
    staying = _staying(type, tuple(facets))
    return {name: pair for name, pair in values.items() if name in staying}


def without_facets(facets: Iterable[FacetType], values: Values) -> dict[str, list[Any]]:
    """The values of an entry about what is held, without what is personal in these facets, which are not."""
    gone = {facet.dotted(f) for facet in facets for f in facet.fields if is_wiped(f)}
    return {name: pair for name, pair in values.items() if name not in gone}


def _staying(type: RecordType, facets: tuple[FacetType, ...]) -> set[str]:
    own = {f.name for f in type.fields if not is_wiped(f)}
    parts = {p.attribute for p in type.parts if not any(map(is_wiped, p.fields))}
    dotted = {facet.dotted(f) for facet in facets for f in facet.fields if not is_wiped(f)}
    return (own - set(ELSEWHERE) if is_person(type) else own) | parts | dotted | {facet.name for facet in facets}


def without_mentions(type: RecordType, values: Values, family: Collection[UUID]) -> dict[str, list[Any]]:
    """The values of an entry about somebody else without what is personal in the parts that refer to an erased
    person."""
    ids = {str(id) for id in family}
    held = {p.attribute: p for p in type.parts if mentioning(p) and any(map(is_wiped, p.fields))}
    return {
        name: [_unmentioned(held[name], each, ids) for each in pair] if name in held else pair
        for name, pair in values.items()
    }


def _unmentioned(part: PartType, plain: Any, ids: Collection[str]) -> Any:
    if not isinstance(plain, list):
        return plain
    personal = {f.name for f in part.fields if is_wiped(f)}
    names = mentioning(part)
    return [
        {name: value for name, value in each.items() if name not in personal}
        if any(each.get(name) in ids for name in names)
        else each
        for each in plain
    ]
