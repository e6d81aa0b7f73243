"""Backups: what a storage is asked for, and what was done."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import attrs

Progress: TypeAlias = Callable[[int, int], None]
"""Told how much is done, of how much; both in a unit that only the two of them share."""

Settle: TypeAlias = Callable[[Path, Path | None], int]
"""What is to be done with a backup before it takes the place of a database: given the file that will be in its place,
and what is kept of the replaced one (None: nothing was there, or nothing that can be read); how many erasures it has
repeated."""


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

    `kept`: where the replaced database is now, None if there was none. `erasures`: how many erasures that are later
    than the backup were repeated in it, None if that was not looked at.
    """

    file: Path
    database: Path
    bytes: int
    seconds: float
    position: int
    kept: Path | None
    erasures: int | None = None
    warnings: tuple[str, ...] = ()

    def plain(self) -> dict[str, Any]:
        """As plain values; the warnings apart."""
        found = attrs.asdict(self, filter=attrs.filters.exclude("warnings"))
        kept = None if self.kept is None else str(self.kept)
        named = {"file": str(self.file), "database": str(self.database), "kept": kept}
        return {**found, **named, "seconds": round(self.seconds, 2)}
