"""Databases that tests of a class share: tables are made once, only rows go."""

from __future__ import annotations

from contextlib import closing

import sqlalchemy as sa

from crmcore.adapters.sql.source import SqlSource

KEPT = ("_version", "crm_setting")


class EmptiedServer:
    """A PostgreSQL schema or MariaDB database; `source` empties its tables, which the first test made."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._source: SqlSource | None = None
        self._engine = sa.create_engine(url, poolclass=sa.NullPool)

    def source(self) -> SqlSource:
        """A storage source over the database, without records."""
        with self._engine.begin() as connection:
            self._empty(connection)
        return SqlSource.own(self._url)

    def _empty(self, connection: sa.Connection) -> None:
        names = [name for name in sa.inspect(connection).get_table_names() if not name.endswith(KEPT)]
        if not names:
            return
        asked = " UNION ALL ".join(f"SELECT '{n}' FROM (SELECT 1 FROM {n} LIMIT 1) AS {n}_some" for n in names)
        full = connection.execute(sa.text(asked)).scalars().all()
        if full and connection.dialect.name == "postgresql":
            connection.execute(sa.text(f"TRUNCATE {', '.join(full)} RESTART IDENTITY CASCADE"))
        elif full:
            connection.execute(sa.text("SET FOREIGN_KEY_CHECKS = 0"))
            for name in full:
                connection.execute(sa.text(f"DELETE FROM {name}"))
        connection.execute(sa.text("UPDATE crm_setting SET value = '0' WHERE `key` = 'feed.position'"
                                   if connection.dialect.name == "mysql" else
                                   "UPDATE crm_setting SET value = '0' WHERE key = 'feed.position'"))
