"""The SQL storage keeps the contract on each database."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa

from crmcore.adapters.sql import SqlSource, own_engine
from crmcore.crm import StorageSource
from crmcore.testing import specimens
from crmcore.testing.contract import StorageContract
from crmcore.testing.crm import make_crm
from tests.databases import MariaDatabase, PostgresSchema, _server


class EmptiedDatabase:
    """A database whose tables are made once; each test finds them without rows.

    Each further source of one test has tables of its own, under another prefix.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._engine = own_engine(url)
        self._prefixes: dict[str, sa.MetaData] = {}
        self._used = count()

    def source(self) -> StorageSource:
        """A source over tables that no other source of this test has."""
        prefix = f"c{next(self._used)}_"
        if prefix not in self._prefixes:
            with make_crm(SqlSource(self._engine, prefix), plugins=(specimens,)) as crm:
                self._prefixes[prefix] = crm.storage.metadata  # type: ignore[attr-defined]  # of SqlStorage
        return SqlSource(self._engine, prefix)

    def empty(self) -> None:
        """Remove every row, but what says that the tables are made."""
        self._used = count()
        with self._engine.begin() as connection:
            mariadb = connection.dialect.name == "mysql"
            if mariadb:
                connection.execute(sa.text("SET SESSION foreign_key_checks = 0"))
            for prefix, metadata in self._prefixes.items():
                for table in reversed(metadata.sorted_tables):
                    if not table.name.endswith("_version") and table.name != f"{prefix}setting":
                        connection.execute(sa.delete(table))
                position = sa.text(
                    f"UPDATE {prefix}setting SET value = '0' WHERE {'`key`' if mariadb else 'key'} = 'feed.position'"
                )
                connection.execute(position)
            if mariadb:
                connection.execute(sa.text("SET SESSION foreign_key_checks = 1"))

    def close(self) -> None:
        """Let go of the connections."""
        self._engine.dispose()


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmptiedDatabase]:
    """A file."""
    folder: Path = tmp_path_factory.mktemp("contract")
    database = EmptiedDatabase(f"sqlite:///{folder / 'crm.db'}")
    yield database
    database.close()


@pytest.fixture(scope="module")
def postgresql() -> Iterator[EmptiedDatabase]:
    """A schema."""
    schema = PostgresSchema(_server("postgres"))
    database = EmptiedDatabase(schema.url)
    yield database
    database.close()
    schema.remove()


@pytest.fixture(scope="module")
def mariadb() -> Iterator[EmptiedDatabase]:
    """A database of a MariaDB server."""
    server = MariaDatabase(_server("mariadb"))
    database = EmptiedDatabase(server.url)
    yield database
    database.close()
    server.remove()


class OnDatabase(StorageContract):
    """The contract over a database that a fixture gives."""

    __test__ = False
    database: EmptiedDatabase

    def source(self) -> StorageSource:
        return self.database.source()


class TestSqlite(OnDatabase):
    """SQLite keeps the contract."""

    __test__ = True

    @pytest.fixture(autouse=True)
    def _given(self, sqlite: EmptiedDatabase) -> Iterator[None]:
        self.database = sqlite
        yield
        sqlite.empty()


@pytest.mark.postgres
class TestPostgreSql(OnDatabase):
    """PostgreSQL keeps the contract."""

    __test__ = True

    @pytest.fixture(autouse=True)
    def _given(self, postgresql: EmptiedDatabase) -> Iterator[None]:
        self.database = postgresql
        yield
        postgresql.empty()


@pytest.mark.mariadb
class TestMariaDb(OnDatabase):
    """MariaDB keeps the contract."""

    __test__ = True

    @pytest.fixture(autouse=True)
    def _given(self, mariadb: EmptiedDatabase) -> Iterator[None]:
        self.database = mariadb
        yield
        mariadb.empty()
