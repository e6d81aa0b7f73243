"""Storage in memory: the same contract as a database, held by dictionaries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import attrs

from crmcore.adapters.memory.altering import MemoryAlteration, adopt
from crmcore.adapters.memory.carrying import carry_over, follow_plugins
from crmcore.adapters.memory.database import MemoryDatabase
from crmcore.adapters.memory.plugin_tables import MemoryPluginTables
from crmcore.adapters.memory.transaction import MemoryTransaction
from crmcore.domain.catalogue import CUSTOM, Catalogue
from crmcore.domain.errors import InvalidSetting, SchemaMismatch
from crmcore.ports.migration import Chain
from crmcore.ports.stamp import EPOCH, Stamp


class MemoryStorage:
    """Implements `ports.storage.Storage`. One transaction at a time: others wait `timeout` seconds for their turn,
    then get `StorageBusy`. Give the same `database` again to start over with what an earlier storage left.
    """

    def __init__(self, catalogue: Catalogue, database: MemoryDatabase | None = None, *, timeout: float = 5.0) -> None:
        self._catalogue = catalogue
        self._database = MemoryDatabase() if database is None else database
        self._timeout = timeout

    def begin(self, snapshot: bool = False) -> MemoryTransaction:
        """A transaction of its own, once it has the turn; while it has it nobody else writes."""
        self._database.enter(self._timeout)
        try:
            self._adopt()
        except BaseException:
            self._database.leave()
            raise
        return MemoryTransaction(self._database)

    def _adopt(self) -> None:
        """Rows of what changes at run time are instances of the class that is declared now."""
        follow_plugins(self._database, self._catalogue)
        for facets in self._catalogue.facets.values():
            for facet in facets:
                table = self._database.facets.get((facet.record, CUSTOM)) if facet.name == CUSTOM else None
                if table is not None and table.cls is not facet.cls:
                    adopt(self._database, facet)

    @contextmanager
    def altering(self) -> Iterator[MemoryAlteration]:
        """Alter tables, with nobody else at work; an exception undoes all of it."""
        database = self._database
        database.enter(self._timeout)
        tables, settings = dict(database.facets), dict(database.settings)
        try:
            yield MemoryAlteration(database)
        except BaseException:
            database.facets, database.settings = tables, settings
            raise
        finally:
            database.leave()

    def join(self, handle: object) -> MemoryTransaction:
        """Work inside an open transaction of the same database: there is no other host's transaction in memory."""
        if not isinstance(handle, MemoryTransaction) or not handle.is_of(self._database) or not handle.is_open:
            raise InvalidSetting(
                "a storage in memory joins an open transaction of its own database only, "
                f"not {type(handle).__name__}: open a storage for the database of that connection"
            )
        return MemoryTransaction(self._database, handle)

    def stamp(self) -> Stamp | None:
        """What the database was made by; None if it is new."""
        return self._database.told()

    def create(self, stamp: Stamp, distributions: Iterable[str]) -> None:
        """Make the tables of these distributions; those that are there keep their rows."""
        self._database.enter(self._timeout)
        try:
            self._database.create(self._catalogue, distributions)
            self._database.stamp = stamp
        finally:
            self._database.leave()

    @property
    def plugin_tables(self) -> MemoryPluginTables:
        """What is a plugin's own here: to be switched off and on, retired, restored and dropped."""
        return MemoryPluginTables(self._database, self._timeout)

    def migrate(self, chain: Chain, tell: Callable[[str], None]) -> None:
        """Carry the rows over by the names of their fields; what else revisions do is for databases that last."""
        self._database.enter(self._timeout)
        try:
            stamp, name = self._database.stamp, chain.distribution
            if stamp and not chain.knows(stamp.revisions[name]):
                raise SchemaMismatch(
                    f"no revision of {name} is called {stamp.revisions[name]!r}: a newer version made it"
                )
            waiting = chain.after(stamp.revisions[name]) if stamp else ()
            if stamp and waiting:
                tell(f"{name} {chain.newest}: rows in memory are carried over by name")
                carry_over(self._database, self._catalogue, name)
                revisions = {**stamp.revisions, name: chain.newest}
                fingerprints = {**stamp.fingerprints, name: chain.fingerprint or stamp.fingerprints[name]}
                self._database.stamp = attrs.evolve(stamp, revisions=revisions, fingerprints=fingerprints)
                settings = self._database.settings
                settings[EPOCH] = str(int(settings.get(EPOCH, "0")) + 1)  # others that run on it are to notice
        finally:
            self._database.leave()

    def checks(self) -> list[tuple[str, bool, str]]:
        """Whether there are tables, and the warning that nothing lasts."""
        made = self._database.stamp is not None
        return [
            ("tables", made, "made" if made else "none yet"),
            ("durability", False, "in memory: everything is gone when the process ends"),
        ]

    def close(self) -> None:
        """There is nothing to let go of; the database lasts as long as somebody holds it."""
