"""Where a transaction runs and how it ends: on a connection of our own, or inside one of the host's.

A joined transaction is a savepoint: nothing else of ours ever ends, begins or resets anything on a host's connection.
"""

from __future__ import annotations

import time
from typing import Any, Final, Protocol

import sqlalchemy as sa

from crmcore.adapters.sql import checks
from crmcore.adapters.sql.cursors import open_cursor
from crmcore.adapters.sql.runner import ConnectionRunner, CursorRunner, Runner, savepoint_name
from crmcore.adapters.sql.types import Backend
from crmcore.domain.errors import StorageFailed

CHECKED: Final = "crmcore.checked"
"""Stands in the `info` of a pooled connection that was seen to be fit, with what to execute before each begin."""

OVERWRITE: Final = "PRAGMA secure_delete = ON"
"""What SQLite removes it fills with zeros then, as long as the connection lives."""

IN_ERROR: Final = 3
"""psycopg's `TransactionStatus.INERROR`."""

LAST_USED: Final = "crmcore.last_used"
IDLE_SECONDS: Final = 10
"""After so long without use a pooled connection is asked whether it still lives."""


class Session(Protocol):
    """A transaction's connection."""

    runner: Runner

    def scrub(self) -> None:
        """Overwrite, in a SQLite file, what is removed from here on."""

    def commit(self) -> None:
        """Make it last, or leave it to the host."""

    def rollback(self) -> None:
        """Undo it."""


class OwnSession:
    """A connection of an engine's pool, from its begin to its commit or rollback; a `snapshot` only reads."""

    def __init__(self, backend: Backend, engine: sa.Engine, snapshot: bool = False) -> None:
        self._backend = backend
        self._dialect: Any = engine.dialect
        self._pooled = _live_connection(backend, engine)
        try:
            self._driver: Any = self._pooled.driver_connection
            self._cursor = open_cursor(backend, self._driver)
            self.runner: Runner = CursorRunner(self._cursor)
            self._begin(backend, snapshot)
        except BaseException:
            self._pooled.close()
            raise
        self._scrubs = False

    def scrub(self) -> None:
        """Overwrite, in a SQLite file, what is removed from here on; after the commit, take it out of what was written
        ahead too, where nobody reads that."""
        self.runner.run(OVERWRITE)
        self._scrubs = True

    def _begin(self, backend: Backend, snapshot: bool) -> None:
        info: Any = self._pooled.info
        if CHECKED not in info:
            info[CHECKED] = checks.before_begin(backend, self.runner)
        for statement in info[CHECKED]:
            self._cursor.execute(statement)
        if snapshot:
            self._begin_snapshot(backend)
        elif backend == "sqlite":
            self._cursor.execute("BEGIN IMMEDIATE")
        elif backend == "postgresql":
            if self._driver.autocommit:
                self._cursor.execute("BEGIN")
        elif self._driver.get_autocommit():
            self._driver.begin()

    def _begin_snapshot(self, backend: Backend) -> None:
        self._driver.rollback()  # the checks may have begun one
        match backend:
            case "sqlite":
                self._cursor.execute("BEGIN")
            case "postgresql":
                if self._driver.autocommit:
                    self._cursor.execute("BEGIN")
                self._cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            case "mariadb":
                self._cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                self._cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")

    def commit(self) -> None:
        """Commit, and give the connection back to the pool. PostgreSQL would end a transaction in which a statement
        failed by a rollback, and call that a commit: here it is `StorageFailed`."""
        if self._backend == "postgresql" and self._driver.info.transaction_status == IN_ERROR:
            self.rollback()
            raise StorageFailed("nothing was committed: a statement of this transaction failed, and was passed over")
        try:
            self._driver.commit()
            if self._scrubs:
                self._cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            self._close()

    def rollback(self) -> None:
        """Roll back, and give the connection back; what is lost already is rolled back."""
        try:
            self._driver.rollback()
        except Exception as error:
            if not self._dialect.is_disconnect(error, self._driver, self._cursor):
                raise
            self._pooled.invalidate(error)
        finally:
            self._close()

    def _close(self) -> None:
        self._cursor.close()
        if self._pooled.is_valid:
            self._pooled.info[LAST_USED] = time.monotonic()
            self._pooled.close()


def _live_connection(backend: Backend, engine: sa.Engine) -> sa.PoolProxiedConnection:
    """A connection of the pool, seen to be alive if it has lain idle: asking each time would cost a round trip."""
    dialect: Any = engine.dialect
    while True:
        pooled = engine.raw_connection()
        used = pooled.info.get(LAST_USED)
        if backend == "sqlite" or used is None or time.monotonic() - used < IDLE_SECONDS:
            return pooled
        try:
            if dialect.do_ping(pooled.driver_connection):
                return pooled
        except Exception as error:
            if not dialect.is_disconnect(error, pooled.driver_connection, None):
                pooled.close()
                raise
        pooled.invalidate()


class JoinedSession:
    """A savepoint in somebody else's transaction."""

    def __init__(self, runner: Runner) -> None:
        self.runner = runner
        self._savepoint = savepoint_name()
        runner.run(f"SAVEPOINT {self._savepoint}")

    def scrub(self) -> None:
        """Overwrite what is removed from here on."""
        self.runner.run(OVERWRITE)

    def commit(self) -> None:
        """Leave it to the host."""
        self.runner.run(f"RELEASE SAVEPOINT {self._savepoint}")

    def rollback(self) -> None:
        """Undo what was done since it began."""
        self.runner.run(f"ROLLBACK TO SAVEPOINT {self._savepoint}")
        self.runner.run(f"RELEASE SAVEPOINT {self._savepoint}")


def joined_runner(backend: Backend, handle: Any) -> Runner:
    """A runner on a host's connection, once it has been seen to be fit for it; `InvalidSetting` if it is not."""
    if isinstance(handle, sa.Connection):
        runner: Runner = ConnectionRunner(handle)
        driver = handle.connection.driver_connection
        if backend == "sqlite":
            checks.check_session(backend, runner)  # which makes SQLAlchemy begin
    else:
        driver = handle
        runner = CursorRunner(open_cursor(backend, driver))
        if backend == "sqlite":
            checks.check_session(backend, runner)
    checks.check_transaction(backend, driver, runner)
    if backend == "mariadb" and checks.check_session(backend, runner):
        runner.gather_all()
    return runner
