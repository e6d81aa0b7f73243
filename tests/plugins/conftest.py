"""The folder into which a test installs plugins."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.plugins.made import Site, sites


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """An empty folder on the import path."""
    yield from sites(tmp_path, monkeypatch)
