"""Where a change leaves an opportunity: stage, status, closing day and how far it got, settled against its pipeline."""

from __future__ import annotations

import datetime as dt
from typing import Any

from crmcore.domain.copying import evolve
from crmcore.domain.errors import InvalidRecord
from crmcore.domain.sales.opportunity import Opportunity
from crmcore.domain.sales.pipeline import Kind, Pipeline, Stage

WATCHED = ("pipeline", "stage", "status", "amount", "expected_close", "probability", "cycle_days", "customer")
"""What figures depend on, and whose it is: a change of any of these is written to the stage history."""


def settled(before: Opportunity | None, after: Opportunity, pipeline: Pipeline, today: dt.date) -> Opportunity:
    """The opportunity with stage and status in agreement, whichever of them was stated.

    Moving to a closing stage closes it today, unless a day is stated; leaving one opens it again. What came in from
    another system keeps an unknown closing day. Raises `InvalidRecord` for a stage that the pipeline does not have,
    for stage and status that contradict each other and for a closing day of an open one.
    """
    stage = _stage(before, after, pipeline)
    values: dict[str, Any] = {"pipeline": pipeline.id, "stage": stage.stage, "status": stage.kind}
    values["reached"] = _reached(before or after, stage, pipeline)
    values.update(_closing(before, after, stage, today))
    if before is not None and stage.stage != before.stage and after.stage_reason == before.stage_reason:
        values["stage_reason"] = None  # it told why the stage before
    if before is None and after.opened_on is None and is_born_here(after):
        values["opened_on"] = min(today, values["closed_on"] or today)
    values["cycle_days"] = _cycle(after, values.get("opened_on", after.opened_on), values["closed_on"])
    return evolve(after, **values)


def is_born_here(opportunity: Opportunity) -> bool:
    """Whether it was first recorded here, rather than taken over from another system."""
    return opportunity.source is None and opportunity.external_id is None


def _stage(before: Opportunity | None, after: Opportunity, pipeline: Pipeline) -> Stage:
    status = _kind(after.status)
    if before is None:
        if after.stage is None:
            return pipeline.closing(status)
        stage = pipeline.find(after.stage)
        return _agreed(stage, status, stated=status != "open")
    moved = after.stage != before.stage or after.pipeline != before.pipeline
    if after.stage is not None and (moved or after.status == before.status):
        stage = pipeline.find(after.stage)
        return _agreed(stage, status, stated=after.status != before.status)
    if status == "open" and before.reached is not None:
        return pipeline.find(before.reached)
    return pipeline.closing(status)


def _kind(status: str) -> Kind:
    if status in ("open", "won", "lost"):
        return status  # type: ignore[return-value]  # one of the three
    raise InvalidRecord("opportunity", {"status": f"{status!r} is none of open, won, lost"})


def _agreed(stage: Stage, status: Kind, stated: bool) -> Stage:
    if stated and stage.kind != status:
        raise InvalidRecord(
            "opportunity", {"status": f"{status!r} contradicts the stage {stage.stage!r}, which is {stage.kind}"}
        )
    return stage


def _reached(held: Opportunity, stage: Stage, pipeline: Pipeline) -> str:
    """The furthest open stage so far: a won one has gone through all, a lost one as far as it had come. A new one has
    come as far as it states."""
    order = [each.stage for each in pipeline.opened]
    if stage.kind == "won":
        return order[-1]
    so_far = held.reached if held.reached in order else order[0]
    if stage.kind == "lost":
        return so_far
    return max(so_far, stage.stage, key=order.index)


def _closing(before: Opportunity | None, after: Opportunity, stage: Stage, today: dt.date) -> dict[str, Any]:
    if stage.kind == "open":
        stated = after.closed_on if before is None or after.closed_on != before.closed_on else None
        if stated is not None:
            raise InvalidRecord(
                "opportunity", {"closed_on": f"it is open, so it did not close on {stated}: use expected_close"}
            )
        reopened = before is not None and before.status != "open"
        return {"closed_on": None, **({"lost_reason": None, "won_reason": None} if reopened else {})}
    known = after.closed_on is not None or (before is None and not is_born_here(after))
    return {"closed_on": after.closed_on if known else today}


def _cycle(opportunity: Opportunity, start: dt.date | None, end: dt.date | None) -> int | None:
    if end is None:
        return None
    if start is None and opportunity.created_at is not None and is_born_here(opportunity):
        start = opportunity.created_at.date()
    return None if start is None else max((end - start).days, 0)
