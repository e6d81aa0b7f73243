"""The rule of orders for leads: a first sale makes a customer, a second one a repeated one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from crmcore.application.leads.leads import locked, step
from crmcore.application.leads.sales import count_sales, is_sale
from crmcore.application.rules import Pairs
from crmcore.application.session import Session
from crmcore.domain.bound import BoundQuery, Test, every
from crmcore.domain.leads.lead import Lead
from crmcore.domain.leads.lifecycle import FACTS, LEAD_STAGE, STAGES
from crmcore.domain.order import Order

ENOUGH: Final = max(FACTS.values())
RULES: Final = {"customer": "first sale", "repeat": "second sale"}
SETTLED: Final = ("repeat", "advocate")


class OrderRule:
    """See `application.rules.Rule`. Only leads that there are already, and that the actor may see, are moved."""

    def prepare(self, unit: Session, pairs: Pairs) -> list[Order]:
        """The orders as they are."""
        return [after for _, after in pairs]

    def follow(self, unit: Session, pairs: Pairs) -> None:
        """Move the leads of those who bought."""
        bought = {after.customer: after.id for before, after in pairs if _is_new_sale(before, after)}
        for id in _leads_of(unit, bought):
            if lead := locked(unit, id):  # another sale may have moved it meanwhile
                _settle(unit, lead, f"order {bought[lead.customer]}")


def _is_new_sale(before: Order | None, after: Order) -> bool:
    if after.customer is None or not is_sale(after):
        return False
    return before is None or before.customer != after.customer or not is_sale(before)


def _leads_of(unit: Session, customers: Iterable[UUID]) -> list[UUID]:
    type = unit.catalogue.of(Lead)
    who, stage = type.field("customer"), type.field("stage")
    asked = tuple(customers)
    if not asked or who is None or stage is None:
        return []
    waiting = tuple(each for each in STAGES if each not in SETTLED)
    where = every(unit.binder().scope(type), Test(who, "in", asked), Test(stage, "in", waiting))
    return sorted(found.record.id for found in unit.transaction.select(BoundQuery(type=type, where=where)))


def _settle(unit: Session, lead: Lead, evidence: str) -> None:
    sold = count_sales(unit, lead.customer, lead.business_line, ENOUGH)
    while stage := _next(lead, sold):
        lead = step(unit, lead, stage, RULES[stage], evidence, by_rule=True)


def _next(lead: Lead, sold: int) -> str | None:
    """The furthest fact that holds and that a step leads to."""
    reached = [s for s, needed in FACTS.items() if sold >= needed and LEAD_STAGE.between(lead.stage, s)]
    return reached[-1] if reached else None


RULE: Final = OrderRule()
