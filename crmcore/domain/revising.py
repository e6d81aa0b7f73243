"""What flat values change in a record: a new e-mail address in its preferred contact point, a city in its address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crmcore.domain.columns import Columns, Group, columns_of
from crmcore.domain.copying import evolve
from crmcore.domain.errors import InvalidRecord
from crmcore.domain.making import are_parts, checked_number, made
from crmcore.domain.ordering import preferred
from crmcore.domain.part import PartType
from crmcore.domain.record import Record, RecordType

Parts = tuple[Any, ...]


def apply(type: RecordType, record: Record, values: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes that these values change, with their new values; nothing is checked but the names.

    A flat name changes its field of the preferred part, or adds the part. The name of several values makes the first
    the preferred one and adds those that are not there; a name that stands for many replaces them all, and what stays
    keeps its number. None clears: a part without a required field, or without anything that flat names show, goes.
    Parts given whole under their attribute replace all; new ones equal to old ones keep their number. Facets are
    written by themselves, so their names, as all unknown ones, raise `UnknownName`.
    """
    columns = columns_of(type)
    changes: dict[str, Any] = {}
    touched: dict[Group, dict[str, Any]] = {}
    for name, value in values.items():
        column = columns.by_name.get(name)
        if column is None or are_parts(value):
            part = _part(columns, name)
            changes[name] = _recognised(part, getattr(record, name), _given_whole(type, name, value))
        elif column.group is None:
            changes[name] = frozenset() if value is None and column.field.kind == "choices" else value
        elif column.group.place == "line":
            raise columns.unknown(name)
        else:
            touched.setdefault(column.group, {})[column.field.name] = checked_number(column, value)
    for group, given in touched.items():
        held = changes.get(group.attribute, getattr(record, group.attribute))
        changes[group.attribute] = _revised(group, held, given)
    return {name: value for name, value in changes.items() if value != getattr(record, name)}


def _part(columns: Columns, name: str) -> PartType:
    attribute = columns.attribute(name)
    return next(p for p in columns.type.parts if p.attribute == attribute)


def _given_whole(type: RecordType, name: str, value: Any) -> Parts:
    if value is None:
        return ()
    if not isinstance(value, tuple | list):
        raise InvalidRecord(type.name, {name: f"expected a tuple of parts, got {value!r}"})
    return tuple(value)


def _recognised(part: PartType, held: Parts, given: Parts) -> Parts:
    """Parts without a number that are there already, as they are there."""
    numbers = {each.no for each in given if isinstance(each, part.cls)}
    free = [(part.values(each), each) for each in held if each.no not in numbers]
    known = []
    for each in given:
        at = None
        if isinstance(each, part.cls) and each.no == 0:
            content = part.values(each)
            at = next((i for i, (values, _) in enumerate(free) if values == content), None)
        known.append(each if at is None else free.pop(at)[1])
    return tuple(known)


def _fits(group: Group, part: Any) -> bool:
    return all(getattr(part, name) == value for name, value in group.where.items())


def _revised(group: Group, held: Parts, given: Mapping[str, Any]) -> Parts:
    if not group.several:
        return _rewritten(group, held, given)
    [(name, value)] = given.items()
    if group.many:
        return _replaced(group, held, name, value or ())
    if value is None or value == ():
        current = preferred(held, group.where.items())
        return tuple(p for p in held if p is not current)
    first, *rest = value if type(value) is tuple else (value,)
    held = _revalued(group, held, name, first, rest)
    there = {getattr(p, name) for p in held if _fits(group, p)}
    cls: Any = group.holder.cls
    return (*held, *(cls(**group.where, **{name: each}) for each in rest if each not in there))


def _rewritten(group: Group, held: Parts, given: Mapping[str, Any]) -> Parts:
    """Some fields of the one part changed."""
    current = preferred(held, group.where.items())
    if current is None:
        stated = {name: value for name, value in given.items() if value is not None}
        return (*held, *made(group, stated)) if stated else held
    new = evolve(current, **given)
    shown = {f.name: (getattr(new, f.name), f.required) for f in group.fields.values()}
    gone = all(v is None for v, _ in shown.values()) or any(v is None and required for v, required in shown.values())
    return tuple(new if p is current else p for p in held if not (gone and p is current))


def _replaced(group: Group, held: Parts, name: str, values: tuple[Any, ...]) -> Parts:
    """All parts of the group are those of these values."""
    kept = [p for p in held if not _fits(group, p) or getattr(p, name) in values]
    there = {getattr(p, name) for p in kept if _fits(group, p)}
    new = tuple(v for v in values if v not in there)
    return (*kept, *made(group, {name: new})) if new else tuple(kept)


def _revalued(group: Group, held: Parts, name: str, value: Any, keep: list[Any]) -> Parts:
    """The preferred part has this value: because another has it and is preferred now, or in place of its old one."""
    current = preferred(held, group.where.items())
    if current is None:
        return (*held, *made(group, {name: value}))
    if getattr(current, name) == value:
        return held
    twin = next((p for p in held if _fits(group, p) and getattr(p, name) == value), None)
    if twin is None and group.has_preferred and getattr(current, name) in keep:
        [twin] = made(group, {name: value})
        held = (*held, twin)
    if twin is not None and group.has_preferred:
        return tuple(evolve(p, preferred=p is twin) if _fits(group, p) else p for p in held)
    times = {f.name: None for f in group.holder.fields if f.kind in ("date", "datetime") and f.optional}
    renewed = evolve(current, **{**times, name: value})  # when it was verified, say, spoke of the old value
    return tuple(renewed if p is current else p for p in held if p is current or p is not twin)
