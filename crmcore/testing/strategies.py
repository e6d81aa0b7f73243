"""Hypothesis strategies made of declarations: values of a field, facets, and whole records that fit their checks.

Needs Hypothesis, which the extra `test` installs. What is drawn can be stored, exported and imported again: no empty
texts (in a file they are missing ones), times in UTC, days of the years 1583 to 9999.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable
from typing import Any, Final, TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from crmcore.domain.copying import evolve
from crmcore.domain.errors import InvalidRecord, InvalidSetting
from crmcore.domain.facet import Facet, FacetType, facet_type
from crmcore.domain.field import Field
from crmcore.domain.matching import keys_of
from crmcore.domain.part import Part, PartType
from crmcore.domain.record import ENVELOPE, Record, RecordType, record_type
from crmcore.testing.ruled import RULED
from crmcore.testing.values import References, moments, values

__all__ = ["References", "facets", "records", "values"]

R = TypeVar("R", bound=Record)
GIVEN_BY_HOST: Final = frozenset({"source", "external_id"})


def records(
    type: RecordType | type[Record],
    references: References | None = None,
    *,
    facets: Iterable[FacetType] = (),
    stored: bool = False,
    **given: SearchStrategy[Any],
) -> SearchStrategy[Any]:
    """Records of a type, with parts, that its checks and validators accept; some with these facets.

    New ones, ready to be added; with `stored` they have an id, a version, times and numbered parts. `references` are
    the ids that exist, by record type (None: ids need not exist). `given` has strategies for single fields.
    """
    described = type if isinstance(type, RecordType) else record_type(type, None)
    given = {**RULED.get(described.name, {}), **given}
    given_by_host = [f for f in described.fields if f.name not in ENVELOPE or f.name in GIVEN_BY_HOST]
    fields = [f for f in given_by_host if not f.system]
    drawn = _each((f for f in fields if f.target != "*"), references)
    drawn |= {p.attribute: _parts(p, references, stored) for p in described.parts}
    drawn |= {"facets": _facets_of(tuple(facets), references, stored)}
    if stored:
        drawn |= {"id": st.uuids(), "version": st.integers(1, 99), "created_at": moments(), "changed_at": moments()}
    pairs = st.tuples(*(_anywhere(f, references) for f in fields if f.target == "*"))
    return (
        st.builds(
            lambda values, pairs: described.cls(**ChainMap(*pairs, values)),
            st.fixed_dictionaries({**drawn, **given}),
            pairs,
        )
        .map(lambda record: _mended(described, record, frozenset(given)))
        .filter(lambda record: _is_accepted(described, record))
    )


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


def _mended(type: RecordType, record: Record, given: frozenset[str]) -> Record:
    """The record without the values that its validators refuse, as far as those need not be there."""
    for validate in type.options.validators:
        for name in sorted(validate(record).keys() - given):
            field = type.field(name)
            if field is not None and not field.required:
                record = evolve(record, **{name: field.default})
            else:
                held = {
                    p.attribute for p in type.parts if name in (p.name, p.attribute) or name.startswith(f"{p.name}[")
                }
                record = evolve(record, **dict.fromkeys(held, ()))
    return record


def _each(fields: Iterable[Field], references: References | None) -> dict[str, SearchStrategy[Any]]:
    return {f.name: values(f, references) for f in fields}


def _parts(part: PartType, references: References | None, stored: bool) -> SearchStrategy[tuple[Part, ...]]:
    one = st.fixed_dictionaries(_each(part.fields, references))
    return st.lists(one, max_size=3).map(
        lambda each: tuple(part.cls(no=at if stored else 0, **fields) for at, fields in enumerate(each, 1))
    )


def _facets_of(types: tuple[FacetType, ...], references: References | None, stored: bool) -> SearchStrategy[Any]:
    each = [st.none() | facets(type, references, stored=stored) for type in types]
    return st.tuples(*each).map(lambda drawn: {made.__class__: made for made in drawn if made is not None})


def _anywhere(field: Field, references: References | None) -> SearchStrategy[dict[str, Any]]:
    """A reference to a record of any type, with the name of its type beside it."""
    known = [(name, id) for name, ids in sorted((references or {}).items()) for id in ids]
    if references is not None and not known:
        raise InvalidSetting(f"{field.name} needs a record of any type, but `references` has none")
    anything = st.tuples(st.sampled_from(["customer", "order"]), st.uuids())
    return (st.sampled_from(known) if known else anything).map(
        lambda pair: {field.target_field: pair[0], field.name: pair[1]}
    )
