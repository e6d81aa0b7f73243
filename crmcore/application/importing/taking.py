"""Taking one batch in: what each entry means, what becomes of it, and how that counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from crmcore.application.importing.binding import Binding
from crmcore.application.importing.entries import Entry, identity_of
from crmcore.application.importing.matching import Known, Match, Matcher, New, Several, Twin
from crmcore.application.importing.plan import ImportPlan
from crmcore.application.importing.precedence import Precedence, Stage
from crmcore.application.importing.references import References
from crmcore.application.importing.report import Outcome, Refusal, Tally
from crmcore.application.importing.writing import Writer

if TYPE_CHECKING:
    from crmcore.application.unit import UnitOfWork

LISTED: Final = 5
Outcomes = dict[Entry, Outcome]
"""What came of entries; those that were refused, or that wait, are not in it."""


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
        apart = [entry for entry in batch if self._identity(entry) in self._seen]
        outcomes: Outcomes = {}
        for entry in apart:
            self._add_lines(entry, outcomes)
        fresh = [entry for entry in batch if self._identity(entry) not in self._seen and not entry.refused]
        waiting = self._settle(fresh, outcomes)
        lines: set[int] = set()
        for entry in batch:
            if entry in waiting:
                lines.update(row.raw.line for row in entry.rows)
            else:
                self._count(entry, outcomes.get(entry))
        return lines

    def _settle(self, entries: Sequence[Entry], outcomes: Outcomes) -> set[Entry]:
        """Bring entries to their outcomes, or find that they must wait."""
        matched = self._matcher.match(entries)
        new = [entry for entry, found in matched.items() if isinstance(found, New)]
        waiting = self._add(new, outcomes)
        current: dict[Any, Any] = {}
        for entry, found in matched.items():
            if isinstance(found, Twin) and found.entry.refused:
                waiting |= self._settle([entry], outcomes)
            elif not isinstance(found, New) and not self._meet(entry, found, waiting, current, outcomes):
                waiting.add(entry)
        return waiting

    def _add(self, new: Sequence[Entry], outcomes: Outcomes) -> set[Entry]:
        for entry in new:
            entry.id = entry.values.get("id") or self._unit.kernel.ids.new()
        waiting: Iterable[Entry] = ()
        if self._references.own:
            new, waiting = self._precedence.settle(new)
        ready = [entry for entry in new if not entry.refused]
        self._writer.add(ready)
        added = [entry for entry in ready if not entry.refused]
        outcomes.update(dict.fromkeys(added, "created"))
        self._tally.records += len(added)
        return set(waiting)

    def _meet(
        self,
        entry: Entry,
        found: Match,
        waiting: set[Entry],
        current: dict[Any, Any],
        outcomes: Outcomes,
    ) -> bool:
        """Whether an entry whose record is there, or is on its way, could be settled; else it waits."""
        if isinstance(found, Several):
            listed = ", ".join(str(id) for id in found.ids[:LISTED]) + (" ..." if len(found.ids) > LISTED else "")
            entry.rows[0].refuse(Refusal(None, "", f"it may be any of several records: {listed}"))
            return True
        if isinstance(found, Twin) and found.entry in waiting:
            return False
        if self._plan.on_duplicate == "skip":
            outcomes[entry] = "unchanged"
            return True
        return self._update(entry, self._record(found, current), current, outcomes)

    def _update(self, entry: Entry, record: Any, current: dict[Any, Any], outcomes: Outcomes) -> bool:
        if self._precedence.must_wait(self._references.unresolved(entry)):
            self._precedence.wait(entry)
            return False
        if not entry.refused:
            after = current[record.id] = self._writer.update(entry, record)
            outcomes[entry] = "unchanged" if after is record else "updated"
        return True

    def _record(self, found: Match, current: dict[Any, Any]) -> Any:
        """The record as the entries before this one have left it."""
        if isinstance(found, Known):
            return current.get(found.record.id, found.record)
        id = found.entry.id if isinstance(found, Twin) else None
        return current.get(id) or (self._matcher.record(id) if id else None)

    def _add_lines(self, entry: Entry, outcomes: Outcomes) -> None:
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
