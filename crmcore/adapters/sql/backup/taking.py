"""A backup of a SQLite database, taken while others go on reading and writing."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import sqlalchemy as sa

from crmcore.adapters.sql.backup.contents import Contents, examine
from crmcore.adapters.sql.backup.copying import copy, make_single, opened, parts_of, told_of
from crmcore.adapters.sql.backup.parts import Part, sides
from crmcore.adapters.sql.tables import PREFIX
from crmcore.domain.errors import InvalidSetting, StorageFailed
from crmcore.ports.backup import Backup, Progress


@attrs.frozen(eq=False)
class Place:
    """A database over an engine: what its tables begin with, and which of the engine's attached databases it is."""

    engine: sa.Engine
    prefix: str = PREFIX
    schema: str | None = None

    @property
    def name(self) -> str:
        """The attached database, by SQLite's name for it."""
        return self.schema or "main"


def back_up(place: Place, path: Path, *, force: bool = False, progress: Progress | None = None) -> Backup:
    """Copy one moment of the database to a new file, which stands under its name only when it was checked and is whole.

    `force`: a file of that name is replaced. Raises InvalidSetting for a place that does not fit, StorageFailed for a
    full disk and for a database that is not sound; both leave nothing behind.
    """
    started = time.monotonic()
    _check_there(place.engine)
    with told_of(f"cannot back up to {path}", path), _moment(place.engine) as source:
        _check_place(path, _file_of(source, place.name), force)
        with Part(path) as part:
            [step] = parts_of(progress, 1)
            with opened(part.file) as target:
                target.execute("PRAGMA journal_mode = OFF")  # nothing to go back to: a copy that fails is removed
                target.execute("PRAGMA synchronous = OFF")
                copy(source, target, step, place.name)
            make_single(part.file)
            contents = _sound(part.file, place.prefix)
            size, digest = _measured(part.file)
            _check_place(path, None, force)
            part.commit()
    return Backup(
        file=path,
        bytes=size,
        seconds=time.monotonic() - started,
        position=contents.position,
        sha256=digest,
        warnings=contents.warnings,
    )


@contextmanager
def _moment(engine: sa.Engine) -> Iterator[sqlite3.Connection]:
    """A connection that sees the database as it is now, whatever others write meanwhile."""
    pooled = engine.raw_connection()
    try:
        driver: Any = pooled.driver_connection
        driver.execute("BEGIN")
        driver.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall()
        try:
            yield driver
        finally:
            driver.rollback()
    finally:
        pooled.close()


def _check_there(engine: sa.Engine) -> None:
    """To connect would make an empty file of a mistyped name."""
    name = engine.url.database
    if name and name != ":memory:" and not name.startswith("file:") and not Path(name).exists():
        raise InvalidSetting(f"there is no database {name}: nothing to back up", database=name)


def _file_of(source: sqlite3.Connection, name: str) -> Path | None:
    """The file of a database; None for one that is in memory."""
    files = {each: file for _, each, file in source.execute("PRAGMA database_list")}
    return Path(files[name]) if files.get(name) else None


def _check_place(path: Path, database: Path | None, force: bool) -> None:
    if database is not None and os.path.realpath(path) in map(os.path.realpath, (database, *sides(database))):
        raise InvalidSetting(f"{path} belongs to the database itself: name another file", file=str(path))
    if not os.path.lexists(path):
        return
    if database is not None and path.exists() and path.samefile(database):
        raise InvalidSetting(f"{path} is the database itself: name another file", file=str(path))
    if not force:
        raise InvalidSetting(
            f"{path} is there already: name another file, or replace it with force=True (--force)", file=str(path)
        )


def _sound(file: Path, prefix: str) -> Contents:
    contents = examine(file, prefix)
    if contents.fault:
        raise StorageFailed(
            f"the database is damaged ({contents.fault}), and a copy of it is no backup: keep the backups that there "
            "are, and restore the last of them"
        )
    if contents.stamp is None:
        raise InvalidSetting("this database has no tables of crmcore: nothing to back up")
    return contents


def _measured(file: Path) -> tuple[int, str]:
    with file.open("rb") as stream:
        return file.stat().st_size, hashlib.file_digest(stream, "sha256").hexdigest()
