"""What came of an import, row by row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final, Literal

import attrs

from crmcore.domain import cells
from crmcore.domain.reading import shorten

LISTED: Final = 1_000
"""How many refused rows a report lists; all of them are in the rejects file."""
SHOWN: Final = 200

Outcome = Literal["created", "updated", "unchanged"]
Progress = Callable[[int], None]


@attrs.frozen
class Refusal:
    """Why a row is not taken: the column and value at fault, where there is one."""

    column: str | None
    value: object
    reason: str


@attrs.frozen
class Reject:
    """A row that was not taken, as a report lists it; a long value is cut."""

    line: int
    column: str | None
    value: str
    reason: str


@attrs.frozen(kw_only=True)
class ImportReport:
    """Each of the `rows` had one outcome: created + updated + unchanged + rejected. `records` counts what the created
    rows made; `rejects` lists the first 1,000, by line. `left_out`: columns that were not imported; `unfinished`: other
    batches of the same file that were interrupted and can be resumed; `notes`: what was found out about the file."""

    batch: str
    rows: int
    created: int
    updated: int
    unchanged: int
    rejected: int
    records: int
    rejects: tuple[Reject, ...]
    seconds: float
    left_out: tuple[str, ...] = ()
    unfinished: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def plain(self) -> dict[str, Any]:
        """The report as JSON can hold it."""
        plain = attrs.asdict(self)
        del plain["left_out"], plain["unfinished"], plain["notes"]
        return {**plain, "seconds": round(self.seconds, 3)}


def shown(value: object) -> str:
    """A value of a file as text for a report, cut at 200 characters."""
    if value is None:
        return ""
    text = (
        value
        if isinstance(value, str)
        else cells.shown(value)
        if isinstance(value, int | Decimal | dt.date)
        else shorten(value, SHOWN)
    )
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
