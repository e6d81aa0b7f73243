"""Hierarchies after a merge: the survivor may not come to stand above itself. Looked at before anything is written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from crmcore.application import hierarchy
from crmcore.application.hierarchy import ALWAYS, Span
from crmcore.application.merging.members import Members
from crmcore.application.session import Session
from crmcore.domain.bound import BoundQuery, Test, every
from crmcore.domain.field import Field
from crmcore.domain.record import Hierarchy, RecordType


def circles(unit: Session, family: Members) -> Iterator[str]:
    """For each kind of hierarchy in which the family as one would stand above itself on some day, why."""
    for type in unit.catalogue.records.values():
        rule = type.options.hierarchy
        if rule is None or not all(_follows(type, name) for name in (rule.above, rule.below)):
            continue
        for kind in sorted(rule.kinds):
            if (day := _circle(unit, family, type, rule, kind)) is not None:
                when = "" if day == dt.date.min else f" on {day}"
                yield f"{kind} would go in a circle{when}: as one they would stand above themselves"


def hold(unit: Session) -> None:
    """Let nobody add to a hierarchy meanwhile: two who each add half of a circle would not see each other's half."""
    for type in unit.catalogue.records.values():
        if type.options.hierarchy is not None:
            unit.transaction.put_setting(f"hierarchy.{type.name}", str(unit.id))


def _follows(type: RecordType, name: str) -> bool:
    field = type.field(name)
    return field is not None and field.target == "customer" and field.on_merge == "follow"


def _circle(unit: Session, family: Members, type: RecordType, rule: Hierarchy, kind: str) -> dt.date | None:
    """The first day of a span on which a way down from the family leads back to it; None if there is none. What joins
    two of them directly would join one to itself: it stays as it is, and is no circle."""
    above, kind_field = type.field(rule.above), type.field(rule.kind)
    if above is None or kind_field is None:
        return None
    held = Test(kind_field, "=", (kind,))
    first = _below(unit, type, rule, above, held, tuple(sorted(family.ids)), ALWAYS)
    waiting = [(node, days) for node, days in first if node not in family.ids]
    seen = set(waiting)
    while waiting:
        node, days = waiting.pop()
        for below, shared in _below(unit, type, rule, above, held, (node,), days):
            if below in family.ids:
                return shared[0]
            if (below, shared) not in seen:
                seen.add((below, shared))
                waiting.append((below, shared))
    return None


def _below(
    unit: Session, type: RecordType, rule: Hierarchy, above: Field, held: Test, nodes: tuple[UUID, ...], within: Span
) -> Iterator[tuple[UUID, Span]]:
    test = Test(above, "in", nodes) if len(nodes) > 1 else Test(above, "=", nodes)
    for found in unit.transaction.select(BoundQuery(type=type, where=every(test, held))):
        edge: Any = found.record
        if (shared := hierarchy.span(rule, edge, within)) is not None:
            yield getattr(edge, rule.below), shared
