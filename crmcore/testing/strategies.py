"""Hypothesis strategies made of declarations: values of a field, facets, and whole records that fit their checks.

Needs Hypothesis, which the extra `test` installs. What is drawn can be stored, exported and imported again: no empty
texts (in a file they are missing ones), times in UTC, days of the years 1583 to 9999.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, TypeVar

from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from crmcore.domain.errors import InvalidRecord
from crmcore.domain.facet import Facet, FacetType, facet_type
from crmcore.domain.field import Field
from crmcore.domain.matching import keys_of
from crmcore.domain.part import Part, PartType
from crmcore.domain.record import ENVELOPE, Record, RecordType, record_type
from crmcore.testing.values import References, moments, values

__all__ = ["References", "facets", "records", "values"]

R = TypeVar("R", bound=Record)
GIVEN_BY_HOST: Final = frozenset({"source", "external_id"})


@st.composite
def records(
    draw: DrawFn,
    /,
    type: RecordType | type[Record],
    references: References | None = None,
    *,
    facets: Iterable[FacetType] = (),
    stored: bool = False,
    **given: SearchStrategy[Any],
) -> Any:
    """Records of a type, with parts, that its checks and validators accept; some with these facets.

    New ones, ready to be added; with `stored` they have an id, a version, times and numbered parts. `references` are
    the ids that exist, by record type (None: ids need not exist). `given` has strategies for single fields.
    """
    described = type if isinstance(type, RecordType) else record_type(type, None)
    fields = [f for f in described.fields if f.name not in ENVELOPE or f.name in GIVEN_BY_HOST]
    made = {f.name: draw(given[f.name] if f.name in given else values(f, references)) for f in fields}
    made |= _anywhere(draw, described, references)
    for part in described.parts:
        made[part.attribute] = draw(
            given[part.attribute] if part.attribute in given else _parts(part, references, stored)
        )
    if stored:
        made |= {"id": draw(st.uuids()), "version": draw(st.integers(1, 99))}
        made |= {"created_at": draw(moments()), "changed_at": draw(moments())}
    record = described.cls(**made, facets=draw(_facets_of(tuple(facets), references, stored)))
    assume(_is_accepted(described, record))
    return record


def facets(
    type: FacetType | type[Facet], references: References | None = None, *, stored: bool = False
) -> SearchStrategy[Any]:
    """Facets of a type; with `stored` they have a version."""
    described = type if isinstance(type, FacetType) else facet_type(type, "plugin")
    versions = st.integers(1, 99) if stored else st.just(0)
    return st.builds(described.cls, version=versions, **_each(described.fields, references))


def _is_accepted(type: RecordType, record: Record) -> bool:
    """Whether the validators accept the record, and its match keys can be made."""
    try:
        keys_of(type, record)
    except InvalidRecord:
        return False
    return not any(validate(record) for validate in type.options.validators)


def _each(fields: Iterable[Field], references: References | None) -> dict[str, SearchStrategy[Any]]:
    return {f.name: values(f, references) for f in fields}


def _parts(part: PartType, references: References | None, stored: bool) -> SearchStrategy[tuple[Part, ...]]:
    one = st.fixed_dictionaries(_each(part.fields, references))
    return st.lists(one, max_size=3).map(
        lambda each: tuple(part.cls(no=at if stored else 0, **fields) for at, fields in enumerate(each, 1))
    )


@st.composite
def _facets_of(
    draw: DrawFn, /, types: tuple[FacetType, ...], references: References | None, stored: bool
) -> dict[type[Facet], Facet | None]:
    return {each.cls: draw(facets(each, references, stored=stored)) for each in types if draw(st.booleans())}


def _anywhere(draw: DrawFn, type: RecordType, references: References | None) -> dict[str, Any]:
    """References to a record of any type, each with the name of its type beside it."""
    made: dict[str, Any] = {}
    for field in type.fields:
        if field.target == "*":
            known = {name: ids for name, ids in (references or {}).items() if ids}
            target = draw(st.sampled_from(sorted(known) or ["customer", "order"]))
            made[field.target_field] = target
            made[field.name] = draw(st.sampled_from(known[target]) if known else st.uuids())
    return made
