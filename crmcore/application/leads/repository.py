"""The repository of leads: that of any record type, and what is done with leads."""

from __future__ import annotations

from uuid import UUID

from crmcore.application.leads import capturing, converting
from crmcore.application.repository import RecordRepository
from crmcore.domain.leads.conversion import Conversion
from crmcore.domain.leads.lead import Lead
from crmcore.domain.leads.submission import Captured, SpamGuard, Submission
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
