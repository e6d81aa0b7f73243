"""The catalogue: every declared record type, facet and workflow of one Crm, frozen and checked as a whole."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

import attrs

from crmcore.domain import growing, soundness
from crmcore.domain.errors import InvalidDeclaration, UnknownName, nearest
from crmcore.domain.extension import Added
from crmcore.domain.facet import Facet, FacetType, facet_type
from crmcore.domain.field import Field
from crmcore.domain.literal import is_reserved
from crmcore.domain.record import Derived, Flat, Record, RecordType, record_type
from crmcore.domain.workflow import Workflow, check_workflow

NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
CUSTOM: Final = "custom"
"""The name of the facets whose fields are added at run time, by no plugin."""
TAKEN: Final = frozenset(("core", "facets", CUSTOM, "history"))


def _frozen(given: Mapping[Any, Any]) -> Mapping[Any, Any]:
    return MappingProxyType(dict(given))


@attrs.frozen(eq=False)
class Catalogue:
    """What is declared, by name and by class. Made once at start by `build`; never changed, as plugins see it too."""

    records: Mapping[str, RecordType] = attrs.field(converter=_frozen)
    facets: Mapping[str, tuple[FacetType, ...]] = attrs.field(converter=_frozen)
    workflows: Mapping[tuple[str, str], Workflow] = attrs.field(converter=_frozen)
    by_class: Mapping[type[Record], RecordType] = attrs.field(repr=False, converter=_frozen)
    facet_by_class: Mapping[type[Facet], FacetType] = attrs.field(repr=False, converter=_frozen)
    dormant: frozenset[str] = frozenset()
    """Plugins that are known by their descriptions only: what they declared is kept, and not written."""

    def record(self, name: str) -> RecordType:
        """The record type of that name; `UnknownName` suggests the nearest."""
        found = self.records.get(name)
        if found is None:
            raise UnknownName("record type", name, self.records, "the active plugins" if "." in name else "")
        return found

    def of(self, cls: type[Record]) -> RecordType:
        """The record type of that class; `UnknownName` if no active plugin declares it."""
        found = self.by_class.get(cls)
        if found is None:
            raise UnknownName("record type", cls.__name__, (c.__name__ for c in self.by_class), "the active plugins")
        return found

    def facet(self, record: RecordType, name: str) -> FacetType | None:
        """The facet that plugin `name` declares on a record type, or None."""
        return next((f for f in self.facets.get(record.name, ()) if f.name == name), None)

    def facet_of(self, cls: type[Facet], record: RecordType) -> FacetType:
        """The facet of that class; `UnknownName` if no active plugin declares it on that record type."""
        found = self.facet_by_class.get(cls)
        if found is None or found.record != record.name:
            known = (f.cls.__name__ for f in self.facets.get(record.name, ()))
            raise UnknownName("facet", cls.__name__, known, record.name)
        return found

    def references_to(self, name: str) -> tuple[tuple[RecordType, str, Field], ...]:
        """Every declared reference to a record type: (record type, place, field); the place is "" for its own
        fields, else the name of a part or `facet:NAME`."""
        found: list[tuple[RecordType, str, Field]] = []
        for each in self.records.values():
            places = [("", each.fields), *((p.name, p.fields) for p in each.parts)]
            places += [(f"facet:{f.name}", f.fields) for f in self.facets.get(each.name, ())]
            for place, fields in places:
                found += [
                    (each, place, f)
                    for f in fields
                    if f.kind == "reference" and f.target in (name, "*") and f.name != "id"
                ]
        return tuple(found)

    def names(self, record: RecordType) -> list[str]:
        """Every name by which a field of this record type can be asked for."""
        own = [f.name for f in record.fields]
        views = [f.name for f in record.options.flats] + [d.name for d in record.options.derived]
        dotted = [f.dotted(each) for f in self.facets.get(record.name, ()) for each in f.fields]
        inner = [f"{p.name}.{each.name}" for p in record.parts for each in p.fields]
        return own + views + dotted + inner

    def plugins(self) -> tuple[str, ...]:
        """The plugins that declare record types or facets, sorted."""
        owners = {r.plugin for r in self.records.values() if r.plugin}
        return tuple(sorted((owners | {f.name for each in self.facets.values() for f in each}) - {CUSTOM}))

    def fingerprint(self, plugin: str | None) -> str:
        """What a distribution's tables depend on, as a digest: it changes when a migration is needed."""
        lines = []
        for each in sorted(self.records.values(), key=lambda r: r.name):
            if each.plugin == plugin:
                lines += _shape(each.name, each.fields)
                lines += [line for p in each.parts for line in _shape(f"{each.name}/{p.name}", p.fields)]
                lines.append(f"{each.name} {each.options.indexes} {each.options.unique} {each.options.timeline}")
            if plugin:
                facets = self.facets.get(each.name, ())
                lines += [x for f in facets if f.name == plugin for x in _shape(f"{each.name}:{plugin}", f.fields)]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def _shape(owner: str, fields: Iterable[Field]) -> list[str]:
    return [
        f"{owner}.{f.name} {f.kind} {f.length} {f.scale} {f.target} {f.required:d}{f.index:d}{f.unique:d}{f.fold:d}"
        for f in fields
    ]


