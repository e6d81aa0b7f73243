"""Engines with settings that lose no data: our own, and a host's by `prepare`.

Left to itself, SQLite checks no foreign keys, lets two writers overwrite each other and, under SQLAlchemy, keeps what
was rolled back past a savepoint. So a prepared engine begins every transaction by itself, as a writer.
"""

from __future__ import annotations

import sqlite3
import time
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.pool import StaticPool

from crmcore.adapters.sql.runner import GATHERED_BYTES
from crmcore.adapters.sql.types import backend_of
from crmcore.domain.errors import InvalidSetting

BUSY_SECONDS: Final = 5
CACHE_KIB: Final = 32_000
"""How much of a SQLite file an engine of our own keeps in memory at most."""
PREPARED: Final = "crmcore.prepared"
"""Stands in the `info` of a pooled connection that has our settings."""
READS: Final = "crmcore_reads"
"""Execution option of a connection that will only read, so that it need not wait for a writer."""


def own_engine(url: str | sa.URL, **options: Any) -> sa.Engine:
    """An engine of our own for a database URL; `InvalidSetting` for what is no URL of a supported database."""
    try:
        parsed = sa.make_url(url)
        dialect = parsed.get_dialect()
    except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError) as error:
        raise InvalidSetting(
            f"cannot read the database URL: {error}; write sqlite:///FILE, postgresql+psycopg://... or "
            "mysql+pymysql://..."
        ) from None
    backend = backend_of(dialect())
    if backend == "sqlite":
        options = {"connect_args": {"timeout": BUSY_SECONDS}, **options}
        if parsed.database in (None, "", ":memory:"):
            options = {"poolclass": StaticPool, **options, "connect_args": {"check_same_thread": False}}
    elif backend == "mariadb":
        parsed = parsed.update_query_dict({"charset": "utf8mb4"})
        options = {"isolation_level": "READ COMMITTED", **options}
        options = {"pool_reset_on_return": None, **options}  # every transaction of ours ends, one way or the other
    engine = prepare(sa.create_engine(parsed, **options))
    if backend == "postgresql":
        sa.event.listen(engine, "connect", _without_jit)
    elif backend == "sqlite":
        sa.event.listen(engine, "connect", _with_cache)
    return engine


def prepare(engine: sa.Engine) -> sa.Engine:
    """Give a host's engine the same settings and return it; connections that are in its pool get them when next used.

    SQLite: foreign keys, WAL, five seconds of patience, transactions that begin at once and as writers. MariaDB: room
    for what a record's parts are gathered in. PostgreSQL needs nothing.
    """
    match backend_of(engine.dialect):
        case "sqlite":
            sa.event.listen(engine, "checkout", _checkout_sqlite)
            sa.event.listen(engine, "begin", _begin_sqlite)
        case "mariadb":
            sa.event.listen(engine, "checkout", _checkout_mariadb)
    return engine


def _checkout_sqlite(connection: Any, record: Any, proxy: Any) -> None:
    if PREPARED not in record.info:
        set_up_sqlite(connection)
        record.info[PREPARED] = True


def set_up_sqlite(connection: sqlite3.Connection) -> None:
    """The settings of a SQLite connection; it must not be in a transaction."""
    connection.isolation_level = None
    cursor = connection.cursor()
    try:
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA synchronous = NORMAL")
        _write_ahead(cursor)
    finally:
        cursor.close()


def _write_ahead(cursor: sqlite3.Cursor) -> None:
    """Switch to WAL, once in a file's life. SQLite does not wait for its turn there: several may switch at once."""
    patience = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > patience:
                raise
            time.sleep(0.01)


def _begin_sqlite(connection: sa.Connection) -> None:
    reads = connection.get_execution_options().get(READS, False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _without_jit(connection: Any, record: Any) -> None:
    """Our statements have many parts: PostgreSQL's JIT may take seconds to compile what runs for milliseconds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('jit', 'off', false) FROM pg_settings WHERE name = 'jit'")
    connection.commit()


def _with_cache(connection: Any, record: Any) -> None:
    """Room for the inner pages of indexes of a large table: with SQLite's own 2 MB, inserting reads them again."""
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")


def _checkout_mariadb(connection: Any, record: Any, proxy: Any) -> None:
    if PREPARED not in record.info:
        with connection.cursor() as cursor:
            cursor.execute(f"SET SESSION group_concat_max_len = {GATHERED_BYTES}")
        record.info[PREPARED] = True
