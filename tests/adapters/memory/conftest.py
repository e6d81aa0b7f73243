"""A storage in memory with the tables of the core and of the sample plugin."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from crmcore.adapters.memory import MemoryDatabase, MemoryStorage
from crmcore.adapters.memory.transaction import MemoryTransaction
from crmcore.ports.stamp import Stamp
from tests.domain.clinic import CATALOGUE

STAMP = Stamp({"core": "1"}, {"core": "a"}, ("clinic",), 1, 1)


def made(database: MemoryDatabase | None = None, timeout: float = 0.05) -> MemoryStorage:
    """A storage with all its tables."""
    storage = MemoryStorage(CATALOGUE, database, timeout=timeout)
    storage.create(STAMP, ("core", "clinic"))
    return storage


@contextmanager
def opened(storage: MemoryStorage) -> Iterator[MemoryTransaction]:
    """A transaction for one block."""
    transaction = storage.begin()
    try:
        yield transaction
    except BaseException:
        transaction.rollback()
        raise
    transaction.commit()


@pytest.fixture
def storage() -> MemoryStorage:
    """A fresh storage with all its tables."""
    return made()


@pytest.fixture
def transaction(storage: MemoryStorage) -> MemoryTransaction:
    """A transaction of it, which is left open."""
    return storage.begin()