def build(
    records: Iterable[tuple[str | None, type[Record]]],
    facets: Iterable[tuple[str, type[Facet]]] = (),
    workflows: Iterable[Workflow] = (),
    extensions: Iterable[Added] = (),
) -> Catalogue:
    """The frozen catalogue; `InvalidDeclaration` names the first declaration that cannot work and why.

    `extensions` are what plugins, by name, add to the workflows; fields get the states that they add.
    """
    types: dict[str, RecordType] = {}
    for plugin, cls in records:
        made = record_type(cls, plugin)
        if made.name in types:
            raise InvalidDeclaration(f"record type {made.name!r} is declared twice")
        if any(cls is each.cls for each in types.values()):
            raise InvalidDeclaration(f"the class {cls.__name__} is declared as two record types")
        types[made.name] = made
    extra: dict[str, list[FacetType]] = {}
    for owner, facet_cls in facets:
        described = facet_type(facet_cls, owner)
        if any(facet_cls is each.cls for others in extra.values() for each in others):
            raise InvalidDeclaration(f"the facet {facet_cls.__name__} is declared twice")
        extra.setdefault(described.record, []).append(described)
    flows: dict[tuple[str, str], Workflow] = {}
    for workflow in workflows:
        if (key := (workflow.record, workflow.field)) in flows:
            raise InvalidDeclaration(f"workflow {workflow.name} is declared twice")
        check_workflow(workflow)
        flows[key] = workflow
    growing.grow(types, extra, flows, extensions)
    catalogue = Catalogue(
        records=types,
        facets={name: tuple(sorted(each, key=lambda f: f.name)) for name, each in extra.items()},
        workflows=flows,
        by_class={t.cls: t for t in types.values()},
        facet_by_class={f.cls: f for each in extra.values() for f in each},
    )
    _check(catalogue)
    return catalogue


def extended(catalogue: Catalogue, facets: Iterable[tuple[str, type[Facet]]]) -> Catalogue:
    """The same record types with more facets; `InvalidDeclaration` for one that cannot work."""
    found = dict(catalogue.facets)
    more = [facet_type(cls, owner) for owner, cls in facets]
    for each in more:
        found[each.record] = tuple(sorted((*found.get(each.record, ()), each), key=lambda f: f.name))
    by_class = {**catalogue.facet_by_class, **{each.cls: each for each in more}}
    made = attrs.evolve(catalogue, facets=found, facet_by_class=by_class)
    _check(made)
    return made


def _check(catalogue: Catalogue) -> None:
    for each in catalogue.records.values():
        _check_record(catalogue, each)
    for target, facets in catalogue.facets.items():
        if target not in catalogue.records:
            raise InvalidDeclaration(f"plugin {facets[0].name!r} extends {_absent(catalogue, target)}")
        names = [f.name for f in facets]
        if len(set(names)) != len(names):
            raise InvalidDeclaration(f"one plugin declares two facets on {target!r}: {names}")
        own = catalogue.records[target]
        clash = sorted({*(f.name for f in own.fields), *(p.attribute for p in own.parts)} & set(names))
        if clash:
            raise InvalidDeclaration(f"{target!r} has a field {clash[0]!r}: a plugin of that name cannot extend it")
        for described in facets:
            soundness.check_facet(described)
            _check_fields(catalogue, f"facet {described.name} of {target}", described.fields)
    for workflow in catalogue.workflows.values():
        _check_workflow(catalogue, workflow)


