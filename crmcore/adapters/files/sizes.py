"""Files that are too large are refused before anything of them is taken in."""

from __future__ import annotations

from pathlib import Path

from crmcore.adapters.files.limits import Limits
from crmcore.domain.errors import ImportRefused
from crmcore.ports.exchange import RowSource

__all__ = ["check_bytes", "check_rows"]

_CHUNK = 1 << 20


def check_bytes(path: Path, limits: Limits) -> None:
    """Raise `ImportRefused` for a file of more bytes than `limits` allow."""
    size = path.stat().st_size
    if size > limits.bytes:
        raise ImportRefused(
            f"{path} cannot be imported: it has {size:,} bytes, at most {limits.bytes:,}; import it in pieces",
            file=str(path),
            bytes=size,
        )


def check_rows(rows: RowSource, path: Path, limits: Limits) -> RowSource:
    """The rows, if there are no more than `limits` allow; else `ImportRefused`.

    They are counted only if the file has that many line ends: a line end inside a cell ends no row.
    """
    if _line_ends(path) > limits.rows:
        for count, _ in enumerate(rows, 1):
            if count > limits.rows:
                raise ImportRefused(
                    f"{path} cannot be imported: it has more than {limits.rows:,} rows; import it in pieces",
                    file=str(path),
                    rows=limits.rows,
                )
    return rows


def _line_ends(path: Path) -> int:
    with path.open("rb") as file:
        return sum(chunk.count(b"\n") + chunk.count(b"\r") for chunk in iter(lambda: file.read(_CHUNK), b""))
