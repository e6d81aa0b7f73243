"""The change log of an erased person: the values go, that something happened stays, and each rewriting is proven.

An entry keeps its `digest`, which is over the values that went; its salt goes with them, so that nobody can try values
out against it. Entries of the erasure (operation "erase", of the person) name every entry that was rewritten with the
SHA-256 of its new text, and the chain over the log holds those.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import attrs

from crmcore.application import journal
from crmcore.application.session import Session
from crmcore.application.subjects.holding import Holds
from crmcore.application.subjects.known_before import KnownBefore
from crmcore.application.subjects.lending import Owners, lent
from crmcore.application.subjects.removed_unnamed import removals, went_as_theirs
from crmcore.application.subjects.tally import Tally
from crmcore.application.subjects.undone import Undone
from crmcore.domain.change import MOVES, LogEntry
from crmcore.domain.privacy.belonging import PERSON
from crmcore.domain.privacy.wiped_log import UNTOUCHED, without_facets, without_mentions, without_personal
from crmcore.domain.privacy.wiping import has_personal, is_person
from crmcore.domain.record import Record, RecordType

PAGE: Final = 1_000
"""Entries in one statement, and rewritten entries that one proof names at most."""
BEFORE: Final = 5_000
"""Rows of logs that were removed with a record are looked for among so many entries before its own."""
PER_VERSION: Final = frozenset(("add", "change", "merge", "unmerge"))
PROOF: Final = "rows"


@attrs.define(eq=False)
class ErasedLog:
    """Takes the personal values out of the log of certain persons."""

    unit: Session
    persons: tuple[UUID, ...]
    holds: Holds
    tally: Tally
    told: Counter[UUID] = attrs.field(factory=Counter)
    """By record, how many of its versions the log tells as about these persons."""
    proofs: dict[int, str] = attrs.field(factory=dict)
    known: KnownBefore = attrs.field(init=False)
    """By what they were known at any time."""
    _owners: Owners = attrs.field(init=False)
    _left_family: bool = False
    _texts: dict[int, str] = attrs.field(factory=dict)

    def __attrs_post_init__(self) -> None:
        self.known = KnownBefore(self.unit, Undone.of(self.unit, self.persons))
        self._owners = Owners(self.unit, self.persons)

    def run(self) -> None:
        """Every entry that is about the persons, also of records that are not there any more."""
        after = 0
        while page := self.unit.transaction.auditing.of_subjects(self.persons, after, PAGE):
            self._page(page)
            self.flush()
            after = page[-1].seq
        for entry, left in lent(self.unit, self.persons) if self._left_family else ():
            self._rewrite(entry, entry.values(), left)
        for way, removal in removals(self.unit, self.persons):
            if went_as_theirs(way, removal, self.persons):
                self._whole(way.type.name, removal.id)
            else:
                self._mentioning(way.type, removal.id)

    def _page(self, page: Sequence[LogEntry]) -> None:
        strange = self._owners.strange(page) if self.known.undone.versions else ()
        for entry in page:
            if (entry.record, entry.id) in strange:
                continue
            self.told[entry.id] += entry.operation in PER_VERSION
            self.known.look(entry)
            self._left_family = self._left_family or self._joins(entry)
            self._empty(entry)
            if entry.operation == "remove":
                self._whole(entry.record, entry.id)
                self._removed_with(entry)
        for name, id in self._owners.gone(page) if self._left_family else ():
            self._whole(name, id)

    def _joins(self, entry: LogEntry) -> bool:
        """Whether one of them became a part of somebody: perhaps of one who is not one of them any more."""
        return entry.operation == "merge" and entry.record == PERSON and "merged_into" in entry.values()

    def _whole(self, name: str, id: UUID) -> None:
        """All of a record that is gone, also from before it was theirs."""
        for entry in self.unit.transaction.history(name, id):
            self._empty(entry)

    def of_record(self, type: RecordType, record: Record) -> None:
        """The entries of a record of theirs that do not say whose it is, or that are from when it was another's."""
        if type.options.append_only or is_person(type):
            return
        if self.told[record.id] >= record.version and not self._left_family:
            return
        for entry in self.unit.transaction.history(type.name, record.id):
            self._empty(entry)

    def of_another(self, type: RecordType, record: Record) -> None:
        """The entries of a record that is not theirs: what it says of them goes."""
        self._mentioning(type, record.id)

    def _mentioning(self, type: RecordType, id: UUID) -> None:
        for entry in self.unit.transaction.history(type.name, id):
            values = entry.values()
            if values and entry.operation not in UNTOUCHED:
                self._rewrite(entry, values, without_mentions(type, values, self.persons))

    def _empty(self, entry: LogEntry) -> None:
        values = entry.values()
        if not values or entry.operation in UNTOUCHED:
            return
        type = self.unit.catalogue.records.get(entry.record)
        if type is not None and type.options.system and not has_personal(type, ()):
            return  # what crmcore itself remembers of merges and erasures
        facets = self.unit.catalogue.facets.get(entry.record, ())
        if holders := self.holds.of(entry.record, entry.id):
            free = [facet for facet in facets if facet.name not in holders]
            self._rewrite(entry, values, without_facets(free, values))
        else:
            self._rewrite(entry, values, without_personal(type, facets, values))

    def _rewrite(self, entry: LogEntry, values: Mapping[str, Any], left: Mapping[str, Any]) -> None:
        if left == values or entry.seq in self._texts:
            return
        moved = entry.moves()  # no value of anybody's: it proves what else the merge did
        self._texts[entry.seq] = journal.changes_text({**left, MOVES: moved} if moved else left)
        if len(self._texts) >= PAGE:
            self.flush()

    def _removed_with(self, entry: LogEntry) -> None:
        """Rows of logs that went with a record of theirs say of which record they were, not of whom."""
        logs = {name: f for name, type in self.unit.catalogue.records.items() if (f := type.followed) is not None}
        if entry.record not in {field.target for field in logs.values()}:
            return
        gone = {str(entry.id)}
        for each in self.unit.transaction.entries(entry.work, max(0, entry.seq - BEFORE), entry.seq, BEFORE):
            if each.operation != "remove" or each.record not in logs:
                continue
            if each.values().get(logs[each.record].name, [None])[0] in gone:
                gone.add(str(each.id))
                self._empty(each)

    def flush(self) -> None:
        """Write what was rewritten, and remember the proof of it."""
        if not self._texts:
            return
        with self.unit.writing() as transaction:
            transaction.auditing.rewrite(tuple(self._texts.items()))
        self.proofs.update((seq, hashlib.sha256(text.encode()).hexdigest()) for seq, text in self._texts.items())
        self.tally.log += len(self._texts)
        self._texts.clear()

    def prove(self, person: UUID, version: int) -> None:
        """Log which entries were rewritten to what, under the person's id."""
        self.flush()
        proofs = sorted(self.proofs.items())
        pages = [dict(proofs[at : at + PAGE]) for at in range(0, len(proofs), PAGE)]
        with self.unit.writing() as transaction:
            transaction.append([self._proof(person, version, page) for page in pages])

    def _proof(self, person: UUID, version: int, page: Mapping[int, str]) -> LogEntry:
        rows = {str(seq): digest for seq, digest in page.items()}
        return journal.entry(
            at=self.unit.now(),
            actor=str(self.unit.actor),
            source=self.unit.source,
            work=self.unit.id,
            record=PERSON,
            id=person,
            subject=person,
            version=version,
            operation="erase",
            diff={PROOF: [None, rows]},
            salt=self.unit.kernel.ids.salt(),
        )
