"""The registry: the plugins of one Crm and the catalogue that follows from them. Nothing here is global."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import attrs

from crmcore.domain.catalogue import Catalogue, build
from crmcore.domain.dormant import Belongings
from crmcore.domain.errors import InvalidDeclaration, PluginFailed
from crmcore.domain.extension import owned
from crmcore.plugins.claims import clashes
from crmcore.plugins.declarations import CORE_DECLARED, Declared, gather
from crmcore.plugins.discovery import Candidate, Installed, candidates, discover
from crmcore.plugins.dispatch import bind
from crmcore.plugins.manifest import Plugin
from crmcore.plugins.refusal import Origin, Problem, refuse, text_of
from crmcore.plugins.relations import Known, circles, conflicts, ordered, requirements, same_names, unmet
from crmcore.plugins.revisions import CORE, chain, core_chain
from crmcore.plugins.routing import NO_HOOKS, Hooks, routed, strangers
from crmcore.ports.migration import Chain


@attrs.frozen
class Active:
    """An active plugin: its manifest, where it comes from ("" if the host handed it over), what it declares."""

    manifest: Plugin
    distribution: str
    version: str
    records: tuple[str, ...] = ()
    facets: tuple[str, ...] = ()
    workflows: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The plugin's name."""
        return self.manifest.name


