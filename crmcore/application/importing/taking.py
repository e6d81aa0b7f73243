"""Taking batches in: what each entry means, what becomes of it, and how that counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from crmcore.application.importing.binding import Binding
from crmcore.application.importing.entries import Batch, Entry, digest_of, identity_of
from crmcore.application.importing.matching import Matcher
from crmcore.application.importing.plan import ImportPlan
from crmcore.application.importing.precedence import Precedence
from crmcore.application.importing.references import References
from crmcore.application.importing.report import Outcome, Refusal
from crmcore.application.importing.settling import Settling
from crmcore.application.importing.state import Chunk, State
from crmcore.application.importing.writing import Writer

if TYPE_CHECKING:
    from crmcore.application.unit import UnitOfWork


class Taking:
    """Takes batches in, one after the other, within one unit of work; each is matched against what those before it
    have left. What comes of it is in `chunk`.

    Of records that several rows make, an entry for each is remembered (some 100 bytes): rows that stand apart from the
    others add their lines to the record, and share their fate. Making it raises `ImportRefused` for defaults of the map
    that refer to nobody.
    """

    def __init__(self, unit: UnitOfWork, plan: ImportPlan, binding: Binding, state: State) -> None:
        self._plan = plan
        self._binding = binding
        self._state = state
        self._references = References(unit, binding, plan.origin)
        self._references.settle_defaults()
        self._matcher = Matcher(unit, binding, plan, state.start)
        self._precedence = Precedence(binding.type, self._references, plan.origin, state.stage, state.awaited)
        self._writer = Writer(unit, binding, plan.origin)
        self.chunk = Chunk(awaiting=self._precedence.awaiting)

    def take(self, batch: Batch) -> None:
        """Take a batch, and count its rows, but for those that wait for records further down in the file."""
        for bad in batch.bad:
            self.chunk.tally.unreadable(bad)
        self._settle(batch.entries)
        self.chunk.taken += batch.rows
        self.chunk.next = batch.next

    def _settle(self, entries: Sequence[Entry]) -> None:
        self._references.resolve(entry for entry in entries if not entry.refused)
        digests = {entry: digest for entry in entries if (digest := self._digest(entry))}
        apart = {entry for entry, digest in digests.items() if self._has_seen(digest)}
        updates = self._plan.on_duplicate == "update"
        settling = Settling(self._matcher, self._references, self._precedence, self._writer, updates)
        settling.settle([entry for entry in entries if entry not in apart and not entry.refused])
        outcomes = settling.outcomes
        for entry in apart:
            self._add_lines(entry, self._before(digests[entry]), outcomes)
        self.chunk.tally.records += settling.records
        for entry in entries:
            if entry in settling.waiting:
                self.chunk.waits.update(row.raw.line for row in entry.rows)
            else:
                self._count(entry, outcomes.get(entry), digests.get(entry))

    def _add_lines(self, entry: Entry, before: Outcome | None, outcomes: dict[Entry, Outcome]) -> None:
        """Rows apart from others of the same record, which this import has taken already."""
        if entry.refused:
            return
        record = self._matcher.stored(entry)
        if before is None or record is None:
            entry.refuse(Refusal(None, "", f"other rows of the same {self._binding.type.name} are refused"))
        elif before == "unchanged" and self._plan.on_duplicate == "skip":
            outcomes[entry] = before
        else:
            self._writer.append(entry, record)
            outcomes[entry] = "created" if before == "created" else "updated"

    def _digest(self, entry: Entry) -> str | None:
        found = identity_of(self._binding, self._plan.origin, entry.values)
        return None if found is None else digest_of(found)

    def _has_seen(self, digest: str) -> bool:
        return digest in self._state.seen or digest in self.chunk.seen

    def _before(self, digest: str) -> Outcome | None:
        seen = self._state.seen
        return seen[digest] if digest in seen else self.chunk.seen[digest]

    def _count(self, entry: Entry, outcome: Outcome | None, digest: str | None) -> None:
        refused = entry.refused is not None or outcome is None
        if digest is not None and not self._has_seen(digest):
            self.chunk.seen[digest] = None if refused else outcome
        if not refused and outcome is not None:
            return self.chunk.tally.count(outcome, len(entry.rows))
        at = next((row.raw.line for row in entry.rows if row.refusal is not None), entry.line)
        for row in entry.rows:
            row.refuse(Refusal(None, "", f"line {at}, of the same {self._binding.type.name}, is refused"))
            if row.refusal is not None:
                self.chunk.tally.reject(row.raw, row.refusal)
