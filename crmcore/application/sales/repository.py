"""The repository of opportunities: that of any record type, and the steps through a pipeline."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from crmcore.application import reading
from crmcore.application.repository import RecordRepository
from crmcore.domain.bound import BoundQuery, SortKey, Test
from crmcore.domain.errors import InvalidValue
from crmcore.domain.sales.opportunity import Opportunity
from crmcore.domain.sales.stage_change import StageChange


class OpportunityRepository(RecordRepository[Opportunity]):
    """Implements `ports.work.Opportunities`, where each method is described."""

    def move(self, id: UUID, stage: str, *, reason: str | None = None, version: int | None = None) -> Opportunity:
        """Move to a stage."""
        given: dict[str, Any] = {"stage": stage}
        if reason is not None:
            given["stage_reason"] = reason
        return self.change(id, given, version=version)

    def win(
        self, id: UUID, *, reason: str | None = None, on: dt.date | None = None, version: int | None = None
    ) -> Opportunity:
        """Close as won."""
        return self._close(id, "won", {"won_reason": reason}, on, version)

    def lose(
        self, id: UUID, reason: str | None, *, on: dt.date | None = None, version: int | None = None
    ) -> Opportunity:
        """Close as lost. `InvalidValue` for a reason that is empty; None leaves it open."""
        if reason is not None and not reason.strip():
            raise InvalidValue("the reason for which it was lost is empty: say why", value=reason)
        return self._close(id, "lost", {"lost_reason": reason}, on, version)

    def stages(self, id: UUID) -> list[StageChange]:
        """The stage history of an opportunity that the actor may see."""
        reading.unblanked(self._unit, self.type, id)
        type = self._unit.catalogue.of(StageChange)
        of, at = type.field("opportunity"), type.field("at")
        if of is None or at is None:
            return []
        asked = BoundQuery(type=type, where=Test(of, "=", (id,)), sort=(SortKey(at),))
        found = self._unit.transaction.select(asked)
        rows = [reading.blanked(self._unit, type, each.record) for each in found]
        return [each for each in rows if isinstance(each, StageChange)]

    def _close(
        self, id: UUID, status: str, reason: dict[str, str | None], on: dt.date | None, version: int | None
    ) -> Opportunity:
        given: dict[str, Any] = {"status": status, **{name: text for name, text in reason.items() if text is not None}}
        if on is not None:
            given["closed_on"] = on
        return self.change(id, given, version=version)