@attrs.frozen(eq=False)
class Registry:
    """The active plugins in their order, the catalogue of the core's and their declarations, and their hooks."""

    plugins: tuple[Active, ...]
    catalogue: Catalogue
    hooks: Hooks = NO_HOOKS

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the active plugins, in their order."""
        return tuple(each.name for each in self.plugins)

    def chain(self, distribution: str) -> Chain:
        """The revisions of the core ("core") or of an active plugin, imported now; PluginFailed if that fails."""
        found = next((each for each in self.plugins if each.name == distribution), None)
        if found is None:
            return core_chain() if distribution == CORE else Chain(distribution)
        return chain(Origin(found.name, found.distribution, found.version), found.manifest.migrations)

    def describe(self, installed: Sequence[Installed] | None = None) -> list[dict[str, Any]]:
        """Active and available plugins as plain values, sorted by name; of those that are not active, what can be
        known without importing them."""
        active = {each.name: self._active(each) for each in self.plugins}
        offered = discover() if installed is None else installed
        available = {each.name: _available(each) for each in offered}
        return [found for _, found in sorted({**available, **active}.items())]

    def _active(self, each: Active) -> dict[str, Any]:
        types = [self.catalogue.record(name) for name in each.records]
        extended = [(name, self.catalogue.facet(self.catalogue.record(name), each.name)) for name in each.facets]
        contributes = {
            "record_types": [{"record": t.name, "fields": [f.name for f in t.own]} for t in types],
            "facets": [{"record": name, "fields": [f.dotted(x) for x in f.fields]} for name, f in extended if f],
            "workflows": list(each.workflows),
            "extensions": list(each.extensions),
        }
        manifest = each.manifest
        return {
            "name": each.name,
            "version": each.version,
            "api": manifest.api,
            "state": "active",
            "distribution": each.distribution,
            "description": manifest.description,
            "requires": list(manifest.requires),
            "capabilities": list(manifest.capabilities),
            "contributes": contributes,
        }


def _available(each: Installed) -> dict[str, Any]:
    return {
        "name": each.name,
        "version": each.version,
        "api": None,
        "state": "available",
        "distribution": each.distribution,
        "description": "",
        "requires": [],
        "capabilities": [],
        "contributes": {},
    }


def load(
    wanted: Iterable[str | object] = (),
    *,
    installed: Sequence[Installed] | None = None,
    dormant: Iterable[Belongings] = (),
) -> Registry:
    """The registry of the plugins that are wanted: by name, or as modules or objects with an attribute `plugin`.

    Only what is named is imported. `installed`: what there is to choose from, by default what `discover` finds;
    `dormant`: what plugins have in the database that are not wanted now. All that is wrong is collected and refused at
    once: MissingPlugin, PluginConflict or PluginFailed, by what is wrong; PluginFailed if it is of several kinds.
    """
    offer = cache(discover) if installed is None else lambda: tuple(installed)
    found, problems = candidates(wanted, offer)
    problems += same_names(found)
    failed = frozenset(origin.plugin for each in problems for origin in each.origins)
    known = {c.manifest.name: c for c in sorted(found, key=lambda c: c.manifest.name) if c.manifest.name not in failed}
    problems += [*unmet(known, failed, offer), *conflicts(known), *circles(known)]
    declared = _declared(known, problems)
    asleep = [_asleep(each) for each in dormant if each.plugin not in known]
    problems += clashes([CORE_DECLARED, *declared.values(), *asleep])
    problems += [p for name in _sound(known, problems) for p in _misfits(known, declared, name)]
    refuse(problems)
    active = tuple(_active(known[name], each) for name, each in declared.items())
    catalogue = _catalogue([*declared.values(), *asleep])
    catalogue = attrs.evolve(catalogue, dormant=frozenset(each.origin.plugin for each in asleep))
    return Registry(active, catalogue, routed(((known[n].manifest, d.calls) for n, d in declared.items()), catalogue))


def _sound(known: Known, problems: Iterable[Problem]) -> Known:
    """The plugins with which nothing is wrong, nor with any that they require."""
    bad = {origin.plugin for each in problems for origin in each.origins}
    found = {}
    for name, each in known.items():
        needed = requirements(known, name)
        if needed <= set(known) and not (needed | {name}) & bad:
            found[name] = each
    return found


def _declared(known: Known, problems: list[Problem]) -> dict[str, Declared]:
    """What the sound plugins declare, in their order; adds what is wrong to the problems."""
    calls = {}
    for name, each in known.items():
        calls[name], wrong = bind(each)
        problems += wrong
    found = {}
    for each in ordered(_sound(known, problems)):
        found[each.manifest.name], more = gather(each.origin, calls[each.manifest.name])
        problems += more
    return found


def _catalogue(declared: Iterable[Declared]) -> Catalogue:
    everything = [CORE_DECLARED, *declared]
    return build(
        [(each.plugin, cls) for each in everything for cls in each.records],
        [(each.origin.plugin, cls) for each in everything for cls in each.facets],
        [owned(w, each.plugin) if each.plugin else w for each in everything for w in each.workflows],
        [(each.origin.plugin, extension) for each in everything for extension in each.extensions],
    )


def _misfits(known: Known, declared: Mapping[str, Declared], name: str) -> Iterator[Problem]:
    """Try a plugin's declarations with those of what it requires alone: so the blame is clear, and a name of a
    plugin that it does not require is refused also where that one happens to be active."""
    try:
        catalogue = _catalogue(declared[each] for each in sorted(requirements(known, name) | {name}))
        yield from strangers(known[name].manifest, declared[name].calls, catalogue)
    except Exception as error:
        text = str(error) if isinstance(error, InvalidDeclaration) else text_of(error)
        yield Problem(
            error=PluginFailed,
            origins=(known[name].origin,),
            what=f"its declarations do not fit: {text}",
            remedy="Mend them; it may name record types of the core, of its own, and of plugins that it requires",
            cause=error,
        )


def _asleep(own: Belongings) -> Declared:
    return Declared(Origin(own.plugin), tuple(t.cls for t in own.records), tuple(f.cls for f in own.facets))


def _active(each: Candidate, declared: Declared) -> Active:
    return Active(
        manifest=each.manifest,
        distribution=each.origin.distribution,
        version=each.origin.version,
        records=tuple(declared.qualified(cls) for cls in declared.records),
        facets=tuple(facet.__crm_facet__[0] for facet in declared.facets),
        workflows=tuple(workflow.name for workflow in declared.workflows),
        extensions=tuple(extension.workflow for extension in declared.extensions),
    )
