"""Where a Crm's SQL database comes from: a host's engine, or a URL with an engine of our own."""

from __future__ import annotations

import sqlalchemy as sa

from crmcore.adapters.sql.engine import own_engine
from crmcore.adapters.sql.storage import SqlStorage, read_stamp
from crmcore.adapters.sql.tables import PREFIX
from crmcore.adapters.sql.types import backend_of
from crmcore.domain.catalogue import Catalogue
from crmcore.domain.errors import InvalidSetting
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
