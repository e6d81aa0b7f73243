"""The rule of opportunities: settled against their pipelines, with a history of all that a forecast depends on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

from crmcore.application import adding
from crmcore.application.rules import Pairs
from crmcore.application.sales.pipelines import held, pipelines_of, usual
from crmcore.application.sales.statuses import as_counted, statuses
from crmcore.application.session import Session
from crmcore.domain.copying import evolve
from crmcore.domain.errors import DanglingReference, InvalidRecord
from crmcore.domain.sales.moves import WATCHED, is_born_here, settled
from crmcore.domain.sales.opportunity import Opportunity
from crmcore.domain.sales.pipeline import Pipeline
from crmcore.domain.sales.stage_change import StageChange
from crmcore.domain.workflow import Workflow

CLOCK_FIELDS: Final = ("opened_on", "closed_on")


class OpportunityRule:
    """See `application.rules.Rule`."""

    def prepare(self, unit: Session, pairs: Pairs) -> list[Opportunity]:
        """The opportunities with stage, status and closing day in agreement with their pipelines."""
        today = unit.now().astimezone(unit.kernel.zone).date()
        pipelines = held(unit, _named(pairs), _moved(pairs))
        standing: Pipeline | None = None
        made = []
        for before, after in pairs:
            if not _is_readable(after):
                made.append(after)  # its check names what is wrong
                continue
            if after.pipeline is None:
                standing = standing or _usual(unit)
            pipeline = standing if after.pipeline is None else pipelines.get(after.pipeline)
            if pipeline is None:
                raise DanglingReference(
                    f"pipeline: there is no pipeline {after.pipeline}",
                    field="pipeline",
                    target="pipeline",
                    value=str(after.pipeline),
                )
            made.append(_settled(statuses(unit), before, after, pipeline, today))
        return made

    def follow(self, unit: Session, pairs: Pairs) -> None:
        """Write the stage history."""
        rows = [row for before, after in pairs for row in _history(unit, before, after)]
        if rows:
            adding.add(unit, unit.catalogue.of(StageChange), rows, by_rule=True)


def _settled(
    workflow: Workflow, before: Opportunity | None, after: Opportunity, pipeline: Pipeline, today: dt.date
) -> Opportunity:
    """Settled by what its status counts as; a status that a plugin added stays, where it agrees with the stage."""
    then = None if before is None else as_counted(workflow, before)
    made = settled(then, as_counted(workflow, after), pipeline, today)
    if made.status == after.status:
        return made
    if workflow.counted(after.status) == made.status:
        return evolve(made, status=after.status)
    if any(each.name == after.status for each in workflow.added) and (before is None or before.status != after.status):
        problem = f"{after.status!r} contradicts the stage {made.stage!r}, which is {made.status}"
        raise InvalidRecord("opportunity", {"status": problem})
    return made


def _named(pairs: Pairs) -> set[UUID]:
    return {after.pipeline for _, after in pairs if isinstance(after.pipeline, UUID)}


def _moved(pairs: Pairs) -> set[UUID]:
    """The pipelines in which something comes to stand in another stage."""
    names = ("pipeline", "stage", "status")
    moved = [a for b, a in pairs if b is None or any(getattr(b, name) != getattr(a, name) for name in names)]
    return {after.pipeline for after in moved if isinstance(after.pipeline, UUID)}


def _usual(unit: Session) -> Pipeline:
    found = usual(unit)
    return held(unit, [found.id], [found.id])[found.id]


def _is_readable(after: Any) -> bool:
    texts = (after.stage is None or isinstance(after.stage, str)) and isinstance(after.status, str)
    days = all(type(getattr(after, name)) in (dt.date, type(None)) for name in CLOCK_FIELDS)
    return texts and days and (after.pipeline is None or isinstance(after.pipeline, UUID))


def _history(unit: Session, before: Opportunity | None, after: Opportunity) -> Iterator[StageChange]:
    now, workflow = after.changed_at or unit.now(), statuses(unit)
    after = as_counted(workflow, after)
    if before is not None:
        before = as_counted(workflow, before)
        if any(getattr(before, name) != getattr(after, name) for name in WATCHED):
            yield _row(unit, after, before.stage, now)
        return
    if is_born_here(after) and after.status == "open":
        yield _row(unit, after, None, now)
    else:
        yield from _past(unit, after, now)


def _past(unit: Session, after: Opportunity, now: dt.datetime) -> Iterator[StageChange]:
    """The history of an opportunity that comes in with its past, as far as its days tell it.

    What it was expected to bring while it was open is not known: its amount is that of its end.
    """
    opened, closed = _moment(unit, after.opened_on, now), _moment(unit, after.closed_on, now)
    if after.status == "open" or opened is None:
        yield _row(unit, after, None, closed or opened or now)
        return
    first = _first(unit, after)
    unknown = dict.fromkeys(("amount", "expected_close", "probability", "cycle_days", "reason"))
    yield _row(unit, after, None, opened, to_stage=first, status="open", reached=first, **unknown)
    yield _row(unit, after, first, max(closed or now, opened))


def _moment(unit: Session, day: dt.date | None, now: dt.datetime) -> dt.datetime | None:
    """The first moment of a day in the zone of this CRM, but no later than now."""
    if day is None:
        return None
    return min(dt.datetime.combine(day, dt.time(), unit.kernel.zone).astimezone(dt.UTC), now)


def _first(unit: Session, opportunity: Opportunity) -> str:
    found = pipelines_of(unit, [opportunity.pipeline] if opportunity.pipeline else [])
    return next(iter(found.values())).opened[0].stage


def _row(unit: Session, after: Opportunity, source: str | None, at: dt.datetime, **given: object) -> StageChange:
    values: dict[str, object] = {
        "opportunity": after.id,
        "at": at,
        "by": str(unit.actor),
        "pipeline": after.pipeline,
        "from_stage": source,
        "to_stage": after.stage,
        "status": after.status,
        "reached": after.reached,
        "probability": after.probability,
        "amount": after.amount,
        "expected_close": after.expected_close,
        "cycle_days": after.cycle_days,
        "customer": after.customer,
        "name": after.name,
        "reason": _reason(after),
    }
    return StageChange(**{**values, **given})  # type: ignore[arg-type]  # checked when it is added


def _reason(after: Opportunity) -> str | None:
    closing = {"won": after.won_reason, "lost": after.lost_reason}.get(after.status)
    return closing or after.stage_reason


RULE: Final = OpportunityRule()
