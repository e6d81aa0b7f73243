"""Hierarchies: nobody may stand above themselves on any day (owner, parent company, member organisation)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from crmcore.application.session import Session
from crmcore.domain.bound import BoundQuery, Test, every
from crmcore.domain.errors import InvalidRecord
from crmcore.domain.record import Hierarchy, Record, RecordType

Span = tuple[dt.date, dt.date]
ALWAYS: Span = (dt.date.min, dt.date.max)


def check(unit: Session, type: RecordType, records: Sequence[Record]) -> None:
    """`InvalidRecord` for the first of these (already stored) edges that closes a circle on some day."""
    rule = type.options.hierarchy
    edges = [record for record in records if rule is not None and getattr(record, rule.kind) in rule.kinds]
    if rule is None or not edges:
        return
    # One after the other: two who each add half of a circle would not see each other's half.
    unit.transaction.put_setting(f"hierarchy.{type.name}", str(unit.id))
    for record in edges:
        kind = getattr(record, rule.kind)
        if days := span(rule, record, ALWAYS):
            start, goal = getattr(record, rule.below), getattr(record, rule.above)
            if _reaches(unit, type, rule, kind, start, goal, days):
                raise InvalidRecord(
                    type.name, {rule.below: f"{start} stands above {goal} already: {kind} may not go in a circle"}
                )


def span(rule: Hierarchy, record: Any, within: Span) -> Span | None:
    """The days [from, to) on which an edge holds, within others; None if there is no such day."""
    start = max(getattr(record, rule.from_date) or dt.date.min, within[0])
    end = min(getattr(record, rule.to_date) or dt.date.max, within[1])
    return (start, end) if start < end else None


def _reaches(unit: Session, type: RecordType, rule: Hierarchy, kind: str, start: UUID, goal: UUID, on: Span) -> bool:
    above, kind_field = type.field(rule.above), type.field(rule.kind)
    if above is None or kind_field is None:
        return False
    waiting, seen = [(start, on)], {(start, on)}
    while waiting:
        node, days = waiting.pop()
        where = every(Test(above, "=", (node,)), Test(kind_field, "=", (kind,)))
        for found in unit.transaction.select(BoundQuery(type=type, where=where)):
            below = getattr(found.record, rule.below)
            if (shared := span(rule, found.record, days)) is None:
                continue
            if below == goal:
                return True
            if (below, shared) not in seen:
                seen.add((below, shared))
                waiting.append((below, shared))
    return False
