"""What a single record type or facet must fulfil to work, whatever else is declared. The catalogue checks the rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import attrs

from crmcore.domain.errors import InvalidDeclaration
from crmcore.domain.facet import FacetType
from crmcore.domain.field import KEY, Field
from crmcore.domain.kinds import storable_text
from crmcore.domain.part import PARTS, PartType
from crmcore.domain.record import ENVELOPE, Derived, Flat, RecordType

COUNTED: Final = frozenset(("integer", "decimal", "date", "datetime"))
"""Kinds that have a highest and a lowest value on every storage."""
UNINDEXED: Final = frozenset(("json", "choices"))
"""Kinds that no unique value and no index of several fields is made of: they are no plain columns."""


def check_names(type: RecordType) -> None:
    """Every name by which something of the record type is asked for means one thing only."""
    taken = {field.name for field in type.fields}
    for part in type.parts:
        if part.name in taken:
            raise _wrong(type.name, f"part {part.name!r} has the name of a field or of another part")
        taken.add(part.name)
    attributes = {part.attribute: part.name for part in type.parts}
    views: list[Flat | Derived] = [*type.options.flats, *type.options.derived]
    for view in views:
        holder = attributes.get(view.name)
        if view.name in taken or (holder is not None and holder != getattr(view, "part", None)):
            raise _wrong(type.name, f"the name {view.name!r} stands for something else already")
        taken.add(view.name)


def check_attributes(cls: type, own: Iterable[str]) -> None:
    """Every attribute is declared, and none hides what every such class has: `own`, besides the envelope."""
    reserved = {*own, *ENVELOPE} if "facets" in own else set(own)
    for attribute in attrs.fields(cls):
        declared = KEY in attribute.metadata or PARTS in attribute.metadata
        if attribute.name in reserved and not attribute.inherited:
            raise InvalidDeclaration(f"{cls.__name__}.{attribute.name}: every class of its kind has that; rename it")
        if not declared and attribute.name not in reserved:
            raise InvalidDeclaration(
                f"{cls.__name__}.{attribute.name} is no declared field, so it would never be stored: "
                "declare it with field.text(), field.integer() ... or parts()"
            )


def check_options(owner: str, fields: Iterable[Field]) -> None:
    """Options of fields fit their kinds."""
    declared = tuple(fields)
    names = {each.name for each in declared}
    for each in declared:
        if problem := _problem(each) or _unsettled(each, names - {each.name}):
            raise _wrong(f"{owner}.{each.name}", problem)


def _unsettled(field: Field, others: set[str]) -> str | None:
    """What is wrong with what a merge or an erasure is to do to a field."""
    if field.merge_with and field.merge_with not in others:
        return f"merge_with names another field of the same type, not {field.merge_with!r}"
    if field.on_merge == "stay" and field.kind != "reference":
        return 'on_merge="stay" is for references'
    if field.keep_reason and field.on_erase != "keep":
        return 'a keep_reason is for what is declared on_erase="keep"'
    return None


def _problem(field: Field) -> str | None:
    if (field.search or field.fold) and field.kind != "text":
        return f"only a text has a fold or a search key, not a field of type {field.kind}"
    if field.unique and field.kind in UNINDEXED:
        return f"a field of type {field.kind} cannot be unique"
    if field.index and field.kind == "json":
        return "a field of type json cannot be indexed"
    if field.kind == "choices" and field.optional:
        return "an empty set is frozenset(): declare default=frozenset()"
    if field.on_remove == "follow" and (field.kind != "reference" or field.optional):
        return 'on_remove="follow" is for references that every record of the type has'
    if field.on_remove == "clear" and (field.kind != "reference" or not field.optional):
        return 'on_remove="clear" is for references that may be missing'
    for option in field.options:
        if len(option) > field.length:
            return f"{option!r} cannot be an option: it has {len(option)} characters, at most {field.length} fit"
        if not option.strip() or storable_text(option):
            return f"{option!r} cannot be an option: options are texts that are not blank"
    return None


def check_anywhere(owner: str, fields: Iterable[Field], own: bool) -> None:
    """A reference to a record of any type is a record's own field, beside the text that names the type."""
    known = {field.name: field for field in fields}
    for each in known.values():
        if each.target == "*" and not own:
            raise _wrong(f"{owner}.{each.name}", "only a record's own field refers to records of any type; use a link")
        beside = known.get(each.target_field)
        if each.target == "*" and (beside is None or beside.kind != "text" or not beside.required):
            raise _wrong(f"{owner}.{each.name}", "target_field must name the required text that holds the record type")


