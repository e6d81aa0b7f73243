"""The order of query results, in the plain values that cursors carry and every storage sorts by.

Text sorts by the code points of its fold (by its own where it has none), ids by their hexadecimal digits, dates and
times (UTC) as ISO text, decimals and amounts as scaled whole numbers, booleans as 0 and 1. Money has two values: the
amount, then the currency. What is missing comes last in either direction. Ties go by id, in the direction of the
last sort key; without one, ascending.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from decimal import Context, Decimal
from typing import Any, Final
from uuid import UUID

import attrs

from crmcore.domain.bound import BoundQuery, SortKey
from crmcore.domain.errors import InvalidValue
from crmcore.domain.evaluate import Lookup
from crmcore.domain.field import Field
from crmcore.domain.fold import fold_column
from crmcore.domain.kinds import INTEGER_LIMIT, storable_text
from crmcore.domain.money import MONEY_SCALE
from crmcore.domain.part import Part
from crmcore.domain.record import Record

_WIDE: Final = Context(prec=60)
"""A context of our own: a host may have set the thread's to any precision."""


def _scaled(value: Decimal, scale: int) -> int:
    return int(value.scaleb(scale, _WIDE))


def plain_instant(value: dt.datetime) -> str:
    """A time in UTC as text that sorts as instants do: `2025-01-31 09:30:00.000000+00:00`."""
    return value.astimezone(dt.UTC).isoformat(sep=" ", timespec="microseconds")


_PLAIN: Final[dict[str, Callable[[Field, Any], tuple[Any, ...]]]] = {
    "text": lambda field, value: (fold_column(value, field.length) if field.fold else value,),
    "integer": lambda field, value: (value,),
    "decimal": lambda field, value: (_scaled(value, field.scale),),
    "money": lambda field, value: (_scaled(value.amount, MONEY_SCALE), value.currency),
    "boolean": lambda field, value: (int(value),),
    "date": lambda field, value: (value.isoformat(),),
    "datetime": lambda field, value: (plain_instant(value),),
    "choice": lambda field, value: (value,),
    "reference": lambda field, value: (value.hex,),
}

_TYPES: Final[dict[str, tuple[type, ...]]] = {
    **dict.fromkeys(("text", "date", "datetime", "choice", "reference"), (str,)),
    **dict.fromkeys(("integer", "decimal", "boolean"), (int,)),
    "money": (int, str),
}
"""The plain values of each sortable kind; sets and JSON have no order."""


def plain_values(field: Field, value: Any) -> tuple[Any, ...]:
    """A value as sorting sees it: one plain value, for money two; as many None if it is missing."""
    return (None,) * len(_TYPES[field.kind]) if value is None else _PLAIN[field.kind](field, value)


def sort_values(record: Record, sort: Sequence[SortKey], lookup: Lookup) -> tuple[Any, ...]:
    """The plain values of a record's sort keys, in order: what a cursor carries."""
    return tuple(v for key in sort for v in plain_values(key.field, _sorted_by(key, record, lookup)))


def _sorted_by(key: SortKey, record: Record, lookup: Lookup) -> Any:
    holder: Any = record
    if key.facet is not None:
        holder = lookup.facet(record, key.facet)
    elif key.part is not None and key.flat is not None:
        holder = preferred(getattr(record, key.part.attribute), key.flat.where.items())
    return None if holder is None else getattr(holder, key.field.name)


def preferred(parts: Iterable[Part], where: Iterable[tuple[str, str]] = ()) -> Part | None:
    """The part that stands for all those of the same flat name: one that is preferred, else the first by number."""
    fitting = [p for p in parts if all(getattr(p, name) == value for name, value in where)]
    return min(fitting, key=lambda p: (not getattr(p, "preferred", False), p.no), default=None)


@attrs.frozen(order=False)
class _Falling:
    """A value that sorts the other way round."""

    value: Any

    def __lt__(self, other: _Falling) -> bool:
        return bool(other.value < self.value)


def _up(value: Any) -> tuple[bool, Any]:
    return (value is None, 0 if value is None else value)


def _down(value: Any) -> tuple[bool, Any]:
    return (value is None, 0 if value is None else _Falling(value))


def place(sort: Sequence[SortKey]) -> Callable[[tuple[Any, ...], UUID], tuple[Any, ...]]:
    """A function from the sort values and the id of a record to its place: sorting by places is the order."""
    turns = tuple(_down if key.descending else _up for key in sort for _ in _TYPES[key.field.kind])
    last = _down if sort and sort[-1].descending else _up

    def placed(values: tuple[Any, ...], id: UUID) -> tuple[Any, ...]:
        return (*(turn(value) for turn, value in zip(turns, values, strict=True)), last(id.hex))

    return placed


def check_cursor(query: BoundQuery) -> None:
    """`InvalidValue` unless the query's cursor, if it has one, carries what its sort keys can have given."""
    if query.cursor is None:
        return
    keys, wanted = query.cursor.keys, [(key.field, t) for key in query.sort for t in _TYPES[key.field.kind]]
    if len(keys) != len(wanted) or not all(
        key is None or (type(key) is t and _is_given(field, key)) for key, (field, t) in zip(keys, wanted, strict=True)
    ):
        raise InvalidValue("this cursor belongs to another order: ask for the first page again")


def _is_given(field: Field, key: object) -> bool:
    """Whether a sort key of this field can be that: nothing else reaches a database."""
    if isinstance(key, int):
        return -INTEGER_LIMIT <= key < INTEGER_LIMIT
    return isinstance(key, str) and _is_given_text(field.kind, key)


def _is_given_text(kind: str, key: str) -> bool:
    try:
        match kind:
            case "date":
                return dt.date.fromisoformat(key).isoformat() == key
            case "datetime":
                return plain_instant(dt.datetime.fromisoformat(key)) == key
            case "reference":
                return UUID(hex=key).hex == key
    except (ValueError, OverflowError):
        return False
    return storable_text(key) is None
