"""Backups: what a storage is asked for, and what was done."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeAlias
from uuid import UUID

import attrs

Progress: TypeAlias = Callable[[int, int], None]
"""Told how much is done, of how much; both in a unit that only the two of them share."""


@attrs.frozen
class Repeated:
    """Erasures that were repeated in a backup: how many persons were erased again, and the ids of customers who may be
    erased persons, but need not: somebody has to look. `warnings`: what kept erasures from being known."""

    erased: int = 0
    doubtful: tuple[UUID, ...] = ()
    warnings: tuple[str, ...] = ()


LEDGER_LOST: Final = (
    "the erasures of the replaced database cannot be read: erase those persons again with the ledger that is kept "
    "apart (`crm subject replay-erasures FILE`)"
)
"""What to tell where a database that is replaced is damaged."""


Settle: TypeAlias = Callable[[Path, Path | None], Repeated]
"""What is to be done with a backup before it takes the place of a database: given the file that will be in its place,
and what is kept of the replaced one (None: nothing was there)."""


@attrs.frozen(kw_only=True)
class Backup:
    """A backup that was taken: one file, of one moment.

    `position` is the last position of the feed in it. `warnings` tell of faults that the database has itself.
    """

    file: Path
    bytes: int
    seconds: float
    position: int
    sha256: str
    warnings: tuple[str, ...] = ()

    def plain(self) -> dict[str, Any]:
        """As plain values; the warnings apart."""
        found = attrs.asdict(self, filter=attrs.filters.exclude("warnings"))
        return {**found, "file": str(self.file), "seconds": round(self.seconds, 2)}


@attrs.frozen(kw_only=True)
class Restored:
    """A backup that was put in the place of a database.

    `kept`: where the replaced database is now, None if there was none. `repeated`: the erasures of that database which
    are later than the backup.
    """

    file: Path
    database: Path
    bytes: int
    seconds: float
    position: int
    kept: Path | None
    repeated: Repeated = Repeated()
    warnings: tuple[str, ...] = ()

    def plain(self) -> dict[str, Any]:
        """As plain values; the warnings apart."""
        return {
            "file": str(self.file),
            "database": str(self.database),
            "bytes": self.bytes,
            "seconds": round(self.seconds, 2),
            "position": self.position,
            "kept": None if self.kept is None else str(self.kept),
            "erasures": self.repeated.erased,
            "doubtful": [str(each) for each in self.repeated.doubtful],
        }
