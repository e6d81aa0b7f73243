"""What customers had from others while they were one by mistake: it stands in their log, and is not theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import attrs

from crmcore.application.session import Session
from crmcore.domain.binder import declared
from crmcore.domain.bound import BoundQuery, Test, every
from crmcore.domain.change import LogEntry
from crmcore.domain.merging.merge import Merge
from crmcore.domain.privacy.belonging import PERSON

MERGE: Final = "merge"


@attrs.define(eq=False)
class Undone:
    """Merges that were taken back: by survivor, the versions that they made. To be asked about the entries of the log
    in their order."""

    versions: Mapping[UUID, frozenset[int]]
    _lent: dict[UUID, list[set[str]]] = attrs.field(factory=dict)

    @classmethod
    def of(cls, unit: Session, persons: Sequence[UUID]) -> Undone:
        """Those in which any of these persons survived."""
        type = unit.catalogue.of(Merge)
        survived = Test(declared(type, "survivor"), "in", tuple(persons))
        where = every(survived, Test(declared(type, "status"), "=", ("undone",)))
        found: dict[UUID, set[int]] = {}
        for each in unit.transaction.select(BoundQuery(type=type, where=where)):
            merge = each.record
            if isinstance(merge, Merge) and merge.survivor is not None:
                found.setdefault(merge.survivor, set()).add((merge.versions or {}).get(str(merge.survivor), 0))
        return cls({id: frozenset(versions) for id, versions in found.items()})

    def own(self, entry: LogEntry) -> Mapping[str, list[Any]]:
        """The values of an entry without those that came from others: none of what such a merge and its undoing wrote,
        and in between none of the same fields. From where values came is told of merges, not of their history."""
        values = entry.values()
        if entry.record == MERGE:
            return {name: pair for name, pair in values.items() if name != "origins"}
        if entry.record != PERSON or entry.id not in self.versions:
            return values
        lent = self._lent.setdefault(entry.id, [])
        if entry.operation == "merge" and entry.version in self.versions[entry.id]:
            lent.append(set(values))
            return {}
        if entry.operation == "unmerge" and lent and "merged_into" not in values:
            lent.pop()
            return {}
        return {name: pair for name, pair in values.items() if not any(name in names for names in lent)}
