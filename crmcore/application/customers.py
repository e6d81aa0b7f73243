"""What holds for customers beside their declaration: nobody but crmcore merges or erases them, and who was erased does
not come back in silence."""

from __future__ import annotations

from typing import Any, Final

from crmcore.application.rules import Pairs
from crmcore.application.session import Session
from crmcore.domain.customer import Customer
from crmcore.domain.errors import InvalidRecord

SYSTEM: Final = ("merged_into", "erased_at")
LEDGER: Final = "erasure.key"
"""The setting that stands once anybody was erased in this database: the key of the ledger's digests."""


class CustomerRule:
    """Implements `rules.Rule`."""

    def prepare(self, unit: Session, pairs: Pairs) -> list[Any]:
        """The customers as they are to be stored. `InvalidRecord`, `ErasedPerson`."""
        for before, after in pairs:
            if after.merged_into is not None or after.erased_at is not None:
                _refuse(before, after)
        if unit.transaction.setting(LEDGER) is not None:
            from crmcore.application.subjects.ledger import check_new

            check_new(unit, pairs)
        return [after for _, after in pairs]

    def follow(self, unit: Session, pairs: Pairs) -> None:
        """Nothing follows."""


def _refuse(before: Customer | None, after: Customer) -> None:
    """Raise why a customer cannot be written who was erased or merged, or is given as if."""
    if before is None:
        given = [name for name in SYSTEM if getattr(after, name) is not None]
        raise InvalidRecord("customer", dict.fromkeys(given, "is set by crmcore alone"))
    if after.erased_at is not None:
        problem = f"the data of this person was erased on {after.erased_at.date()}, and is not written again"
        raise InvalidRecord("customer", {"erased_at": problem})
    raise InvalidRecord("customer", {"merged_into": f"it is a part of {after.merged_into}: change that one"})


RULE: Final = CustomerRule()
