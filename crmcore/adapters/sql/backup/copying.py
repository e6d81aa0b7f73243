"""SQLite files copied page by page, through SQLite's own backup: one moment of a database that others write to."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from crmcore.adapters.sql.engine import BUSY_SECONDS
from crmcore.adapters.sql.errors import failure
from crmcore.adapters.sql.faults import fault_of
from crmcore.domain.errors import StorageBusy, StorageFailed
from crmcore.ports.backup import Progress

PAGES: Final = 256
"""How many pages are copied before others get their turn, and the progress is told."""
_WAITING: Final = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def copy(
    source: sqlite3.Connection, target: sqlite3.Connection, progress: Progress, name: str = "main", pages: int = PAGES
) -> None:
    """Copy the whole database, in one transaction of the target. `name`: which of the source's attached databases.

    Where the source is in a transaction, as of its moment; else whoever writes meanwhile makes it begin anew.
    """
    patience = time.monotonic() + BUSY_SECONDS

    def told(status: int, remaining: int, total: int) -> None:
        nonlocal patience
        if status not in _WAITING:
            patience = time.monotonic() + BUSY_SECONDS
        elif time.monotonic() > patience:
            raise StorageBusy("the database is busy: another process holds it; nothing was kept, so try again later")
        progress(total - remaining, total)

    source.backup(target, pages=pages, progress=told, name=name, sleep=0.05)


@contextmanager
def opened(file: Path, *, read_only: bool = False) -> Iterator[sqlite3.Connection]:
    """A connection of its own to a file, which commits each statement by itself."""
    address = f"{file.resolve().as_uri()}?mode={'ro' if read_only else 'rw'}"
    with closing(sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, isolation_level=None)) as connection:
        yield connection


@contextmanager
def engine_over(file: Path) -> Iterator[sa.Engine]:
    """SQLAlchemy over a file, with nothing set and nothing kept open."""
    made = sa.create_engine(sa.URL.create("sqlite", database=str(file)), poolclass=NullPool)
    try:
        yield made
    finally:
        made.dispose()


def make_single(file: Path) -> None:
    """Make a copy one file that needs no other beside it: the original keeps a write-ahead log, and the copy says so
    too. It can then be read where nothing can be written."""
    with opened(file) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")


@contextmanager
def told_of(what: str, file: Path) -> Iterator[None]:
    """Exceptions of SQLite become StorageBusy, or StorageFailed that begins with what was tried."""
    try:
        yield
    except (sqlite3.Error, sa.exc.SQLAlchemyError) as error:
        fault = fault_of(error)
        if fault.meaning == "busy":
            raise failure(error) from error
        raise StorageFailed(f"{what}: {fault.message}; nothing was changed", file=str(file)) from error


def parts_of(progress: Progress | None, count: int) -> Iterator[Progress]:
    """One progress for each of so many parts of a piece of work that are about as long."""
    for part in range(count):
        yield _share(progress, part, count)


def _share(progress: Progress | None, part: int, count: int) -> Callable[[int, int], None]:
    def told(done: int, total: int) -> None:
        if progress is not None:
            progress(part * 100 + done * 100 // max(total, 1), count * 100)

    return told
