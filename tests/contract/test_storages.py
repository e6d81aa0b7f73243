"""Each of our storages keeps the contract."""

from __future__ import annotations

import pytest

from crmcore.adapters.memory.source import MemorySource
from crmcore.crm import Crm
from crmcore.ports.storage import StorageSource
from crmcore.testing.contract import StorageContract
from crmcore.testing.fakes import FrozenClock
from tests.shared import SharedCrm


class TestMemory(StorageContract):
    """Memory is the model for all others."""

    def source(self) -> StorageSource:
        return MemorySource()


class SharedContract(StorageContract):
    """Over a Crm that is shared, so that tables are not made for each test."""

    shared: SharedCrm

    def source(self) -> StorageSource:
        return MemorySource()  # which nobody asks for: the Crm is there already

    @pytest.fixture
    def crm(self, clock: FrozenClock) -> Crm:
        return self.shared.fresh(clock)


class TestSqlite(SharedContract):
    """A file."""

    @pytest.fixture(autouse=True)
    def _use(self, shared_sqlite: SharedCrm) -> None:
        self.shared = shared_sqlite


@pytest.mark.postgres
class TestPostgres(SharedContract):
    """A schema on the server."""

    @pytest.fixture(autouse=True)
    def _use(self, shared_postgres: SharedCrm) -> None:
        self.shared = shared_postgres


@pytest.mark.mariadb
class TestMariadb(SharedContract):
    """A database on the server."""

    @pytest.fixture(autouse=True)
    def _use(self, shared_mariadb: SharedCrm) -> None:
        self.shared = shared_mariadb
