"""What an erasure leaves of a record, a part or a facet: pure, from the declaration alone.

A personal value becomes empty. Where one is required: a part goes as a whole; text becomes "erased" (unique text
"erased-" and the id), JSON an empty object; a facet with any other kind goes as a whole; a record with any other kind
goes too, unless something refers to it: then it keeps a value that means nothing (0, false, 1900-01-01, "other").
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
    """What is left of a record: the first of `attempts` that its validators accept (none of them, and it goes).

    `goes`: it goes as a whole where nothing refers to it. `fields`: the names of what was emptied.
    """

    attempts: tuple[Record, ...]
    goes: bool
    fields: tuple[str, ...]


def is_wiped(field: Field) -> bool:
    """Whether an erasure empties the field."""
    return field.personal and field.on_erase == "wipe"


def has_personal(type: RecordType, facets: Iterable[FacetType]) -> bool:
    """Whether anything of a record type is personal."""
    held = (f for each in (*type.parts, *facets) for f in each.fields)
    return is_person(type) or any(f.personal for f in (*type.fields, *held))


def is_person(type: RecordType) -> bool:
    """Whether the records are the persons themselves."""
    return type.options.subject == "id"


def is_about(type: RecordType, record: Record, family: Collection[UUID]) -> bool:
    """Whether a record that refers to a person is about them, and not about somebody else, whom its declaration names
    as its subject."""
    name = type.options.subject
    subject = getattr(record, name) if name else None
    return subject is None or subject in family


def wiped(type: RecordType, record: Record, family: Collection[UUID]) -> Wiped:
    """What is left of a record once these persons (`family`: one person's ids) are erased. Of a record that is about
    somebody else only the parts that refer to them are emptied."""
    if not is_about(type, record, family):
        held = {p.attribute: mentions_taken(p, getattr(record, p.attribute), family) for p in type.parts}
        return _outcome(record, [held], False)
    own, goes = _own(type, record)
    removed = {p.attribute: _parts(type, p, getattr(record, p.attribute), record.id, True) for p in type.parts}
    blank = {p.attribute: _parts(type, p, getattr(record, p.attribute), record.id, False) for p in type.parts}
    return _outcome(record, [{**own, **removed}, {**own, **blank}], goes)


def _outcome(record: Record, tries: list[dict[str, Any]], goes: bool) -> Wiped:
    changed = [{n: v for n, v in values.items() if v != getattr(record, n)} for values in tries]
    if not changed[0]:
        return Wiped((record,), False, ())
    return Wiped(tuple(evolve(record, **values) for values in changed), goes, tuple(changed[0]))


def _own(type: RecordType, record: Record) -> tuple[dict[str, Any], bool]:
    """The record's own fields as they are to be, and whether one of them can only go with the whole."""
    values: dict[str, Any] = dict.fromkeys(ELSEWHERE) if is_person(type) else {}
    goes = False
    for field in filter(is_wiped, type.fields):
        value = getattr(record, field.name)
        unique = field.unique or any(field.name in group for group in type.options.unique)
        empty = neutral(field, value, record.id, unique)
        goes = goes or (field.required and value != empty and (field.kind not in TELLING or empty is NOTHING))
        values[field.name] = value if empty is NOTHING else empty
    return values, goes


def _parts(type: RecordType, part: PartType, held: Iterable[Part], id: UUID, whole: bool) -> tuple[Part, ...]:
    """The parts that are left; `whole`: one that cannot do without a personal value goes."""
    fields = [f for f in part.fields if is_wiped(f)]
    if not fields:
        return tuple(held)
    if is_person(type) or (whole and any(f.required for f in fields)):
        return ()
    return tuple(_blank_part(each, fields, id) for each in held)


def _blank_part(part: Part, fields: Iterable[Field], id: UUID) -> Part:
    values = {f.name: neutral(f, getattr(part, f.name), id, False) for f in fields}
    return evolve(part, **{name: value for name, value in values.items() if value is not NOTHING})


def mentions_taken(part: PartType, held: Iterable[Part], family: Collection[UUID]) -> tuple[Part, ...]:
    """The parts of somebody else's record without what is personal in those that refer to the erased person."""
    fields = [f for f in part.fields if is_wiped(f)]
    names = mentioning(part)
    if not fields or not names:
        return tuple(held)
    left = []
    for each in held:
        if any(getattr(each, name) in family for name in names):
            if any(f.required for f in fields):
                continue
            each = evolve(each, **{f.name: f.default for f in fields})
        left.append(each)
    return tuple(left)


def mentioning(holder: PartType | FacetType) -> tuple[str, ...]:
    """The fields by which a part or facet may refer to a customer."""
    return tuple(f.name for f in holder.fields if f.kind == "reference" and f.target in ("customer", "*"))


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
