"""The use cases about what belongs to a person: `work.subjects`."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from crmcore.application import journal, reading
from crmcore.application.session import Session
from crmcore.application.subjects import erasing, ledger_text, readmitting, replaying
from crmcore.application.subjects.belongings import family
from crmcore.application.subjects.export import SubjectExport
from crmcore.application.subjects.ledger_text import Ledger
from crmcore.application.subjects.replaying import Replayed
from crmcore.application.subjects.tally import Erased
from crmcore.domain.customer import Customer


class Subjects:
    """What belongs to persons, in one unit of work."""

    def __init__(self, unit: Session) -> None:
        self._unit = unit

    def export(self, customer: UUID) -> SubjectExport:
        """All about a customer and those who were merged into it, as far as the actor may see it, to be read while the
        unit of work is open; that it was taken out is logged. What retired plugins keep is not in it but named as
        withheld: `handing_out.handed_out` has that too. Raises `NotFound`, `PluginFailed` where a plugin fails."""
        return SubjectExport(self._unit, self.log_export(customer), self._unit.now())

    def log_export(self, customer: UUID) -> tuple[UUID, ...]:
        """Log that all about a customer is handed out, by whom and when: an entry with operation "read". The customer
        and those merged into it; `NotFound` where the actor may not see the customer."""
        unit, type = self._unit, self._unit.catalogue.of(Customer)
        record = reading.get(unit, type, customer)
        entry = journal.entry(
            at=unit.now(),
            actor=str(unit.actor),
            source=unit.source,
            work=unit.id,
            record=type.name,
            id=record.id,
            subject=record.id,
            version=record.version,
            operation="read",
            diff={"subject export": [None, True]},
            salt=unit.kernel.ids.salt(),
        )
        with unit.writing() as transaction:
            transaction.append([entry])
        return family(unit, record.id)

    def erase(self, customer: UUID, reason: str, *, dry: bool = False) -> Erased:
        """Erase all that is personal about a customer and those merged into it, but for what plugins hold, and enter it
        in the ledger; `dry` only tells what would go. Raises NotFound, Denied, InvalidValue for a reason that is empty,
        PluginFailed, InvalidRecord for what can neither be emptied nor go."""
        return erasing.erase(self._unit, customer, reason, dry=dry)

    def erasures(self) -> Ledger:
        """The erasure ledger with its key, to be kept outside of the database: `ledger_text.lines_of` writes it."""
        return ledger_text.current(self._unit)

    def replay(self, ledger: Ledger | None = None) -> Replayed:
        """Erase again whoever is erased in this ledger (None: that of this database), after an older backup was
        restored. Raises InvalidSetting where the ledger here has another key."""
        return replaying.replay(self._unit, ledger)

    def readmit(self, known: Mapping[str, str], reason: str) -> tuple[UUID, ...]:
        """Let somebody in again who was erased, known by these (`{"email": "leila@example.com"}`): the ids of the
        erasures that refused them. Raises NotFound where there is none, UnknownName, InvalidValue, Denied."""
        return readmitting.readmit(self._unit, known, reason)
