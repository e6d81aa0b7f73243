"""The audit of one Crm: an anchor to be kept elsewhere, and the log held against it."""

from __future__ import annotations

import math

import attrs

from crmcore.application.auditing.finding import Finding
from crmcore.application.auditing.verifying import Progress, verify
from crmcore.application.observing.workers import Workers
from crmcore.domain.audit import FIRST, Anchor
from crmcore.ports.auditing import Link
from crmcore.ports.storage import Transaction


@attrs.frozen(eq=False)
class Audit:
    """What proves that nobody touched the history."""

    workers: Workers

    def anchor(self) -> Anchor:
        """Number and chain what is committed, and give the last link: keep it where nobody can write who can write to
        the database. Raises StorageBusy where another writer is in the way."""
        self.workers.pump(math.inf, with_jobs=False, numbers_only=True)
        transaction = self.workers.storage().begin(snapshot=True)
        try:
            last = _last(transaction)
        finally:
            transaction.rollback()
        return Anchor(last.position, last.digest, self.workers.kernel().clock.now())

    def verify(self, *anchors: Anchor, progress: Progress | None = None) -> Finding:
        """Hold the whole log against its chain, and the chain against anchors: every entry that was changed, removed,
        added or moved is found, and those that erasures emptied are told apart. What was done to entries behind the
        last anchor by somebody who made all links behind it anew is not found, nor anything without an anchor by
        somebody who made all links anew. Nothing is written. `progress` is told how many entries more were read."""
        return verify(self.workers.storage(), anchors, progress or (lambda read: None))

    def length(self) -> int:
        """How many entries have a position: about what a verification reads."""
        transaction = self.workers.storage().begin(snapshot=True)
        try:
            return transaction.consuming.last_position()
        finally:
            transaction.rollback()


def _last(transaction: Transaction) -> Link:
    return transaction.auditing.last_link() or Link(0, FIRST)
