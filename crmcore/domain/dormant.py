"""Declarations of plugins that are not running, as data: told while the plugin runs, made into classes without it.

What is made so is never written, so what only writing needs is left out: validators, `complete`, workflows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import attrs

from crmcore.domain.catalogue import Catalogue
from crmcore.domain.describing import attribute_of, facet_class, field_from_plain, field_to_plain
from crmcore.domain.errors import CrmError, InvalidDeclaration
from crmcore.domain.facet import Facet, FacetType, facet_type
from crmcore.domain.field import Field
from crmcore.domain.part import Part, PartType, part, parts
from crmcore.domain.record import Derived, Flat, Hierarchy, Options, Record, RecordType, record, record_type

Plain = Mapping[str, Any]
UNTOLD: Final = frozenset(("complete", "validators", "name"))
GROUPS: Final = frozenset(("indexes", "unique"))
VIEWS: Final[Mapping[str, type]] = {"flats": Flat, "derived": Derived}


def describe_record(type: RecordType) -> dict[str, Any]:
    """A record type as JSON can hold it, with its parts and options; functions are left out."""
    return {
        "name": type.options.name,
        "class": type.cls.__name__,
        "fields": [field_to_plain(f) for f in type.own],
        "parts": [_part_to_plain(each) for each in type.parts],
        "options": {a.name: _plain(getattr(type.options, a.name)) for a in attrs.fields(Options) if _is_told(a.name)},
    }


def record_class(plain: Plain) -> type[Record]:
    """The class that a description tells of. Values are given by keyword. `InvalidDeclaration` for what is none."""
    try:
        body = {f.name: attribute_of(f) for f in map(field_from_plain, plain["fields"])}
        body |= {each["attribute"]: _parts(each) for each in plain["parts"]}
        options = {name: _option(name, value) for name, value in plain["options"].items()}
        bare = _class(plain["class"], Record, body, f"Records of {plain['name']}, whose plugin is not running.")
        return record(plain["name"], **options)(bare)
    except CrmError:
        raise
    except (AttributeError, KeyError, LookupError, TypeError, ValueError) as error:
        raise InvalidDeclaration(f"the description of a record type cannot be read: {error!r}") from error


def describe_facet(facet: FacetType) -> dict[str, Any]:
    """A facet as JSON can hold it."""
    return {
        "record": facet.record,
        "class": facet.cls.__name__,
        "fields": [field_to_plain(f) for f in facet.fields],
        "label": dict(facet.label),
        "since": facet.since,
    }


def dormant_facet(plain: Plain) -> type[Facet]:
    """The facet that a description tells of. `InvalidDeclaration` for what is none."""
    try:
        fields = [field_from_plain(each) for each in plain["fields"]]
        return facet_class(plain["record"], fields, name=plain["class"], label=plain["label"], since=plain["since"])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, CrmError):
            raise
        raise InvalidDeclaration(f"the description of a facet cannot be read: {error!r}") from error


@attrs.frozen(eq=False)
class Belongings:
    """What is a plugin's own in a database: its record types and its facets of any record type."""

    plugin: str
    records: tuple[RecordType, ...]
    facets: tuple[FacetType, ...]


def describe(catalogue: Catalogue, plugin: str) -> dict[str, Any]:
    """All that a plugin declares and keeps in the database, and the states that it adds to workflows of others."""
    return {
        "records": [describe_record(t) for t in catalogue.records.values() if t.plugin == plugin],
        "facets": [describe_facet(f) for each in catalogue.facets.values() for f in each if f.name == plugin],
        "states": added_states(catalogue, plugin),
    }


def added_states(catalogue: Catalogue, plugin: str) -> dict[str, dict[str, str]]:
    """The states that a plugin adds to workflows of others, by workflow, each with the one as which it counts."""
    workflows = catalogue.workflows.values()
    states = {w.name: {s.name: s.counts_as for s in w.added if s.plugin == plugin} for w in workflows}
    return {workflow: names for workflow, names in states.items() if names}


def belongings(plugin: str, described: Plain) -> Belongings:
    """What a description tells of, as classes that are made of it. `InvalidDeclaration` for what is none."""
    return Belongings(
        plugin,
        tuple(record_type(record_class(each), plugin) for each in described.get("records", ())),
        tuple(facet_type(dormant_facet(each), plugin) for each in described.get("facets", ())),
    )


def _is_told(name: str) -> bool:
    return name not in UNTOLD


def _plain(value: Any) -> Any:
    """Options as plain values: what is declared by a class of ours becomes an object, every set and tuple a list."""
    if attrs.has(type(value)):
        return {a.name: _plain(getattr(value, a.name)) for a in attrs.fields(type(value))}
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, frozenset):
        return sorted(value)
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


def _option(name: str, value: Any) -> Any:
    if name in VIEWS:
        return tuple(VIEWS[name](**each) for each in value)
    if name in GROUPS:
        return tuple(tuple(group) for group in value)
    if name == "hierarchy":
        return None if value is None else Hierarchy(**{**value, "kinds": frozenset(value["kinds"])})
    return tuple(value) if isinstance(value, list) else value


def _part_to_plain(part: PartType) -> dict[str, Any]:
    return {
        "name": part.name,
        "attribute": part.attribute,
        "class": part.cls.__name__,
        "fields": [field_to_plain(f) for f in part.fields],
        "label": dict(part.label),
    }


def _parts(plain: Plain) -> Any:
    fields: Iterable[Field] = map(field_from_plain, plain["fields"])
    body = {f.name: attribute_of(f) for f in fields}
    bare = _class(plain["class"], Part, body, f"Parts {plain['name']}, whose plugin is not running.")
    made: type[Part] = part(plain["name"], label=plain["label"])(bare)
    return attrs.field(default=(), kw_only=True, converter=tuple, metadata=parts(made).metadata)


def _class(name: str, inherited: type, body: Mapping[str, Any], purpose: str) -> Any:
    told = {"__module__": __name__, "__doc__": purpose, "__annotations__": dict.fromkeys(body, Any)}
    return type(name, (inherited,), {**body, **told})
