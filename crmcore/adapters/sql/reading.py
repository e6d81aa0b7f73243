"""Carrying out bound queries: records in order and in pages, counts, locks."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import attrs
import sqlalchemy as sa

from crmcore.adapters.sql import sorting
from crmcore.adapters.sql.compiled import Sql, compiled, constant
from crmcore.adapters.sql.model import Model
from crmcore.adapters.sql.predicates import Scope, over_all
from crmcore.adapters.sql.runner import Runner
from crmcore.adapters.sql.selects import Phase, Select, build_select
from crmcore.adapters.sql.shapes import query_shape, shape
from crmcore.domain.bound import BoundQuery
from crmcore.domain.ordering import check_cursor
from crmcore.domain.query import Cursor
from crmcore.domain.record import RecordType
from crmcore.ports.storage import Found


@attrs.frozen(eq=False)
class Reader:
    """Reads on one connection."""

    model: Model
    runner: Runner

    def select(self, query: BoundQuery) -> list[Found]:
        """The records that fit, in order, at most `limit`, after the cursor."""
        if query.cursor is not None:
            check_cursor(query)
        values: list[Any] = []
        known = query_shape(query, values, self.model.parameters)
        if not query.sort or not sorting.in_phases(query.sort[0]):
            return self._phase(query, known, values, "whole", query.limit)
        found: list[Found] = []
        if query.cursor is None or query.cursor.keys[:1] != (None,):
            found = self._phase(query, known, values, "present", query.limit)
        left = None if query.limit is None else query.limit - len(found)
        if left is None or left > 0:
            found += self._phase(query, known, values, "missing", left)
        return found

    def _phase(
        self, query: BoundQuery, known: tuple[Any, ...], values: list[Any], phase: Phase, limit: int | None
    ) -> list[Found]:
        cursor = query.cursor
        if phase == "missing" and cursor is not None and cursor.keys[0] is not None:
            cursor = None
        nulls = None if cursor is None else tuple([k is None for k in cursor.keys])
        statement: Select = self.model.selects.get(
            (known, phase, nulls, limit is None),
            lambda: self._build(query, phase, nulls),
        )
        given = values if cursor is None else values + self._cursor_values(query, cursor)
        sent = given if limit is None else [*given, limit]
        return statement.found(self.runner.fetch(statement.sql.text, statement.sql.arrange(sent)))

    def _build(self, query: BoundQuery, phase: Phase, nulls: tuple[bool, ...] | None) -> Select:
        model = self.model
        return build_select(model.tables, model.backend, model.dialect, query, phase, nulls)

    def _cursor_values(self, query: BoundQuery, cursor: Cursor) -> list[Any]:
        kinds = [(key, kind) for key in query.sort for kind in sorting.key_kinds(key)]
        backend = self.model.backend
        pairs = [(key, kind, v) for (key, kind), v in zip(kinds, cursor.keys, strict=True) if v is not None]
        values = [sorting.cursor_value(backend, key, kind, v) for key, kind, v in pairs]
        return [*values, *self.model.stored_id(cursor.id)]

    def count(self, query: BoundQuery) -> int:
        """How many records fit."""
        values: list[Any] = []
        known = shape(query.where, values, self.model.parameters)
        sql: Sql = self.model.selects.get(("count", query.type.name, known), lambda: self._count(query))
        counted: int = self.runner.fetch(sql.text, sql.arrange(values))[0][0]
        return counted

    def _count(self, query: BoundQuery) -> Sql:
        model = self.model
        rows = model.tables.records[query.type.name].alias("t")
        clause = over_all(model.tables, model.backend, query.where).clause(Scope(rows, query.type.name), query.where)
        return compiled(model.dialect, sa.select(sa.func.count()).select_from(rows).where(clause))

    def lock(self, record: RecordType, id: UUID, shared: bool = False, alone: bool = False) -> bool:
        """Hold a record until the transaction ends; False if there is none."""
        shape = ("lock", record.name, shared, alone)
        found = self.model.statement(shape, lambda: self._lock(record, shared, alone))
        if self.model.backend == "sqlite" and not shared:
            return self.runner.run(found.text, self.model.stored_id(id)) == 1
        return bool(self.runner.fetch(found.text, self.model.stored_id(id)))

    def _lock(self, record: RecordType, shared: bool, alone: bool) -> Any:
        table = self.model.tables.records[record.name]
        held = table.c.id == sa.bindparam("p0", type_=table.c.id.type)
        if self.model.backend == "sqlite" and not shared:  # a joined transaction may be deferred: now it is a writer
            return sa.update(table).values(version=table.c.version).where(held)
        # SQLite says nothing of locks: it has one writer.
        found = sa.select(constant("1")).select_from(table).where(held)
        return found.with_for_update(read=shared, key_share=not shared and not alone)
