"""One Crm for many tests: tables and statements are made once, the rows of the test before are deleted.

A test asks for `shared` and runs on each storage, or for `shared_sqlite` and so on; it gets a Crm by `shared.fresh()`.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from crmcore.adapters.memory.source import MemorySource
from crmcore.adapters.sql.engine import own_engine
from crmcore.adapters.sql.source import SqlSource
from crmcore.adapters.sql.storage import SqlStorage
from crmcore.crm import Crm
from crmcore.ports.policy import AllowAll, Policy
from crmcore.testing import specimens
from crmcore.testing.crm import make_crm
from crmcore.testing.fakes import CountingIds, FrozenClock
from tests.databases import SERVERS, MariaDatabase, PostgresSchema, storages

__all__ = ["SharedCrm", "SharedMemory", "SharedSql", "shared", "shared_mariadb", "shared_memory", "shared_postgres",
           "shared_sqlite"]  # fmt: skip
ZONE = "Europe/Berlin"


class SharedCrm(ABC):
    """A Crm with the plugin `specimen`, in the zone of Berlin."""

    @abstractmethod
    def fresh(self, clock: FrozenClock | None = None, policy: Policy | None = None) -> Crm:
        """The Crm over an empty database, with ids from the first."""


class SharedMemory(SharedCrm):
    """In memory there is nothing to share: each is a new one."""

    def fresh(self, clock: FrozenClock | None = None, policy: Policy | None = None) -> Crm:
        with make_crm(MemorySource(), plugins=[specimens], clock=clock, policy=policy, zone=ZONE) as crm:
            return crm


class SharedSql(SharedCrm):
    """Over a database of SQL, which is emptied each time."""

    def __init__(self, url: str) -> None:
        self._engine = own_engine(url)
        self._crm = Crm(storage=SqlSource(self._engine), plugins=[specimens], zone=ZONE)
        self._crm.upgrade()

    def fresh(self, clock: FrozenClock | None = None, policy: Policy | None = None) -> Crm:
        with self._engine.connect() as connection:
            self._empty(connection)
            connection.commit()
        kernel = self._crm.kernel
        kernel.clock, kernel.ids, kernel.policy = clock or FrozenClock(), CountingIds(), policy or AllowAll()
        kernel.hooks = self._crm.registry.hooks
        return self._crm

    def close(self) -> None:
        """Let go of the connections."""
        self._engine.dispose()

    def _empty(self, connection: sa.Connection) -> None:
        assert isinstance(self._crm.storage, SqlStorage)
        kept = ("crm_setting", "crm_core_version", "crm_specimen_version")
        tables = [t for t in reversed(self._crm.storage.metadata.sorted_tables) if t.name not in kept]
        some = sa.union_all(*(sa.select(sa.literal(t.name)).where(sa.select(t).exists()) for t in tables))
        full = set(connection.execute(some).scalars())
        lax = connection.dialect.name == "mysql"  # it checks references of a table to itself row by row
        if lax:
            connection.execute(sa.text("SET FOREIGN_KEY_CHECKS = 0"))
        for table in tables:
            if table.name in full:
                connection.execute(sa.delete(table))
        if lax:
            connection.execute(sa.text("SET FOREIGN_KEY_CHECKS = 1"))
        setting = self._crm.storage.metadata.tables["crm_setting"]
        connection.execute(sa.update(setting).where(setting.c.key == "feed.position").values(value="0"))


@pytest.fixture(scope="session")
def shared_memory() -> SharedCrm:
    """A Crm in memory."""
    return SharedMemory()


@pytest.fixture(scope="session")
def shared_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedCrm]:
    """A Crm over one SQLite file."""
    shared = SharedSql(f"sqlite:///{tmp_path_factory.mktemp('shared') / 'crm.db'}")
    yield shared
    shared.close()


@pytest.fixture(scope="session")
def shared_postgres(postgres_schema: PostgresSchema) -> Iterator[SharedCrm]:
    """A Crm over a PostgreSQL schema of its own; skips where there is no server."""
    schema = PostgresSchema(sa.make_url(os.environ[SERVERS["postgres"]]))
    shared = SharedSql(schema.url)
    yield shared
    shared.close()
    schema.remove()


@pytest.fixture(scope="session")
def shared_mariadb(mariadb_database: MariaDatabase) -> Iterator[SharedCrm]:
    """A Crm over a MariaDB database of its own; skips where there is no server."""
    database = MariaDatabase(sa.make_url(os.environ[SERVERS["mariadb"]]))
    shared = SharedSql(database.url)
    yield shared
    shared.close()
    database.remove()


@pytest.fixture(params=storages("memory", "sqlite", "postgres", "mariadb"))
def shared(request: pytest.FixtureRequest) -> SharedCrm:
    """A shared Crm on each storage in turn."""
    found: SharedCrm = request.getfixturevalue(f"shared_{request.param}")
    return found
