"""The core's own record types, declared in the way that a plugin declares its own."""

from typing import Final

from crmcore.domain.customer import Customer
from crmcore.domain.import_batch import ImportBatch, ImportChunk
from crmcore.domain.interaction import Interaction
from crmcore.domain.leads.lead import Lead, LeadChange
from crmcore.domain.leads.lifecycle import LEAD_STAGE
from crmcore.domain.leads.places import Territory
from crmcore.domain.leads.score_rule import ScoreRule
from crmcore.domain.leads.teams import Assignment, Rotation
from crmcore.domain.link import Link
from crmcore.domain.merging.merge import Merge
from crmcore.domain.merging.not_duplicate import NotDuplicate
from crmcore.domain.order import Order
from crmcore.domain.privacy.erasure import Erasure
from crmcore.domain.product import Product
from crmcore.domain.record import Record
from crmcore.domain.relationship import Relationship
from crmcore.domain.sales.exchange_rate import ExchangeRate
from crmcore.domain.sales.invoice import INVOICE_STATUS, Invoice
from crmcore.domain.sales.opportunity import STATUS, Opportunity
from crmcore.domain.sales.pipeline import Pipeline
from crmcore.domain.sales.stage_change import StageChange
from crmcore.domain.sales.terms import PlannedPayment, Terms
from crmcore.domain.user import User
from crmcore.domain.workflow import Workflow

CORE: Final[tuple[type[Record], ...]] = (
    User,
    Customer,
    Relationship,
    Product,
    Order,
    Interaction,
    Link,
    Pipeline,
    Opportunity,
    StageChange,
    Invoice,
    ExchangeRate,
    Terms,
    PlannedPayment,
    ImportBatch,
    ImportChunk,
    Lead,
    LeadChange,
    ScoreRule,
    Territory,
    Rotation,
    Assignment,
    Merge,
    NotDuplicate,
    Erasure,
)
WORKFLOWS: Final[tuple[Workflow, ...]] = (STATUS, INVOICE_STATUS, LEAD_STAGE)
