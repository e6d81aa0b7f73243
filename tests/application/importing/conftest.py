"""A desk that takes files in, on each storage in turn."""

from pathlib import Path

import pytest

from tests.application.importing.desk import Desk
from tests.shared import SharedCrm


@pytest.fixture
def desk(shared: SharedCrm, tmp_path: Path) -> Desk:
    """A desk over an empty database."""
    return Desk(shared.fresh(), tmp_path)


@pytest.fixture
def in_memory(shared_memory: SharedCrm, tmp_path: Path) -> Desk:
    """A desk over an empty storage in memory, where the storage does not matter."""
    return Desk(shared_memory.fresh(), tmp_path)
