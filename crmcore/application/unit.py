"""The unit of work: one transaction, one actor, every write in the log."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self, TypeVar
from uuid import UUID

from crmcore.application.kernel import Kernel
from crmcore.application.repository import RecordRepository
from crmcore.domain.binder import Binder, ReadRule
from crmcore.domain.catalogue import Catalogue
from crmcore.domain.change import Actor
from crmcore.domain.customer import Customer
from crmcore.domain.errors import CrmError, InvalidSetting, NotFound, SchemaMismatch
from crmcore.domain.interaction import Interaction
from crmcore.domain.link import Link
from crmcore.domain.order import Order
from crmcore.domain.product import Product
from crmcore.domain.record import Record, RecordType
from crmcore.domain.relationship import Relationship
from crmcore.domain.user import User
from crmcore.ports.storage import Transaction

R = TypeVar("R", bound=Record)


class UnitOfWork:
    """Implements `ports.work.Work`. A context manager: commits at the end, rolls back on any exception.

    A write that the storage refused leaves the transaction half done: from then on the unit only rolls back, unless
    the write stood in a savepoint of its own. `dry`: rolls back at the end in any case. `refusal`: why nothing may be
    written.
    """

    def __init__(
        self,
        kernel: Kernel,
        begin: Callable[[], Transaction],
        actor: Actor,
        *,
        source: str | None = None,
        dry: bool = False,
        refusal: str | None = None,
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
        self._repositories: dict[str, RecordRepository[Any]] = {}
        self._broken: BaseException | None = None

    def __enter__(self) -> Self:
        if self._transaction is not None:
            raise InvalidSetting("this unit of work is in use already: make one for each use")
        self._transaction = self._begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        transaction = self.transaction
        self._transaction = None
        if error is None and self._broken is None and not self.dry:
            return transaction.commit()
        transaction.rollback()
        if error is None and self._broken is not None:
            raise CrmError(f"the unit of work was rolled back, because a write in it had failed: {self._broken}")

    @property
    def transaction(self) -> Transaction:
        """The transaction, while the unit of work is open."""
        if self._transaction is None:
            raise InvalidSetting("a unit of work is used inside its with block: `with crm.work(actor=...) as work:`")
        return self._transaction

    @property
    def catalogue(self) -> Catalogue:
        """What is declared."""
        return self.kernel.catalogue

    def now(self) -> dt.datetime:
        """The moment, by the host's clock, in UTC."""
        return self.kernel.clock.now()

    def rule(self, type: RecordType) -> ReadRule:
        """What this actor may read of a record type; asked once per unit of work."""
        found = self._rules.get(type.name)
        if found is None:
            found = self._rules[type.name] = self.kernel.policy.read(self.actor, type)
        return found

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
        if self._refusal is not None:
            raise SchemaMismatch(self._refusal)
        if self._broken is not None:
            raise CrmError(f"an earlier write in this unit of work failed, roll it back: {self._broken}")
        with self.whole():
            yield self.transaction

    @contextmanager
    def whole(self) -> Iterator[None]:
        """A part of a write that must not be left half done: a failure marks the unit as to be rolled back."""
        try:
            yield
        except BaseException as error:
            self._broken = error
            raise

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A nested part that an exception undoes alone."""
        before = self._broken
        try:
            with self.transaction.savepoint():
                yield
        except BaseException:
            self._broken = before
            raise

    def lock(self, cls: type[Record], id: UUID) -> None:
        """Hold a record until the unit of work ends; `NotFound` if there is none that the actor may see."""
        type = self.catalogue.of(cls)
        self[cls].get(id)
        if not self.transaction.lock(type, id):
            raise NotFound(f"there is no {type.name} {id}", record=type.name, id=str(id))

    def records(self, name: str) -> RecordRepository[Any]:
        """The repository of a record type by its name."""
        found = self._repositories.get(name)
        if found is None:
            found = self._repositories[name] = RecordRepository(self, self.catalogue.record(name))
        return found

    def __getitem__(self, cls: type[R]) -> RecordRepository[R]:
        return self.records(self.catalogue.of(cls).name)

    @property
    def customers(self) -> RecordRepository[Customer]:
        """Persons and organisations."""
        return self[Customer]

    @property
    def relationships(self) -> RecordRepository[Relationship]:
        """Relationships between customers."""
        return self[Relationship]

    @property
    def users(self) -> RecordRepository[User]:
        """Those who work here."""
        return self[User]

    @property
    def interactions(self) -> RecordRepository[Interaction]:
        """Correspondence and contacts."""
        return self[Interaction]

    @property
    def products(self) -> RecordRepository[Product]:
        """What is sold."""
        return self[Product]

    @property
    def orders(self) -> RecordRepository[Order]:
        """What was bought."""
        return self[Order]

    @property
    def links(self) -> RecordRepository[Link]:
        """Relations between records of any type."""
        return self[Link]
