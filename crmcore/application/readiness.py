"""Whether a database fits the running declarations: what it was made by, what it lacks, and what mends it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

import attrs

from crmcore.application.standing import Standing, standing
from crmcore.domain.catalogue import Catalogue
from crmcore.domain.dormant import added_states, describe
from crmcore.domain.errors import MissingPlugin, PluginDisabled, SchemaMismatch
from crmcore.domain.fold import FOLD_VERSION
from crmcore.domain.keys import KEYS_VERSION
from crmcore.plugins.registry import Active
from crmcore.ports.migration import Chain
from crmcore.ports.stamp import KnownPlugin, Stamp

CORE: Final = "core"


class Readiness:
    """Compares the stamp of a database with what is declared here. Once found ready it stays so for this Crm."""

    def __init__(
        self,
        catalogue: Catalogue,
        plugins: Iterable[str],
        peek: Callable[[], Stamp | None],
        active: Iterable[Active] = (),
        chain: Callable[[str], Chain] = Chain,
    ) -> None:
        names: list[str | None] = [None, *plugins]
        self.wanted = {name or CORE: catalogue.fingerprint(name) for name in names}
        self._peek = peek
        self._chain = chain
        self._catalogue = catalogue
        self._active = {each.name: each for each in active}
        self._ready = False
        self.stamp = peek()

    def look(self) -> None:
        """Read the stamp again."""
        self.stamp, self._ready = self._peek(), False

    @property
    def pending(self) -> list[str]:
        """The distributions whose tables are not there, or were made by other declarations, and the plugins of which
        the database knows less than it must once they are switched off."""
        made = self._made()
        return [name for name, shape in self.wanted.items() if made.get(name) != shape or self._is_news(name)]

    def _is_news(self, name: str) -> bool:
        """Whether a plugin requires others, or adds other states to workflows, than the database was told."""
        each, known = self._active.get(name), (self.stamp.known if self.stamp else {}).get(name)
        if each is None or known is None:
            return False
        told = (set(known.requires), known.described.get("states", {}))
        return told != (set(each.manifest.requires), added_states(self._catalogue, name))

    def _made(self) -> Mapping[str, str]:
        return self.stamp.fingerprints if self.stamp else {}

    def check_plugins(self) -> None:
        """`MissingPlugin` if one that is active in the database was not named."""
        if missing := sorted(set(self.stamp.plugins if self.stamp else ()) - set(self.wanted)):
            raise MissingPlugin(
                f"{', '.join(missing)} is active in this database but was not named: add it to plugins=[...] "
                f"(command line: --plugins {','.join(missing)}), or leave plugins out to take those recorded",
                plugins=missing,
            )

    def check_enabled(self) -> None:
        """`PluginDisabled` if one that was named is switched off in the database, or asks for more than it was enabled
        with."""
        refuse_disabled(self.stamp.known if self.stamp else {}, self.wanted)
        self._check_capabilities()

    def _check_capabilities(self) -> None:
        enabled = self.stamp.known if self.stamp else {}
        for name, each in self._active.items():
            asked = set(each.manifest.capabilities)
            if name in enabled and (more := sorted(asked - set(enabled[name].capabilities))):
                raise PluginDisabled(
                    f"the plugin {name!r} asks to write more than it was enabled with ({', '.join(more)}): look at it "
                    f"with `crm plugins show {name}`, then allow it with `crm plugins enable {name}`",
                    plugin=name,
                    capabilities=more,
                )

    def check_made(self) -> None:
        """`SchemaMismatch` unless the core's tables are there."""
        if self.stamp is None:
            self.look()
        if self.stamp is None:
            raise SchemaMismatch("this database has no tables of crmcore: call crm.upgrade(), or run `crm db upgrade`")

    def check(self) -> None:
        """`SchemaMismatch` unless every declared table is there, as it is declared."""
        if self._ready:
            return
        self.check_made()
        self._refuse_other()
        if news := [name for name in self.pending if name in self._made()]:
            raise SchemaMismatch(
                f"{' and '.join(news)} adds states or requires plugins of which this database was not told: call "
                "crm.upgrade(), or run `crm db upgrade`",
                distributions=news,
            )
        if self.pending:
            raise SchemaMismatch(
                f"this database has no tables of {', '.join(self.pending)} yet: call crm.upgrade(), or run "
                "`crm db upgrade`",
                distributions=self.pending,
            )
        self._ready = True

    def standings(self) -> list[Standing]:
        """Where each distribution stands, the core first, each after those that it requires; `SchemaMismatch` for
        tables that no revision leads from. Imports the revisions."""
        self.look()
        found = [standing(self.stamp, self._chain(name), wanted) for name, wanted in self.wanted.items()]
        _refuse([each for each in found if each.state in ("newer", "other")])
        return found

    def waiting(self) -> dict[str, list[str]]:
        """The revisions that `upgrade` would run, by distribution."""
        found = (standing(self.stamp, self._chain(name), wanted) for name, wanted in self.wanted.items())
        return {each.chain.distribution: [r.id for r in each.waiting] for each in found if each.waiting}

    def _refuse_other(self) -> None:
        """`SchemaMismatch` for tables that were made by other declarations; their revisions are imported only then."""
        made = self._made()
        other = [n for n, shape in self.wanted.items() if n in made and made[n] != shape]
        _refuse([standing(self.stamp, self._chain(name), self.wanted[name]) for name in other])

    def next_stamp(self) -> tuple[Stamp, list[str]]:
        """The stamp after an upgrade and the distributions whose tables are to be made; `SchemaMismatch` for tables
        that other declarations made."""
        self.look()
        self._refuse_other()
        stamp, made = self.stamp, self._made()
        missing = [name for name in self.wanted if name not in made]
        new = Stamp(
            revisions={**(stamp.revisions if stamp else {}), **{name: self._chain(name).newest for name in missing}},
            fingerprints={**made, **self.wanted},
            plugins=tuple(sorted(n for n in self.wanted if n != CORE)),
            fold=stamp.fold if stamp else FOLD_VERSION,
            keys=stamp.keys if stamp else KEYS_VERSION,
            known={**(stamp.known if stamp else {}), **self._told()},
        )
        return new, missing

    def _told(self) -> dict[str, KnownPlugin]:
        """What is to be kept of the plugins that run; who enabled them stays as it is known."""
        known = self.stamp.known if self.stamp else {}
        bare = KnownPlugin("active")
        return {
            name: KnownPlugin(
                "active",
                version=each.version,
                distribution=each.distribution,
                api=each.manifest.api,
                requires=each.manifest.requires,
                capabilities=each.manifest.capabilities,
                described=describe(self._catalogue, name),
                by=known.get(name, bare).by,
                at=known.get(name, bare).at,
            )
            for name, each in self._active.items()
        }

    def rekeyed_stamp(self) -> Stamp:
        """The stamp once every match key was made anew."""
        self.check_made()
        stamp = self.stamp or self.next_stamp()[0]
        return attrs.evolve(stamp, fold=FOLD_VERSION, keys=KEYS_VERSION)

    def stale_keys(self) -> str | None:
        """Why nothing may be written while the match keys are those of another version; None if they are not."""
        stamp = self.stamp
        if stamp is not None and (stamp.fold, stamp.keys) != (FOLD_VERSION, KEYS_VERSION):
            return "the match keys were made by another version of crmcore: run `crm db rekey`"
        return None


def _refuse(found: Iterable[Standing]) -> None:
    if texts := {each.chain.distribution: each.refusal for each in found}:
        raise SchemaMismatch("; ".join(texts.values()), distributions=list(texts))


def refuse_disabled(known: Mapping[str, KnownPlugin], wanted: Iterable[object]) -> None:
    """`PluginDisabled` for a plugin that is wanted by its name and is switched off in the database."""
    for name in sorted(each for each in wanted if isinstance(each, str)):
        if name in known and known[name].state != "active":
            state = known[name].state
            raise PluginDisabled(
                f"the plugin {name!r} is {state} in this database: enable it with `crm plugins enable {name}` or "
                f"crm.plugins.enable({name!r}), or leave it out of plugins=[...]",
                plugin=name,
                state=state,
            )
