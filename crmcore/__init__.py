"""crmcore: a CRM that lives inside your application, in your transaction, extended by plugins.

The names below are the public interface; each is loaded when it is first used, so that `import crmcore` is cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from crmcore.crm import Crm as Crm
    from crmcore.crm import open as open
    from crmcore.crm import prepare as prepare
    from crmcore.domain.change import Actor as Actor
    from crmcore.domain.customer import Address as Address
    from crmcore.domain.customer import AlternativeName as AlternativeName
    from crmcore.domain.customer import ContactPoint as ContactPoint
    from crmcore.domain.customer import Customer as Customer
    from crmcore.domain.customer import Organisation as Organisation
    from crmcore.domain.customer import Person as Person
    from crmcore.domain.customer import Role as Role
    from crmcore.domain.errors import CrmError as CrmError
    from crmcore.domain.facet import Facet as Facet
    from crmcore.domain.interaction import Interaction as Interaction
    from crmcore.domain.leads.lead import Lead as Lead
    from crmcore.domain.leads.lead import LeadChange as LeadChange
    from crmcore.domain.leads.lead import Qualification as Qualification
    from crmcore.domain.leads.places import Territory as Territory
    from crmcore.domain.leads.score_rule import ScoreRule as ScoreRule
    from crmcore.domain.leads.submission import SpamGuard as SpamGuard
    from crmcore.domain.leads.submission import Submission as Submission
    from crmcore.domain.leads.teams import Assignment as Assignment
    from crmcore.domain.leads.teams import Member as Member
    from crmcore.domain.leads.teams import Rotation as Rotation
    from crmcore.domain.link import Link as Link
    from crmcore.domain.money import Money as Money
    from crmcore.domain.order import Order as Order
    from crmcore.domain.order import OrderLine as OrderLine
    from crmcore.domain.product import Product as Product
    from crmcore.domain.query import Page as Page
    from crmcore.domain.record import Record as Record
    from crmcore.domain.relationship import Relationship as Relationship
    from crmcore.domain.sales.exchange_rate import ExchangeRate as ExchangeRate
    from crmcore.domain.sales.invoice import Invoice as Invoice
    from crmcore.domain.sales.invoice import InvoiceLine as InvoiceLine
    from crmcore.domain.sales.invoice import Payment as Payment
    from crmcore.domain.sales.opportunity import Opportunity as Opportunity
    from crmcore.domain.sales.opportunity import OpportunityLine as OpportunityLine
    from crmcore.domain.sales.opportunity import Party as Party
    from crmcore.domain.sales.pipeline import Pipeline as Pipeline
    from crmcore.domain.sales.pipeline import Stage as Stage
    from crmcore.domain.sales.stage_change import StageChange as StageChange
    from crmcore.domain.sales.terms import PlannedPayment as PlannedPayment
    from crmcore.domain.sales.terms import Terms as Terms
    from crmcore.domain.user import User as User

_HOMES: Final = {
    "Crm": "crm",
    "open": "crm",
    "prepare": "crm",
    "Actor": "domain.change",
    "Address": "domain.customer",
    "AlternativeName": "domain.customer",
    "ContactPoint": "domain.customer",
    "Customer": "domain.customer",
    "Organisation": "domain.customer",
    "Person": "domain.customer",
    "Role": "domain.customer",
    "CrmError": "domain.errors",
    "Facet": "domain.facet",
    "Interaction": "domain.interaction",
    "Lead": "domain.leads.lead",
    "LeadChange": "domain.leads.lead",
    "Qualification": "domain.leads.lead",
    "Territory": "domain.leads.places",
    "ScoreRule": "domain.leads.score_rule",
    "SpamGuard": "domain.leads.submission",
    "Submission": "domain.leads.submission",
    "Assignment": "domain.leads.teams",
    "Member": "domain.leads.teams",
    "Rotation": "domain.leads.teams",
    "Link": "domain.link",
    "Money": "domain.money",
    "Order": "domain.order",
    "OrderLine": "domain.order",
    "Product": "domain.product",
    "Page": "domain.query",
    "Record": "domain.record",
    "Relationship": "domain.relationship",
    "ExchangeRate": "domain.sales.exchange_rate",
    "Invoice": "domain.sales.invoice",
    "InvoiceLine": "domain.sales.invoice",
    "Payment": "domain.sales.invoice",
    "Opportunity": "domain.sales.opportunity",
    "OpportunityLine": "domain.sales.opportunity",
    "Party": "domain.sales.opportunity",
    "Pipeline": "domain.sales.pipeline",
    "Stage": "domain.sales.pipeline",
    "StageChange": "domain.sales.stage_change",
    "PlannedPayment": "domain.sales.terms",
    "Terms": "domain.sales.terms",
    "User": "domain.user",
}
__all__ = sorted(_HOMES)  # one list of names, above
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'crmcore' has no attribute {name!r}")
    return getattr(import_module(f"crmcore.{home}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
