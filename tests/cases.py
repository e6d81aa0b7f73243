"""The shared cases beside the repository: files of tests that were agreed upon before the code was written."""

from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent.parent / "shared"


def case_file(name: str) -> Path:
    """A file of the shared cases; the test skips where they are not beside the repository."""
    return _there(FOLDER / "cases" / name)


def data_file(name: str) -> Path:
    """A file of the shared data; the test skips where it is not beside the repository."""
    return _there(FOLDER / "data" / name)


def _there(path: Path) -> Path:
    if not path.is_file():
        pytest.skip(f"not beside the repository: {path.relative_to(FOLDER.parent)}")
    return path
