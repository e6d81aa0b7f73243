"""Customers who are known already: by their keys, under the actor's read rule."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from typing import Final
from uuid import UUID

from crmcore.application import reading
from crmcore.application.repository import repository
from crmcore.application.session import Session
from crmcore.domain.customer import Customer
from crmcore.domain.errors import AmbiguousMatch, IllegalTransition
from crmcore.domain.fold import fold
from crmcore.domain.leads.lead import Lead
from crmcore.domain.matching import search_key
from crmcore.domain.predicate import equals

MOST_LINES: Final = 1_000
BUCKETS: Final = 2
"""How many digits of a digest name the lock under which a key is held."""


def today(unit: Session) -> dt.date:
    """The day, in the zone of this CRM."""
    return unit.now().astimezone(unit.kernel.zone).date()


def hold(unit: Session, purpose: str, key: str) -> None:
    """One after the other, those who look for what this key names and make it where there is none: two that come at
    once would each find nothing, and make it twice. Held until the unit of work ends."""
    bucket = hashlib.sha256(key.encode()).hexdigest()[:BUCKETS]
    with unit.writing() as transaction:
        transaction.put_setting(f"lead.{purpose}.{bucket}", str(unit.id))


def by_keys(unit: Session, keys: Iterable[tuple[str, str]]) -> list[Customer]:
    """The customers with any of these (kind, key), oldest first, as far as the actor sees them and the key in them."""
    type = unit.catalogue.of(Customer)
    wanted = {(kind, key) for kind, key in keys if key}
    rows = unit.transaction.keyed(type.name, sorted(wanted)) if wanted else []
    keys_of = unit.kernel.plan(type).keys
    found = reading.several(unit, type, sorted({row.id for row in rows}), shown=False)
    return [each for each in found if not wanted.isdisjoint(keys_of(each))]


def organisations(unit: Session, name: str) -> list[Customer]:
    """The organisations whose name has the same fold, archived ones left out, oldest first."""
    found = by_keys(unit, [("name", search_key("name", name))])
    return [c for c in found if c.kind == "organisation" and not c.archived and fold(c.name or "") == fold(name)]


def leads_of(unit: Session, customer: UUID) -> list[Lead]:
    """The leads of a customer, one for each line of business, by line."""
    found = repository(unit, Lead).query(equals("customer", customer), limit=MOST_LINES).items
    return sorted(found, key=lambda lead: lead.business_line)


def lead_of(unit: Session, customer: UUID, line: str | None) -> Lead | None:
    """The lead of a customer in a line of business; with None the only one. `AmbiguousMatch` if there are several."""
    found = leads_of(unit, customer)
    if line is not None:
        return next((lead for lead in found if lead.business_line == line), None)
    if len(found) > 1:
        lines = [lead.business_line for lead in found]
        raise AmbiguousMatch(
            f"this customer is a lead in several lines of business: name one of {lines}",
            record="lead",
            ids=[str(lead.id) for lead in found],
            business_lines=lines,
        )
    return found[0] if found else None


def the_lead(unit: Session, customer: UUID, line: str | None) -> Lead:
    """As `lead_of`; `IllegalTransition` for a customer who is no lead, `NotFound` for no customer."""
    reading.unblanked(unit, unit.catalogue.of(Customer), customer)
    lead = lead_of(unit, customer, line)
    if lead is None:
        place = f" in the line of business {line!r}" if line else ""
        raise IllegalTransition(
            f"customer {customer} is no lead{place}: make one with `crm add lead customer={customer}`",
            customer=str(customer),
        )
    return lead
