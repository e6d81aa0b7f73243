"""What an erasure keeps although it is personal, as the declaration says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from crmcore.domain.facet import FacetType
from crmcore.domain.field import Field
from crmcore.domain.record import Record, RecordType

DECLARED: Final = "declared to be kept"
"""The reason where the declaration gives none."""


def kept(type: RecordType, facets: Iterable[FacetType], record: Record) -> Iterator[tuple[str, str]]:
    """Each personal value of a record, its parts and facets that is declared to be kept: the field's name, dotted
    outside the record itself, and the reason."""
    yield from _kept("", type.fields, record)
    for part in type.parts:
        for each in getattr(record, part.attribute):
            yield from _kept(f"{part.name}.", part.fields, each)
    for facet in facets:
        if (value := record.facets.get(facet.cls)) is not None:
            yield from _kept(f"{facet.name}.", facet.fields, value)


def _kept(place: str, fields: Iterable[Field], held: object) -> Iterator[tuple[str, str]]:
    for field in fields:
        if field.personal and field.on_erase == "keep" and getattr(held, field.name) is not None:
            yield place + field.name, field.keep_reason or DECLARED
