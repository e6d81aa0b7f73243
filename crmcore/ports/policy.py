"""Who may read and write what. The one read path and the one write path of the core ask this port."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from crmcore.domain.binder import ALL, ReadRule
from crmcore.domain.change import Actor, Change
from crmcore.domain.record import RecordType


class Policy(Protocol):
    """Rules of reading are a predicate and hidden fields, so that a database can apply them to a whole query."""

    def read(self, actor: Actor, record: RecordType) -> ReadRule:
        """What the actor may read of this record type. Asked once per type and unit of work."""

    def write(self, actor: Actor, changes: Sequence[Change]) -> None:
        """Raise `Denied` if the actor may not make any of these changes; they come in batches."""


class AllowAll:
    """The default: the host has decided already who may call at all."""

    def read(self, actor: Actor, record: RecordType) -> ReadRule:
        """Everything."""
        return ALL

    def write(self, actor: Actor, changes: Sequence[Change]) -> None:
        """Anything."""
