"""Which hooks are called for which record type: looked up once, at start, and plain tuples from then on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

import attrs

from crmcore.domain.catalogue import Catalogue
from crmcore.domain.errors import PluginFailed, nearest
from crmcore.plugins.dispatch import Call
from crmcore.plugins.manifest import Plugin
from crmcore.plugins.refusal import Problem

EVERY: Final = "*"
ON_WRITES: Final = frozenset(("check_changes", "check_steps", "react_changes", "react_steps"))
"""The hooks that are called for what is written; who asks for merges alone makes no write dearer."""

Calls = Mapping[str, Call]
"""The hooks of one plugin, by name."""


@attrs.frozen(eq=False)
class Hooks:
    """The hooks of all active plugins in their order: those that are routed by hook and record type, all by hook.

    `capabilities`: what each plugin may read and write beside what is its own. `records`: the record types for which a
    guard or a reaction is to be called when they are written.
    """

    routed: Mapping[tuple[str, str], tuple[Call, ...]] = MappingProxyType({})
    by_name: Mapping[str, tuple[Call, ...]] = MappingProxyType({})
    capabilities: Mapping[str, frozenset[str]] = MappingProxyType({})
    records: frozenset[str] = frozenset()

    def of(self, hook: str, record: str) -> tuple[Call, ...]:
        """Who is to be called for a record type; nobody, mostly."""
        return self.routed.get((hook, record), ())

    def all(self, hook: str) -> tuple[Call, ...]:
        """Everybody who implements a hook."""
        return self.by_name.get(hook, ())


NO_HOOKS: Final = Hooks()


def routed(active: Iterable[tuple[Plugin, Calls]], catalogue: Catalogue) -> Hooks:
    """The table of the hooks of these plugins, which come in their order."""
    table: dict[tuple[str, str], list[Call]] = {}
    by_name: dict[str, list[Call]] = {}
    capabilities = {}
    for manifest, calls in active:
        capabilities[manifest.name] = frozenset(manifest.capabilities)
        for hook, call in sorted(calls.items()):
            by_name.setdefault(hook, []).append(call)
            for record in _records(call, catalogue):
                table.setdefault((hook, record), []).append(call)
    return Hooks(
        MappingProxyType({key: tuple(calls) for key, calls in table.items()}),
        MappingProxyType({name: tuple(calls) for name, calls in by_name.items()}),
        MappingProxyType(capabilities),
        frozenset(record for hook, record in table if hook in ON_WRITES),
    )


def _records(call: Call, catalogue: Catalogue) -> Iterable[str]:
    if EVERY in call.records:
        return catalogue.records
    return [name for name in dict.fromkeys(call.records) if name in catalogue.records]


def strangers(manifest: Plugin, calls: Calls, catalogue: Catalogue) -> Iterator[Problem]:
    """Record types that are not there although they are asked for: those of a plugin that is named in `after` may be
    missing, all others must not."""
    for call in calls.values():
        known = {EVERY, *catalogue.records}
        for name in call.records:
            if name in known or name.partition(".")[0] in manifest.after:
                continue
            close = nearest(name, known)
            hint = f"Did you mean {' or '.join(map(repr, close))}? Else name" if close else "Name"
            yield Problem(
                error=PluginFailed,
                origins=(call.origin,),
                hook=call.hook,
                what=f"it asks for the record type {name!r}, which is not here",
                remedy=f"{hint} a record type of the core, of its own, or of a plugin that it requires",
            )
        yield from _unheard(manifest, call, catalogue)


def _unheard(manifest: Plugin, call: Call, catalogue: Catalogue) -> Iterator[Problem]:
    """Capabilities over record types that are not there."""
    for each in manifest.capabilities if call.hook.startswith(("react", "observe", "declare_jobs")) else ():
        name = each.partition(":")[0]
        if name not in catalogue.records and name.partition(".")[0] not in manifest.after:
            what = f"its manifest wants the capability {each!r}, and there is no record type {name!r}"
            yield Problem(error=PluginFailed, origins=(call.origin,), what=what, remedy="Mend its capabilities")
