"""One query for every way of asking: filter, sort, page by cursor, aggregate."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, Generic, Literal, TypeVar
from uuid import UUID

import attrs

from crmcore.domain.errors import InvalidValue
from crmcore.domain.facet import Facet
from crmcore.domain.predicate import Predicate
from crmcore.domain.record import Record

R = TypeVar("R", bound=Record)
DEFAULT_LIMIT: Final = 50
MAX_LIMIT: Final = 10_000


@attrs.frozen
class Sort:
    """A field to sort by; missing values come last in either direction."""

    path: str
    descending: bool = False


def sorts(text: str) -> tuple[Sort, ...]:
    """`"name,-created_at"` as sort keys."""
    names = [part.strip() for part in text.split(",")]
    return tuple(Sort(n.removeprefix("-"), n.startswith("-")) for n in names)


@attrs.frozen
class Measure:
    """A figure of an aggregate: count of rows, or sum, min, max of a field. Money is summed per currency."""

    how: Literal["count", "sum", "min", "max"]
    path: str = ""


@attrs.frozen(kw_only=True)
class Query:
    """What is asked of one record type. `where` None: all; `after`: the cursor of the page before."""

    where: Predicate | None = None
    sort: tuple[Sort, ...] = ()
    limit: int | None = DEFAULT_LIMIT
    after: str | None = None
    facets: tuple[type[Facet], ...] = ()


@attrs.frozen
class Page(Generic[R]):
    """The records of one page and the cursor of the next (None: this was the last)."""

    items: tuple[R, ...]
    next: str | None


def checked_limit(limit: int) -> int:
    """`InvalidValue` unless 1 <= limit <= 10,000: no page is ever unlimited."""
    if type(limit) is not int or not 1 <= limit <= MAX_LIMIT:
        raise InvalidValue(f"a limit is from 1 to {MAX_LIMIT:,}, not {limit!r}", value=repr(limit))
    return limit


@attrs.frozen
class Cursor:
    """Where a page ended: the values of the sort keys (in storage form) and the id of its last record.

    `sort` binds it to its order, so that a cursor of another query is refused rather than misread.
    """

    sort: str
    keys: tuple[Any, ...]
    id: UUID

    def encode(self) -> str:
        """An opaque text for URLs and command lines."""
        raw = json.dumps([self.sort, list(self.keys), self.id.hex], ensure_ascii=False, separators=(",", ":"))
        return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


def decode_cursor(text: str, sort: str) -> Cursor:
    """The cursor that `encode` made for the same order; `InvalidValue` for anything else."""
    try:
        raw = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        made_for, keys, last = raw
        cursor = Cursor(made_for, tuple(keys), UUID(hex=last))
    except (binascii.Error, ValueError, TypeError, AttributeError, RecursionError):
        raise InvalidValue(f"{text[:40]!r} is no cursor: use the `next` of the page before", value=text[:40]) from None
    if cursor.sort != sort or not all(type(k) in (str, int, bool, type(None)) for k in cursor.keys):
        raise InvalidValue("this cursor belongs to another order: ask for the first page again", value=text[:40])
    return cursor


def sort_name(sort: Sequence[Sort]) -> str:
    """The order as text, as cursors carry it."""
    return ",".join(("-" if s.descending else "") + s.path for s in sort)


Row = Mapping[str, Any]