def _check_record(catalogue: Catalogue, each: RecordType) -> None:
    _check_name(f"record type {each.name}", each.options.name)
    soundness.check_record(each, catalogue.records)
    _check_fields(catalogue, each.name, each.fields)
    for inner in each.parts:
        _check_name(f"part of {each.name}", inner.name)
        _check_fields(catalogue, f"{each.name}.{inner.name}", inner.fields)
    names = [f.name for f in each.fields] + [p.attribute for p in each.parts]
    views: list[Flat | Derived] = [*each.options.flats, *each.options.derived]
    for view in views:
        _check_name(each.name, view.name)
        _check_view(catalogue, each, view)
    wanted = [each.options.subject, *(each.options.timeline or ()), *each.options.title]
    wanted += [n for group in (*each.options.indexes, *each.options.unique) for n in group]
    flats = {f.name for f in each.options.flats}
    for name in wanted:
        if name and name not in names and name not in flats:
            raise InvalidDeclaration(f"record type {each.name!r} names a field that it does not declare: {name!r}")


def _check_view(catalogue: Catalogue, each: RecordType, view: Flat | Derived) -> None:
    if isinstance(view, Derived):
        target = catalogue.records.get(view.record)
        if target is None or not target.field(view.via) or not target.field(view.field):
            raise InvalidDeclaration(f"derived {each.name}.{view.name} looks at an unknown {view.record}.{view.field}")
        return
    inner = each.part(view.part)
    if inner is None or any(inner.field(n) is None for n in (view.field, *view.where)):
        raise InvalidDeclaration(f"flat name {each.name}.{view.name} looks at an unknown {view.part}.{view.field}")


def _check_name(owner: str, name: str) -> None:
    if not NAME.fullmatch(name) or name in TAKEN or is_reserved(name):
        raise InvalidDeclaration(
            f"{owner}: {name!r} cannot be a name: small Latin letters, digits and _, "
            "beginning with a letter, at most 40, and no word of the filter language"
        )


def _absent(catalogue: Catalogue, name: str) -> str:
    """What is wrong with the name of a record type, and the one that was meant: an author may leave out the plugin."""
    close = [each for each in catalogue.records if each.endswith(f".{name}")] or nearest(name, catalogue.records)
    hint = f"; did you mean {' or '.join(map(repr, close))}?" if close else ""
    return f"{name!r}, which is no record type here{hint}"


def _check_fields(catalogue: Catalogue, owner: str, fields: Iterable[Field]) -> None:
    for each in fields:
        _check_name(owner, each.name)
        if each.kind == "reference" and each.target not in ("*", *catalogue.records):
            raise InvalidDeclaration(f"{owner}.{each.name} refers to {_absent(catalogue, each.target)}")
        if each.default is not None and each.default != frozenset() and (problem := each.check(each.default)):
            raise InvalidDeclaration(f"{owner}.{each.name}: its default {problem}")


def _check_workflow(catalogue: Catalogue, workflow: Workflow) -> None:
    check_workflow(workflow)
    owner = catalogue.records.get(workflow.record)
    declared: Any = None
    if owner is not None:
        prefix, _, rest = workflow.field.rpartition(".")
        holder = catalogue.facet(owner, prefix) if prefix else owner
        declared = holder.field(rest) if holder is not None else None
    if declared is None or declared.kind != "choice":
        raise InvalidDeclaration(f"workflow {workflow.name} is about no choice field that is declared here")
    if set(workflow.states) != set(declared.options):
        raise InvalidDeclaration(
            f"workflow {workflow.name}: its states and the field's options differ: "
            f"{sorted(set(workflow.states) ^ set(declared.options))}"
        )
