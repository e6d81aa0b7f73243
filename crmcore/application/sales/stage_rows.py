"""The rule of the stage history: what crmcore has recorded itself stays the newest."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final
from uuid import UUID

from crmcore.application.rules import Pairs
from crmcore.application.session import Session
from crmcore.domain.bound import BoundQuery, Test
from crmcore.domain.errors import InvalidRecord
from crmcore.domain.sales.stage_change import StageChange


class StageRowRule:
    """See `application.rules.Rule`. Rows that another system has kept may be added, as the past of an opportunity."""

    def prepare(self, unit: Session, pairs: Pairs) -> list[StageChange]:
        """The rows as they are; `InvalidRecord` for one that is not older than what stands there."""
        newest = _newest(unit, [after.opportunity for _, after in pairs if isinstance(after.opportunity, UUID)])
        for _, after in pairs:
            last = newest.get(after.opportunity)
            if last is not None and isinstance(after.at, dt.datetime) and after.at.tzinfo and after.at >= last:
                problem = f"{after.at.isoformat()} is not before {last.isoformat()}: later steps are written by moving"
                raise InvalidRecord("stage_change", {"at": problem})
        return [after for _, after in pairs]

    def follow(self, unit: Session, pairs: Pairs) -> None:
        """Nothing follows."""


def _newest(unit: Session, ids: list[UUID]) -> dict[Any, dt.datetime]:
    type = unit.catalogue.of(StageChange)
    of = type.field("opportunity")
    if of is None or not ids:
        return {}
    query = BoundQuery(type=type, where=Test(of, "in", tuple(set(ids))))
    rows = unit.transaction.aggregate(query, ("opportunity",), (("max", "at"),))
    return {row[0]: row[1] for row in rows}


RULE: Final = StageRowRule()
