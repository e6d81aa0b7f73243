"""The registry: the plugins of one Crm and the catalogue that follows from them. Nothing here is global."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import attrs

from crmcore.domain.catalogue import Catalogue
from crmcore.domain.dormant import Belongings
from crmcore.plugins.manifest import Plugin
from crmcore.plugins.refusal import Origin, Problem
from crmcore.plugins.revisions import CORE, chain, core_chain
from crmcore.plugins.routing import NO_HOOKS, Hooks, routed
from crmcore.plugins.slots import NO_SLOTS, OWN, REPLACEABLE, Slots
from crmcore.plugins.specs import Job
from crmcore.plugins.starting.deadline import seconds_of
from crmcore.plugins.starting.declarations import Declared
from crmcore.plugins.starting.discovery import Candidate, Installed, Offer, discover, survey
from crmcore.plugins.starting.fitting import Answers
from crmcore.plugins.starting.importing import candidates
from crmcore.plugins.starting.relations import same_names
from crmcore.plugins.starting.trial import Failed, Trial
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
    jobs: tuple[Job, ...] = ()

    @property
    def name(self) -> str:
        """The plugin's name."""
        return self.manifest.name


@attrs.frozen(eq=False)
class Registry:
    """The active plugins in their order, the catalogue of the core's and their declarations, their hooks, who has which
    of the shared names (`slots["report"]["sales"]`), and which plugins were left out, if that was allowed."""

    plugins: tuple[Active, ...]
    catalogue: Catalogue
    hooks: Hooks = NO_HOOKS
    slots: Slots = NO_SLOTS
    failed: tuple[Failed, ...] = ()

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
        known without importing them. `problem` is what is wrong with those that failed."""
        active = {each.name: self._active(each) for each in self.plugins}
        offered = survey()[0] if installed is None else installed
        available = {each.name: _available(each.name, each.distribution, each.version) for each in offered}
        left_out = {each.name or each.distribution: _left_out(each, available.get(each.name)) for each in self.failed}
        return [found for _, found in sorted({**available, **left_out, **active}.items())]

    def _active(self, each: Active) -> dict[str, Any]:
        types = [self.catalogue.record(name) for name in each.records]
        extended = [(name, self.catalogue.facet(self.catalogue.record(name), each.name)) for name in each.facets]
        contributes = {
            "record_types": [{"record": t.name, "fields": [f.name for f in t.own]} for t in types],
            "facets": [{"record": name, "fields": [f.dotted(x) for x in f.fields]} for name, f in extended if f],
            "workflows": list(each.workflows),
            "extensions": list(each.extensions),
        }
        for kind in (*OWN, *REPLACEABLE):
            held = self.slots.get(kind, {}).values()
            contributes[f"{kind}s"] = [slot.name for slot in held if slot.plugin == each.name]
        asked = {name for name, calls in self.hooks.by_name.items() if any(call.plugin == each.name for call in calls)}
        contributes["hooks"] = sorted(name for name in asked if not name.startswith("declare_"))
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
            "problem": "",
        }


def _available(name: str, distribution: str, version: str = "") -> dict[str, Any]:
    return {
        "name": name,
        "version": version,
        "api": None,
        "state": "available",
        "distribution": distribution,
        "description": "",
        "requires": [],
        "capabilities": [],
        "contributes": {},
        "problem": "",
    }


def _left_out(each: Failed, available: dict[str, Any] | None) -> dict[str, Any]:
    known = available or _available(each.name, each.distribution)
    return {**known, "state": "failed", "problem": each.problem}


def load(
    wanted: Iterable[str | object] = (),
    *,
    installed: Sequence[Installed] | None = None,
    dormant: Iterable[Belongings] = (),
    tolerant: bool = False,
    deadline: float | None = None,
) -> Registry:
    """The registry of the plugins that are wanted: by name, or as modules or objects with an attribute `plugin`.

    Only what is named is imported. `installed`: what there is to choose from, by default what `discover` finds;
    `dormant`: what plugins have in the database that are not wanted now; `deadline`: the seconds that each plugin may
    take to be imported, and to declare, by default CRMCORE_PLUGIN_DEADLINE or 10. All that is wrong is collected and
    refused at once: MissingPlugin, PluginConflict or PluginFailed, by what is wrong; PluginFailed if it is of several
    kinds. `tolerant`: plugins with which anything is wrong are left out instead, and are in `failed`; that is for
    administration, not for writing records. Raises InvalidSetting for a deadline that is none.
    """
    seconds = seconds_of(deadline)
    offer, unread = _offer(installed, tolerant)
    found, problems = candidates(wanted, offer, seconds)
    problems += [*unread, *same_names(found)]
    trial = Trial(found, problems, offer, Answers(seconds), tuple(dormant))
    known, tried, failed = trial.tolerant() if tolerant else (*trial.strict(), ())
    active = tuple(_active(known[name], each) for name, each in tried.declared.items())
    hooks = routed(((known[n].manifest, d.calls) for n, d in tried.declared.items()), tried.catalogue)
    return Registry(active, tried.catalogue, hooks, tried.slots, failed)


def _offer(installed: Sequence[Installed] | None, tolerant: bool) -> tuple[Offer, Sequence[Problem]]:
    """What there is to choose from, looked up when it is asked for; the tolerant look at once, also past what is
    broken."""
    if installed is not None:
        return lambda: tuple(installed), ()
    if not tolerant:
        return cache(discover), ()
    found, problems = survey()
    return lambda: found, problems


def _active(each: Candidate, declared: Declared) -> Active:
    return Active(
        manifest=each.manifest,
        distribution=each.origin.distribution,
        version=each.origin.version,
        records=tuple(declared.qualified(cls) for cls in declared.records),
        facets=tuple(facet.__crm_facet__[0] for facet in declared.facets),
        workflows=tuple(workflow.name for workflow in declared.workflows),
        extensions=tuple(extension.workflow for extension in declared.extensions),
        jobs=declared.jobs,
    )
