"""The change log: what a write leaves behind, and records rebuilt from it as they were known at a time."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from crmcore.application.kernel import Kernel, Plan, Shape
from crmcore.domain.catalogue import CUSTOM
from crmcore.domain.change import SALT, LogEntry
from crmcore.domain.errors import InvalidValue
from crmcore.domain.facet import Facet, FacetType
from crmcore.domain.field import Field
from crmcore.domain.part import Part, PartType
from crmcore.domain.record import Record, RecordType

Diff = dict[str, list[Any]]
_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def plain_part(shape: Shape, part: Any) -> dict[str, Any]:
    """A part as the log holds it: its number and the values that it has."""
    plain = {"no": part.no}
    for value, (name, convert) in zip(shape.values(part), shape.plains, strict=True):
        if value is not None:
            plain[name] = value if convert is None else convert(value)
    return plain


def plain_record(plan: Plan[Any], record: Record) -> dict[str, Any]:
    """The values of a record as the log holds them; what is missing or empty is left out."""
    plain: dict[str, Any] = {}
    for value, (name, convert) in zip(plan.shape.values(record), plan.shape.plains, strict=True):
        if value is None:
            continue
        logged = value if convert is None else convert(value)
        if logged is not None:
            plain[name] = logged
    for part in plan.parts:
        if held := getattr(record, part.attribute):
            plain[part.attribute] = [plain_part(part.shape, each) for each in held]
    return plain


def plain_facet(facet: FacetType, shape: Shape, value: Facet | None) -> dict[str, Any]:
    """The values of a facet under their dotted names, and under its own name that there is one."""
    if value is None:
        return {}
    plain: dict[str, Any] = {facet.name: True}
    for held, (name, convert) in zip(shape.values(value), shape.plains, strict=True):
        logged = held if held is None or convert is None else convert(held)
        if logged is not None:
            plain[f"{facet.name}.{name}"] = logged
    return plain


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> Diff:
    """Field by field [before, after], where they differ."""
    names = [*after, *(n for n in before if n not in after)]
    return {n: [before.get(n), after.get(n)] for n in names if before.get(n) != after.get(n)}


def addition(after: Mapping[str, Any]) -> Diff:
    """The log of a new record."""
    return {name: [None, value] for name, value in after.items()}


def changes_text(diff: Mapping[str, Any]) -> str:
    """The changes as the log stores them."""
    return _compact(diff) if diff else ""


def digest(record: str, id: UUID, version: int, operation: str, changes: str) -> str:
    """What proves an entry's values after they were erased: SHA-256 over who, which version and what."""
    return hashlib.sha256(f"{record} {id.hex} {version} {operation}\n{changes}".encode()).hexdigest()


def subject_of(type: RecordType, record: Record) -> UUID | None:
    """The person that a record is about, as declared."""
    name = type.options.subject
    found = getattr(record, name) if name else None
    return found if isinstance(found, UUID) else None


def rebuild(kernel: Kernel, type: RecordType, id: UUID, entries: Sequence[LogEntry]) -> Record | None:
    """The record as these entries (oldest first) leave it, with all its facets; None if it did not exist then."""
    values: dict[str, Any] = {}
    stamps: dict[str, Any] = {}
    facet_versions: dict[str, int] = {}
    facets = {f.name for f in kernel.catalogue.facets.get(type.name, ())}
    for entry in entries:
        if entry.operation == "read":
            continue
        if entry.operation == "remove":
            values, stamps, facet_versions = {}, {}, {}
            continue
        diff = entry.values()
        values.update({name: after for name, (_, after) in diff.items()})
        if entry.operation == "facet":
            facet_versions.update({name.partition(".")[0]: entry.version for name in diff})
            continue
        stamps = {"created_at": stamps.get("created_at", entry.at), "changed_at": entry.at, "version": entry.version}
        facet_versions.update({n.partition(".")[0]: 1 for n in diff if "." in n})
        facet_versions.update({n: after for n, (_, after) in diff.items() if n in facets and _is_version(after)})
    return _assemble(kernel, type, id, values, stamps, facet_versions) if stamps else None


def _is_version(logged: Any) -> bool:
    """Whether an entry tells the version of a facet: those of merges do, where others tell that there is one."""
    return isinstance(logged, int) and not isinstance(logged, bool)


def _assemble(
    kernel: Kernel,
    type: RecordType,
    id: UUID,
    values: Mapping[str, Any],
    stamps: Mapping[str, Any],
    facet_versions: Mapping[str, int],
) -> Record:
    given = {f.name: typed(f, values.get(f.name)) for f in kernel.plan(type).shape.fields}
    for part in type.parts:
        given[part.attribute] = tuple(typed_part(part, each) for each in values.get(part.attribute) or ())
    facets: dict[Any, Facet | None] = {}
    for facet in kernel.catalogue.facets.get(type.name, ()):
        made = values.get(facet.name) is not None
        read = typed if facet.name != CUSTOM else _typed_or_none
        inner: dict[str, Any] = {f.name: read(f, values.get(facet.dotted(f))) for f in facet.fields}
        facets[facet.cls] = facet.cls(version=facet_versions.get(facet.name, 1), **inner) if made else None
    return type.cls(id=id, facets=facets, **stamps, **given)


def typed_part(type: PartType, plain: Mapping[str, Any]) -> Part:
    """A part from the form that the log holds."""
    return type.cls(no=plain["no"], **{f.name: typed(f, plain.get(f.name)) for f in type.fields})


def typed(field: Field, plain: Any) -> Any:
    """A value from the form that the log holds; an empty set where there is none."""
    if plain is None:
        return frozenset() if field.kind == "choices" else None
    return field.from_plain(plain)


def _typed_or_none(field: Field, plain: Any) -> Any:
    """A value of a field added at run time: another field, of another type, may have had its name before."""
    try:
        return typed(field, plain)
    except InvalidValue:
        return typed(field, None)


def entry(
    *,
    at: dt.datetime,
    actor: str,
    source: str | None,
    work: UUID,
    record: str,
    id: UUID,
    subject: UUID | None,
    version: int,
    operation: str,
    diff: Diff,
    salt: str,
) -> LogEntry:
    """One entry with its digest."""
    text = changes_text({SALT: salt, **diff}) if diff else ""
    proof = digest(record, id, version, operation, text)
    return LogEntry(at, actor, source, work, record, id, subject, version, operation, text, proof)
