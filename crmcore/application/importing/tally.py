"""Counting what becomes of rows, and keeping the refused ones until they are safely in the report."""

from __future__ import annotations

from typing import Final

import attrs

from crmcore.application.importing.report import Outcome, Refusal, Reject, shown
from crmcore.ports.exchange import BadRow, RawRow, RejectSink

OUTCOMES: Final[tuple[Outcome, ...]] = ("created", "updated", "unchanged")


@attrs.frozen(eq=False)
class Refused:
    """A row that is not taken, or could not even be read, and how a report lists it."""

    row: RawRow | BadRow
    reject: Reject

    def put(self, sink: RejectSink) -> None:
        """Hand it to the rejects file."""
        if isinstance(self.row, BadRow):
            sink.unreadable(self.row)
        else:
            sink.reject(self.row, self.reject.column, self.reject.reason)


@attrs.define(eq=False)
class Tally:
    """How many rows came out how, how many records they made, and the refused ones in the order of their refusal."""

    counts: dict[str, int] = attrs.field(factory=lambda: dict.fromkeys(OUTCOMES, 0))
    records: int = 0
    refused: list[Refused] = attrs.field(factory=list)

    @property
    def rows(self) -> int:
        """How many rows are settled."""
        return sum(self.counts.values()) + len(self.refused)

    def count(self, outcome: Outcome, rows: int = 1) -> None:
        """So many rows came out like this."""
        self.counts[outcome] += rows

    def reject(self, row: RawRow, refusal: Refusal) -> None:
        """A row that could be read is not taken."""
        self.refused.append(Refused(row, Reject(row.line, refusal.column, shown(refusal.value), refusal.reason)))

    def unreadable(self, row: BadRow) -> None:
        """A row that could not be read."""
        self.refused.append(Refused(row, Reject(row.line, row.column, shown(row.value), row.reason)))
