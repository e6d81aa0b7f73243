"""Where a Crm's SQL database comes from: a host's engine, or a URL with an engine of our own."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from crmcore.adapters.sql.engine import own_engine
from crmcore.adapters.sql.storage import SqlStorage, read_stamp, translating
from crmcore.adapters.sql.tables import PREFIX
from crmcore.adapters.sql.types import Backend, backend_of
from crmcore.domain.catalogue import Catalogue
from crmcore.domain.errors import InvalidSetting
from crmcore.ports.backup import Backup, Progress
from crmcore.ports.stamp import Stamp


class SqlSource:
    """A database over an engine. `embedded`: a SQLite file of our own, which is made ready without being asked."""

    def __init__(
        self, engine: sa.Engine, prefix: str = PREFIX, schema: str | None = None, *, owned: bool = False
    ) -> None:
        if not isinstance(engine, sa.Engine):
            raise InvalidSetting(f"an engine is what sqlalchemy.create_engine makes, not {type(engine).__name__}")
        self.embedded = owned and backend_of(engine.dialect) == "sqlite"
        self._engine = engine
        self._prefix = prefix
        self._schema = schema
        self._owned = owned

    @classmethod
    def own(cls, url: str, prefix: str = PREFIX, schema: str | None = None) -> SqlSource:
        """A database by its URL, on an engine of our own."""
        return cls(own_engine(url), prefix, schema, owned=True)

    def peek(self) -> Stamp | None:
        """What the database was made by, before anything is declared; None if it holds no tables of the core."""
        return read_stamp(self._engine, self._prefix, self._schema)

    def open(self, catalogue: Catalogue) -> SqlStorage:
        """The storage for these declarations."""
        return SqlStorage(self._engine, catalogue, self._prefix, self._schema, owned=self._owned)

    def back_up(self, path: Path, *, force: bool = False, progress: Progress | None = None) -> Backup:
        """Copy one moment of a SQLite database to a new file; `InvalidSetting` names the tool of a server's."""
        from crmcore.adapters.sql.backup import servers, taking

        backend = backend_of(self._engine.dialect)
        if backend != "sqlite":
            raise servers.backup_refusal(self._engine.url, backend, path, self._schema or self._own_schema(backend))
        place = taking.Place(self._engine, self._prefix, self._schema)
        return taking.back_up(place, path, force=force, progress=progress)

    def _own_schema(self, backend: Backend) -> str | None:
        """The schema in which PostgreSQL looks for our tables."""
        if backend != "postgresql":
            return None
        with translating(backend), self._engine.connect() as connection:
            found: str | None = connection.exec_driver_sql("SELECT current_schema()").scalar()
            return found

    def close(self) -> None:
        """Let go of the connections of an engine of our own, where no storage was opened."""
        if self._owned:
            self._engine.dispose()
