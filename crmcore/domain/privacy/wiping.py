"""What an erasure leaves of a record, a part or a facet: pure, from the declaration alone.

A personal value becomes empty. Where one is required: a part goes as a whole; text becomes "erased" (unique text
"erased-" and the id), JSON an empty object; a facet with any other kind goes as a whole; a record with any other kind
goes too, unless something refers to it: then it keeps a value that means nothing (0, false, 1900-01-01, "other").
A part that validators refuse without its values goes before the record does.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import attrs

from crmcore.domain.copying import evolve
from crmcore.domain.facet import Facet, FacetType
from crmcore.domain.field import NOTHING, Field
from crmcore.domain.money import Money
from crmcore.domain.part import Part, PartType
from crmcore.domain.privacy.belonging import PERSON, is_of_another
from crmcore.domain.record import Record, RecordType

ERASED: Final = "erased"
"""What stands in a required text after the erasure."""
LONG_AGO: Final = dt.date(1900, 1, 1)
TELLING: Final = frozenset(("text", "json", "choices"))
"""Kinds of which a required value can be emptied so that everybody sees that it was."""
ELSEWHERE: Final = ("source", "external_id")
"""The id of a person in another system tells who they are there."""


@attrs.frozen(eq=False)
class Wiped:
    """What is left of a record: the first of `attempts` that its validators accept; where they accept none, it goes.

    `goes`: it goes as a whole where nothing refers to it. `fields`: the names of what was emptied. `stuck`: fields that
    accept no value that means nothing, so that it can only go.
    """

    attempts: tuple[Record, ...]
    goes: bool
    fields: tuple[str, ...]
    stuck: tuple[str, ...] = ()


def is_wiped(field: Field) -> bool:
    """Whether an erasure empties the field."""
    return field.personal and field.on_erase == "wipe"


def has_personal(type: RecordType, facets: Iterable[FacetType]) -> bool:
    """Whether anything of a record type is personal."""
    inner = [f for part in type.parts for f in part.fields] + [f for facet in facets for f in facet.fields]
    return is_person(type) or any(f.personal for f in (*type.fields, *inner))


def is_person(type: RecordType) -> bool:
    """Whether the records are the persons themselves."""
    return type.options.subject == "id"


def wiped(type: RecordType, record: Record, family: Collection[UUID]) -> Wiped:
    """What is left of a record that belongs to a person once that person (`family`: their ids) is erased. Its parts
    that are about somebody else stay."""
    own, goes, stuck = _own(type, record)
    tries = []
    for whole in (True, False):
        held = {p.attribute: _parts(type, p, record, family, whole) for p in type.parts}
        tries.append({**own, **held})
    tries.append(
        {**own, **{p.attribute: _untouched(getattr(record, p.attribute), held[p.attribute]) for p in type.parts}}
    )
    outcome = _outcome(record, tries, goes)
    return attrs.evolve(outcome, goes=True, fields=(*outcome.fields, *stuck), stuck=stuck) if stuck else outcome


def _untouched(before: tuple[Part, ...], after: tuple[Part, ...]) -> tuple[Part, ...]:
    """The parts that lost nothing: one that validators refuse as it is left goes before the whole record does."""
    held = {each.no: each for each in before}
    return tuple(each for each in after if each == held.get(each.no))


def wiped_passage(part: PartType, record: Record, named: Collection[Part]) -> Wiped:
    """What is left of a record that is not theirs once an erased person is taken out of these of its parts."""
    fields, held = [f for f in part.fields if is_wiped(f)], getattr(record, part.attribute)
    blank = tuple(_blank_part(each, fields, record.id) if each in named else each for each in held)
    free = tuple(each for each in held if each not in named)
    left = free if any(f.required for f in fields) else blank
    return _outcome(record, [{part.attribute: each} for each in (left, blank, free)], False)


def _outcome(record: Record, tries: list[dict[str, Any]], goes: bool) -> Wiped:
    changed = [{n: v for n, v in values.items() if v != getattr(record, n)} for values in tries]
    if not changed[0]:
        return Wiped((record,), False, ())
    return Wiped(tuple(evolve(record, **values) for values in changed), goes, tuple(changed[0]))


def _own(type: RecordType, record: Record) -> tuple[dict[str, Any], bool, tuple[str, ...]]:
    """The record's own fields as they are to be, whether one of them had better go with the whole, and which can go in
    no other way."""
    values: dict[str, Any] = dict.fromkeys(ELSEWHERE) if is_person(type) else {}
    goes, stuck = False, []
    for field in filter(is_wiped, type.fields):
        value = getattr(record, field.name)
        unique = field.unique or any(field.name in group for group in type.options.unique)
        empty = neutral(field, value, record.id, unique)
        if empty is NOTHING:
            stuck.append(field.name)
            continue
        goes = goes or (field.required and value != empty and field.kind not in TELLING)
        values[field.name] = empty
    return values, goes, tuple(stuck)


def _parts(type: RecordType, part: PartType, record: Record, family: Collection[UUID], whole: bool) -> tuple[Part, ...]:
    """The parts that are left; `whole`: one that cannot do without a personal value goes."""
    held: tuple[Part, ...] = getattr(record, part.attribute)
    fields = [f for f in part.fields if is_wiped(f)]
    if not fields:
        return held
    if is_person(type):
        return ()
    goes = whole and any(f.required for f in fields)
    left = []
    for each in held:
        if is_of_another(part, each, family):
            left.append(each)
        elif not goes:
            left.append(_blank_part(each, fields, record.id))
    return tuple(left)


def _blank_part(part: Part, fields: Iterable[Field], id: UUID) -> Part:
    values = {f.name: neutral(f, getattr(part, f.name), id, False) for f in fields}
    return evolve(part, **{name: value for name, value in values.items() if value is not NOTHING})


def mentioning(part: PartType) -> tuple[str, ...]:
    """The fields by which a part may refer to a customer."""
    return tuple(f.name for f in part.fields if f.kind == "reference" and f.target in (PERSON, "*"))


def wiped_facet(facet: FacetType, value: Facet, id: UUID) -> Facet | None:
    """What is left of a facet of the record `id`; None: it goes as a whole."""
    values: dict[str, Any] = {}
    for field in filter(is_wiped, facet.fields):
        held = getattr(value, field.name)
        empty = neutral(field, held, id, field.unique)
        if empty is NOTHING or (field.required and field.kind not in TELLING):
            return None
        values[field.name] = empty
    return evolve(value, **values)


def neutral(field: Field, value: Any, id: UUID, unique: bool) -> Any:
    """The value that says nothing about anybody and which the field accepts; NOTHING if there is none. `unique`: it
    has to differ from that of every other record."""
    if not field.required:
        return frozenset() if field.kind == "choices" else field.default
    for each in _candidates(field, value, id, unique):
        if field.check(each) is None:
            return each
    return NOTHING


def _candidates(field: Field, value: Any, id: UUID, unique: bool) -> Iterator[Any]:
    if field.kind == "text":
        yield from (f"{ERASED}-{id}", id.hex[-field.length :]) if unique else (ERASED, "", "-")
    elif unique or field.kind == "reference":
        return
    elif field.kind == "choice":
        yield from sorted(field.options, key=lambda option: option != "other")
    else:
        yield from _figures(field.kind, value)


def _figures(kind: str, value: Any) -> Iterator[Any]:
    midnight = dt.datetime(LONG_AGO.year, 1, 1, tzinfo=dt.UTC)
    known: dict[str, tuple[Any, ...]] = {
        "integer": (0, 1),
        "decimal": (Decimal(0), Decimal(1)),
        "boolean": (False, True),
        "date": (LONG_AGO,),
        "datetime": (midnight,),
        "json": ({}, [], ""),
        "choices": (frozenset(),),
    }
    if kind == "money" and isinstance(value, Money):
        yield from (Money(0, value.currency), Money(1, value.currency))
    yield from known.get(kind, ())
