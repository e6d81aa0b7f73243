"""Running the revisions of a distribution: one at a time, each recorded as soon as it is done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import attrs
import sqlalchemy as sa

from crmcore.adapters.sql import creating
from crmcore.adapters.sql.migrating.operations import SqlOperations
from crmcore.adapters.sql.migrating.shapes import Naming
from crmcore.adapters.sql.migrating.steps import Steps, Tell
from crmcore.adapters.sql.settings import STAMP, stamp_text
from crmcore.adapters.sql.tables import Tables
from crmcore.adapters.sql.types import Backend
from crmcore.domain.errors import SchemaMismatch, StorageFailed
from crmcore.ports.migration import UNDER_WAY, Chain, Revision
from crmcore.ports.stamp import EPOCH


def migrate(engine: sa.Engine, backend: Backend, tables: Tables, lock: str, chain: Chain, tell: Tell) -> None:
    """Run what follows on the revision of the database, each revision in a transaction of its own that is alone.

    Raises SchemaMismatch for a database of a revision that nobody here knows, and what revisions raise.
    """
    going = True
    while going:
        with engine.connect() as connection, _unchecked(connection, backend):
            _begin(connection, backend)
            with creating.alone(connection, backend, lock):
                going = _run_next(connection, backend, tables, chain, tell)
                _check(connection, backend)
                connection.commit()


def _begin(connection: sa.Connection, backend: Backend) -> None:
    connection.begin()
    driver: Any = connection.connection.driver_connection
    if backend == "sqlite" and not driver.in_transaction:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _run_next(connection: sa.Connection, backend: Backend, tables: Tables, chain: Chain, tell: Tell) -> bool:
    """Run the next revision and record it; False if there is none."""
    current = str(connection.execute(sa.select(tables.version(chain.distribution).c.version_num)).scalar() or "")
    if not chain.knows(current):
        raise SchemaMismatch(f"no revision of {chain.distribution} is called {current!r}: a newer version made it")
    revision = next(iter(chain.after(current)), None)
    if revision is None:
        return False
    _check_decided(chain, revision)
    steps = Steps(connection, backend, tables.setting, chain.distribution, revision.id, tell)
    naming = Naming(tables.prefix, tables.metadata.schema)
    if backend == "mariadb":
        _mark(connection, tables, chain.distribution, revision)
    revision.upgrade(SqlOperations(connection, backend, naming, steps))
    _record(connection, tables, chain.distribution, revision)
    steps.forget()
    return True


def _check_decided(chain: Chain, revision: Revision) -> None:
    """`SchemaMismatch` for a revision with an open question, before any of it is done: MariaDB could not undo it."""
    code = getattr(revision.upgrade, "__code__", None)
    if code is not None and "undecided" in code.co_names:
        raise SchemaMismatch(
            f"the revision {revision.id} of {chain.distribution} is not finished: it has an open question "
            f"({revision.name or 'op.undecided'}); nothing of it was done",
            distribution=chain.distribution,
            revision=revision.id,
        )


def _mark(connection: sa.Connection, tables: Tables, distribution: str, revision: Revision) -> None:
    """Where each change of a table commits by itself, let no release take the tables for its own from here on."""
    stamp = creating.read_stamp(connection, tables.prefix, tables.metadata.schema)
    made = stamp.fingerprints.get(distribution, "") if stamp else ""
    if UNDER_WAY not in made:
        _restamp(connection, tables, distribution, f"{made}{UNDER_WAY}{revision.id}")
        connection.commit()


def _record(connection: sa.Connection, tables: Tables, distribution: str, revision: Revision) -> None:
    version = tables.version(distribution)
    connection.execute(sa.delete(version))
    connection.execute(sa.insert(version).values(version_num=revision.id))
    _restamp(connection, tables, distribution, revision.fingerprint)


def _restamp(connection: sa.Connection, tables: Tables, distribution: str, fingerprint: str) -> None:
    """Keep another fingerprint ("": that of before). What runs on the tables as they were notices at its next unit of
    work."""
    stamp = creating.read_stamp(connection, tables.prefix, tables.metadata.schema)
    if stamp is None:
        return
    kept = fingerprint or stamp.fingerprints.get(distribution, "").partition(UNDER_WAY)[0]
    made = attrs.evolve(stamp, fingerprints={**stamp.fingerprints, distribution: kept})
    creating.keep(connection, tables.setting, STAMP, stamp_text(made), replace=True)
    creating.keep(connection, tables.setting, EPOCH, str(int(stamp.epoch or 0) + 1), replace=True)


@contextmanager
def _unchecked(connection: sa.Connection, backend: Backend) -> Iterator[None]:
    """SQLite does not check references: where it makes a table anew, rows that refer to it would stand in the way. It
    can be told so only outside of a transaction."""
    if backend != "sqlite":
        yield
        return
    driver: Any = connection.connection.driver_connection
    [(before,)] = driver.execute("PRAGMA foreign_keys")
    driver.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        connection.rollback()
        driver.execute(f"PRAGMA foreign_keys = {int(before)}")


def _check(connection: sa.Connection, backend: Backend) -> None:
    """`StorageFailed` if a reference leads nowhere after what was done without checking."""
    dangling = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchone() if backend == "sqlite" else None
    if dangling is not None:
        raise StorageFailed(
            f"a revision leaves rows of {dangling[0]} that refer to rows of {dangling[2]} which do not exist: nothing "
            "was kept; let it mend them first",
            table=dangling[0],
            target=dangling[2],
        )
