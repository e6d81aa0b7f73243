"""The repository of leads: that of any record type, and what is done with leads."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from uuid import UUID

from crmcore.application.leads import assigning, capturing, converting, dormant, predicting, qualifying, scoring
from crmcore.application.leads import funnel as funnels
from crmcore.application.repository import RecordRepository
from crmcore.domain.leads.conversion import Conversion
from crmcore.domain.leads.funnel import FunnelRow
from crmcore.domain.leads.lead import Lead
from crmcore.domain.leads.prediction import Prediction
from crmcore.domain.leads.qualification import BantResult
from crmcore.domain.leads.score_rule import Scored
from crmcore.domain.leads.submission import Captured, SpamGuard, Submission
from crmcore.domain.leads.teams import Assignment
from crmcore.domain.money import Money


class LeadRepository(RecordRepository[Lead]):
    """Implements `ports.work.Leads`, where each method is described."""

    def convert(
        self,
        customer: UUID,
        *,
        opportunity: str | None = None,
        amount: Money | None = None,
        business_line: str | None = None,
        account: UUID | None = None,
    ) -> Conversion:
        """Convert a lead."""
        return converting.convert(
            self._unit,
            customer,
            opportunity=opportunity,
            amount=amount,
            business_line=business_line,
            account=account,
        )

    def capture(self, form: Submission, guard: SpamGuard | None = None) -> Captured:
        """Take a web form."""
        return capturing.capture(self._unit, form, guard)

    def qualify(
        self,
        customer: UUID,
        answers: Mapping[str, int | None],
        *,
        evidence: str | None = None,
        business_line: str | None = None,
    ) -> BantResult:
        """Answer some of BANT."""
        return qualifying.qualify(self._unit, customer, answers, evidence=evidence, business_line=business_line)

    def score(self, customer: UUID, as_of: dt.datetime | None = None) -> Scored:
        """Score a customer."""
        return scoring.score(self._unit, customer, as_of)

    def scores(self, customers: Sequence[UUID], as_of: dt.datetime | None = None) -> dict[UUID, Scored]:
        """Score many customers."""
        return scoring.scores(self._unit, customers, as_of)

    def predict(self, opportunity: UUID) -> Prediction | None:
        """Predict an open opportunity."""
        return predicting.predicted(self._unit, opportunity)

    def assign(
        self, customer: UUID, *, owner: UUID | None = None, business_line: str | None = None
    ) -> tuple[Lead, Assignment]:
        """Assign a lead."""
        return assigning.assign(self._unit, customer, owner=owner, business_line=business_line)

    def mark_dormant(self, days: int) -> int:
        """Mark who was silent."""
        return dormant.mark_dormant(self._unit, days)

    def funnel(
        self,
        *,
        since: dt.datetime | None = None,
        until: dt.datetime | None = None,
        business_line: str | None = None,
    ) -> tuple[FunnelRow, ...]:
        """Count how far leads come."""
        return funnels.funnel(self._unit, since=since, until=until, business_line=business_line)
