"""Where a Crm that lives in memory comes from."""

from __future__ import annotations

from pathlib import Path

from crmcore.adapters.memory.database import MemoryDatabase
from crmcore.adapters.memory.storage import MemoryStorage
from crmcore.domain.catalogue import Catalogue
from crmcore.domain.errors import InvalidSetting
from crmcore.ports.backup import Backup, Progress
from crmcore.ports.stamp import Stamp


class MemorySource:
    """One database in memory; several Crms may share it, one after the other, as they would a file."""

    embedded = True

    def __init__(self, database: MemoryDatabase | None = None) -> None:
        self.database = MemoryDatabase() if database is None else database

    def peek(self) -> Stamp | None:
        """What the database was made by; None if it is empty."""
        return self.database.told()

    def open(self, catalogue: Catalogue) -> MemoryStorage:
        """The storage for these declarations."""
        return MemoryStorage(catalogue, self.database)

    def back_up(self, path: Path, *, force: bool = False, progress: Progress | None = None) -> Backup:
        """`InvalidSetting`: what lives in memory ends with its process."""
        raise InvalidSetting(
            "a database in memory cannot be backed up: open one in a file (sqlite:///FILE), or export its records"
        )
