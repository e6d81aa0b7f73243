"""Converting a lead: account, contact and opportunity in one step, which holds as a whole or not at all."""

from __future__ import annotations

from uuid import UUID

from crmcore.application import relationships
from crmcore.application.leads.known import hold, lead_of, organisations, today
from crmcore.application.repository import repository
from crmcore.application.session import Session
from crmcore.domain.customer import Customer, Organisation
from crmcore.domain.errors import AmbiguousMatch, IllegalTransition, InvalidValue
from crmcore.domain.label import label_of
from crmcore.domain.leads.conversion import Conversion, has_role, without_role
from crmcore.domain.leads.lead import Lead
from crmcore.domain.matching import search_key
from crmcore.domain.money import Money
from crmcore.domain.relationship import Relationship
from crmcore.domain.sales.opportunity import Opportunity

RULE = "conversion"


def convert(
    unit: Session,
    customer: UUID,
    *,
    opportunity: str | None = None,
    amount: Money | None = None,
    business_line: str | None = None,
    account: UUID | None = None,
) -> Conversion:
    """See `ports.work.Leads.convert`."""
    customers = repository(unit, Customer)
    with unit.savepoint():
        customers.get(customer)
        unit.transaction.lock(customers.type, customer)  # of two who convert it, the second sees what the first did
        person = customers.get(customer)
        lead = _lead(unit, person, business_line)
        home = _account(unit, person, lead, account)
        if home is not None and home.id != person.id:
            _employ(unit, home.id, person.id)
        made = _opportunity(unit, person, lead, home, opportunity, amount)
        values = {"stage": "opportunity", "opportunity": made.id, "converted_at": unit.now(), "rule": RULE}
        done = repository(unit, Lead).change(lead.id, values, version=lead.version)
        if has_role(person, today(unit)):
            person = customers.change(person.id, roles=without_role(person, today(unit)))
    return Conversion(person, home and (person if home.id == person.id else home), made, done)


def _lead(unit: Session, person: Customer, line: str | None) -> Lead:
    """The lead that is to be converted, made where there is none: converting a customer says that it is one."""
    lead = lead_of(unit, person.id, line)
    if lead is None:
        new = Lead(person.id, line or "", owner=person.owner, lead_source=person.lead_source)
        return repository(unit, Lead).add(new)
    if lead.converted_at is not None:
        raise IllegalTransition(
            f"the lead was converted on {lead.converted_at.date()} to opportunity {lead.opportunity}; for another "
            "cycle recycle it first, with a reason",
            lead=str(lead.id),
            opportunity=lead.opportunity and str(lead.opportunity),
        )
    return lead


def _account(unit: Session, person: Customer, lead: Lead, named: UUID | None) -> Customer | None:
    """The organisation that buys: the lead itself, the one that was named, or the employer, found or made."""
    if person.kind == "organisation":
        return person
    if named is not None:
        return _organisation(unit, named)
    employer = (person.employer or "").strip()
    if not employer:
        return None
    hold(unit, "account", search_key("name", employer))
    found = organisations(unit, employer)
    if len(found) > 1:
        found = _employing(unit, person, found)
    if not found:
        owner = lead.owner or person.owner
        return repository(unit, Customer).add(Organisation(employer, owner=owner, lead_source=lead.lead_source))
    return found[0]


def _organisation(unit: Session, id: UUID) -> Customer:
    found = repository(unit, Customer).get(id)
    if found.kind != "organisation":
        raise InvalidValue(f"customer {id} is a {found.kind}: an account is an organisation", value=str(id))
    return found


def _employing(unit: Session, person: Customer, found: list[Customer]) -> list[Customer]:
    """Of several organisations of one name, the one that employs the person already."""
    ids = {s.other for s in relationships.of_customer(unit, person.id, today(unit)) if s.kind == "employed_by"}
    kept = [each for each in found if each.id in ids]
    if len(kept) != 1:
        raise AmbiguousMatch(
            f"several organisations are called {person.employer!r}: say which one is the account",
            record="customer",
            ids=[str(each.id) for each in found],
        )
    return kept


def _employ(unit: Session, account: UUID, person: UUID) -> None:
    """The relationship between account and contact, once."""
    known = relationships.of_customer(unit, person, today(unit))
    if not any(each.kind == "employed_by" and each.other == account for each in known):
        repository(unit, Relationship).add(Relationship(account, person, "employs"))


def _opportunity(
    unit: Session, person: Customer, lead: Lead, account: Customer | None, name: str | None, amount: Money | None
) -> Opportunity:
    buyer = account or person
    new = Opportunity(
        name or label_of(unit.catalogue.of(Customer), buyer)[:255],
        customer=buyer.id,
        amount=amount,
        owner=lead.owner or person.owner,
        lead_source=lead.lead_source or person.lead_source,
        campaign=lead.campaign,
    )
    return repository(unit, Opportunity).add(new)
