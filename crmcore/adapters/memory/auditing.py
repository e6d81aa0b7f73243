"""The chain over the log and what erasing may do to the log, in memory."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import partial
from operator import attrgetter
from typing import Any
from uuid import UUID

import attrs

from crmcore.adapters.memory.change_log import ChangeLog
from crmcore.adapters.memory.consuming import Ledgers
from crmcore.domain.audit import entry_text
from crmcore.domain.change import LogEntry
from crmcore.ports.auditing import Link


class MemoryAuditing:
    """Implements `ports.auditing.Auditing`."""

    def __init__(self, chain: list[Link], log: ChangeLog, ledgers: Ledgers, undo: list[Any]) -> None:
        self._chain = chain
        self._log = log
        self._ledgers = ledgers
        self._undo = undo

    def last_link(self, *, hold: bool = False) -> Link | None:
        """The newest link; nobody else writes meanwhile, held or not."""
        return self._chain[-1] if self._chain else None

    def chain(self, links: Sequence[Link]) -> None:
        """Add links."""
        self._undo.append(partial(self._cut, len(self._chain)))
        self._chain.extend(links)

    def _cut(self, length: int) -> None:
        del self._chain[length:]

    def links(self, after: int, limit: int) -> list[Link]:
        """Links above a position, in order."""
        first = bisect_right(self._chain, after, key=attrgetter("position"))
        return self._chain[first : first + max(limit, 0)]

    def texts(self, after: int, limit: int) -> list[tuple[int, str]]:
        """Numbered entries as the chain has them."""
        return [(entry.position or 0, entry_text(entry)) for entry in self._log.feed(after, limit)]

    def unnumbered(self, after: int, limit: int) -> list[LogEntry]:
        """Entries without a position."""
        return self._log.unnumbered(after, limit)

    def of_subjects(self, subjects: Sequence[UUID], after: int, limit: int) -> list[LogEntry]:
        """Entries about any of these persons."""
        return self._log.of_subjects(frozenset(subjects), after, limit)

    def removals(self, records: Sequence[str], naming: Sequence[UUID], after: int, limit: int) -> list[LogEntry]:
        """Entries that removed records of these types and name any of these ids."""
        return self._log.removals(frozenset(records), [str(id) for id in naming], after, limit)

    def rewrite(self, changes: Sequence[tuple[int, str]]) -> None:
        """Give entries another text of `changes`."""
        for seq, text in changes:
            if (before := self._log.rewrite(seq, text)) is not None:
                self._undo.append(partial(self._log.rewrite, seq, before))

    def blank_errors(self, records: Sequence[tuple[str, UUID]]) -> int:
        """Empty what went wrong with entries of these records."""
        backlog, wanted = self._ledgers.backlog, frozenset(records)
        met = [k for k, row in backlog.items() if (row.record, row.id) in wanted and (row.error or row.traceback)]
        for key in met:
            self._undo.append(partial(backlog.__setitem__, key, backlog[key]))
            backlog[key] = attrs.evolve(backlog[key], error="", traceback="")
        return len(met)
