"""The funnel report, over what the actor may see."""

from __future__ import annotations

import datetime as dt

from crmcore.application.repository import repository
from crmcore.application.session import Session
from crmcore.domain.leads.funnel import FunnelRow
from crmcore.domain.leads.funnel import funnel as rows_of
from crmcore.domain.leads.lead import LeadChange
from crmcore.domain.predicate import Predicate, all_of, compare, equals

ORDER = "lead,at"


def funnel(
    unit: Session,
    *,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
    business_line: str | None = None,
) -> tuple[FunnelRow, ...]:
    """The rows over steps from `since` up to but not including `until`; they are read lead by lead, in constant
    memory. A cycle that began earlier counts from its first step in that time."""
    wanted: list[Predicate] = []
    if since is not None:
        wanted.append(compare("at", ">=", since))
    if until is not None:
        wanted.append(compare("at", "<", until))
    if business_line is not None:
        wanted.append(equals("lead.business_line", business_line))
    return rows_of(repository(unit, LeadChange).stream(all_of(*wanted) if wanted else None, sort=ORDER))
