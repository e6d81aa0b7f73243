"""What plugins hold back from an erasure, and for how long: they are asked again until they let go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import attrs

from crmcore.application.hooks.erasing import HOOK, Held, holds
from crmcore.application.session import Session
from crmcore.application.subjects.belongings import belongings
from crmcore.domain.customer import Customer


@attrs.frozen(eq=False)
class Holds:
    """What is held, each by a plugin and for a reason."""

    held: tuple[Held, ...] = ()

    @property
    def everything(self) -> bool:
        """Whether nothing may be erased."""
        return any(not each.record for each in self.held)

    def of(self, record: str, id: UUID) -> frozenset[str]:
        """The plugins that hold a record; empty if it is free."""
        return frozenset(h.plugin for h in self.held if h.record in ("", record) and h.id in (None, id))

    def plain(self) -> list[dict[str, Any]]:
        """What the ledger keeps of them."""
        return [
            {"plugin": h.plugin, "reason": h.reason, "record": h.record or None, "id": str(h.id) if h.id else None}
            for h in self.held
        ]


def asked(unit: Session, customer: Customer, persons: Sequence[UUID]) -> Holds:
    """What plugins hold of a person whose head is `customer`, with every facet; PluginFailed for one that fails."""
    if not unit.kernel.hooks.of(HOOK, "customer"):
        return Holds()
    records = frozenset(type.name for type, _ in belongings(unit, persons, whole=True))
    return Holds(tuple(holds(unit, customer, records)))
