"""The unit of work: a session with its repositories, which is what hosts and plugins hold."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from crmcore.application import reading, searching, timeline, whole_view
from crmcore.application.contributing import metrics, reports
from crmcore.application.leads.repository import LeadRepository
from crmcore.application.repository import RecordRepository
from crmcore.application.sales import purchases
from crmcore.application.sales.rates import Rates
from crmcore.application.sales.repository import OpportunityRepository
from crmcore.application.session import Session
from crmcore.domain.customer import Customer
from crmcore.domain.errors import NotFound
from crmcore.domain.interaction import Interaction
from crmcore.domain.leads.lead import Lead
from crmcore.domain.link import Link
from crmcore.domain.order import Order
from crmcore.domain.product import Product
from crmcore.domain.query import DEFAULT_LIMIT
from crmcore.domain.record import Record
from crmcore.domain.relationship import Relationship
from crmcore.domain.sales.invoice import Invoice
from crmcore.domain.sales.opportunity import Opportunity
from crmcore.domain.sales.pipeline import Pipeline
from crmcore.domain.user import User
from crmcore.plugins.answers import ReportTable
from crmcore.ports.work import Where

if TYPE_CHECKING:
    from crmcore.application.merging.merges import Merges
    from crmcore.application.subjects.subjects import Subjects

R = TypeVar("R", bound=Record)


class UnitOfWork(Session):
    """Implements `ports.work.Work`: one transaction, one actor, every write in the log.

    It commits at the end of its with block, rolls back on any exception, and after a write that failed in the storage
    only rolls back, unless that stood in `savepoint()`.
    """

    def search(self, text: str, limit: int = 20) -> list[searching.Hit]:
        """The records whose name or contact point is or begins with `text`, best first."""
        return searching.search(self, text, limit)

    def timeline(self, customer: UUID, limit: int = 50, after: str | None = None) -> timeline.TimelinePage:
        """One page of what happened with a customer, newest first."""
        return timeline.timeline(self, customer, limit, after)

    def whole_view(self, customer: UUID) -> whole_view.WholeView:
        """A customer with every facet, relationships, newest timeline entries and orders, and what plugins add."""
        return whole_view.whole_view(self, customer)

    def metrics(self, customer: UUID) -> tuple[metrics.Total, ...]:
        """The figures of a customer to which plugins contribute, each with its exact sum and who gave what to it."""
        return metrics.metrics(self, customer)

    def report(self, name: str) -> ReportTable:
        """The table of a report of a plugin, within what the actor may see; UnknownName, PluginFailed."""
        return reports.run_report(self, name)

    def purchases(
        self, where: Where = None, *, limit: int = DEFAULT_LIMIT, after: str | None = None
    ) -> purchases.PurchasePage:
        """One page of what was bought when, by whom, with its invoices and complaints; `where` is over orders."""
        return purchases.purchases(self, where, limit=limit, after=after)

    @cached_property
    def rates(self) -> Rates:
        """Amounts in the base currency; what was read of rates stands until this unit of work ends."""
        return Rates(self)

    def lock(self, cls: type[Record], id: UUID) -> None:
        """Hold a record until the unit of work ends; `NotFound` if there is none that the actor may see."""
        type = self.catalogue.of(cls)
        if not self.transaction.lock(type, reading.unblanked(self, type, id).id):
            raise NotFound(f"there is no {type.name} {id}", record=type.name, id=str(id))

    def records(self, name: str) -> RecordRepository[Any]:
        """The repository of a record type by its name."""
        return RecordRepository(self, self.catalogue.record(name))

    def __getitem__(self, cls: type[R]) -> RecordRepository[R]:
        return self.records(self.catalogue.of(cls).name)

    @property
    def merges(self) -> Merges:
        """Customers that are one: made one, and taken apart again."""
        from crmcore.application.merging.merges import Merges

        return Merges(self)

    @property
    def subjects(self) -> Subjects:
        """What belongs to persons: handed out, and erased."""
        from crmcore.application.subjects.subjects import Subjects

        return Subjects(self)

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
    def pipelines(self) -> RecordRepository[Pipeline]:
        """The stages through which opportunities go."""
        return self[Pipeline]

    @property
    def opportunities(self) -> OpportunityRepository:
        """Sales that may come about; they are moved, won and lost."""
        return OpportunityRepository(self, self.catalogue.of(Opportunity))

    @property
    def invoices(self) -> RecordRepository[Invoice]:
        """What customers were asked to pay."""
        return self[Invoice]

    @property
    def leads(self) -> LeadRepository:
        """Customers on their way to buying; they are captured, scored, assigned and converted."""
        return LeadRepository(self, self.catalogue.of(Lead))

    @property
    def links(self) -> RecordRepository[Link]:
        """Relations between records of any type."""
        return self[Link]
