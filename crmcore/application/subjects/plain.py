"""Records and entries of the log in the plain form in which they are handed out to a person."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from crmcore.application.subjects.belongings import Passage
from crmcore.domain.catalogue import Catalogue
from crmcore.domain.change import LogEntry
from crmcore.domain.field import Field
from crmcore.domain.kinds import plain_datetime
from crmcore.domain.part import Part, PartType
from crmcore.domain.privacy.belonging import PERSON, is_of_another
from crmcore.domain.record import Record, RecordType

Plain = dict[str, Any]


def plain_record(catalogue: Catalogue, type: RecordType, record: Record, persons: Collection[UUID]) -> Plain:
    """What a record says: its fields, its parts whole, the fields of its facets dotted; what is missing or empty is
    left out. Of parts about somebody else only the reference is told."""
    plain = _plain(type.fields, type.values(record))
    for part in type.parts:
        if held := getattr(record, part.attribute):
            plain[part.attribute] = [_part(part, each, persons) for each in held]
    for facet in catalogue.facets.get(type.name, ()):
        if (value := record.facets.get(facet.cls)) is not None:
            inner = _plain(facet.fields, facet.values(value))
            plain.update({f"{facet.name}.{name}": told for name, told in inner.items()})
    return plain


def plain_passage(catalogue: Catalogue, passage: Passage) -> Plain:
    """The id of a record that is not theirs, and what it has about a person."""
    plain: Plain = {"id": str(passage.record.id)}
    if part := passage.type.part(passage.place):
        plain[part.attribute] = [{"no": each.no, **_plain(part.fields, part.values(each))} for each in passage.parts]
        return plain
    facet = catalogue.facet(passage.type, passage.place.removeprefix("facet:"))
    value = passage.record.facets.get(facet.cls) if facet else None
    if facet and value is not None:
        inner = _plain(facet.fields, facet.values(value))
        plain.update({f"{facet.name}.{name}": told for name, told in inner.items()})
    return plain


def plain_entry(type: RecordType | None, entry: LogEntry, persons: Collection[UUID]) -> Plain:
    """An entry of the log: when, who, which record, what was done, and each value before and after."""
    changes: Plain = dict(entry.values())
    for part in type.parts if type else ():
        if part.attribute in changes:
            changes[part.attribute] = [_logged(part, side, persons) for side in changes[part.attribute]]
    return {
        "seq": entry.seq,
        "at": plain_datetime(entry.at),
        "actor": entry.actor,
        "record": entry.record,
        "id": str(entry.id),
        "operation": entry.operation,
        "version": entry.version,
        "changes": changes,
    }


def labels_of(catalogue: Catalogue, type: RecordType) -> dict[str, Mapping[str, str]]:
    """What people call the names in the plain form of records of a type: `email`, `loyalty.tier`, `addresses.city`."""
    found = {f.name: f.label for f in type.fields}
    views = {(view.part, view.field): view.label for view in type.options.flats if not view.where}
    for part in type.parts:
        inner = {f"{part.attribute}.{f.name}": f.label or views.get((part.name, f.name), {}) for f in part.fields}
        found |= {part.attribute: part.label, **inner}
    for facet in catalogue.facets.get(type.name, ()):
        found |= {facet.dotted(f): f.label for f in facet.fields}
    return {name: label for name, label in found.items() if label}


def labels_in_history(catalogue: Catalogue, types: Iterable[RecordType]) -> dict[str, Mapping[str, str]]:
    """The same for entries of the log of these types, each name after that of its type: `customer.email`."""
    found: dict[str, Mapping[str, str]] = {}
    for type in types:
        inner = {f"{type.name}.{name}": label for name, label in labels_of(catalogue, type).items()}
        found |= {type.name: type.options.label, **inner}
    return found


def _plain(fields: Sequence[Field], values: Sequence[Any]) -> Plain:
    pairs = zip(fields, values, strict=True)
    return {f.name: f.plain(value) for f, value in pairs if value is not None and value != frozenset()}


def _part(part: PartType, held: Part, persons: Collection[UUID]) -> Plain:
    told = _plain(part.fields, part.values(held))
    if is_of_another(part, held, persons):
        told = {f.name: told[f.name] for f in _naming(part) if f.name in told}
    return {"no": held.no, **told}


def _logged(part: PartType, side: list[Plain] | None, persons: Collection[UUID]) -> list[Plain] | None:
    """Parts as the log holds them, without what is said of others."""
    if side is None:
        return None
    ids, names = {str(each) for each in persons}, [f.name for f in _naming(part)]
    found = []
    for each in side:
        named = [each[name] for name in names if name in each]
        others = bool(named) and ids.isdisjoint(named)
        found.append({name: value for name, value in each.items() if not others or name in ("no", *names)})
    return found


def _naming(part: PartType) -> Iterator[Field]:
    """The fields by which a part names customers."""
    return (f for f in part.fields if f.kind == "reference" and f.target == PERSON)
