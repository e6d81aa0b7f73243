"""What the tests of files share: a file of given bytes, and the rows in it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from crmcore.adapters.files import open_rows
from crmcore.ports.exchange import BadRow, RawRow, RowSource

Opener = Callable[..., RowSource]


@pytest.fixture
def opened(tmp_path: Path) -> Opener:
    """Write bytes to a file and open it; options are those of `open_rows`."""

    def open_bytes(data: bytes, name: str = "in.csv", **options: Any) -> RowSource:
        path = tmp_path / name
        path.write_bytes(data)
        return open_rows(path, **options)

    return open_bytes


def cells(rows: Sequence[RawRow | BadRow]) -> list[dict[str, object]]:
    """The values of the rows that could be read."""
    return [dict(row.values) for row in rows if isinstance(row, RawRow)]


def faults(rows: Sequence[RawRow | BadRow]) -> list[BadRow]:
    """The records that could not be read."""
    return [row for row in rows if isinstance(row, BadRow)]
