"""What `crm demo` shows of selling: the pipeline, one opportunity that went back, and the forecast of two days."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import attrs

from crmcore.application.sales.forecast import Forecast, forecast
from crmcore.application.sales.pipeline_report import PipelineReport, pipeline_report
from crmcore.cli.opportunity import stage_history, stage_history_text
from crmcore.cli.pipeline import forecast_document, forecast_text, pipeline_document, pipeline_text
from crmcore.domain.kinds import plain_datetime

if TYPE_CHECKING:
    from crmcore.application.unit import UnitOfWork

DAYS_BACK: Final = 45


@attrs.frozen(kw_only=True)
class Selling:
    """What was found. `then` is the moment of the past forecast, `moved` the name of the one that went back."""

    pipeline: PipelineReport
    now: Forecast
    then: dt.datetime
    past: Forecast
    moved: str
    history: dict[str, Any]

    def document(self) -> dict[str, Any]:
        """All of it as plain values."""
        return {
            "pipeline": pipeline_document(self.pipeline),
            "forecast": forecast_document(self.now),
            "past_forecast": {"as_of": plain_datetime(self.then), **forecast_document(self.past)},
            "moved_back": {"opportunity": self.moved, **self.history},
        }

    def sections(self) -> dict[str, str]:
        """All of it for people, under headings."""
        return {
            "The pipeline": pipeline_text(self.pipeline),
            f"Stage history of one that went back: {self.moved}": stage_history_text(self.history),
            "The forecast of today": forecast_text(self.now),
            f"The forecast as it was {DAYS_BACK} days ago: what came later does not change it": forecast_text(
                self.past
            ),
        }


def selling(work: UnitOfWork) -> Selling:
    """Pipeline and forecasts, and the history of the opportunity that was moved back."""
    then = work.now() - dt.timedelta(days=DAYS_BACK)
    id, name = _moved_back(work)
    return Selling(
        pipeline=pipeline_report(work),
        now=forecast(work),
        then=then,
        past=forecast(work, as_of=then),
        moved=name,
        history=stage_history(work, id),
    )


def _moved_back(work: UnitOfWork) -> tuple[UUID, str]:
    """The first open opportunity that stands before the furthest stage that it has reached."""
    for each in work.opportunities.stream('status = "open"', sort="opened_on"):
        if each.stage != each.reached:
            return each.id, each.name or ""
    raise LookupError("no example was moved back")
