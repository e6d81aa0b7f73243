"""The tables of plugins in a database: switched off and on by the stamp, retired, restored and dropped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial

import attrs
import sqlalchemy as sa

from crmcore.adapters.sql import creating, retiring, row_text
from crmcore.adapters.sql.declared import Builder
from crmcore.adapters.sql.retiring import Pair
from crmcore.adapters.sql.tables import Tables
from crmcore.adapters.sql.types import Backend
from crmcore.domain.catalogue import Catalogue
from crmcore.domain.dormant import Belongings
from crmcore.domain.errors import SchemaMismatch
from crmcore.ports.retiring import Restamp, Row
from crmcore.ports.stamp import EPOCH, Stamp


@attrs.frozen(eq=False)
class SqlPluginTables:
    """Implements `ports.retiring.PluginTables`; `alone` gives a connection on which nobody else changes tables."""

    backend: Backend
    catalogue: Catalogue
    tables: Tables
    schema: str | None
    alone: Callable[[], AbstractContextManager[sa.Connection]]

    def restamp(self, change: Restamp) -> Stamp:
        """Write another stamp and raise the epoch."""
        with self._changing() as connection:
            return self._stamp(connection, change)

    def retire(self, own: Belongings, change: Restamp) -> Stamp:
        """Stamp first: from then on nobody counts on the tables, whatever becomes of the rest."""
        with self._changing() as connection:
            stamp = self._stamp(connection, change)
            retiring.put_aside(connection, self.backend, self._pairs(own)[1])
            return stamp

    def restore(self, own: Belongings, change: Restamp, keep: Callable[[Sequence[tuple[str, Row]]], None]) -> Stamp:
        """Stamp last: until then nobody counts on the tables."""
        with self._changing() as connection:
            builder, tables = self._pairs(own, self.catalogue)
            retiring.bring_back(connection, self.backend, tables)
            lost = retiring.take_out_lost(connection, tables)
            try:
                if lost:
                    self._drop_keys(connection, builder, lost)
                    keep(self._told(own, builder, lost))
            except BaseException:
                self._put_aside_again(connection, tables)
                raise
            retiring.join_up(connection, self.backend, tables)
            return self._stamp(connection, change)

    def contents(self, own: Belongings) -> Iterator[tuple[str, Iterator[Row]]]:
        """Table by table, each with its rows; to be read in this order."""
        builder, tables = self._pairs(own)
        columns = row_text.columns_by_table(own, builder)
        with self._changing() as connection:
            retiring.put_aside(connection, self.backend, tables)
            inspector = sa.inspect(connection)
            there = [t for t in tables if inspector.has_table(t.aside.name, schema=self.schema)]
            for each in there:
                name = each.live.name
                yield self._short(name), row_text.rows(connection, self.backend, each.aside, columns[name])

    def purge(self, own: Belongings, change: Restamp) -> list[str]:
        """Stamp last, so that what was interrupted can be repeated."""
        with self._changing() as connection:
            tables = self._pairs(own)[1]
            retiring.put_aside(connection, self.backend, tables)
            retiring.drop(connection, tables)
            version = self.tables.version(own.plugin)
            version.drop(connection, checkfirst=True)
            keys = self.tables.match_key
            connection.execute(sa.delete(keys).where(keys.c.record.in_([r.name for r in own.records])))
            self._stamp(connection, change)
            return [each.live.name for each in tables] + [version.name]

    def _pairs(self, own: Belongings, others: Catalogue | None = None) -> tuple[Builder, list[Pair]]:
        builder = retiring.declared(own, self.tables.prefix, self.schema, others)
        return builder, retiring.pairs(own, builder)

    def _put_aside_again(self, connection: sa.Connection, tables: Sequence[Pair]) -> None:
        connection.rollback()
        if self.backend == "mariadb":  # on the others nothing has happened
            retiring.put_aside(connection, self.backend, tables)

    def _told(self, own: Belongings, builder: Builder, lost: retiring.Lost) -> list[tuple[str, Row]]:
        columns = row_text.columns_by_table(own, builder)
        plain = partial(row_text.plain_row, self.backend)
        return [(self._short(table.name), plain(columns[table.name], dict(row).items())) for table, row in lost]

    def _drop_keys(self, connection: sa.Connection, builder: Builder, lost: retiring.Lost) -> None:
        keys, names = self.tables.match_key, {table.name: record for record, table in builder.records.items()}
        these = sa.and_(keys.c.record == sa.bindparam("r"), keys.c.id == sa.bindparam("i", type_=keys.c.id.type))
        gone = [{"r": names[table.name], "i": row["id"]} for table, row in lost if table.name in names]
        if gone:
            connection.execute(sa.delete(keys).where(these), gone)

    def _short(self, name: str) -> str:
        return name.removeprefix(self.tables.prefix)

    def _stamp(self, connection: sa.Connection, change: Restamp) -> Stamp:
        before = creating.read_stamp(connection, self.tables.prefix, self.schema)
        if before is None:
            raise SchemaMismatch("this database has no tables of crmcore: call crm.upgrade(), or run `crm db upgrade`")
        after = change(before)
        creating.write_stamp(connection, self.tables, after, ())
        creating.keep(connection, self.tables.setting, EPOCH, str(int(before.epoch or 0) + 1), replace=True)
        return after

    @contextmanager
    def _changing(self) -> Iterator[sa.Connection]:
        with self.alone() as connection:
            yield connection
            connection.commit()
