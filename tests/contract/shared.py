"""One Crm for many tests: tables and statements are made once, the rows of the test before are deleted."""

from __future__ import annotations

import sqlalchemy as sa

from crmcore.adapters.sql.engine import own_engine
from crmcore.adapters.sql.source import SqlSource
from crmcore.adapters.sql.storage import SqlStorage
from crmcore.crm import Crm
from crmcore.testing import specimens
from crmcore.testing.fakes import CountingIds, FrozenClock


class SharedCrm:
    """A Crm over a database of SQL, with the plugin `specimen`, whose database is emptied before each test."""

    def __init__(self, url: str, zone: str = "Europe/Berlin") -> None:
        self._engine = own_engine(url)
        self.source = SqlSource(self._engine)
        self._crm = Crm(storage=self.source, plugins=[specimens], zone=zone)
        self._crm.upgrade()

    def fresh(self, clock: FrozenClock) -> Crm:
        """The Crm over an empty database, with ids from the first."""
        with self._engine.connect() as connection:
            self._empty(connection)
            connection.commit()
        self._crm.kernel.clock, self._crm.kernel.ids = clock, CountingIds()
        return self._crm

    def close(self) -> None:
        """Let go of the connections."""
        self._engine.dispose()

    def _empty(self, connection: sa.Connection) -> None:
        assert isinstance(self._crm.storage, SqlStorage)
        kept = ("crm_setting", "crm_core_version", "crm_specimen_version")
        tables = [t for t in reversed(self._crm.storage.metadata.sorted_tables) if t.name not in kept]
        some = sa.union_all(*(sa.select(sa.literal(t.name)).where(sa.select(t).exists()) for t in tables))
        full = set(connection.execute(some).scalars())
        lax = connection.dialect.name == "mysql"  # it checks references of a table to itself row by row
        if lax:
            connection.execute(sa.text("SET FOREIGN_KEY_CHECKS = 0"))
        for table in tables:
            if table.name in full:
                connection.execute(sa.delete(table))
        if lax:
            connection.execute(sa.text("SET FOREIGN_KEY_CHECKS = 1"))
        setting = self._crm.storage.metadata.tables["crm_setting"]
        connection.execute(sa.update(setting).where(setting.c.key == "feed.position").values(value="0"))
