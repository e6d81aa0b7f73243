"""What a lead is converted to."""

from __future__ import annotations

import datetime as dt

import attrs

from crmcore.domain.copying import evolve
from crmcore.domain.customer import Customer, Role
from crmcore.domain.leads.lead import Lead
from crmcore.domain.sales.opportunity import Opportunity

ROLE = "lead"


@attrs.frozen
class Conversion:
    """The person or organisation that was the lead, the organisation that is the account (None: a person by himself;
    an organisation is its own), the opportunity, and the lead in its new stage."""

    customer: Customer
    account: Customer | None
    opportunity: Opportunity
    lead: Lead


def has_role(customer: Customer, today: dt.date) -> bool:
    """Whether a customer has the role of a lead on that day."""
    return any(_holds(role, today) for role in customer.roles)


def without_role(customer: Customer, today: dt.date) -> tuple[Role, ...]:
    """The roles, of which that of a lead ends on that day."""
    return tuple(evolve(role, to_date=today) if _holds(role, today) else role for role in customer.roles)


def _holds(role: Role, today: dt.date) -> bool:
    """From the first day up to but not including the last."""
    begun, ended = role.from_date is None or role.from_date <= today, role.to_date is not None and role.to_date <= today
    return role.role == ROLE and begun and not ended
