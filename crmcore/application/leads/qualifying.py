"""Qualifying a lead by BANT: answers with evidence and day, kept with the lead."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from crmcore.application.leads.known import the_lead, today
from crmcore.application.repository import repository
from crmcore.application.session import Session
from crmcore.domain.errors import InvalidValue, UnknownName
from crmcore.domain.leads.lead import DIMENSIONS, Lead, Qualification
from crmcore.domain.leads.qualification import BantResult
from crmcore.domain.leads.qualification import qualify as judge


def qualify(
    unit: Session,
    customer: UUID,
    answers: Mapping[str, int | None],
    *,
    evidence: str | None = None,
    business_line: str | None = None,
) -> BantResult:
    """See `ports.work.Leads.qualify`."""
    for name, value in answers.items():
        if name not in DIMENSIONS:
            raise UnknownName("dimension", name, DIMENSIONS, "BANT")
        if value is not None and (type(value) is not int or not 0 <= value <= 3):
            raise InvalidValue(f"{value!r} is no answer to {name}: from 0 (not at all) to 3 (fully)", value=value)
    lead = the_lead(unit, customer, business_line)
    if answers:
        day = today(unit)
        given = [Qualification(n, v, evidence, day) for n, v in answers.items() if v is not None]
        kept = [each for each in lead.qualifications if each.dimension not in answers]
        lead = repository(unit, Lead).change(lead.id, qualifications=(*kept, *given) or None, version=lead.version)
    return judge(lead.qualifications)
