"""`crm.plugins`: enabling, disabling, retiring and purging plugins, none of which is imported but to be enabled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

import attrs

from crmcore.application import rekeying
from crmcore.application.custom.described import read
from crmcore.application.lifecycle import leaving, moving
from crmcore.application.lifecycle.declared import Declared, dormant, with_plugin
from crmcore.application.lifecycle.listing import overview
from crmcore.application.lifecycle.switching import (
    check_free,
    check_required,
    check_state,
    forgotten,
    known_plugin,
    switched,
)
from crmcore.application.readiness import Readiness
from crmcore.application.running import Running
from crmcore.application.unit import UnitOfWork
from crmcore.application.upgrading import upgrade
from crmcore.domain.change import Actor, actor_of
from crmcore.domain.dormant import Belongings, belongings
from crmcore.domain.errors import InvalidSetting, SchemaMismatch, StillReferenced
from crmcore.domain.kinds import plain_datetime
from crmcore.plugins.manifest import Plugin
from crmcore.plugins.refusal import refuse
from crmcore.plugins.registry import load
from crmcore.plugins.starting.deadline import seconds_of
from crmcore.plugins.starting.discovery import discover
from crmcore.plugins.starting.importing import candidates
from crmcore.ports.retiring import Row
from crmcore.ports.stamp import KnownPlugin, Stamp
from crmcore.ports.storage import Storage, StorageSource

Kept: TypeAlias = tuple[Path | None, Mapping[str, int]]
"""Where rows were archived, and how many of each table."""
NO_TABLES: Final = "this database has no tables of crmcore: call crm.upgrade(), or run `crm db upgrade`"


@attrs.frozen
class Switched:
    """What a switch did: the plugin, its state now ("available" once purged), what it may write beside its own, how
    many records were moved, and where rows were archived, with how many of each table."""

    name: str
    state: str
    capabilities: tuple[str, ...] = ()
    moved: int = 0
    archive: Path | None = None
    rows: Mapping[str, int] = attrs.field(factory=dict)


@attrs.frozen(eq=False)
class Lifecycle:
    """Switches plugins of one database; every other process notices at its next unit of work.

    Each switch is on a connection of its own: never call it inside a unit of work. One that was interrupted is ended by
    calling it again. `actor` is kept with the state, and stands in the history of records that are moved.
    """

    declared: Declared
    running: Running
    source: StorageSource
    archive: leaving.Archive
    enroll: Callable[[], None]

    def enable(
        self,
        plugin: str | object,
        *,
        actor: Actor | str,
        archive: Path | None = None,
        progress: Callable[[str], None] | None = None,
    ) -> Switched:
        """Make an installed plugin active, with its tables; rows that it has from before are there again.

        `archive`: the folder for rows of a retired plugin whose owners were removed meanwhile, without which they keep
        it from being enabled. Raises MissingPlugin, PluginConflict, PluginDisabled or PluginFailed for one that cannot
        be active here, SchemaMismatch for tables that no revision leads from, StillReferenced for rows without owner.
        """
        manifest, stamp = _manifest(plugin), self._stamp()
        name, before = manifest.name, stamp.known.get(manifest.name)
        kept: Kept = (None, {})
        check_required(stamp, name, manifest.requires)
        readiness, storage = self._prepared(stamp, plugin, name)
        if before is not None and before.state == "retired":
            kept = self._restore(name, before, actor, archive)
        upgrade(readiness, storage, progress or (lambda step: None))
        self.running.current.storage.plugin_tables.restamp(switched(name, "active", *self._who(actor)))
        self.declared.want(plugin, name)
        self.running.refresh()
        if before is not None and before.state == "retired":
            self._rekey(name, actor)
        self.enroll()
        return Switched(name, "active", manifest.capabilities, 0, *kept)

    def disable(self, name: str, *, actor: Actor | str, move_to: str | Sequence[str] = ()) -> Switched:
        """Switch a plugin off: its hooks are not called any more, what it keeps stays and is not written.

        `move_to`: the state into which records go that stand in a state which it contributed to a workflow of others;
        if it did so to several, a state for each.
        Raises UnknownName, PluginConflict while another requires it, StillReferenced while records stand in its states,
        IllegalTransition for a state that they cannot go to.
        """
        stamp = self._stamp()
        known = known_plugin(stamp, name)
        if known.state == "retired":
            raise InvalidSetting(f"the plugin {name!r} is retired already, which is more than disabled", plugin=name)
        check_free(stamp, name, "active")
        places = moving.places(self.running.current.kernel.catalogue, known.described)
        with self._unit(actor) as unit:
            counts = moving.counted(unit, places)
        targets = moving.targets(name, places, counts, (move_to,) if isinstance(move_to, str) else move_to)
        change = switched(name, "disabled", *self._who(actor), check=lambda now: check_free(now, name, "active"))
        self._tables.restamp(change)
        self.declared.forget(name)
        self.running.refresh()
        moved = sum(self._move(name, place, state, actor) for place, state in targets)
        return Switched(name, "disabled", moved=moved)

    def retire(self, name: str, *, actor: Actor | str) -> Switched:
        """Put the tables of a disabled plugin aside: nothing of it is in the catalogue any more, and its rows keep
        nobody from removing what they refer to. Raises UnknownName, InvalidSetting, PluginConflict."""
        stamp = self._stamp()
        known = known_plugin(stamp, name)
        if known.state != "retired":
            check_state(name, known, "disabled", "retired")
        check_free(stamp, name, "active", "disabled")
        own = belongings(name, known.described)
        _refuse_custom(stamp, own)
        self._tables.retire(own, switched(name, "retired", *self._who(actor)))
        self.running.refresh()
        return Switched(name, "retired")

    def check_purge(self, name: str) -> KnownPlugin:
        """What the database knows of a plugin that can be purged. Raises UnknownName, InvalidSetting unless retired."""
        known = known_plugin(self._stamp(), name)
        check_state(name, known, "retired", "purged")
        return known

    def purge(self, name: str, *, actor: Actor | str, archive: Path) -> Switched:
        """Write the rows of a retired plugin into a new folder in `archive`, then drop its tables for good. What the
        history says of them stays. Raises UnknownName, InvalidSetting, StorageFailed; then nothing was dropped."""
        known = self.check_purge(name)
        own, (by, at) = belongings(name, known.described), self._who(actor)
        about = {**attrs.asdict(known), "name": name, "purged_by": by, "purged_at": at}
        where, rows = self.archive(archive, _title(name, at), about, self._tables.contents(own))
        with self._unit(actor) as unit:
            leaving.remove_links(unit, [each.name for each in own.records])
            leaving.forget_work(unit, name)
        self._tables.purge(own, forgotten(name))
        self.running.refresh()
        return Switched(name, "available", archive=where, rows=rows)

    def list(self, wanted: Sequence[str | object] | None = None) -> list[dict[str, Any]]:
        """Every plugin that is active, installed, or kept in the database, as plain values: see `listing.overview`.

        A plugin that cannot be used is among them, as failed. `wanted`: the plugins of the host, where this Crm was
        opened without them; by default its own, or those that the database records.
        """
        stamp = self.source.peek()
        own = None if self.declared.read_only else self.declared.wanted
        recorded = stamp.plugins if stamp else ()
        chosen = wanted if wanted is not None else recorded if own is None else own
        switched_on = [each for each in chosen if not isinstance(each, str) or _is_on(stamp, each)]
        registry = load(switched_on, dormant=dormant(stamp.known if stamp else {}, ()), tolerant=True)
        return overview(stamp, registry)

    def capabilities(self, plugin: str | object) -> tuple[str, ...]:
        """What a plugin asks to write beside its own records and facets; imports it."""
        return _manifest(plugin).capabilities

    @property
    def _tables(self) -> Any:
        return self.running.current.storage.plugin_tables

    def _stamp(self) -> Stamp:
        stamp = self.source.peek()
        if stamp is None:
            raise SchemaMismatch(NO_TABLES)
        return stamp

    def _who(self, actor: Actor | str) -> tuple[str, str]:
        return str(actor_of(actor)), plain_datetime(self.running.current.kernel.clock.now())

    def _unit(self, actor: Actor | str) -> UnitOfWork:
        return UnitOfWork(self.running.current.kernel, self.running.begin, actor_of(actor))

    def _prepared(self, stamp: Stamp, plugin: str | object, name: str) -> tuple[Readiness, Storage]:
        """What an upgrade needs that makes a plugin active too; refused before anything is touched, if it must be."""
        explicit = None if self.declared.read_only else self.declared.wanted
        wanted = with_plugin(stamp.plugins if explicit is None else explicit, plugin, name)
        registry = load(wanted, dormant=dormant(stamp.known, wanted))
        readiness = Readiness(registry.catalogue, registry.names, self.source.peek, registry.plugins, registry.chain)
        readiness.standings()
        return readiness, self.source.open(registry.catalogue)

    def _restore(self, name: str, known: KnownPlugin, actor: Actor | str, folder: Path | None) -> Kept:
        kept: list[Kept] = [(None, {})]
        by, at = self._who(actor)

        def keep(lost: Sequence[tuple[str, Row]]) -> None:
            kept.append(leaving.keep_lost(self.archive, folder, name, _title(name, at), lost))

        self._tables.restore(belongings(name, known.described), switched(name, "disabled", by, at), keep)
        return kept[-1]

    def _rekey(self, name: str, actor: Actor | str) -> None:
        """Match keys may have been made anew while nobody knew the plugin's records."""
        with self._unit(actor) as unit:
            for type in unit.catalogue.records.values():
                if type.plugin == name:
                    rekeying.rekey_type(unit, type)

    def _move(self, name: str, place: moving.Place, state: str, actor: Actor | str) -> int:
        with self._unit(actor) as unit:
            return moving.move(unit, name, place, state)


def _is_on(stamp: Stamp | None, name: str) -> bool:
    return stamp is None or name not in stamp.known or stamp.known[name].state == "active"


def _manifest(plugin: str | object) -> Plugin:
    found, problems = candidates([plugin], discover, seconds_of())
    refuse(problems)
    return found[0].manifest


def _refuse_custom(stamp: Stamp, own: Belongings) -> None:
    names = {each.name for each in own.records}
    kept = [k for k in read(stamp.custom_fields) if k.record in names or k.field.target in names]
    if held := sorted(f"{k.record}.{k.name}" for k in kept):
        raise StillReferenced(
            f"the plugin {own.plugin!r} cannot be retired while administrators have fields on its records, or that "
            f"refer to them: remove and purge {', '.join(held)} first (`crm fields remove`, `crm fields purge`)",
            plugin=own.plugin,
            fields=held,
        )


def _title(name: str, at: str) -> str:
    return f"{name}-{at.replace(':', '')}"
