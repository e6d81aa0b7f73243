"""Sort keys as SQL expressions, the pages that follow a cursor, and what a cursor carries.

Missing values come last in either direction, ties by id in the direction of the last key. A page comes in two phases
where its first key may be missing: first what has a value, in the order of an index, then what has none.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from uuid import UUID

import attrs
import sqlalchemy as sa

from crmcore.adapters.sql import codecs
from crmcore.adapters.sql.compiled import at_most, constant
from crmcore.adapters.sql.declared import ALWAYS
from crmcore.adapters.sql.predicates import Parameters
from crmcore.adapters.sql.tables import Tables
from crmcore.adapters.sql.types import Backend, currency_name, fold_name
from crmcore.domain.bound import SortKey
from crmcore.domain.errors import InvalidValue
from crmcore.domain.kinds import INTEGER_LIMIT, storable_text
from crmcore.domain.money import MONEY_SCALE
from crmcore.domain.part import PartType
from crmcore.domain.record import Flat, RecordType


@attrs.frozen(eq=False)
class Ordering:
    """One expression to order by. `optional`: it may be missing; `kind`: how a cursor carries its value."""

    expression: Any
    descending: bool
    optional: bool
    kind: str

    @property
    def ordered(self) -> Any:
        """The expression with its direction."""
        return self.expression.desc() if self.descending else self.expression.asc()


def is_optional(key: SortKey) -> bool:
    """Whether records may lack the value of a sort key."""
    return bool(key.facet or key.flat) or not (key.field.required or key.field.name in ALWAYS)


def in_phases(key: SortKey) -> bool:
    """Whether a query whose first key this is is asked twice: for what has a value, then for what has none.

    An index gives what has one in order; for a value that is computed there is no index.
    """
    return is_optional(key) and key.flat is None


def key_kinds(key: SortKey) -> tuple[str, ...]:
    """How a cursor carries the values of a sort key: money as amount and currency."""
    return ("money", "text") if key.field.kind == "money" else (key.field.kind,)


def orderings(
    tables: Tables, record: RecordType, rows: Any, joined: dict[str, Any], key: SortKey, parameters: Parameters
) -> list[Ordering]:
    """What to order by for a sort key: money by amount, then currency; a text by its fold if it has one."""
    field = key.field
    names = [fold_name(field) if field.kind == "text" and field.fold else field.name]
    if field.kind == "money":
        names.append(currency_name(field))
    if key.part is not None and key.flat is not None:
        parts = tables.parts[record.name, key.part.name]
        found = [
            _preferred(parts.alias(f"f{n}"), rows, key.part, key.flat, name, parameters) for n, name in enumerate(names)
        ]
    else:
        source = joined[key.facet.name] if key.facet else rows
        found = [source.c[name] for name in names]
    return [
        Ordering(expression, key.descending, is_optional(key), kind)
        for expression, kind in zip(found, key_kinds(key), strict=True)
    ]


def flat_values(key: SortKey) -> tuple[str, ...]:
    """The values by which the parts of a flat name are told from others, once for each of its expressions."""
    return () if key.flat is None else tuple(key.flat.where.values()) * len(key_kinds(key))


def _preferred(parts: Any, rows: Any, part: PartType, flat: Flat, name: str, parameters: Parameters) -> Any:
    """The value of the part that a flat name stands for: the preferred one, else that of the lowest number."""
    held = [parts.c[field] == parameters.take(parts.c[field]) for field in flat.where]
    best = [parts.c.no]
    if part.field("preferred") is not None:
        best.insert(0, sa.case((parts.c.preferred == sa.true(), constant("0")), else_=constant("1")))
    chosen = sa.select(parts.c[name]).select_from(parts).where(parts.c.owner == rows.c.id, *held)
    return at_most(chosen.order_by(*best), constant("1")).correlate(rows).scalar_subquery()


def order_by(keys: list[Ordering], tie: Any, descending: bool) -> list[Any]:
    """The ORDER BY of these keys, ending in the id."""
    found: list[Any] = []
    for key in keys:
        if key.optional:
            found.append(key.expression.is_(None))
        found.append(key.ordered)
    return [*found, tie.desc() if descending else tie.asc()]


def after_cursor(
    keys: list[Ordering], nulls: tuple[bool, ...], tie: Any, descending: bool, parameters: Parameters
) -> Any:
    """The rows behind a cursor: `k1 >= v AND (k1 > v OR k1 = v AND ...)`, so that an index can begin there.

    `nulls` tells which values of the cursor are missing; the others, and the id, are parameters in that order.
    """
    values = [None if null else parameters.take(key.expression) for key, null in zip(keys, nulls, strict=True)]
    last = parameters.take(tie)
    behind = tie < last if descending else tie > last
    for key, value in reversed(list(zip(keys, values, strict=True))):
        behind = _behind(key, value, behind)
    return behind


def _behind(key: Ordering, value: Any, rest: Any) -> Any:
    column = key.expression
    if value is None:
        return sa.and_(column.is_(None), rest)
    beyond = column < value if key.descending else column > value
    reached = column <= value if key.descending else column >= value
    made = sa.and_(reached, sa.or_(beyond, rest))
    return sa.or_(made, column.is_(None)) if key.optional else made


def plain_key(backend: Backend, key: SortKey, kind: str) -> Callable[[Any], Any] | None:
    """From what the driver gave for a sort key to what a cursor carries (see `domain.ordering`); None: the same."""
    if backend == "sqlite":
        return None
    match kind:
        case "decimal" | "money":
            scale = MONEY_SCALE if kind == "money" else key.field.scale
            return lambda value: codecs.scaled(value, scale)
        case "boolean":
            return int
        case "date":
            return dt.date.isoformat
        case "datetime":
            return lambda value: codecs.stamp(value if value.tzinfo else codecs.aware(value))
        case "reference" if backend == "postgresql":
            return lambda value: value.hex
    return None


def cursor_value(backend: Backend, key: SortKey, kind: str, plain: Any) -> Any:
    """The parameter for a cursor's value; `InvalidValue` for one that no page ever gave."""
    try:
        if storable_text(plain) if isinstance(plain, str) else not -INTEGER_LIMIT <= plain < INTEGER_LIMIT:
            raise ValueError(plain)
        return plain if backend == "sqlite" else _from_plain(backend, key, kind, plain)
    except (ValueError, ArithmeticError):
        raise InvalidValue(f"this cursor is none of ours: {plain!r:.60} is no {kind}", value=repr(plain)[:60]) from None


def _from_plain(backend: Backend, key: SortKey, kind: str, plain: Any) -> Any:
    match kind:
        case "decimal" | "money":
            return codecs.unscaled(plain, MONEY_SCALE if kind == "money" else key.field.scale)
        case "boolean":
            return bool(plain)
        case "date":
            return dt.date.fromisoformat(plain)
        case "datetime":
            moment = dt.datetime.fromisoformat(plain)
            return codecs.naive(moment) if backend == "mariadb" else moment
        case "reference" if backend == "postgresql":
            return UUID(plain)
    return plain
