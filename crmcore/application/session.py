"""The session: one transaction and one actor, as the use cases see them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import attrs

from crmcore.application.auditing.reads import Reads
from crmcore.application.kernel import Kernel
from crmcore.domain.binder import Binder, ReadRule
from crmcore.domain.catalogue import Catalogue
from crmcore.domain.change import Actor, LogEntry
from crmcore.domain.errors import CrmError, InvalidSetting, SchemaMismatch
from crmcore.domain.record import RecordType
from crmcore.domain.visibility import hidden_in_log
from crmcore.ports.policy import Policy
from crmcore.ports.storage import Transaction


@attrs.define(eq=False)
class Course:
    """How a transaction goes, which those share to whom it is lent: for which `person` and under which policy it
    began, what broke it, which reactions led to what is done now, what was lent to whom, and which savepoints of
    plugins are open, and what was read."""

    person: Actor
    policy: Policy
    broken: BaseException | None = None
    chain: tuple[str, ...] = ()
    lent: dict[tuple[str, bool | str], Any] = attrs.field(factory=dict)
    nested: list[Any] = attrs.field(factory=list)
    reads: Reads = attrs.field(factory=Reads)

    def end(self) -> None:
        """Take back what was lent, for good."""
        for unit in self.lent.values():
            unit.leave()
        self.nested.clear()


class Session:
    """A context manager: commits at the end, rolls back on any exception.

    A write that the storage refused leaves the transaction half done: from then on the unit only rolls back, unless
    the write stood in a savepoint of its own. `begin` may give the session another kernel. `dry`: rolls back at the end
    in any case. `refusal`: why nothing may be written.
    """

    def __init__(
        self,
        kernel: Kernel,
        begin: Callable[[Session], Transaction],
        actor: Actor,
        *,
        source: str | None = None,
        dry: bool = False,
        refusal: str | None = None,
        course: Course | None = None,
    ) -> None:
        self.kernel = kernel
        self.actor = actor
        self.source = source
        self.dry = dry
        self.id: UUID = kernel.ids.new()
        self._begin = begin
        self._refusal = refusal
        self._transaction: Transaction | None = None
        self._rules: dict[str, ReadRule] = {}
        self.course = course or Course(actor, kernel.policy)
        self.begin_apart: Callable[[], Transaction] = partial(begin, self)

    def __enter__(self) -> Self:
        if self._transaction is not None:
            raise InvalidSetting("this unit of work is in use already: make one for each use")
        self._transaction = self._begin(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        transaction = self.transaction
        self._transaction = None
        self.course.end()
        if error is None and self.course.broken is None and not self.dry:
            return self._commit(transaction)
        transaction.rollback()
        self._log_reads_apart()
        if error is None and self.course.broken is not None:
            raise CrmError(f"the unit of work was rolled back, because a write in it had failed: {self.course.broken}")

    def _commit(self, transaction: Transaction) -> None:
        """What was read is logged with what was written; where that is not kept, by itself."""
        reads = self.course.reads
        if not reads:
            return transaction.commit()
        entries = reads.entries(self)
        try:
            transaction.append(entries)
        except BaseException:
            transaction.rollback()
            raise
        try:
            transaction.commit()
        except BaseException:
            reads.undone()
            self._append_apart([*entries, *reads.entries(self)])
            raise

    def _log_reads_apart(self) -> None:
        self.course.reads.undone()
        if self.course.reads:
            self._append_apart(self.course.reads.entries(self))

    def _append_apart(self, entries: Sequence[LogEntry]) -> None:
        """Log in a transaction of its own: reads of which nothing was kept were reads."""
        transaction = self.begin_apart()
        try:
            transaction.append(entries)
        except BaseException:
            transaction.rollback()
            raise
        transaction.commit()

    def join(self, transaction: Transaction) -> bool:
        """Work in a transaction that somebody else ends; False if it is in one already."""
        joined = self._transaction is None
        if joined:
            self._transaction = transaction
        return joined

    def leave(self) -> None:
        """Work in no transaction any more."""
        self._transaction = None

    @property
    def transaction(self) -> Transaction:
        """The transaction, while the unit of work is open."""
        if self._transaction is None:
            raise InvalidSetting(
                "a unit of work is used inside its with block, `with crm.work(actor=...) as work:`, and the one of a "
                "plugin, `context.work`, in the call that it is for"
            )
        return self._transaction

    @property
    def catalogue(self) -> Catalogue:
        """What is declared."""
        return self.kernel.catalogue

    @property
    def zone(self) -> dt.tzinfo:
        """The time zone of this CRM."""
        return self.kernel.zone

    @property
    def currency(self) -> str:
        """The base currency."""
        return self.kernel.currency

    def now(self) -> dt.datetime:
        """The moment, by the host's clock, in UTC."""
        return self.kernel.clock.now()

    def rule(self, type: RecordType) -> ReadRule:
        """What this actor may read of a record type; asked once per unit of work."""
        found = self._rules.get(type.name)
        if found is None:
            found = self._rules[type.name] = self._with_owner(type, self.kernel.policy.read(self.actor, type))
        return found

    def _with_owner(self, type: RecordType, rule: ReadRule) -> ReadRule:
        """What is hidden of a record is hidden in its log as well."""
        followed = type.followed
        if followed is None:
            return rule
        hidden = self.rule(self.catalogue.record(followed.target)).hidden
        return attrs.evolve(rule, hidden=rule.hidden | hidden_in_log(type, hidden)) if hidden else rule

    def binder(self, text: str = "") -> Binder:
        """Binds predicates for this actor, now."""
        kernel = self.kernel
        return Binder(
            catalogue=kernel.catalogue,
            actor=self.actor,
            now=self.now(),
            zone=kernel.zone,
            currency=kernel.currency,
            rule=self.rule,
            text=text,
        )

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """The transaction for one write; a failure marks the unit as to be rolled back."""
        self.check_writable()
        with self.whole():
            yield self.transaction

    def check_writable(self) -> None:
        """Raise why nothing may be written, if that is so."""
        if self._refusal is not None:
            raise SchemaMismatch(self._refusal)
        if self.course.broken is not None:
            raise CrmError(f"an earlier write in this unit of work failed, roll it back: {self.course.broken}")

    @contextmanager
    def whole(self) -> Iterator[None]:
        """A part of a write that must not be left half done: a failure marks the unit as to be rolled back."""
        try:
            yield
        except BaseException as error:
            self.course.broken = error
            raise

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A nested part that an exception undoes alone."""
        before, changed = self.course.broken, self.course.reads.changed
        try:
            with self.transaction.savepoint():
                yield
        except BaseException:
            self.course.broken = before
            self.course.reads.undone(changed)
            raise
