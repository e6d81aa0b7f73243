"""Bringing the entries of a batch to their outcomes: new ones are added, known ones left alone or changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from crmcore.application.importing.entries import Entry
from crmcore.application.importing.independence import independent, portion
from crmcore.application.importing.matching import Known, Match, Matcher, New, Several, Twin
from crmcore.application.importing.precedence import Precedence
from crmcore.application.importing.references import References
from crmcore.application.importing.report import Outcome, Refusal
from crmcore.application.importing.writing import Writer

LISTED: Final = 5


class Settling:
    """Settles entries. `outcomes` has those that are done, `waiting` those that a later pass comes back to; entries in
    neither were refused. `records` counts what was added."""

    def __init__(
        self, matcher: Matcher, references: References, precedence: Precedence, writer: Writer, updates: bool
    ) -> None:
        self._matcher = matcher
        self._references = references
        self._precedence = precedence
        self._writer = writer
        self._updates = updates
        self.outcomes: dict[Entry, Outcome] = {}
        self.waiting: set[Entry] = set()
        self.records = 0

    def settle(self, entries: Sequence[Entry]) -> None:
        """Bring these entries to their outcomes, in order."""
        left = list(entries)
        while left:
            matched = self._matcher.match(portion(self._matcher, left) if self._updates else left)
            if self._updates:
                matched = independent(self._matcher, matched)
            self._take(matched)
            left = left[len(matched) :]

    def _take(self, matched: Mapping[Entry, Match]) -> None:
        self._add([entry for entry, found in matched.items() if isinstance(found, New)])
        for entry, found in matched.items():
            if isinstance(found, Several):
                listed = ", ".join(map(str, found.ids[:LISTED])) + (" ..." if len(found.ids) > LISTED else "")
                entry.rows[0].refuse(Refusal(None, "", f"it may be any of several records: {listed}"))
            elif isinstance(found, Twin):
                self._follow(entry, found.entry)
            elif isinstance(found, Known):
                self._meet(entry, found)

    def _add(self, new: Sequence[Entry]) -> None:
        if self._references.own:
            new, waiting = self._precedence.settle(new)
            self.waiting.update(waiting)
        ready = [entry for entry in new if not entry.refused]
        self._writer.add(ready)
        if self._references.own:
            self._writer.add([entry for entry in self._precedence.orphans(ready) if not entry.refused])
        added = [entry for entry in ready if not entry.refused]
        self.outcomes.update(dict.fromkeys(added, "created"))
        self.records += len(added)

    def _follow(self, entry: Entry, first: Entry) -> None:
        """The fate of an entry that means the same as an earlier one: if that was refused, it has its own chance."""
        if first in self.waiting:
            self.waiting.add(entry)
        elif first.refused:
            self.settle([entry])
        else:
            self.outcomes[entry] = "unchanged"

    def _meet(self, entry: Entry, found: Known) -> None:
        if not self._updates:
            self.outcomes[entry] = "unchanged"
        elif self._precedence.must_wait(self._references.unresolved(entry)):
            self._precedence.wait(entry)
            self.waiting.add(entry)
        elif not entry.refused:
            changed = self._writer.update(entry, found.record)
            self.outcomes[entry] = "updated" if changed else "unchanged"
