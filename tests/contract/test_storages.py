"""Each of our storages keeps the contract."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from crmcore.adapters.memory.source import MemorySource
from crmcore.adapters.sql.source import SqlSource
from crmcore.crm import StorageSource
from crmcore.testing.contract import StorageContract
from tests.contract.emptied import EmptiedServer


class TestMemory(StorageContract):
    """Memory is the model for all others."""

    def source(self) -> StorageSource:
        return MemorySource()


class TestSqlite(StorageContract):
    """A file of its own for each test."""

    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder, self.numbers = tmp_path, itertools.count()

    def source(self) -> StorageSource:
        return SqlSource.own(f"sqlite:///{self.folder / f'{next(self.numbers)}.db'}")


@pytest.mark.postgres
class TestPostgres(StorageContract):
    """A schema on the server."""

    @pytest.fixture(autouse=True)
    def _server(self, emptied_postgres: EmptiedServer) -> None:
        self.server = emptied_postgres

    def source(self) -> StorageSource:
        return self.server.source()


@pytest.mark.mariadb
class TestMariadb(StorageContract):
    """A database on the server."""

    @pytest.fixture(autouse=True)
    def _server(self, emptied_mariadb: EmptiedServer) -> None:
        self.server = emptied_mariadb

    def source(self) -> StorageSource:
        return self.server.source()
