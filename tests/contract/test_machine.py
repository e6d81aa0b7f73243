"""Each storage of SQL does what memory does, whatever is asked of them."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from crmcore.adapters.memory.source import MemorySource
from crmcore.crm import Crm
from crmcore.ports.storage import StorageSource
from crmcore.testing.fakes import FrozenClock
from crmcore.testing.machine import StorageMachine
from tests.shared import SharedCrm

EXAMPLES: Final = {"sqlite": 12, "postgres": 5, "mariadb": 5}


class SharedMachine(StorageMachine):
    """Over a Crm that is shared, so that tables are not made for each example."""

    def __init__(self, shared: SharedCrm) -> None:
        self._shared = shared
        super().__init__()

    def source(self) -> StorageSource:
        return MemorySource()  # which nobody asks for: the Crm is there already

    def tested(self, clock: FrozenClock) -> Crm:
        return self._shared.fresh(clock)


def run(shared: SharedCrm, name: str) -> None:
    """As many examples as the profile has, in proportion."""
    share = settings.default.max_examples / 50 if settings.default else 1
    few = settings(max_examples=max(2, int(EXAMPLES[name] * share)), stateful_step_count=25, deadline=None)
    run_state_machine_as_test(lambda: SharedMachine(shared), settings=few)  # type: ignore[arg-type]  # a factory


def test_sqlite(shared_sqlite: SharedCrm) -> None:
    """SQLite would store, refuse, find or order something differently."""
    run(shared_sqlite, "sqlite")


@pytest.mark.postgres
def test_postgres(shared_postgres: SharedCrm) -> None:
    """PostgreSQL would store, refuse, find or order something differently."""
    run(shared_postgres, "postgres")


@pytest.mark.mariadb
def test_mariadb(shared_mariadb: SharedCrm) -> None:
    """MariaDB would store, refuse, find or order something differently."""
    run(shared_mariadb, "mariadb")
