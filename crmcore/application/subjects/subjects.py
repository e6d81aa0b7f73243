"""The use cases about what belongs to a person: `work.subjects`."""

from __future__ import annotations

from uuid import UUID

from crmcore.application import journal, reading
from crmcore.application.session import Session
from crmcore.application.subjects.belongings import family
from crmcore.application.subjects.export import SubjectExport
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
