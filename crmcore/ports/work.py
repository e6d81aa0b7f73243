"""What the core lends: a unit of work and its repositories. Hosts and plugins read and write through these alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar
from uuid import UUID

from crmcore.domain.catalogue import Catalogue
from crmcore.domain.change import Actor, LogEntry
from crmcore.domain.customer import Customer
from crmcore.domain.facet import Facet
from crmcore.domain.interaction import Interaction
from crmcore.domain.leads.conversion import Conversion
from crmcore.domain.leads.funnel import FunnelRow
from crmcore.domain.leads.lead import Lead
from crmcore.domain.leads.prediction import Prediction
from crmcore.domain.leads.qualification import BantResult
from crmcore.domain.leads.score_rule import Scored
from crmcore.domain.leads.submission import Captured, SpamGuard, Submission
from crmcore.domain.leads.teams import Assignment
from crmcore.domain.link import Link
from crmcore.domain.money import Money
from crmcore.domain.order import Order
from crmcore.domain.predicate import Predicate
from crmcore.domain.product import Product
from crmcore.domain.query import Page
from crmcore.domain.record import Record
from crmcore.domain.relationship import Relationship
from crmcore.domain.sales.invoice import Invoice
from crmcore.domain.sales.opportunity import Opportunity
from crmcore.domain.sales.pipeline import Pipeline
from crmcore.domain.sales.stage_change import StageChange
from crmcore.domain.user import User

R = TypeVar("R", bound=Record)
Where = str | Predicate | None


class Repository(Protocol[R]):
    """The records of one type. Every read asks the policy, every write leaves its history."""

    def add(self, record: R) -> R:
        """Store a new record with its facets; gives it back with id and version 1.

        Raises InvalidRecord, DuplicateValue, DanglingReference, IllegalTransition, Denied.
        """

    def add_many(self, records: Iterable[R]) -> int:
        """Store a stream of new records, with the same checks, keys and history; how many there were."""

    def get(self, id: UUID, *, with_: Sequence[type[Facet]] = (), as_of: dt.datetime | None = None) -> R:
        """The record, or as it was known at a time; `NotFound` also where the actor may not see it."""

    def find(self, *, with_: Sequence[type[Facet]] = (), **unique: str) -> R | None:
        """The one record with this value of a unique field or contact point (`email=...`, `external_id=...` with
        `source=...`); None if there is none, `AmbiguousMatch` if there are several."""

    def query(
        self,
        where: Where = None,
        *,
        sort: str = "",
        limit: int = 50,
        after: str | None = None,
        with_: Sequence[type[Facet]] = (),
    ) -> Page[R]:
        """One page of the records that fit; `sort` is like "name,-created_at". Raises PredicateError, UnknownName."""

    def stream(self, where: Where = None, *, sort: str = "", with_: Sequence[type[Facet]] = ()) -> Iterator[R]:
        """All records that fit, page by page, in constant memory."""

    def count(self, where: Where = None) -> int:
        """How many records fit."""

    def change(
        self, id: UUID, values: Mapping[str, Any] | None = None, /, *, version: int | None = None, **fields: Any
    ) -> R:
        """Change fields, named or as a mapping (`change(id, {"loyalty.tier": "gold"}, name="Sara")`); gives the
        record as it is then.

        Raises NotFound, ConcurrentChange if `version` is given and is not the stored one, InvalidRecord, UnknownName,
        IllegalTransition, DuplicateValue, DanglingReference, Denied.
        """

    def put_facet(self, id: UUID, facet: Facet) -> Facet:
        """Store a facet as a whole; its `version`, if not 0, must be the stored one (`ConcurrentChange`)."""

    def drop_facet(self, id: UUID, cls: type[Facet]) -> None:
        """Remove a facet; `NoFacet` if the record has none."""

    def remove(self, id: UUID, *, version: int | None = None) -> None:
        """Remove a record; its before-image stays in history. `StillReferenced` while something refers to it."""

    def history(self, id: UUID) -> list[LogEntry]:
        """Every logged change of a record, oldest first, without what the actor may not see."""


class Opportunities(Repository[Opportunity], Protocol):
    """The repository of opportunities, which go through the stages of a pipeline.

    `change` of stage, status, amount or expected_close has the same effects: the history is never left out.
    """

    def move(self, id: UUID, stage: str, *, reason: str | None = None, version: int | None = None) -> Opportunity:
        """Move to a stage, by its key or label, forwards or back; from a closing stage, that opens it again.

        Raises NotFound, InvalidRecord for a stage that its pipeline does not have, ConcurrentChange, Denied.
        """

    def win(
        self, id: UUID, *, reason: str | None = None, on: dt.date | None = None, version: int | None = None
    ) -> Opportunity:
        """Close as won, today or `on` a day. Raises as `move`; IllegalTransition for one that was lost."""

    def lose(
        self, id: UUID, reason: str | None, *, on: dt.date | None = None, version: int | None = None
    ) -> Opportunity:
        """Close as lost, with the reason. Raises as `win`; InvalidValue for a reason that is empty."""

    def stages(self, id: UUID) -> list[StageChange]:
        """Its stage history, oldest first."""


class Leads(Repository[Lead], Protocol):
    """The repository of leads: customers in a stage of the lifecycle. Each step is written down as a `lead_change`.

    `business_line` None stands for the only line in which a customer is a lead; `AmbiguousMatch` if there are several.
    """

    def convert(
        self,
        customer: UUID,
        *,
        opportunity: str | None = None,
        amount: Money | None = None,
        business_line: str | None = None,
        account: UUID | None = None,
    ) -> Conversion:
        """Make the account (the organisation that has the name of the person's employer, found or made; `account` says
        which one), the contact (the same person, whom the account employs) and the opportunity (named after the
        account unless it is named), in one step that holds as a whole or not at all. For a customer who is no lead
        yet, the lead is made too.

        Raises NotFound, IllegalTransition for a lead that was converted already (naming the opportunity),
        AmbiguousMatch for several organisations of one name, InvalidValue for an account that is a person, Denied.
        """

    def capture(self, form: Submission, guard: SpamGuard | None = None) -> Captured:
        """Take a web form: an interaction with whoever has this e-mail address or telephone number and this name (a
        new customer otherwise), whose lead is made or taken up again. Spam is refused with reasons and stored nowhere;
        the same form again, soon after, changes nothing."""

    def qualify(
        self,
        customer: UUID,
        answers: Mapping[str, int | None],
        *,
        evidence: str | None = None,
        business_line: str | None = None,
    ) -> BantResult:
        """Answer some of BANT (budget, authority, need, timeline) from 0 to 3 (None: not known), with the day and what
        the answers rest on; gives the result over all answers, "incomplete" while some are missing.

        Raises NotFound, UnknownName, InvalidValue, IllegalTransition for who is no lead, Denied.
        """

    def score(self, customer: UUID, as_of: dt.datetime | None = None) -> Scored:
        """The points of a customer by the active score rules, fit and engagement apart, explained line by line; with
        `as_of` from what was known at that time. Raises NotFound, InvalidValue for a time to come."""

    def scores(self, customers: Sequence[UUID], as_of: dt.datetime | None = None) -> dict[UUID, Scored]:
        """The same of many customers, by one query for each rule; whom the actor may not see has no points."""

    def predict(self, opportunity: UUID) -> Prediction | None:
        """How likely an open opportunity is won, with what speaks for and against it, from the closed ones of its
        pipeline; None unless some were won and some lost. Raises NotFound, IllegalTransition for a closed one."""

    def assign(
        self, customer: UUID, *, owner: UUID | None = None, business_line: str | None = None
    ) -> tuple[Lead, Assignment]:
        """Give a lead its owner or its queue: `owner` or the one that it has, else who looks after the customer, the
        company or the household, else by territory, else by rotation. The assignment says which rule decided and why.

        Raises NotFound, IllegalTransition for who is no lead, AmbiguousMatch, ConcurrentChange, Denied.
        """

    def mark_dormant(self, days: int) -> int:
        """Move to `dormant` every lead whose customer neither bought nor was in touch for so many days; how many."""

    def funnel(
        self,
        *,
        since: dt.datetime | None = None,
        until: dt.datetime | None = None,
        business_line: str | None = None,
    ) -> tuple[FunnelRow, ...]:
        """How many cycles entered each stage, and the share of them that entered the next; see `domain.leads.funnel`.
        Over steps from `since` up to but not including `until`."""


class Work(Protocol):
    """A unit of work: one transaction, one actor. It rolls back on any exception."""

    @property
    def actor(self) -> Actor: ...
    @property
    def id(self) -> UUID: ...
    @property
    def catalogue(self) -> Catalogue: ...
    @property
    def zone(self) -> dt.tzinfo:
        """The time zone of this CRM, in which days begin and people read the clock."""

    @property
    def currency(self) -> str:
        """The base currency, that of bare amounts."""

    @property
    def customers(self) -> Repository[Customer]: ...
    @property
    def relationships(self) -> Repository[Relationship]: ...
    @property
    def users(self) -> Repository[User]: ...
    @property
    def interactions(self) -> Repository[Interaction]: ...
    @property
    def products(self) -> Repository[Product]: ...
    @property
    def orders(self) -> Repository[Order]: ...
    @property
    def pipelines(self) -> Repository[Pipeline]: ...
    @property
    def opportunities(self) -> Opportunities: ...
    @property
    def invoices(self) -> Repository[Invoice]: ...
    @property
    def leads(self) -> Leads: ...
    @property
    def links(self) -> Repository[Link]: ...

    def __getitem__(self, cls: type[R]) -> Repository[R]:
        """The repository of any declared record type; `UnknownName` if no active plugin declares it."""

    def records(self, name: str) -> Repository[Record]:
        """The repository of a record type by its name."""

    def now(self) -> dt.datetime:
        """The moment, by the host's clock, in UTC."""

    def lock(self, cls: type[Record], id: UUID) -> None:
        """Hold a record until the unit of work ends; `NotFound` if there is none that the actor may see."""

    def savepoint(self) -> AbstractContextManager[None]:
        """A nested part that an exception undoes alone."""
