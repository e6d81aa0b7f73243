"""What an erasure did, counted: for the ledger, and for who asked for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import attrs


@attrs.frozen(kw_only=True)
class Kept:
    """What was not erased: how many records of a type, or of them a `field` that is declared to be kept, and why."""

    record: str
    field: str | None
    count: int
    reason: str

    def plain(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return attrs.asdict(self)


@attrs.frozen(kw_only=True)
class Erased:
    """What an erasure did. `persons`: the customer and those merged into it. `state`: held, partial or done. `wiped`
    and `removed` count records by type (facets as TYPE.PLUGIN): emptied, and gone as a whole. `log` counts the entries
    of the change log that lost values, `cells` the values of refused rows of imports. `unreached` names what keeps
    something that could not be erased, and what to do about it."""

    erasure: UUID
    customer: UUID
    persons: tuple[UUID, ...]
    state: str
    wiped: Mapping[str, int]
    removed: Mapping[str, int]
    kept: tuple[Kept, ...]
    holds: tuple[Mapping[str, Any], ...]
    log: int = 0
    cells: int = 0
    unreached: tuple[str, ...] = ()


@attrs.define(eq=False)
class Tally:
    """Counts while an erasure goes on."""

    wiped: Counter[str] = attrs.field(factory=Counter)
    removed: Counter[str] = attrs.field(factory=Counter)
    left: Counter[tuple[str, str | None, str]] = attrs.field(factory=Counter)
    log: int = 0
    cells: int = 0

    @property
    def kept(self) -> tuple[Kept, ...]:
        """What was not erased, sorted by record type, field and reason."""
        rows = sorted(self.left.items(), key=lambda row: (row[0][0], row[0][1] or "", row[0][2]))
        return tuple(Kept(record=r, field=f, count=count, reason=reason) for (r, f, reason), count in rows)
