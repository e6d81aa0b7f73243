"""What a Crm declares: the plugins that its host wants, and what the database keeps of all others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal, TypeAlias

from crmcore.application.readiness import Readiness, refuse_disabled
from crmcore.domain.dormant import Belongings, belongings
from crmcore.domain.errors import InvalidSetting
from crmcore.plugins.registry import Registry, load
from crmcore.ports.stamp import KnownPlugin, Stamp

Wanted: TypeAlias = Sequence[str | object] | None
"""Plugins by name or as such; None: those that the database records as active."""


class Declared:
    """The registry of one Crm, and whether its database fits. `again` looks whether plugins were switched since.

    Raises MissingPlugin, PluginConflict, PluginDisabled, PluginFailed, InvalidSetting.
    """

    registry: Registry
    readiness: Readiness

    def __init__(self, wanted: Sequence[str | object] | Literal["none"] | None, peek: Callable[[], Stamp | None]):
        self.read_only = wanted == "none"
        self.wanted = checked(wanted)
        self._peek = peek
        self._load(peek())

    def again(self) -> Registry:
        """The registry for what the database says now. Where that does not go with what the host wants, it is refused
        each time, until one of them has changed."""
        stamp = self._peek()
        if _switches(stamp) != self._seen:
            self._load(stamp)
            self.check()
        return self.registry

    def want(self, plugin: str | object, name: str) -> None:
        """Go on with a plugin that was enabled through this Crm, where the host names its plugins."""
        if self.wanted is not None and not self.read_only:
            self.wanted = with_plugin(self.wanted, plugin, name)

    def forget(self, name: str) -> None:
        """Go on without a plugin that was disabled through this Crm, where the host names its plugins."""
        if self.wanted is not None:
            self.wanted = [each for each in self.wanted if _name(each) != name]

    def check(self) -> None:
        """`SchemaMismatch` unless the tables are there, as far as they are used."""
        if self.read_only:
            self.readiness.check_made()
        else:
            self.readiness.check()

    def _load(self, stamp: Stamp | None) -> None:
        wanted = (stamp.plugins if stamp else ()) if self.wanted is None else self.wanted
        known = stamp.known if stamp else {}
        if not self.read_only:
            refuse_disabled(known, wanted)
        registry = load(wanted, dormant=dormant(known, wanted))
        readiness = Readiness(registry.catalogue, registry.names, self._peek, registry.plugins, registry.chain)
        readiness.stamp = stamp  # not a later one: somebody may have switched a plugin while these were imported
        if not self.read_only:
            readiness.check_plugins()
            readiness.check_enabled()
        self.registry, self.readiness, self._seen = registry, readiness, _switches(stamp)


def checked(wanted: Sequence[str | object] | str | None) -> Wanted:
    """The plugins that a host names; for "none" no plugin. `InvalidSetting` for any other text."""
    if isinstance(wanted, str):
        if wanted != "none":
            raise InvalidSetting(f"plugins is a list of names, or 'none', not {wanted!r}")
        return ()
    return wanted


def dormant(known: Mapping[str, KnownPlugin], wanted: Iterable[str | object]) -> list[Belongings]:
    """What plugins have in the database that are not wanted now and are not retired."""
    named = {each for each in wanted if isinstance(each, str)}
    kept = {name: each for name, each in known.items() if name not in named and each.state != "retired"}
    return [belongings(name, each.described) for name, each in sorted(kept.items())]


def with_plugin(wanted: Sequence[str | object], plugin: str | object, name: str) -> list[str | object]:
    """These plugins and one more, which stands in for another of its name."""
    return [*(each for each in wanted if _name(each) != name), plugin]


def _name(plugin: str | object) -> object:
    return plugin if isinstance(plugin, str) else getattr(getattr(plugin, "plugin", plugin), "name", None)


def _switches(stamp: Stamp | None) -> object:
    """What makes another registry, or another database for it, where it differs."""
    known = stamp.known if stamp else {}
    return stamp and (stamp.plugins, dict(stamp.fingerprints)), {
        name: (each.state, each.capabilities) for name, each in known.items()
    }
