"""What came of an import, row by row."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final, Literal

import attrs

from crmcore.domain.reading import shorten
from crmcore.ports.exchange import BadRow, RawRow, RejectSink

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
    rows made; `rejects` lists the first 1,000, by line. `left_out`: columns that were not imported."""

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

    def plain(self) -> dict[str, Any]:
        """The report as JSON can hold it."""
        plain = attrs.asdict(self)
        del plain["left_out"]
        return {**plain, "seconds": round(self.seconds, 3)}


class Tally:
    """Counts outcomes as they come, and hands refused rows to the rejects file."""

    def __init__(self, sink: RejectSink | None, progress: Progress | None) -> None:
        self._sink = sink
        self._progress = progress
        self._counts: dict[str, int] = {"created": 0, "updated": 0, "unchanged": 0, "rejected": 0}
        self._rejects: list[Reject] = []
        self.records = 0

    def count(self, outcome: Outcome, rows: int = 1) -> None:
        """So many rows came out like this."""
        self._counts[outcome] += rows

    def reject(self, row: RawRow, refusal: Refusal) -> None:
        """A row that could be read is not taken."""
        self._counts["rejected"] += 1
        self._list(row.line, refusal)
        if self._sink is not None:
            self._sink.reject(row, refusal.column, refusal.reason)

    def unreadable(self, row: BadRow) -> None:
        """A row that could not be read."""
        self._counts["rejected"] += 1
        self._list(row.line, Refusal(row.column, row.value, row.reason))
        if self._sink is not None:
            self._sink.unreadable(row)

    def advance(self) -> None:
        """Tell how many rows are done."""
        if self._progress is not None:
            self._progress(sum(self._counts.values()))

    def report(self, batch: str, seconds: float, left_out: tuple[str, ...]) -> ImportReport:
        """All that was counted."""
        return ImportReport(
            batch=batch,
            rows=sum(self._counts.values()),
            created=self._counts["created"],
            updated=self._counts["updated"],
            unchanged=self._counts["unchanged"],
            rejected=self._counts["rejected"],
            records=self.records,
            rejects=tuple(sorted(self._rejects, key=lambda each: each.line)),
            seconds=seconds,
            left_out=left_out,
        )

    def _list(self, line: int, refusal: Refusal) -> None:
        if len(self._rejects) < LISTED:
            self._rejects.append(Reject(line, refusal.column, shown(refusal.value), refusal.reason))


def shown(value: object) -> str:
    """A value of a file as text for a report, cut at 200 characters."""
    if value is None:
        return ""
    text = (
        value if isinstance(value, str) else str(value) if isinstance(value, int | Decimal) else shorten(value, SHOWN)
    )
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