def check_groups(type: RecordType) -> None:
    """Indexes and unique groups are of own fields; subject and timeline lead to a person and a time."""
    for group in (*type.options.indexes, *type.options.unique):
        fields = [type.field(name) for name in group]
        if not group or len(set(group)) != len(group) or any(f is None or f.kind in UNINDEXED for f in fields):
            raise _wrong(type.name, f"{group} cannot be indexed: name distinct own fields, neither sets nor JSON")
    subject = type.field(type.options.subject or "id")
    if subject is None or subject.kind != "reference":
        raise _wrong(type.name, f"its subject {type.options.subject!r} is no reference")
    if type.options.timeline is not None:
        person, time = map(type.field, type.options.timeline)
        if person is None or person.target != "customer" or time is None or time.kind not in ("datetime", "date"):
            raise _wrong(type.name, "its timeline is a reference to a customer and the name of a day or time")


def check_followers(type: RecordType) -> None:
    """Only rows of a log go with the record that they are about: anything else would be lost with it unseen."""
    places = [(type.name, type.fields, type.options.append_only), *((p.name, p.fields, False) for p in type.parts)]
    for owner, fields, may in places:
        if not may and (name := next((f.name for f in fields if f.on_remove == "follow"), None)):
            raise _wrong(f"{owner}.{name}", 'on_remove="follow" is for records that are append-only')


def check_tells(type: RecordType, records: Mapping[str, RecordType]) -> None:
    """A field of a log tells of fields that the record has which the log is about."""
    about = records.get(type.followed.target) if type.followed is not None else None
    known = {field.name for field in about.fields} if about is not None else set()
    for owner, fields in ((type.name, type.fields), *((part.name, part.fields) for part in type.parts)):
        for each in fields:
            if unknown := [name for name in each.tells if owner != type.name or name not in known]:
                raise _wrong(f"{owner}.{each.name}", f"tells {unknown[0]!r}: no field of what the log is about")


def check_flat(type: RecordType, part: PartType, view: Flat) -> None:
    """The conditions of a flat name can hold, and what is searched is text."""
    for name, value in view.where.items():
        declared = part.field(name)
        if declared is None or declared.kind not in ("text", "choice") or declared.check(value):
            raise _wrong(f"{type.name}.{view.name}", f"no {part.name} has {name} {value!r}")
    shown = part.field(view.field)
    if view.search is not None and (shown is None or shown.kind != "text"):
        raise _wrong(f"{type.name}.{view.name}", "only a text has a search key")


def check_derived(type: RecordType, target: RecordType, figure: Derived) -> None:
    """A derived figure is the highest or lowest of a plain field of records that refer here."""
    via, field = target.field(figure.via), target.field(figure.field)
    if via is None or via.kind != "reference" or via.target != type.name or via.name == "id":
        raise _wrong(f"{type.name}.{figure.name}", f"{target.name}.{figure.via} is no reference to a {type.name}")
    if figure.how not in ("max", "min") or field is None or field.kind not in COUNTED:
        raise _wrong(
            f"{type.name}.{figure.name}", f"it is the max or min of a field of type {', '.join(sorted(COUNTED))}"
        )


def check_facet(facet: FacetType) -> None:
    """A facet by itself."""
    owner = f"facet {facet.name} of {facet.record}"
    check_attributes(facet.cls, ("version", "id"))
    check_options(owner, facet.fields)
    check_anywhere(owner, facet.fields, own=False)
    if any(f.on_remove == "follow" or f.tells for f in facet.fields):
        raise _wrong(owner, 'on_remove="follow" and tells are for records that are append-only')


def check_record(type: RecordType, records: Mapping[str, RecordType]) -> None:
    """A record type by itself, among `records`."""
    check_attributes(type.cls, ("facets",))
    check_options(type.name, type.fields)
    check_anywhere(type.name, type.fields, own=True)
    for part in type.parts:
        owner = f"{type.name}.{part.name}"
        if part.name in records:
            raise _wrong(owner, "a part cannot have the name of a record type")
        check_attributes(part.cls, ("no", "owner"))
        check_options(owner, part.fields)
        check_anywhere(owner, part.fields, own=False)
    check_names(type)
    check_groups(type)
    check_followers(type)
    check_tells(type, records)
    for view in type.options.flats:
        if (behind := type.part(view.part)) is not None:
            check_flat(type, behind, view)
    for figure in type.options.derived:
        if (target := records.get(figure.record)) is not None:
            check_derived(type, target, figure)


def _wrong(where: str, what: str) -> InvalidDeclaration:
    return InvalidDeclaration(f"{where}: {what}")
