"""A backup put in the place of a SQLite database.

All is done with a copy beside the database, which then takes its place in one transaction: a restore that is killed
leaves the one or the other, and no moment in which an erased person is back.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from crmcore.adapters.sql.backup.contents import Contents, examine
from crmcore.adapters.sql.backup.copying import copy, engine_over, make_single, opened, parts_of, told_of
from crmcore.adapters.sql.backup.held import Held, held
from crmcore.adapters.sql.backup.parts import Part, remove
from crmcore.adapters.sql.backup.servers import restore_refusal
from crmcore.adapters.sql.creating import keep
from crmcore.adapters.sql.ledgers import setting_table
from crmcore.adapters.sql.tables import CORE, PREFIX
from crmcore.adapters.sql.types import backend_of
from crmcore.domain.errors import InvalidSetting, SchemaMismatch, StorageFailed
from crmcore.plugins.revisions import core_chain
from crmcore.ports.backup import LEDGER_LOST, Progress, Repeated, Restored, Settle
from crmcore.ports.stamp import EPOCH

PHASES: Final = 3
"""Reading the backup, keeping what is replaced, and replacing it."""


def restore(
    url: str,
    path: Path,
    *,
    prefix: str = PREFIX,
    force: bool = False,
    progress: Progress | None = None,
    settle: Settle | None = None,
) -> Restored:
    """Put the backup at `path` in the place of the SQLite database of `url`, which is kept beside it.

    `force`: also where that holds data. `settle` is called with the copy before it is put there. Raises InvalidSetting
    for what is no backup or no place for one, SchemaMismatch for the backup of a newer release, StorageBusy where a
    process has the database open, StorageFailed where the disk is full; all of them change nothing.
    """
    started = time.monotonic()
    database = _database_of(url, path)
    _check_backup(path, database)
    reading, keeping, placing = parts_of(progress, PHASES)
    with told_of(f"cannot restore {path} to {database}", database), held(database) as replaced:
        if not force:
            replaced.refuse(prefix)
        with Part(database) as part:
            contents = _stage(path, part.file, prefix, reading)
            kept = replaced.keep(keeping)
            with _only_if_placed(kept):
                _outdate(part.file, replaced, prefix)
                repeated = _settled(settle, part.file, replaced, kept)
                replaced.replace(part.file, placing)
    return Restored(
        file=path,
        database=database,
        bytes=database.stat().st_size,
        seconds=time.monotonic() - started,
        position=contents.position,
        kept=kept,
        repeated=repeated,
        warnings=(*contents.warnings, *repeated.warnings),
    )


def _database_of(url: str, path: Path) -> Path:
    """The file of a database; InvalidSetting for one that is not in a file of its own."""
    if url == "memory://":
        raise InvalidSetting("a database in memory ends with its process: there is nothing to restore a backup to")
    try:
        parsed = sa.make_url(url)
        backend = backend_of(parsed.get_dialect()())
    except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError) as error:
        raise InvalidSetting(f"cannot read the database URL: {error}; write sqlite:///FILE") from None
    if backend != "sqlite":
        raise restore_refusal(parsed, backend, path)
    name = parsed.database or ":memory:"
    if name == ":memory:" or name.startswith("file:"):
        raise InvalidSetting(f"a backup is restored to a plain file: write sqlite:///FILE, not {url}")
    return Path(name)


def _check_backup(path: Path, database: Path) -> None:
    if not path.is_file():
        raise InvalidSetting(f"there is no backup {path}", file=str(path))
    if database.exists() and path.samefile(database):
        raise InvalidSetting(f"{path} is the database itself: name a backup of it", file=str(path))


def _stage(path: Path, staged: Path, prefix: str, progress: Progress) -> Contents:
    """Copy the backup beside the database, and check what will be in its place."""
    try:
        with opened(path, read_only=True) as source, opened(staged) as target:
            copy(source, target, progress)
        make_single(staged)
        contents = examine(staged, prefix)
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
            raise _damaged(path, str(error)) from error
        raise
    if contents.fault:
        raise _damaged(path, contents.fault)
    _check_release(path, contents)
    return contents


def _damaged(path: Path, fault: str) -> StorageFailed:
    return StorageFailed(
        f"{path} is no sound database ({fault}), so nothing was changed: take another backup", file=str(path)
    )


def _check_release(path: Path, contents: Contents) -> None:
    if contents.stamp is None:
        raise InvalidSetting(f"{path} holds no tables of crmcore: it is no backup of it", file=str(path))
    revision = contents.stamp.revisions.get(CORE, "")
    if not core_chain().knows(revision):
        raise SchemaMismatch(
            f"{path} is of a newer release of crmcore (revision {revision}, here {core_chain().newest}): install that "
            "release, or a later one, then restore",
            file=str(path),
            revision=revision,
        )


def _outdate(staged: Path, replaced: Held, prefix: str) -> None:
    """Let the catalogue of the copy count as later than that of the replaced database: a process that knows the fields
    of the one then looks at those of the other."""
    setting = setting_table(sa.MetaData(), prefix)
    epochs = [_epoch(replaced.connection, setting.name)] if replaced.connection else []
    with opened(staged) as connection:
        epochs.append(_epoch(connection, setting.name))
    if any(epochs):
        with engine_over(staged) as engine, engine.begin() as writing:
            keep(writing, setting, EPOCH, str(max(epochs) + 1), replace=True)


def _epoch(connection: sqlite3.Connection, table: str) -> int:
    try:
        found = connection.execute(f'SELECT value FROM "{table}" WHERE "key" = ?', (EPOCH,)).fetchone()  # noqa: S608
        return int(found[0]) if found else 0
    except (sqlite3.DatabaseError, ValueError):
        return 0  # another database, or a damaged one


def _settled(settle: Settle | None, staged: Path, replaced: Held, kept: Path | None) -> Repeated:
    if replaced.connection is None:
        return Repeated(warnings=(LEDGER_LOST,))
    if settle is None:
        return Repeated()
    done = settle(staged, kept)
    make_single(staged)
    return done


@contextmanager
def _only_if_placed(kept: Path | None) -> Iterator[None]:
    """Keep no copy of a database that is in its place still. Who is interrupted may be so right after the commit."""
    try:
        yield
    except Exception:
        if kept is not None:
            remove(kept)
        raise
