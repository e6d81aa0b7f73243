"""A SQLite database that is to be replaced: held by one who is alone with it, and kept beside."""

from __future__ import annotations

import datetime as dt
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Final

import attrs

from crmcore.adapters.sql.backup.contents import holds_records, holds_tables
from crmcore.adapters.sql.backup.copying import copy, opened
from crmcore.adapters.sql.backup.parts import Part, sides
from crmcore.adapters.sql.engine import BUSY_SECONDS
from crmcore.adapters.sql.faults import fault_of
from crmcore.domain.errors import InvalidSetting, StorageBusy
from crmcore.ports.backup import Progress

_UNREADABLE: Final = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)


@attrs.frozen(eq=False)
class Held:
    """A database file and the connection that holds it alone; None for a file that is no readable database."""

    file: Path
    connection: sqlite3.Connection | None

    def refuse(self, prefix: str) -> None:
        """InvalidSetting for a file that holds something."""
        if self.connection is None:
            raise InvalidSetting(
                f"{self.file} is there, and is no database that can be read: force=True (--force) keeps it beside, "
                "and puts the backup in its place",
                file=str(self.file),
            )
        if _holds_records(self.connection, prefix):
            raise InvalidSetting(
                f"{self.file} holds data: force=True (--force) keeps it beside as {kept_name(self.file).name}, and "
                "puts the backup in its place",
                file=str(self.file),
            )

    def keep(self, progress: Progress) -> Path | None:
        """Put a durable copy of all that is there beside it; None where nothing is there."""
        if self.connection is not None and not _holds_tables(self.connection):
            return None
        with Part(kept_name(self.file)) as part:
            if self.connection is None:
                _copy_bytes(self.file, part.file, part.path)
            else:
                with opened(part.file) as target:
                    copy(self.connection, target, progress)
            part.commit()
            return part.path

    def replace(self, staged: Path, progress: Progress) -> None:
        """Put a whole file in its place, in one transaction: who opens the database, also after a crash, finds the one
        or the other."""
        if self.connection is not None:
            with opened(staged, read_only=True) as source:
                copy(source, self.connection, progress)
            return
        for each in sides(self.file):
            each.unlink(missing_ok=True)  # a log of the old file would be read into the new one
        with Part(self.file) as part:
            shutil.copyfile(staged, part.file)
            shutil.copymode(self.file, part.file)
            part.commit()


@contextmanager
def held(file: Path) -> Iterator[Held]:
    """Hold a database file so that no other process reads or writes it; one that is not there is made, and is gone
    again after an exception.

    Raises StorageBusy where another process has it open: what that has read, or is about to write, would be of the
    database that is replaced.
    """
    fresh = not file.exists()
    connection = sqlite3.connect(file, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        yield Held(file, connection if _is_ours(connection) else None)
    except BaseException:
        connection.close()
        if fresh:
            file.unlink(missing_ok=True)
        raise
    finally:
        connection.close()


def _is_ours(connection: sqlite3.Connection) -> bool:
    """Take the database for this connection alone, until it is closed; False if it cannot be read as one."""
    try:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = DELETE")  # pages of another size could not go through a log
        connection.execute("PRAGMA synchronous = FULL")
    except sqlite3.DatabaseError as error:
        if fault_of(error).meaning == "busy":
            raise StorageBusy(
                "another process has the database open: stop what uses it (the application, `crm worker`), then "
                "restore; nothing was changed"
            ) from error
        if error.sqlite_errorcode & 0xFF in _UNREADABLE:
            connection.close()
            return False
        raise
    return True


def _copy_bytes(file: Path, copy: Path, name: Path) -> None:
    """Copy what is no database to `copy`, and what stands beside it beside `name`."""
    shutil.copyfile(file, copy)
    for old, new in zip(sides(file), sides(name), strict=True):
        if old.exists():
            shutil.copyfile(old, new)


def _holds_records(connection: sqlite3.Connection, prefix: str) -> bool:
    try:
        return holds_records(connection, prefix)
    except sqlite3.DatabaseError:
        return True  # damaged: there may have been some


def _holds_tables(connection: sqlite3.Connection) -> bool:
    try:
        return holds_tables(connection)
    except sqlite3.DatabaseError:
        return True


def kept_name(file: Path) -> Path:
    """A free name for the database that is replaced now (UTC)."""
    stamp = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%SZ")
    first = f"{file.name}.before-restore-{stamp}"
    names = (first if number == 1 else f"{first}-{number}" for number in count(1))
    return next(path for name in names if not (path := file.with_name(name)).exists())
