"""Who claims which name: everything that two declarations cannot both have is found here."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping

import attrs

from crmcore.domain.errors import PluginConflict, PluginFailed
from crmcore.domain.facet import Facet
from crmcore.domain.field import declared_fields
from crmcore.domain.part import declared_parts
from crmcore.domain.record import Record
from crmcore.plugins.manifest import squash
from crmcore.plugins.refusal import Origin, Problem
from crmcore.plugins.starting.clashing import clash
from crmcore.plugins.starting.declarations import Declared
from crmcore.plugins.starting.extending import collisions


@attrs.frozen
class Claim:
    """Something that only one declaration can be: as a key, in words, and what is declared to be it."""

    key: Hashable
    text: str
    origin: Origin
    subject: object = attrs.field(eq=False)


def clashes(declared: Iterable[Declared]) -> Iterator[Problem]:
    """What is claimed more than once, exactly or by names that a person would take for one."""
    everything = tuple(declared)
    held: dict[Hashable, list[Claim]] = {}
    for each in everything:
        for claim in _claims(each):
            held.setdefault(claim.key, []).append(claim)
    for key, claims in held.items():
        # One class that is declared twice would clash with itself in all its names too.
        if len(claims) > 1 and (key == ("class", id(claims[0].subject)) or len({id(c.subject) for c in claims}) > 1):
            yield clash(claims, "call that otherwise")
    yield from collisions(everything)
    targets = {each.qualified(cls): cls for each in everything for cls in each.records}
    extended = {_target(facet) for each in everything for facet in each.facets}
    leads = {name: _leads(targets[name]) for name in extended if name in targets}
    for each in everything:
        yield from _within(each)
        yield from _hiding(each, leads)


def _claims(each: Declared) -> Iterator[Claim]:
    """Classes; names of tables, where words are joined by _; workflows."""

    def table(name: str, kind: str, cls: type) -> Claim:
        return Claim(("table", squash(name)), f"the {kind} {name!r}", each.origin, cls)

    for cls in (*each.records, *each.facets):
        yield Claim(("class", id(cls)), f"the class {cls.__name__}", each.origin, cls)
    for cls in each.records:
        name = each.qualified(cls)
        yield table(name, "record type", cls)
        for part in declared_parts(cls):
            yield table(f"{name}.{part.name}", "part", cls)
    for facet in each.facets:
        yield table(f"{each.plugin}.{_target(facet)}", "facet", facet)
    for workflow in each.workflows:
        yield Claim(("workflow", workflow.name), f"the workflow {workflow.name!r}", each.origin, workflow)


def _within(each: Declared) -> Iterator[Problem]:
    """Names inside one record type or facet of a plugin that a person would take for one."""
    if not each.plugin:
        return
    owners = [(each.qualified(cls), _names(cls)) for cls in each.records]
    owners += [(f"facet of {_target(cls)}", {f.name for f in declared_fields(cls)}) for cls in each.facets]
    for owner, names in owners:
        alike: dict[str, list[str]] = {}
        for name in sorted(names):
            alike.setdefault(squash(name), []).append(name)
        for same in alike.values():
            if len(same) > 1:
                what = f"{owner} has names that differ only in case, width or underscores: {', '.join(same)}"
                yield Problem(error=PluginFailed, origins=(each.origin,), what=what, remedy="Rename one of them")


def _names(cls: type[Record]) -> set[str]:
    options = cls.__crm__
    views = [*(v.name for v in options.flats), *(v.name for v in options.derived)] if options else []
    return {*(f.name for f in declared_fields(cls)), *views, *(part.attribute for part in declared_parts(cls))}


def _leads(cls: type[Record]) -> set[str]:
    """The names that lead from a record to its parts, or to another record."""
    parts = {part.name for part in declared_parts(cls)}
    return parts | {f.name for f in declared_fields(cls) if f.kind == "reference"}


def _hiding(each: Declared, leads: Mapping[str, set[str]]) -> Iterator[Problem]:
    """Facets whose prefix already leads from the record to something else."""
    for facet in each.facets:
        if each.plugin in leads.get(_target(facet), ()):
            what = f"its facet would be {_target(facet)}.{each.plugin}, which is a part or a reference there"
            yield Problem(error=PluginConflict, origins=(each.origin,), what=what, remedy="Rename the plugin")


def _target(facet: type[Facet]) -> str:
    return facet.__crm_facet__[0]
