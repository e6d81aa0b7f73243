"""Databases for the contract of plugins: one for each storage, used by several Crms one after the other."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from crmcore.adapters.memory.database import MemoryDatabase
from crmcore.adapters.memory.source import MemorySource
from crmcore.crm import Crm
from crmcore.domain.catalogue import Catalogue
from crmcore.ports.migration import Chain
from crmcore.ports.storage import StorageSource
from crmcore.testing.fakes import CountingIds, FrozenClock
from crmcore.testing.plugins import dumping

STORAGES: Final = ("memory", "sqlite", "postgres", "mariadb")
SERVERS: Final = {"postgres": "CRMCORE_TEST_POSTGRES", "mariadb": "CRMCORE_TEST_MARIADB"}
"""Where the URL of a database for tests stands, in which this may make and drop tables with a prefix of its own."""


class Place:
    """A database on one of STORAGES, empty at first; `remove` leaves nothing of it."""

    def __init__(self, storage: str, folder: Path) -> None:
        self.storage = storage
        self._folder = folder
        self._memory = MemoryDatabase()
        self._url = os.environ[SERVERS[storage]] if storage in SERVERS else f"sqlite:///{folder / 'crm.db'}"
        self._prefix = f"t{secrets.token_hex(3)}_" if storage in SERVERS else "crm_"
        self._metadata: Any = None

    def open(self, *plugins: Any) -> Crm:
        """A Crm with these plugins over it, whose tables are made."""
        ids = CountingIds(secrets.randbits(60))  # others have written here before
        crm = Crm(storage=self._source(), plugins=plugins, clock=FrozenClock(), ids=ids)
        try:
            crm.upgrade()
        except BaseException:
            crm.close()
            raise
        self._metadata = getattr(crm.storage, "metadata", None)
        return crm

    def begin_with(self, catalogue: Catalogue, chain: Chain, ids: Mapping[str, Sequence[UUID]]) -> dict[str, int]:
        """Make the tables of a first release beside those of the core, with rows that refer to these ids; how many rows
        each table has."""
        from crmcore.adapters.sql.migrating.rehearsing import make_first_release
        from crmcore.adapters.sql.tables import build_tables

        self._metadata = build_tables(catalogue, self._prefix).metadata
        return make_first_release(self._url, self._prefix, catalogue, chain, ids)

    def counts(self, tables: Sequence[str]) -> dict[str, int]:
        """How many rows these tables have, as far as they are there."""
        from crmcore.adapters.sql.migrating.rehearsing import count_rows

        return count_rows(self._url, self._prefix, tables)

    def dump(self) -> str:
        """All that the database holds, as text: every row of every table, whatever tables there are."""
        if self.storage == "memory":
            return "\n".join(dumping.reachable(self._memory))
        return "\n".join(dumping.rows(self._url, self._prefix))

    def raw(self) -> str:
        """Every byte of the files of a SQLite database, as a character each: what was deleted may still be there. The
        files of other databases are their servers' own."""
        files = sorted(self._folder.glob("crm.db*")) if self.storage == "sqlite" else []
        return b"".join(file.read_bytes() for file in files).decode("latin-1")

    def remove(self) -> None:
        """Drop the tables that were made on a server."""
        if self.storage not in SERVERS or self._metadata is None:
            return
        from crmcore.adapters.sql.engine import own_engine

        engine = own_engine(self._url)
        try:
            self._metadata.drop_all(engine)
        finally:
            engine.dispose()

    def _source(self) -> StorageSource:
        if self.storage == "memory":
            return MemorySource(self._memory)
        from crmcore.adapters.sql.source import SqlSource

        return SqlSource.own(self._url, self._prefix)
