"""The Transaction port on a connection, whoever it belongs to. Exceptions of drivers end here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

from crmcore.adapters.sql.aggregates import aggregate
from crmcore.adapters.sql.asking import Asking
from crmcore.adapters.sql.auditing import SqlAuditing
from crmcore.adapters.sql.blame import Attempt, blamed
from crmcore.adapters.sql.consuming import SqlConsuming
from crmcore.adapters.sql.errors import failure, translated
from crmcore.adapters.sql.faults import fault_of
from crmcore.adapters.sql.moving import SqlMoving
from crmcore.adapters.sql.reading import Reader
from crmcore.adapters.sql.runner import savepoint_name
from crmcore.adapters.sql.sessions import Session
from crmcore.adapters.sql.statements import Statements
from crmcore.adapters.sql.writes import Writer
from crmcore.domain.bound import BoundQuery
from crmcore.domain.change import LogEntry
from crmcore.domain.errors import CrmError, StorageFailed
from crmcore.domain.facet import Facet, FacetType
from crmcore.domain.record import Record, RecordType
from crmcore.ports.storage import Found, KeyRow

P = ParamSpec("P")
T = TypeVar("T")


class SqlTransaction:
    """Implements `ports.storage.Transaction`."""

    def __init__(self, statements: Statements, session: Session) -> None:
        self._statements = statements
        self._model = statements.model
        self._session: Session | None = session
        self._runner = session.runner
        self._reader = Reader(self._model, session.runner)
        self._writer = Writer(self._model, session.runner)
        self._lost: CrmError | None = None

    def insert(self, type: RecordType, records: Sequence[Record]) -> None:
        """Store new records; a record may refer to itself and to those before it in the batch."""
        self._write(lambda: Attempt(type, [(r.id, r) for r in records]), self._writer.insert, type, records)

    def update(self, type: RecordType, before: Record, after: Record) -> None:
        """Store what differs."""
        self._write(lambda: Attempt(type, [(after.id, after)]), self._writer.update, type, before, after)

    def delete(self, type: RecordType, record: Record) -> None:
        """Remove the row and all that is its own."""
        self._write(lambda: Attempt(type, [(record.id, record)], removing=True), self._writer.delete, type, record)

    def delete_many(self, type: RecordType, records: Sequence[Record]) -> None:
        """Remove many rows and all that is their own."""
        attempt = lambda: Attempt(type, [(r.id, r) for r in records], removing=True)  # noqa: E731  # as below
        self._write(attempt, self._writer.delete_many, type, records)

    def insert_facets(self, type: RecordType, facet: FacetType, rows: Sequence[tuple[UUID, Facet]]) -> None:
        """Store new facets."""
        self._write(lambda: Attempt(type, rows, facet), self._writer.insert_facets, type, facet, rows)

    def update_facet(self, type: RecordType, facet: FacetType, id: UUID, before: Facet, after: Facet) -> None:
        """Store what differs."""
        attempt = lambda: Attempt(type, [(id, after)], facet)  # noqa: E731  # made only if the write fails
        self._write(attempt, self._writer.update_facet, type, facet, id, before, after)

    def delete_facet(self, type: RecordType, facet: FacetType, id: UUID, before: Facet) -> None:
        """Remove the facet."""
        self._ask(self._writer.delete_facet, type, facet, id, before)

    def add_keys(self, rows: Sequence[KeyRow]) -> None:
        """Store match keys."""
        if rows:
            self._ask(self._statements.keys.add, self._runner, rows)

    def drop_keys(self, rows: Sequence[KeyRow]) -> None:
        """Remove match keys."""
        if rows:
            self._ask(self._statements.keys.drop, self._runner, rows)

    def drop_all_keys(self) -> None:
        """Remove every match key."""
        self._ask(self._statements.keys.drop_all, self._runner)

    def find_keys(self, kind: str, low: str, high: str | None, records: Sequence[str], limit: int) -> list[KeyRow]:
        """Keys by value or range, ordered by key, record type and id."""
        return self._ask(self._statements.keys.find, self._runner, kind, low, high, records, limit)

    def keyed(self, record: str, keys: Sequence[tuple[str, str]]) -> list[KeyRow]:
        """The rows of one record type that have any of these keys."""
        return self._ask(self._statements.keys.keyed, self._runner, record, keys)

    def select(self, query: BoundQuery) -> list[Found]:
        """The records that fit, in order."""
        return self._ask(self._reader.select, query)

    def count(self, query: BoundQuery) -> int:
        """How many records fit."""
        return self._ask(self._reader.count, query)

    def aggregate(self, query: BoundQuery, by: Sequence[str], measures: Sequence[tuple[str, str]]) -> list[list[Any]]:
        """Groups and their figures, sorted by the group's values."""
        return self._ask(aggregate, self._model, self._runner, query, by, measures)

    def lock(self, type: RecordType, id: UUID, *, shared: bool = False, alone: bool = False) -> bool:
        """Hold a record until the transaction ends; False if there is none."""
        return self._ask(self._reader.lock, type, id, shared, alone)

    def append(self, entries: Sequence[LogEntry]) -> None:
        """Write to the change log."""
        if entries:
            self._ask(self._statements.log.append, self._runner, entries)

    def history(self, record: str, id: UUID, until: dt.datetime | None = None) -> list[LogEntry]:
        """The log of one record, this transaction's entries included."""
        return self._ask(self._statements.log.history, self._runner, record, id, until)

    def last_seq(self) -> int:
        """The highest seq in the log that is visible here."""
        return self._ask(self._statements.log.last_seq, self._runner)

    def entries(self, work: UUID, low: int, high: int, limit: int) -> list[LogEntry]:
        """What one unit of work has logged in a range of seq, newest first."""
        return self._ask(self._statements.log.of_work, self._runner, work, low, high, limit)

    def feed(self, after: int, limit: int) -> list[LogEntry]:
        """Numbered entries with a position above `after`."""
        return self._ask(self._statements.log.feed, self._runner, after, limit)

    def number(self, limit: int) -> int:
        """Give positions to committed entries; how many."""
        return self._ask(self._statements.log.number, self._runner, limit)

    @property
    def consuming(self) -> SqlConsuming:
        """What workers keep, in this transaction."""
        return SqlConsuming(self._asking)

    @property
    def moving(self) -> SqlMoving:
        """References that follow merges, in this transaction."""
        return SqlMoving(Asking(self._model, self._runner, self._refer))

    @property
    def auditing(self) -> SqlAuditing:
        """The chain over the log, in this transaction."""
        return SqlAuditing(self._asking, self._statements.log)

    @property
    def _asking(self) -> Asking:
        return Asking(self._model, self._runner, self._ask)

    def setting(self, key: str) -> str | None:
        """A value that the core keeps, or None."""
        return self._ask(self._statements.settings.get, self._runner, key)

    def put_setting(self, key: str, value: str) -> None:
        """Keep such a value."""
        self._ask(self._statements.settings.put, self._runner, key, value)

    def scrub(self) -> None:
        """Leave nothing of what is removed or overwritten in a SQLite file."""
        if self._model.backend == "sqlite":
            self._ask(self._open().scrub)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A nested part that an exception undoes alone."""
        name = savepoint_name()
        self._ask(self._runner.run, f"SAVEPOINT {name}")
        try:
            yield
        except BaseException:
            self._back_to(name)
            raise
        self._ask(self._runner.run, f"RELEASE SAVEPOINT {name}")

    def _back_to(self, name: str) -> None:
        """After a deadlock MariaDB has no savepoint left, nor anything else of the transaction: all of it is lost."""
        try:
            self._runner.run(f"ROLLBACK TO SAVEPOINT {name}")
            self._runner.run(f"RELEASE SAVEPOINT {name}")
        except self._model.driver_errors as error:
            self._lost = self._lost or self._translated(error)

    def commit(self) -> None:
        """Make it last, or leave it to the host."""
        session = self._open()
        if self._lost is not None:
            self.rollback()
            raise self._lost
        self._session = None
        try:
            session.commit()
        except self._model.driver_errors as error:
            raise self._translated(error) from error

    def rollback(self) -> None:
        """Undo it, as far as it is this transaction's own."""
        session = self._open()
        self._session = None
        try:
            session.rollback()
        except self._model.driver_errors as error:
            if self._lost is None:  # else the database has rolled back already
                raise self._translated(error) from error

    def _open(self) -> Session:
        if self._session is None:
            raise StorageFailed("this transaction has ended: begin another one")
        return self._session

    def _ask(self, call: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        if self._session is None or self._lost is not None:
            raise self._lost or StorageFailed("this transaction has ended: begin another one")
        try:
            return call(*arguments, **named)
        except self._model.driver_errors as error:
            raise self._translated(error) from error

    def _refer(self, call: Callable[..., Any], /, *arguments: Any) -> Any:
        """As `_ask`, where references of many records are changed: `DuplicateValue`, `DanglingReference`."""
        try:
            return self._ask(call, *arguments)
        except StorageFailed as error:
            if error.__cause__ is None or (fault := fault_of(error.__cause__)).meaning == "failed":
                raise
            raise translated(self._model.tables, fault) from error.__cause__

    def _write(
        self, attempt: Callable[[], Attempt], call: Callable[P, None], *arguments: P.args, **named: P.kwargs
    ) -> None:
        if self._session is None or self._lost is not None:
            raise self._lost or StorageFailed("this transaction has ended: begin another one")
        try:
            call(*arguments, **named)
        except self._model.driver_errors as error:
            raise self._refused(error, attempt()) from error

    def _refused(self, error: Exception, attempt: Attempt) -> CrmError:
        fault = fault_of(error)
        if fault.meaning in ("busy", "failed"):
            return self._translated(error)
        try:
            rule, value = blamed(self._model, self._runner, fault, attempt)
        except self._model.driver_errors:  # the search for the culprit is a courtesy
            rule, value = None, None
        return translated(self._model.tables, fault, attempt.removing, rule, value)

    def _translated(self, error: Exception) -> CrmError:
        found = failure(error)
        if fault_of(error).lost:
            self._lost = found
        return found
