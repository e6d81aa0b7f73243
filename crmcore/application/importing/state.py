"""Where an import stands: all that the outcome of its next rows depends on, besides what is stored.

Each unit of work of an import begins from a state alone. So one that is resumed goes on as if nothing had happened.
"""

from __future__ import annotations

import datetime as dt
from uuid import UUID

import attrs

from crmcore.application.importing.precedence import Key, Stage
from crmcore.application.importing.report import LISTED, ImportReport, Outcome, Reject
from crmcore.application.importing.tally import OUTCOMES, Tally

Seen = dict[str, Outcome | None]
"""What became of records that several rows make, by a digest of their identity; None: they were refused."""


@attrs.frozen
class Start:
    """When an import began, and an id that is older than all that it makes: they tell its own records from others."""

    at: dt.datetime
    id: UUID


@attrs.define(kw_only=True, eq=False)
class Chunk:
    """What one unit of work settles. `next`: the first line that it leaves to the same pass; None: the pass is over.

    `waits`: lines that wait for another pass, `awaiting` what makes their records known.
    """

    next: int | None = None
    taken: int = 0
    waits: set[int] = attrs.field(factory=set)
    awaiting: set[Key] = attrs.field(factory=set)
    seen: Seen = attrs.field(factory=dict)
    tally: Tally = attrs.field(factory=Tally)


@attrs.define(eq=False)
class State:
    """A pass through the file, or through the lines `before` of it, in one of the stages, up to the line `next`.

    `awaited` is what the rows that waited in the pass before it are known by.
    """

    start: Start
    stage: Stage = Stage.HOPING
    before: set[int] | None = None
    next: int = 0
    waiting: set[int] = attrs.field(factory=set)
    awaited: set[Key] = attrs.field(factory=set)
    awaiting: set[Key] = attrs.field(factory=set)
    seen: Seen = attrs.field(factory=dict)
    counts: dict[str, int] = attrs.field(factory=lambda: dict.fromkeys((*OUTCOMES, "rejected"), 0))
    records: int = 0
    rejects: list[Reject] = attrs.field(factory=list)
    finished: bool = False

    @property
    def rows(self) -> int:
        """How many rows are settled."""
        return sum(self.counts.values())

    @property
    def is_new(self) -> bool:
        """Whether nothing is taken yet."""
        return self.next == 0 and self.before is None

    def add(self, chunk: Chunk) -> None:
        """What this chunk settles is settled."""
        tally = chunk.tally
        self.add_counts(tally.counts, len(tally.refused), tally.records)
        self.list([each.reject for each in tally.refused])
        self.go_on(chunk.next, chunk.waits, chunk.awaiting, chunk.seen)

    def add_counts(self, counts: dict[str, int], rejected: int, records: int) -> None:
        """So many rows more, and the records that they made."""
        for outcome in OUTCOMES:
            self.counts[outcome] += counts.get(outcome, 0)
        self.counts["rejected"] += rejected
        self.records += records

    def list(self, rejects: list[Reject]) -> None:
        """List refused rows, as long as there is room."""
        self.rejects += rejects[: max(LISTED - len(self.rejects), 0)]

    def go_on(self, next: int | None, waits: set[int], awaiting: set[Key], seen: Seen) -> None:
        """Up to where the file is settled."""
        self.waiting |= waits
        self.awaiting |= awaiting
        self.seen.update(seen)
        if next is None:
            self._turn()
        else:
            self.next = next

    def ends_with(self, chunk: Chunk) -> bool:
        """Whether nothing is left after this chunk."""
        return chunk.next is None and not self.waiting and not chunk.waits

    def report(
        self,
        batch: str,
        seconds: float,
        left_out: tuple[str, ...],
        unfinished: tuple[str, ...] = (),
        notes: tuple[str, ...] = (),
    ) -> ImportReport:
        """All that was counted."""
        rejects = tuple(sorted(self.rejects, key=lambda each: each.line))
        return ImportReport(
            batch=batch,
            rows=self.rows,
            **self.counts,
            records=self.records,
            rejects=rejects,
            seconds=seconds,
            left_out=left_out,
            unfinished=unfinished,
            notes=notes,
        )

    def _turn(self) -> None:
        """The next pass, over what waits; if the last one helped nobody, with less patience."""
        helped = self.before is None or len(self.waiting) < len(self.before)
        stages = list(Stage)
        self.stage = stages[0] if helped else stages[(stages.index(self.stage) + 1) % len(stages)]
        self.finished = not self.waiting
        self.before, self.waiting, self.next = self.waiting, set(), 0
        self.awaited, self.awaiting = self.awaiting, set()
