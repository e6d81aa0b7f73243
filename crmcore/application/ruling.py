"""Applying the rules of record types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crmcore.application.rules import Pairs
from crmcore.application.session import Session
from crmcore.domain.record import Record, RecordType


def prepared(unit: Session, type: RecordType, pairs: Pairs) -> list[Any]:
    """The records as they are to be stored."""
    rule = unit.kernel.rules.get(type.name)
    return [after for _, after in pairs] if rule is None else rule.prepare(unit, pairs)


def followed(unit: Session, type: RecordType, before: Sequence[Record | None], after: Sequence[Record]) -> None:
    """Write what follows from records that were stored."""
    rule = unit.kernel.rules.get(type.name)
    if rule is not None:
        rule.follow(unit, list(zip(before, after, strict=True)))
