"""The Storage port over a SQLAlchemy engine: SQLite, PostgreSQL or MariaDB."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from crmcore.adapters.sql import creating
from crmcore.adapters.sql.altering import SqlAlteration, patient
from crmcore.adapters.sql.doctor import examine
from crmcore.adapters.sql.engine import READS
from crmcore.adapters.sql.errors import failure
from crmcore.adapters.sql.faults import driver_errors
from crmcore.adapters.sql.model import Model
from crmcore.adapters.sql.plugin_tables import SqlPluginTables
from crmcore.adapters.sql.sessions import JoinedSession, OwnSession, joined_runner
from crmcore.adapters.sql.statements import statements_of
from crmcore.adapters.sql.tables import PREFIX
from crmcore.adapters.sql.transaction import SqlTransaction
from crmcore.adapters.sql.types import Backend, backend_of
from crmcore.domain.catalogue import Catalogue
from crmcore.domain.errors import InvalidSetting
from crmcore.ports.migration import Chain
from crmcore.ports.stamp import Stamp


class SqlStorage:
    """Implements `ports.storage.Storage`. The engine stays the host's, unless `owned`: then `close` disposes of it.

    `prefix` begins the name of every table, `schema` holds them. Raises InvalidDeclaration, InvalidSetting.
    """

    def __init__(
        self,
        engine: sa.Engine,
        catalogue: Catalogue,
        prefix: str = PREFIX,
        schema: str | None = None,
        *,
        owned: bool = False,
    ) -> None:
        self._engine = engine
        self._owned = owned
        self._backend: Backend = backend_of(engine.dialect)
        self._statements = statements_of(Model(catalogue, self._backend, prefix, schema))
        self._prefix = prefix
        self._schema = schema
        self._lock = f"crmcore {schema or ''} {prefix}"

    @property
    def metadata(self) -> sa.MetaData:
        """The tables, as SQLAlchemy knows them."""
        return self._statements.model.tables.metadata

    def begin(self, snapshot: bool = False) -> SqlTransaction:
        """A transaction of its own, ready to write; `StorageBusy` if another writer keeps it waiting too long. A
        `snapshot` waits for nobody and reads as of one moment."""
        with translating(self._backend):
            return SqlTransaction(self._statements, OwnSession(self._backend, self._engine, snapshot))

    def join(self, handle: object) -> SqlTransaction:
        """Work inside a transaction of the host: on a SQLAlchemy connection, or a raw one of the driver.

        `InvalidSetting` for anything else, and for a connection in autocommit or with unsafe settings.
        """
        self._check_handle(handle)
        with translating(self._backend):
            return SqlTransaction(self._statements, JoinedSession(joined_runner(self._backend, handle)))

    def stamp(self) -> Stamp | None:
        """What the database was made by; None if it holds no tables of the core."""
        return read_stamp(self._engine, self._prefix, self._schema)

    def create(self, stamp: Stamp, distributions: Iterable[str]) -> None:
        """Make the tables of these distributions, as far as they are not there, then write the stamp."""
        wanted, tables = list(distributions), self._statements.model.tables
        with (
            translating(self._backend),
            self._writing() as connection,
            creating.alone(connection, self._backend, self._lock),
        ):
            creating.make_tables(connection, self._backend, tables, wanted)
            creating.write_stamp(connection, tables, stamp, wanted)
            connection.commit()

    def migrate(self, chain: Chain, tell: Callable[[str], None]) -> None:
        """Run the revisions that follow on that of the database, as `ports.storage.Storage` says."""
        try:
            from crmcore.adapters.sql.migrating.running import migrate
        except ModuleNotFoundError as missing:
            raise InvalidSetting(
                f"upgrading tables that hold rows needs {missing.name}: pip install 'crmcore[migrate]'"
            ) from missing
        with translating(self._backend):
            migrate(self._engine, self._backend, self._statements.model.tables, self._lock, chain, tell)

    @property
    def plugin_tables(self) -> SqlPluginTables:
        """What is a plugin's own here: to be switched off and on, retired, restored and dropped."""
        model = self._statements.model
        return SqlPluginTables(self._backend, model.catalogue, model.tables, self._schema, self._alone)

    @contextmanager
    def altering(self) -> Iterator[SqlAlteration]:
        """Alter tables on a connection of its own, with nobody else doing so."""
        with self._alone() as connection:
            yield SqlAlteration(connection, self._backend, self._prefix, self._schema)
            connection.commit()

    @contextmanager
    def _alone(self) -> Iterator[sa.Connection]:
        """A writer's connection, with nobody else making or altering tables."""
        with (
            translating(self._backend),
            self._writing() as connection,
            creating.alone(connection, self._backend, self._lock),
            patient(connection, self._backend),
        ):
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        """A connection that begins as a writer, also where the engine was not prepared."""
        with self._engine.connect() as connection:
            connection.begin()
            driver: Any = connection.connection.driver_connection
            if self._backend == "sqlite" and not driver.in_transaction:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection

    def checks(self) -> list[tuple[str, bool, str]]:
        """What `crm doctor` asks of a database: (name, holds, detail)."""
        with translating(self._backend), self._engine.connect() as connection:
            return examine(connection, self._backend, self._statements.model.tables)

    def close(self) -> None:
        """Let go of the connections that are our own."""
        if self._owned:
            self._engine.dispose()

    def _check_handle(self, handle: object) -> None:
        if isinstance(handle, sa.Connection):
            backend: str | None = backend_of(handle.dialect)
        else:
            module = type(handle).__module__.partition(".")[0]
            backend = {"sqlite3": "sqlite", "psycopg": "postgresql", "pymysql": "mariadb", "MySQLdb": "mariadb"}.get(
                module
            )
        if backend != self._backend:
            raise InvalidSetting(
                f"cannot work inside {type(handle).__module__}.{type(handle).__qualname__}: give a SQLAlchemy "
                f"Connection, or one of the driver (sqlite3, psycopg, pymysql), to the same {self._backend} database"
            )


def read_stamp(engine: sa.Engine, prefix: str, schema: str | None) -> Stamp | None:
    """What a database was made by; None if it holds no tables of the core."""
    with translating(backend_of(engine.dialect)), engine.connect() as connection:
        return creating.read_stamp(connection.execution_options(**{READS: True}), prefix, schema)


@contextmanager
def translating(backend: Backend) -> Iterator[None]:
    """Exceptions of the driver become `StorageBusy` or `StorageFailed`."""
    try:
        yield
    except driver_errors(backend) as error:
        raise failure(error) from error
