"""What the firm sees: a panel, the timeline, a figure and a report."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from crmcore.domain.predicate import all_of, equals, one_of
from crmcore.plugins import (
    Chart,
    Contribution,
    Entry,
    Lookback,
    Measuring,
    Reporting,
    ReportTable,
    Viewing,
    hookimpl,
)
from crmcore.ports.work import Work
from crmcore_legal.hearing import Hearing
from crmcore_legal.matter import OVER, STATES, Matter

ACTING = tuple(state for state in STATES if state not in OVER)
STEPS = {"conflict_checked_on": "Conflicts checked for", "terms_agreed_on": "Terms agreed for"}


def matters_of(work: Work, customer: UUID) -> list[Matter]:
    """The matters of a client that are not over."""
    return list(work[Matter].stream(all_of(equals("client", customer), one_of("status", ACTING))))


@hookimpl
def contribute_panel(context: Viewing) -> Mapping[str, Any] | None:
    """How many matters are open, and the next date in court."""
    matters = matters_of(context.work, context.customer.id)
    if not matters:
        return None
    coming = all_of(equals("client", context.customer.id), equals("status", "scheduled"))
    dates = context.work[Hearing].query(coming, sort="at", limit=1).items
    following = dates[0].at.isoformat() if dates else None
    return {"open_matters": len(matters), "next_court_date": following}


@hookimpl
def contribute_timeline(context: Lookback) -> Sequence[Entry]:
    """The days on which a matter was cleared and its terms agreed."""
    found = []
    for matter in context.work[Matter].stream(equals("client", context.customer.id)):
        for name, title in STEPS.items():
            if (day := getattr(matter, name)) is not None:
                at = dt.datetime.combine(day, dt.time(), dt.UTC)
                found.append(Entry(at, f"{title} {matter.number}", "legal_step", ("legal.matter", matter.id)))
    return context.page(found)


@hookimpl
def contribute_metrics(context: Measuring) -> Sequence[Contribution]:
    """One for each matter that is not over."""
    matters = matters_of(context.work, context.customer.id)
    return [Contribution("legal.open_matters", 1, matter.number) for matter in matters]


def caseload(context: Reporting) -> ReportTable:
    """How many matters stand in each state."""
    count = context.work[Matter].count
    rows = [(state, count(equals("status", state))) for state in STATES]
    return ReportTable(("status", "matters"), rows, Chart("status", "matters"))
