"""Match keys: kept, dropped and found."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from crmcore.adapters.sql.codecs import padded
from crmcore.adapters.sql.compiled import at_most, constant
from crmcore.adapters.sql.model import Model, insertion
from crmcore.adapters.sql.runner import Insertion, Runner
from crmcore.ports.storage import KeyRow

ASKED_AT_ONCE: Final = 512
"""How many keys one statement asks for."""

_KEEP: Final = {
    "sqlite": " ON CONFLICT DO NOTHING",
    "postgresql": " ON CONFLICT DO NOTHING",
    "mariadb": " ON DUPLICATE KEY UPDATE kind = kind",
}
"""What leaves a key that is there already; MariaDB's IGNORE would let other faults pass too."""


class Keys:
    """The statements about match keys, made once for a model."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._table = model.tables.match_key

    @cached_property
    def _insertion(self) -> Insertion:
        suffix = _KEEP[self._model.backend]
        return insertion(self._model.dialect, self._table, list(self._table.columns), suffix)

    def _rows(self, rows: Sequence[KeyRow]) -> list[tuple[Any, ...]]:
        stored = self._model.stored_id
        return [(r.kind, r.key, r.record, *stored(r.id)) for r in rows]

    def add(self, runner: Runner, rows: Sequence[KeyRow]) -> None:
        """Keep keys; one that is there already stays."""
        runner.store(self._insertion, self._rows(rows))

    def drop(self, runner: Runner, rows: Sequence[KeyRow]) -> None:
        """Remove keys."""

        def make() -> Any:
            return sa.delete(self._table).where(
                *[c == self._parameter(n, c) for n, c in enumerate(self._table.columns)]
            )

        runner.many(self._model.statement("drop keys", make).text, self._rows(rows))

    def drop_all(self, runner: Runner) -> None:
        """Remove every key."""
        runner.run(self._model.statement("drop all keys", lambda: sa.delete(self._table)).text)

    def find(
        self, runner: Runner, kind: str, low: str, high: str | None, records: Sequence[str], limit: int
    ) -> list[KeyRow]:
        """Keys equal to `low`, or from `low` up to but not including `high`."""
        given = padded(tuple(records))
        if not given:
            return []

        def make() -> Any:
            c = self._table.c
            held = [c.kind == self._parameter(0, c.kind)]
            held.append(c.key == self._parameter(1, c.key) if high is None else c.key >= self._parameter(1, c.key))
            rest = 2
            if high is not None:
                held.append(c.key < self._parameter(2, c.key))
                rest = 3
            held.append(c.record.in_([self._parameter(rest + n, c.record) for n in range(len(given))]))
            found = sa.select(self._table).where(*held).order_by(c.key, c.record, c.id)
            return at_most(found, sa.bindparam(f"p{rest + len(given)}", type_=sa.Integer()))

        sql = self._model.statement(("find keys", high is None, len(given)), make)
        values = (kind, low, *(() if high is None else (high,)), *given, limit)
        return self._found(runner.fetch(sql.text, sql.arrange(values)))

    def keyed(self, runner: Runner, record: str, keys: Sequence[tuple[str, str]]) -> list[KeyRow]:
        """The rows of one record type with any of these keys."""
        by_kind: dict[str, dict[str, None]] = {}
        for kind, key in keys:
            by_kind.setdefault(kind, {})[key] = None
        found: list[KeyRow] = []
        for kind, wanted in by_kind.items():
            listed = tuple(wanted)
            for start in range(0, len(listed), ASKED_AT_ONCE):
                found += self._keyed(runner, record, kind, listed[start : start + ASKED_AT_ONCE])
        return found

    def _keyed(self, runner: Runner, record: str, kind: str, keys: tuple[str, ...]) -> list[KeyRow]:
        if self._model.backend == "postgresql":
            sql = self._model.statement("keyed each", self._each_looked_up)
            return self._found(runner.fetch(sql.text, sql.arrange((list(keys), kind, record))))
        given = padded(keys)

        def make() -> Any:
            c = self._table.c
            listed = c.key.in_([self._parameter(1 + n, c.key) for n in range(len(given))])
            return sa.select(self._table).where(
                c.kind == self._parameter(0, c.kind), listed, c.record == self._parameter(1 + len(given), c.record)
            )

        sql = self._model.statement(("keyed", len(given)), make)
        return self._found(runner.fetch(sql.text, sql.arrange((kind, *given, record))))

    def _each_looked_up(self) -> Any:
        """A look into the index for each key. PostgreSQL, asked for a list while it still takes the table for small,
        would read every key of the kind instead; OFFSET keeps it from making such a list of this."""
        c = self._table.c
        given = sa.func.unnest(sa.bindparam("p0", type_=postgresql.ARRAY(c.key.type)))
        wanted = given.table_valued("key").render_derived(name="wanted")
        same = (c.kind == self._parameter(1, c.kind), c.key == wanted.c.key, c.record == self._parameter(2, c.record))
        held = sa.select(self._table).where(*same).offset(constant("0")).lateral("held")
        return sa.select(held).select_from(wanted.join(held, sa.true()))

    def _found(self, rows: list[tuple[Any, ...]]) -> list[KeyRow]:
        id_from = self._model.id_from
        return [KeyRow(kind, key, record, id_from(id)) for kind, key, record, id in rows]

    def _parameter(self, number: int, like: Any) -> Any:
        return sa.bindparam(f"p{number}", type_=like.type)
