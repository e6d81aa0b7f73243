"""Three releases of a plugin on the import path."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapters.sql.migrating.releases import importable, make_releases


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder with wear1, wear2 and wear3."""
    with importable(tmp_path_factory.mktemp("releases")) as folder:
        make_releases(folder)
        yield folder
