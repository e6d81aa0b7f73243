"""Taking one batch in: what each entry means, what becomes of it, and how that counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from crmcore.application.importing.binding import Binding
from crmcore.application.importing.entries import Entry, identity_of
from crmcore.application.importing.matching import Matcher
from crmcore.application.importing.plan import ImportPlan
from crmcore.application.importing.precedence import Precedence, Stage
from crmcore.application.importing.references import References
from crmcore.application.importing.report import Outcome, Refusal, Tally
from crmcore.application.importing.settling import Settling
from crmcore.application.importing.writing import Writer

if TYPE_CHECKING:
    from crmcore.application.unit import UnitOfWork


class Taking:
    """Takes batches in, one after the other; each is matched against what those before it have left.

    Of records that several rows make, an entry for each is remembered (some 100 bytes): rows that stand apart from the
    others add their lines to the record, and share their fate. Making it raises `ImportRefused` for defaults of the map
    that refer to nobody.
    """

    def __init__(self, unit: UnitOfWork, plan: ImportPlan, binding: Binding, tally: Tally) -> None:
        self._unit = unit
        self._plan = plan
        self._binding = binding
        self._tally = tally
        self._references = References(unit, binding, plan.origin)
        self._references.settle_defaults()
        self._matcher = Matcher(unit, binding, plan, unit.now())
        self._precedence = Precedence(binding.type, self._references, plan.origin)
        self._writer = Writer(unit, binding, plan.origin)
        self._seen: dict[int, Outcome | None] = {}

    def begin(self, stage: Stage) -> None:
        """A new pass through the file, or through what waits of it."""
        self._precedence.begin(stage)

    def take(self, batch: Sequence[Entry]) -> set[int]:
        """Take a batch, and count its rows; the lines of those that wait for records further down in the file."""
        self._references.resolve(entry for entry in batch if not entry.refused)
        apart = {entry for entry in batch if self._identity(entry) in self._seen}
        updates = self._plan.on_duplicate == "update"
        settling = Settling(self._matcher, self._references, self._precedence, self._writer, updates)
        settling.settle([entry for entry in batch if entry not in apart and not entry.refused])
        outcomes = settling.outcomes
        for entry in apart:
            self._add_lines(entry, outcomes)
        self._tally.records += settling.records
        lines: set[int] = set()
        for entry in batch:
            if entry in settling.waiting:
                lines.update(row.raw.line for row in entry.rows)
            else:
                self._count(entry, outcomes.get(entry))
        return lines

    def _add_lines(self, entry: Entry, outcomes: dict[Entry, Outcome]) -> None:
        """Rows apart from others of the same record, which this import has taken already."""
        identity = self._identity(entry)
        before = self._seen.get(identity) if identity is not None else None
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

    def _identity(self, entry: Entry) -> int | None:
        found = identity_of(self._binding, self._plan.origin, entry.values)
        return None if found is None else hash(found)

    def _count(self, entry: Entry, outcome: Outcome | None) -> None:
        refused = entry.refused is not None or outcome is None
        identity = self._identity(entry)
        if identity is not None and identity not in self._seen:
            self._seen[identity] = None if refused else outcome
        if not refused and outcome is not None:
            return self._tally.count(outcome, len(entry.rows))
        at = next((row.raw.line for row in entry.rows if row.refusal is not None), entry.line)
        for row in entry.rows:
            row.refuse(Refusal(None, "", f"line {at}, of the same {self._binding.type.name}, is refused"))
            if row.refusal is not None:
                self._tally.reject(row.raw, row.refusal)
