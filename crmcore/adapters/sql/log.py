"""The change log: written with what it logs, numbered afterwards, read by record or as a feed.

Sequence numbers are given before the commit on PostgreSQL and MariaDB, so they tell no reader what is new. Positions
do: one transaction at a time, holding the row that keeps the last one, numbers what is committed, in order of seq.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from crmcore.adapters.sql import codecs, gathering
from crmcore.adapters.sql.compiled import at_most, constant
from crmcore.adapters.sql.ledgers import LOG_COLUMNS
from crmcore.adapters.sql.model import Model, insertion
from crmcore.adapters.sql.runner import Insertion, Runner
from crmcore.domain.audit import columns_text
from crmcore.domain.change import LogEntry
from crmcore.domain.errors import StorageFailed
from crmcore.domain.field import Field

LAST_POSITION: Final = "feed.position"
"""The setting that keeps the last position given; its row is the lock under which positions are given."""

CHAINED: Final = (
    "position",
    "seq",
    "at",
    "actor",
    "source",
    "work",
    "record",
    "id",
    "subject",
    "version",
    "operation",
    "digest",
)
"""The columns of an entry in the order in which the chain has them."""

_AT: Final = Field(kind="datetime", name="at")


class _Ids(dict[Any, UUID]):
    """Ids as they are stored and as they are: those of units of work and of persons come again and again."""

    def __init__(self, id_from: Callable[[Any], UUID]) -> None:
        super().__init__()
        self._id_from = id_from

    def __missing__(self, stored: Any) -> UUID:
        found = self[stored] = self._id_from(stored)
        if found.hex != stored:
            raise ValueError(f"{stored!r} is no id as crmcore writes it")
        return found


class _Moments(dict[Any, dt.datetime]):
    """Times as they are stored and as they are: those of what was written at once are one. As text they must be just
    so: another form of the same one would be sorted elsewhere."""

    def __missing__(self, stored: Any) -> dt.datetime:
        found = self[stored] = dt.datetime.fromisoformat(stored) if isinstance(stored, str) else codecs.aware(stored)
        if isinstance(stored, str) and codecs.stamp(found) != stored:
            raise ValueError(f"{stored!r} is no time as crmcore writes it")
        return found


class Log:
    """The statements of the log, made once for a model."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._table = model.tables.change

    @cached_property
    def _insertion(self) -> Insertion:
        columns = [self._table.c[name] for name in LOG_COLUMNS[:-2]]
        return insertion(self._model.dialect, self._table, columns)

    def append(self, runner: Runner, entries: Sequence[LogEntry]) -> None:
        """Write to the log."""
        runner.store(self._insertion, [self._row(e) for e in entries])

    def _row(self, e: LogEntry) -> tuple[Any, ...]:
        stored = self._model.stored_id
        return (
            *self._model.value(_AT)(e.at),
            e.actor,
            e.source,
            *stored(e.work),
            e.record,
            *stored(e.id),
            *((None,) if e.subject is None else stored(e.subject)),
            e.version,
            e.operation,
            e.changes,
            e.digest,
        )

    def history(self, runner: Runner, record: str, id: UUID, until: dt.datetime | None) -> list[LogEntry]:
        """The log of one record, oldest first."""

        def make() -> Any:
            c, p = self._table.c, self._parameter
            held = [c.record == p(0, c.record), c.id == p(1, c.id)]
            if until is not None:
                held.append(c.at <= p(2, c.at))
            return self._entries().where(*held).order_by(c.seq)

        values = (record, *self._model.stored_id(id), *(() if until is None else self._model.value(_AT)(until)))
        sql = self._model.statement(("history", until is None), make)
        return self._found(runner.fetch(sql.text, values))

    def last_seq(self, runner: Runner) -> int:
        """The highest seq that is visible."""
        sql = self._model.statement("last seq", lambda: sa.select(sa.func.max(self._table.c.seq)))
        return int(runner.fetch(sql.text)[0][0] or 0)

    def of_work(self, runner: Runner, work: UUID, low: int, high: int, limit: int) -> list[LogEntry]:
        """The entries of one unit of work in a range of seq, newest first: no index on the unit is kept for this."""

        def make() -> Any:
            c, p = self._table.c, self._parameter
            held = (c.work == p(0, c.work), c.seq > p(1, c.seq), c.seq <= p(2, c.seq))
            found = self._entries().where(*held).order_by(c.seq.desc())
            return at_most(found, sa.bindparam("p3", type_=sa.Integer()))

        sql = self._model.statement("entries of a work", make)
        values = (*self._model.stored_id(work), low, high, limit)
        return self._found(runner.fetch(sql.text, sql.arrange(values)))

    def feed(self, runner: Runner, after: int, limit: int) -> list[LogEntry]:
        """Numbered entries, in order of position."""

        def make() -> Any:
            c = self._table.c
            held = c.position > self._parameter(0, c.position)
            return at_most(self._entries().where(held).order_by(c.position), sa.bindparam("p1", type_=sa.Integer()))

        sql = self._model.statement("feed", make)
        return self._found(runner.fetch(sql.text, (after, limit)))

    def of_subjects(self, runner: Runner, subjects: Sequence[UUID], after: int, limit: int) -> list[LogEntry]:
        """Entries about any of these persons, in order of seq."""
        given = codecs.padded(tuple(subjects))
        if not given:
            return []

        def make() -> Any:
            c, p, count = self._table.c, self._parameter, len(given)
            about = c.subject.in_([p(n, c.subject) for n in range(count)])
            found = self._entries().where(about, c.seq > p(count, c.seq)).order_by(c.seq)
            return at_most(found, sa.bindparam(f"p{count + 1}", type_=sa.Integer()))

        sql = self._model.statement(("entries of subjects", len(given)), make)
        ids = [value for id in given for value in self._model.stored_id(id)]
        return self._found(runner.fetch(sql.text, sql.arrange((*ids, after, limit))))

    def removals(
        self, runner: Runner, records: Sequence[str], naming: Sequence[UUID], after: int, limit: int
    ) -> list[LogEntry]:
        """Removals of records of these types in whose changes any of these ids stands, in order of seq."""
        types, ids = codecs.padded(tuple(records)), codecs.padded(tuple(naming))

        def make() -> Any:
            c, p, count = self._table.c, self._parameter, len(types) + len(ids)
            these = c.record.in_([p(n, c.record) for n in range(len(types))])
            named = sa.or_(*(c.changes.like(p(n, c.changes)) for n in range(len(types), count)))
            gone = (c.operation == constant("'remove'"), these, named, c.seq > p(count, c.seq))
            return at_most(
                self._entries().where(*gone).order_by(c.seq), sa.bindparam(f"p{count + 1}", type_=sa.Integer())
            )

        sql = self._model.statement(("removals", len(types), len(ids)), make)
        return self._found(runner.fetch(sql.text, sql.arrange((*types, *(f"%{i}%" for i in ids), after, limit))))

    def unnumbered(self, runner: Runner, after: int, limit: int) -> list[LogEntry]:
        """Entries without a position, in order of seq."""

        def make() -> Any:
            c = self._table.c
            held = (c.position.is_(None), c.seq > self._parameter(0, c.seq))
            return at_most(self._entries().where(*held).order_by(c.seq), sa.bindparam("p1", type_=sa.Integer()))

        sql = self._model.statement("unnumbered", make)
        return self._found(runner.fetch(sql.text, sql.arrange((after, limit))))

    def rewrite(self, runner: Runner, changes: Sequence[tuple[int, str]]) -> None:
        """Give entries, by seq, another text of `changes`."""

        def make() -> Any:
            c = self._table.c
            held = c.seq == self._parameter(1, c.seq)
            return sa.update(self._table).values(changes=self._parameter(0, c.changes)).where(held)

        runner.many(self._model.statement("rewrite", make).text, [(text, seq) for seq, text in changes])

    def texts(self, runner: Runner, after: int, limit: int) -> list[tuple[int, str]]:
        """Numbered entries as the chain has them, made of what is stored."""

        def make() -> Any:
            c = self._table.c
            found = sa.select(*[self._chained(c[name]) for name in CHAINED])
            held = found.where(c.position > self._parameter(0, c.position)).order_by(c.position)
            return at_most(held, sa.bindparam("p1", type_=sa.Integer()))

        rows = runner.fetch(self._model.statement("texts", make).text, (after, limit))
        return [(row[0], columns_text(row)) for row in rows]

    def _chained(self, column: Any) -> Any:
        """A column as the chain has it: the database writes times and ids faster than we do."""
        backend, at = self._model.backend, column.name == "at"
        if at and backend == "sqlite":
            return sa.func.replace(column, constant("' '"), constant("'T'"))
        if at and backend == "postgresql":
            form = constant("""'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'""")
            return sa.func.to_char(sa.func.timezone(constant("'UTC'"), column), form)
        if at:
            return sa.func.concat(sa.func.replace(sa.cast(column, sa.CHAR(26)), constant("' '"), constant("'T'")),
                                  constant("'+00:00'"))  # fmt: skip
        if backend == "postgresql" and column.name in ("work", "id", "subject"):
            return sa.func.replace(sa.cast(column, sa.Text()), constant("'-'"), constant("''"))
        return column

    def number(self, runner: Runner, limit: int) -> int:
        """Give positions to at most `limit` committed entries; how many there were."""
        last = self.locked_position(runner)
        sql = self._model.statement("number", self._numbering)
        numbered = runner.run(sql.text, sql.arrange((limit, last)))
        if numbered:
            self._keep_position(runner, last + numbered)
        return numbered

    def locked_position(self, runner: Runner) -> int:
        """The last position given; nobody else numbers entries until the transaction ends."""
        setting = self._model.tables.setting

        def touch() -> Any:
            return (
                sa.update(setting)
                .values(value=setting.c.value)
                .where(setting.c.key == self._parameter(0, setting.c.key))
            )

        def make() -> Any:
            found = sa.select(setting.c.value).where(setting.c.key == self._parameter(0, setting.c.key))
            return found.with_for_update()

        if self._model.backend == "sqlite":  # a joined transaction may be deferred: this makes it a writer first
            runner.run(self._model.statement("touch position", touch).text, (LAST_POSITION,))
        rows = runner.fetch(self._model.statement("lock position", make).text, (LAST_POSITION,))
        if not rows:
            raise StorageFailed(f"the setting {LAST_POSITION} is gone; run `crm db upgrade`, which makes it again")
        return int(rows[0][0])

    def _keep_position(self, runner: Runner, position: int) -> None:
        setting = self._model.tables.setting

        def make() -> Any:
            held = setting.c.key == self._parameter(1, setting.c.key)
            return sa.update(setting).values(value=self._parameter(0, setting.c.value)).where(held)

        runner.run(self._model.statement("keep position", make).text, (str(position), LAST_POSITION))

    def _numbering(self) -> Any:
        """One UPDATE for the whole batch. Parameters: the limit, the last position given."""
        table = self._table
        unnumbered = sa.select(table.c.seq).where(table.c.position.is_(None)).order_by(table.c.seq)
        waiting = at_most(unnumbered, sa.bindparam("p0", type_=sa.Integer())).subquery("waiting")
        number = sa.func.row_number().over(order_by=waiting.c.seq)
        numbered = sa.select(waiting.c.seq, number.label("number")).subquery("numbered")
        given = numbered.c.number + sa.bindparam("p1", type_=sa.BigInteger())
        return sa.update(table).values(position=given).where(table.c.seq == numbered.c.seq)

    def _entries(self) -> Any:
        at = gathering.readable(self._model.backend, _AT, self._table)
        return sa.select(*at, *[self._table.c[name] for name in LOG_COLUMNS[1:]])

    def _found(self, rows: Iterable[tuple[Any, ...]]) -> list[LogEntry]:
        moments = _Moments()
        if self._model.backend == "postgresql":  # its driver makes ids itself
            return [LogEntry(moments[at], *rest) for at, *rest in rows]
        ids: dict[Any, Any] = _Ids(self._model.id_from)
        ids[None] = None
        try:
            return [
                LogEntry(moments[at], actor, source, ids[work], record, ids[id], ids[subject], *rest)
                for at, actor, source, work, record, id, subject, *rest in rows
            ]
        except (ValueError, TypeError) as error:
            raise StorageFailed(f"an entry of the log cannot be read ({error}): see `crm doctor --audit`") from error

    def _parameter(self, number: int, like: Any) -> Any:
        return sa.bindparam(f"p{number}", type_=like.type)
