"""Databases whose tables the tests of one module share."""

from collections.abc import Iterator

import pytest

from tests.contract.shared import SharedCrm
from tests.databases import MariaDatabase, PostgresSchema


@pytest.fixture(scope="module")
def shared_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedCrm]:
    """A Crm over one SQLite file."""
    shared = SharedCrm(f"sqlite:///{tmp_path_factory.mktemp('shared') / 'crm.db'}")
    yield shared
    shared.close()


@pytest.fixture(scope="module")
def shared_postgres(postgres_schema: PostgresSchema) -> Iterator[SharedCrm]:
    """A Crm over the PostgreSQL schema of this process."""
    shared = SharedCrm(postgres_schema.url)
    yield shared
    shared.close()
    postgres_schema.empty()


@pytest.fixture(scope="module")
def shared_mariadb(mariadb_database: MariaDatabase) -> Iterator[SharedCrm]:
    """A Crm over the MariaDB database of this process."""
    shared = SharedCrm(mariadb_database.url)
    yield shared
    shared.close()
    mariadb_database.empty()
