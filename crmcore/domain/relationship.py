"""Relationships between customers: household, employer, ownership, partnership, referral."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Final
from uuid import UUID

from crmcore.domain import field
from crmcore.domain.record import Hierarchy, Record, record

INVERSES: Final = {
    "spouse_of": "spouse_of",
    "sibling_of": "sibling_of",
    "partner_of": "partner_of",
    "competitor_of": "competitor_of",
    "household_with": "household_with",
    "parent_of": "child_of",
    "employs": "employed_by",
    "owns": "owned_by",
    "head_of_household": "household_member_of",
    "referred": "referred_by",
    "influences": "influenced_by",
    "advises": "advised_by",
    "has_member": "member_of",
    "represents": "represented_by",
}
"""Each kind as it is stored, with its name seen from the other side; a symmetric kind is its own inverse."""

HIERARCHIES: Final = frozenset({"owns", "parent_of", "has_member"})
"""Kinds in which nobody may stand above themselves on any day."""


def refuse_self(relationship: Relationship) -> Mapping[str, str]:
    """A relationship joins two different customers, and ends after it starts."""
    problems = {}
    if relationship.from_customer == relationship.to_customer:
        problems["to_customer"] = "a customer has no relationship with itself"
    start, end = relationship.from_date, relationship.to_date
    if start is not None and end is not None and end <= start:
        problems["to_date"] = f"{end} is not after from_date {start}"
    if relationship.share is not None and not 0 < relationship.share <= 1:
        problems["share"] = f"{relationship.share} is no share: from 0 (excluded) to 1"
    return problems


@record(
    "relationship",
    label={"en": "Relationship", "fa": "رابطه", "ar": "علاقة"},
    title=("kind",),
    subject="from_customer",
    validators=(refuse_self,),
    hierarchy=Hierarchy(
        above="from_customer",
        below="to_customer",
        kind="kind",
        kinds=HIERARCHIES,
        from_date="from_date",
        to_date="to_date",
    ),
)
class Relationship(Record):
    """`from_customer` stands in `kind` to `to_customer` from its first day up to but not including its last.

    `share` is the part owned, from 0 to 1. Symmetric kinds are stored once; an ended one gets `to_date`.
    """

    from_customer: UUID = field.reference("customer", index=True)
    to_customer: UUID = field.reference("customer", index=True)
    kind: str = field.choice(*INVERSES)
    from_date: dt.date | None = field.date(default=None)
    to_date: dt.date | None = field.date(default=None)
    share: Decimal | None = field.decimal(scale=6, default=None)
