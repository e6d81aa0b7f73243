"""What becomes of a merge, told: before it is done, when it is done, and when it was taken back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import attrs

from crmcore.domain.customer import Customer
from crmcore.domain.errors import MergeRefused
from crmcore.domain.merging.merge import Merge

LISTED = 1_000
"""How many records an answer lists at most."""


@attrs.frozen(order=True)
class Stay:
    """A record that goes on to refer to `customer`, a merged one, in `field`: it cannot follow, for a reason."""

    record: str
    id: UUID
    field: str
    customer: UUID
    reason: str

    def plain(self) -> dict[str, Any]:
        """The same as plain values."""
        ids = {"id": str(self.id), "customer": str(self.customer)}
        return {"record": self.record, "id": ids["id"], "field": self.field, "customer": ids["customer"]} | {
            "reason": self.reason
        }


@attrs.frozen
class Surviving:
    """A field of the survivor: its value `before`, the one `after`, the record `source` from which that comes, and the
    rule that chose it. Values are plain; parts stand as lists of them."""

    field: str
    before: Any
    after: Any
    source: UUID | None
    rule: str


@attrs.frozen
class Preview:
    """What a merge would do. `reasons`: everything for which it would be refused. `moves`: by record type, how many
    references would follow. Hidden fields and records are not in it."""

    survivor: UUID
    others: tuple[UUID, ...]
    fields: tuple[Surviving, ...]
    moves: Mapping[str, int]
    stays: tuple[Stay, ...]
    reasons: tuple[str, ...]


@attrs.frozen
class Merged:
    """A merge that was done. `repointed`: by record type, how many references follow."""

    merge: Merge
    survivor: Customer
    repointed: Mapping[str, int]
    stays: tuple[Stay, ...]


@attrs.frozen(order=True)
class Blocker:
    """What stands in the way of taking a merge back exactly: `at` and `by` tell of the edit, where it is one."""

    record: str
    id: UUID
    field: str
    why: str
    at: dt.datetime | None = None
    by: str | None = None

    def plain(self) -> dict[str, Any]:
        """The same as plain values."""
        at = None if self.at is None else self.at.isoformat()
        place = {"record": self.record, "id": str(self.id), "field": self.field}
        return {**place, "why": self.why, "at": at, "by": self.by}


@attrs.frozen(order=True)
class Review:
    """A record that somebody should look at after a merge was taken back, and why."""

    record: str
    id: UUID
    field: str
    why: str

    def plain(self) -> dict[str, Any]:
        """The same as plain values."""
        return {"record": self.record, "id": str(self.id), "field": self.field, "why": self.why}


@attrs.frozen
class Unmerged:
    """A merge that was taken back. `customers`: the survivor, then the others, as they are again. `given_back`: by
    record type, how many references point where they did. `assigned`: by record type, how many records made since went
    to the one to whom their evidence points. `review`: what somebody should look at, of `to_review` in all; at most
    1,000 are listed. `again`: the merge of those who were to stay together."""

    merge: Merge
    customers: tuple[Customer, ...]
    given_back: Mapping[str, int]
    assigned: Mapping[str, int]
    review: tuple[Review, ...]
    to_review: int
    again: Merged | None = None


def refused(reasons: Sequence[str]) -> MergeRefused:
    """The error that names every reason."""
    return MergeRefused("these cannot be merged: " + "; ".join(reasons), reasons=list(reasons))
