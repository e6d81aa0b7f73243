"""Which figures can be asked for over which fields, for every storage alike."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

import attrs

from crmcore.domain.errors import InvalidValue, UnknownName
from crmcore.domain.field import Field
from crmcore.domain.record import RecordType

GROUPED: Final = frozenset(("text", "integer", "decimal", "boolean", "date", "datetime", "choice", "reference"))
MONTHLY: Final = frozenset(("date",))
SUMMED: Final = frozenset(("integer", "decimal", "money"))
ORDERED: Final = frozenset(("integer", "decimal", "money", "date", "datetime"))

MONTH: Final = ".month"
"""Stands behind the name of a date to group by its months."""

_KINDS: Final = {"count": GROUPED | ORDERED, "sum": SUMMED, "min": ORDERED, "max": ORDERED}


@attrs.frozen
class Figure:
    """`how` (count, sum, min, max) over a field's values; count without a field is of rows."""

    how: str
    field: Field | None


@attrs.frozen
class Key:
    """What to group by: a field's values, or with `month` the first days of the months of a date."""

    field: Field
    month: bool = False

    def of(self, record: object) -> Any:
        """The value of a record."""
        value = getattr(record, self.field.name)
        return value.replace(day=1) if self.month and isinstance(value, dt.date) else value


def groups(type: RecordType, by: Sequence[str]) -> tuple[Key, ...]:
    """What to group by: names of fields, `expected_close.month` for the months of a date.

    `UnknownName` for no field of the record's own, `InvalidValue` for one that cannot be grouped by.
    """
    return tuple(_key(type, name) for name in by)


def _key(type: RecordType, name: str) -> Key:
    plain = name.removesuffix(MONTH)
    if plain == name:
        return Key(_own_field(type, name, GROUPED, "group by"))
    return Key(_own_field(type, plain, MONTHLY, "group by months"), month=True)


def figure(type: RecordType, how: str, name: str) -> Figure:
    """The figure that is asked for; errors as of `groups`."""
    if how not in _KINDS:
        raise InvalidValue(f"{how!r} is no figure: use count, sum, min or max", value=how)
    if how == "count" and not name:
        return Figure(how, None)
    return Figure(how, _own_field(type, name, _KINDS[how], how))


def _own_field(type: RecordType, name: str, kinds: frozenset[str], what: str) -> Field:
    field = type.field(name)
    if field is None:
        raise UnknownName("field", name, (f.name for f in type.fields if f.kind in kinds), f"{type.name} to {what}")
    if field.kind not in kinds:
        raise InvalidValue(f"{type.name}.{name} is of type {field.kind}, which cannot be used to {what}", value=name)
    return field
