"""What a person knows a record by."""

from __future__ import annotations

import datetime as dt
from typing import Any

from crmcore.domain.kinds import plain_datetime
from crmcore.domain.record import Flat, Record, RecordType


def preferred_part(type: RecordType, record: Record, view: Flat) -> Any:
    """The part that a flat name stands for: the preferred of those that fit it, else the first; None if none fits."""
    part = type.part(view.part)
    held = getattr(record, part.attribute) if part else ()
    fits = [each for each in held if all(getattr(each, n) == v for n, v in view.where.items())]
    return min(fits, key=lambda each: (not getattr(each, "preferred", False), each.no), default=None)


def label_of(type: RecordType, record: Record) -> str:
    """The first of the declared title fields that has a value; else the type's name and the external id, or the id."""
    for name in type.options.title:
        if (view := type.flat(name)) is not None:
            part = preferred_part(type, record, view)
            value = getattr(part, view.field, None)
        else:
            value = getattr(record, name)
        if value:
            return plain_datetime(value) if isinstance(value, dt.datetime) else str(value)
    return f"{type.name} {record.external_id or record.id}"
