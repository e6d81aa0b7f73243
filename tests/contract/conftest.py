"""Servers whose tables the tests of one module share."""

from collections.abc import Iterator

import pytest

from tests.contract.emptied import EmptiedServer
from tests.databases import MariaDatabase, PostgresSchema


@pytest.fixture(scope="module")
def emptied_postgres(postgres_schema: PostgresSchema) -> Iterator[EmptiedServer]:
    """The schema of this process, with tables that stay."""
    yield EmptiedServer(postgres_schema.url)
    postgres_schema.empty()


@pytest.fixture(scope="module")
def emptied_mariadb(mariadb_database: MariaDatabase) -> Iterator[EmptiedServer]:
    """The database of this process, with tables that stay."""
    yield EmptiedServer(mariadb_database.url)
    mariadb_database.empty()
