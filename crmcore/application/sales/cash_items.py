"""What the forecast of cash is made of: each expected receipt and payment, on its day, in the base currency."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import islice
from typing import Any, Final
from uuid import UUID

import attrs

from crmcore.application import reading
from crmcore.application.repository import CHUNK, RecordRepository
from crmcore.application.sales.pipelines import pipelines_of
from crmcore.application.sales.rates import Rates
from crmcore.application.sales.receivables import Lateness, open_invoices
from crmcore.application.sales.statuses import is_in, statuses
from crmcore.application.session import Session
from crmcore.domain.customer import Customer
from crmcore.domain.sales.cash_flow import CashItem
from crmcore.domain.sales.opportunity import Opportunity
from crmcore.domain.sales.payment_terms import PaymentTerms, deal_receipts, invoice_receipt
from crmcore.domain.sales.settlement import open_balance
from crmcore.domain.sales.terms import PlannedPayment, Terms

AT_ONCE: Final = PaymentTerms()
YEAR: Final = 366


@attrs.define(eq=False)
class Collecting:
    """Collects what comes in and goes out from `start` to `end`."""

    unit: Session
    start: dt.date
    end: dt.date
    rates: Rates
    late: Lateness
    undated: int = 0

    def invoices(self) -> Iterator[CashItem]:
        """What is open of each invoice, on the day on which its customer will have paid."""
        for each in open_invoices(self.unit):
            balance = open_balance(each)
            amount = self.rates.convert(balance, self.start) if balance is not None and balance.amount else None
            if amount is not None:
                late = self.late.of(each.customer) if amount.amount > 0 else 0
                due = each.due_on or each.issued_on or self.start
                yield invoice_receipt(amount, due, reference=str(each.id), days_late=late, not_before=self.start)

    def opportunities(self) -> Iterator[CashItem]:
        """The receipts of each open opportunity, where one whose day of closing is past may close on the first day, and
        what is still to come of those that are won and for which there is no invoice."""
        type = self.unit.catalogue.of(Opportunity)
        if not self.unit.rule(type).hidden.isdisjoint(("status", "amount", "expected_close", "closed_on")):
            return
        repository: RecordRepository[Opportunity] = RecordRepository(self.unit, type)
        terms, pipelines = self._terms(), pipelines_of(self.unit)
        is_open = is_in(self.unit, "open")
        self.undated = repository.count(f"{is_open} and (amount is missing or expected_close is missing)")
        asked = f"{is_open} and amount is not missing and expected_close <= {self.end.isoformat()}"
        for batch in _batches(repository.stream(asked)):
            yield from self._receipts(batch, terms, pipelines)
        for batch in _batches(repository.stream(self._unpaid(terms.values()))):
            yield from self._receipts(batch, terms, pipelines)

    def _unpaid(self, terms: Iterable[PaymentTerms]) -> str:
        """A filter for won opportunities that may still be paid by their terms, up to a year late."""
        longest = max((each.length for each in terms), default=0)
        since = self.start - dt.timedelta(min(longest + YEAR, (self.start - dt.date.min).days))
        return f'{is_in(self.unit, "won")} and closed_on >= {since.isoformat()} and no invoice where (status != "void")'

    def _receipts(self, batch: list[Opportunity], terms: dict[Any, PaymentTerms], pipelines: Any) -> Iterator[CashItem]:
        agreed = self._agreed(batch)
        for each in batch:
            is_won = statuses(self.unit).counted(each.status) == "won"
            chance = Decimal(1) if is_won else _chance(each, pipelines)
            closes = each.closed_on if is_won else each.expected_close
            if chance is None:
                self.undated += 1
                continue
            if each.amount is None or closes is None:
                continue
            amount = self.rates.convert(each.amount, self.start)
            if amount is not None:
                found = deal_receipts(
                    amount,
                    closes if is_won else max(closes, self.start),
                    chance,
                    terms.get(each.payment_terms or agreed.get(each.customer), AT_ONCE),
                    reference=str(each.id),
                    days_late=self.late.of(each.customer),
                )
                yield from (item for item in found if item.on >= self.start)

    def _terms(self) -> dict[Any, PaymentTerms]:
        stored: RecordRepository[Terms] = RecordRepository(self.unit, self.unit.catalogue.of(Terms))
        if self.unit.rule(stored.type).hidden:
            return {}
        return {each.id: each.schedule for each in stored.stream()}

    def _agreed(self, batch: list[Opportunity]) -> dict[UUID | None, UUID]:
        """The payment terms of the customers of those that say none."""
        wanted = {each.customer for each in batch if each.payment_terms is None and each.customer is not None}
        found = reading.several(self.unit, self.unit.catalogue.of(Customer), sorted(wanted))
        return {each.id: each.payment_terms for each in found if each.payment_terms is not None}

    def planned(self) -> Iterator[CashItem]:
        """Each payment of one's own on each of its days."""
        plans: RecordRepository[PlannedPayment] = RecordRepository(self.unit, self.unit.catalogue.of(PlannedPayment))
        if not self.unit.rule(plans.type).hidden.isdisjoint(("amount", "first_on", "repeats", "until", "kind")):
            return
        for each in plans.stream(f"first_on <= {self.end.isoformat()}"):
            amount = self.rates.convert(each.amount, self.start)
            if amount is not None:
                for day in each.days(self.start, self.end):
                    yield CashItem(on=day, amount=-amount, source=each.kind, reference=str(each.id))


def _batches(found: Iterable[Opportunity]) -> Iterator[list[Opportunity]]:
    each = iter(found)
    while batch := list(islice(each, CHUNK)):
        yield batch


def _chance(opportunity: Opportunity, pipelines: Mapping[UUID, Any]) -> Decimal | None:
    """The opportunity's own probability, else that of its stage."""
    if opportunity.probability is not None:
        return opportunity.probability
    pipeline = pipelines.get(opportunity.pipeline) if opportunity.pipeline is not None else None
    stage = pipeline.by_key().get(opportunity.stage) if pipeline is not None else None
    return None if stage is None else stage.probability
