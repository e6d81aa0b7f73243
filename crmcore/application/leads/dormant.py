"""Leads and customers of whom nothing was heard for long."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from crmcore.application.leads.leads import locked, step
from crmcore.application.repository import repository
from crmcore.application.session import Session
from crmcore.domain.errors import InvalidValue
from crmcore.domain.leads.lead import Lead
from crmcore.domain.leads.lifecycle import LEAD_STAGE
from crmcore.domain.literal import Ago, Value
from crmcore.domain.predicate import Predicate, all_of, any_of, compare, missing, one_of

RULE: Final = "silence"
ACTIVE: Final = next(each.sources for each in LEAD_STAGE.transitions if each.target == "dormant")


def mark_dormant(unit: Session, days: int) -> int:
    """See `ports.work.Leads.mark_dormant`."""
    if type(days) is not int or not 1 <= days <= 36_500:
        raise InvalidValue(f"{days!r} is no number of days: from 1 to 36,500", value=days)
    ids = [lead.id for lead in repository(unit, Lead).stream(_silent(days))]
    marked = 0
    for id in ids:
        if (lead := locked(unit, id)) and lead.stage in ACTIVE:
            step(unit, lead, "dormant", RULE, f"nothing bought or said for {days} days")
            marked += 1
    return marked


def _silent(days: int) -> Predicate:
    """Leads that are old enough, and whose customer neither bought nor was in touch since then."""
    then = Value("ago", Ago(Decimal(days), "days"))
    quiet = [any_of(missing(f), compare(f, "<", then)) for f in ("customer.last_order", "customer.last_interaction")]
    return all_of(one_of("stage", ACTIVE), compare("created_at", "<", then), *quiet)
