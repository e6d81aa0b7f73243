"""What follows: in the transaction for our own records, afterwards for the timeline and reminders."""

from __future__ import annotations

import datetime as dt
from typing import Final

from crmcore.domain.interaction import Interaction
from crmcore.domain.predicate import equals
from crmcore.plugins import Changed, Observed, Stepped, hookimpl, on
from crmcore.ports.work import Work
from crmcore_legal.hearing import Hearing, LegalClient
from crmcore_legal.matter import Matter

SOURCE: Final = "legal"
AHEAD: Final = dt.timedelta(days=7)
OUTCOME: Final = {"held": "Court date held", "adjourned": "Court date adjourned", "vacated": "Court date vacated"}


@hookimpl
@on("legal.hearing")
def react_changes(context: Changed) -> None:
    """A court date stands on the timeline of the matter's client."""
    for change in context.changes:
        if isinstance(change.after, Hearing) and change.after.client is None:
            matter = context.work[Matter].get(change.after.matter)
            context.work[Hearing].change(change.id, client=matter.client)


@hookimpl
@on("legal.matter")
def react_steps(context: Stepped) -> None:
    """Whoever is engaged becomes a client of the firm; each engagement counts."""
    for step in context.steps:
        matter = step.change.after
        if not isinstance(matter, Matter) or step.target not in ("engaged", "open"):
            continue
        if step.target == "engaged" or step.source is None:
            _engaged(context.work, matter)


def _engaged(work: Work, matter: Matter) -> None:
    known = work.customers.get(matter.client, with_=[LegalClient]).facet_or_none(LegalClient)
    since = known.since if known else matter.opened_on or work.now().date()
    work.customers.put_facet(matter.client, LegalClient(since=since, matters=(known.matters if known else 0) + 1))


@hookimpl
@on("legal.hearing")
def observe_changes(context: Observed) -> None:
    """What became of a court date is told on the timeline, once."""
    for event in context.events:
        after = event.fields.get("status", (None, None))[1]
        key = f"hearing {event.id} {after}"
        if after not in OUTCOME or context.work.interactions.find(source=SOURCE, external_id=key):
            continue
        found = context.work[Hearing].query(equals("id", event.id), limit=1).items
        for hearing in found:
            context.work.interactions.add(
                Interaction(
                    at=event.at,
                    channel="court",
                    customer=hearing.client,
                    subject=OUTCOME[after],
                    source=SOURCE,
                    external_id=key,
                )
            )


def remind(work: Work, today: dt.date) -> int:
    """Mark the court dates of the coming week of which nobody was reminded yet; how many."""
    until = dt.datetime.combine(today + AHEAD, dt.time(), dt.UTC)
    coming = work[Hearing].stream(equals("status", "scheduled"), sort="at")
    due = [each for each in coming if each.reminded_on is None and each.at < until]
    for hearing in due:
        work[Hearing].change(hearing.id, reminded_on=today)
    return len(due)
