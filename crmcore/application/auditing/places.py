"""The places of the log in order: at each position stands one entry, and one link that follows from it."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from crmcore.application.auditing.finding import Wrong
from crmcore.domain.audit import FIRST, Anchor, entry_text, link_digest
from crmcore.domain.change import LogEntry
from crmcore.ports.auditing import Link


@attrs.define(eq=False)
class Places:
    """`last` is the position that was passed by last; `link` the link there: the one that is stored, or where that is
    missing the one that it would have to be, or None where nobody can say. `covered`: the last position with a link.
    `bare`: since which position links are missing. `held`: the last anchor that it agrees with."""

    wrong: Wrong
    anchors: Sequence[Anchor]
    last: int = 0
    link: str | None = FIRST
    covered: int = 0
    bare: int | None = None
    held: int = 0

    def __attrs_post_init__(self) -> None:
        self.anchors = sorted(self.anchors, key=lambda each: each.position)
        self._hold_to_anchors()

    def pass_by(self, position: int, entries: Sequence[LogEntry], link: Link | None) -> None:
        """The next position at which anything stands."""
        if position < 1:
            return self.wrong.tell(position, "something stands here, and positions begin at 1")
        if position > self.last + 1:
            self._gap(position - 1)
        if not entries:
            self.wrong.tell(position, "its entry is gone, its link is there")
        elif len(entries) > 1:
            numbers = ", ".join(str(entry.seq) for entry in entries[:5])
            self.wrong.tell(position, f"{len(entries)} entries stand here instead of one (seq {numbers})")
        made = link_digest(self.link, entry_text(entries[0])) if len(entries) == 1 and self.link is not None else None
        self._follow(position, made, link)
        self.last = position
        self._hold_to_anchors()

    def end(self, given: int) -> None:
        """The end of the log; `given` is the last position that the pump gave."""
        if self.bare is not None:
            rest = "a worker makes those of an older release's log (`crm worker --once`); any others were cut off"
            self.wrong.tell(self.bare, f"from here on to {self.last} no entry has a link: {rest}")
        if given > self.last:
            self.wrong.tell(self.last + 1, f"the log ends before this, and {given} positions were given: it was cut")
        elif given < self.last:
            self.wrong.tell(given + 1, f"positions go on here up to {self.last}, but only {given} were given")
        if self.anchors and self.anchors[-1].position > self.last:
            self._cut_before(self.anchors[-1])

    def _cut_before(self, anchor: Anchor) -> None:
        at = anchor.at.isoformat(timespec="seconds")
        what = f"the log ends before this, and the anchor of {at} proves {anchor.entries} entries: it was cut"
        self.wrong.tell(self.last + 1, what)

    def _gap(self, before: int) -> None:
        first = self.last + 1
        named = "this entry is" if first == before else f"the entries from here on to {before} are"
        self.wrong.tell(first, f"{named} gone, and the links too")
        self.link = None

    def _follow(self, position: int, made: str | None, link: Link | None) -> None:
        if link is None:
            self.bare = position if self.bare is None else self.bare
            self.link = made
            return
        if self.bare is not None:
            self.wrong.tell(self.bare, f"from here on to {position - 1} the links are gone")
            self.bare = None
        if made is not None and made != link.digest:
            what = "its link does not follow from the entry and the link before: one of the three was changed"
            self.wrong.tell(position, what)
        self.link, self.covered = link.digest, position

    def _hold_to_anchors(self) -> None:
        for anchor in self.anchors:
            if anchor.position != self.last or self.link is None:
                continue
            if self.link == anchor.digest:
                self.held = self.last
            else:
                self._differs(anchor)

    def _differs(self, anchor: Anchor) -> None:
        at = anchor.at.isoformat(timespec="seconds")
        since = f"behind {self.held}, up to here" if self.held else "here or before"
        what = f"the link is not that of the anchor of {at}: the history was written anew, {since}"
        self.wrong.tell(self.last, f"{what}, unless it is the anchor of another database")
