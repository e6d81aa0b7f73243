"""By what persons were known at any time, as the log tells before it is emptied: the ledger knows them by that too."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import attrs

from crmcore.application import journal
from crmcore.application.session import Session
from crmcore.application.subjects.ledger import Known, known_by
from crmcore.application.subjects.undone import Undone
from crmcore.domain.change import LogEntry
from crmcore.domain.customer import ContactPoint, Customer
from crmcore.domain.privacy.belonging import PERSON

TELLING: Final = ("name", "birth_date", "source", "external_id")
POINTS: Final = "contact_points"


@attrs.define(eq=False)
class KnownBefore:
    """Reads the entries about persons in their order. What a merge that was taken back had lent them is not theirs."""

    unit: Session
    undone: Undone
    found: set[Known] = attrs.field(factory=set)
    _state: dict[UUID, dict[str, Any]] = attrs.field(factory=dict)

    def look(self, entry: LogEntry) -> None:
        """An entry about them: of customers it tells by what they are known from then on."""
        if entry.record != PERSON or entry.operation == "erase":
            return
        told = {name: pair[1] for name, pair in self.undone.own(entry).items() if name in (*TELLING, POINTS)}
        if told:
            state = self._state.setdefault(entry.id, {})
            state.update(told)
            self.found |= known_by(self.unit, self._customer(state))

    def _customer(self, state: dict[str, Any]) -> Customer:
        """As much of the customer as somebody is known by."""
        type = self.unit.catalogue.of(Customer)
        values = {f.name: journal.typed(f, state.get(f.name)) for f in type.fields if f.name in TELLING}
        part = next(part for part in type.parts if part.attribute == POINTS)
        held = (journal.typed_part(part, each) for each in state.get(POINTS) or ())
        return Customer(**values, contact_points=tuple(each for each in held if isinstance(each, ContactPoint)))
