"""The rule of leads: facts are facts, what was converted stays, and every step is written down."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from crmcore.application import adding, changing, reading
from crmcore.application.leads.sales import count_sales
from crmcore.application.rules import Pairs
from crmcore.application.session import Session
from crmcore.domain.bound import BoundQuery, Test, every
from crmcore.domain.errors import IllegalTransition, InvalidRecord
from crmcore.domain.leads.lead import Lead, LeadChange, fixed_fields, is_born_here
from crmcore.domain.leads.lifecycle import FACTS, STAGES, STARTS


class LeadRule:
    """See `application.rules.Rule`."""

    def prepare(self, unit: Session, pairs: Pairs) -> list[Lead]:
        """The leads as they are; `InvalidRecord` for a change of a converted one, `IllegalTransition` for a fact that
        is none, or for one that was first recorded here in a late stage."""
        for before, after in pairs:
            if problems := fixed_fields(before, after):
                raise InvalidRecord("lead", dict(problems))
            if before is None:
                _check_start(after)
            elif after.stage != before.stage:
                _check_fact(unit, after)
        return [after for _, after in pairs]

    def follow(self, unit: Session, pairs: Pairs) -> None:
        """Write the steps that were taken."""
        steps = [_change(unit, before, after) for before, after in pairs if _has_moved(before, after)]
        if steps:
            adding.add(unit, unit.catalogue.of(LeadChange), steps, by_rule=True)


def _check_start(lead: Any) -> None:
    if is_born_here(lead) and lead.stage in STAGES and lead.stage not in STARTS:
        raise IllegalTransition(
            f"a lead that is first recorded here may not begin as {lead.stage!r}; it begins as {' or '.join(STARTS)}",
            workflow="lead:stage",
            target=lead.stage,
            allowed=list(STARTS),
        )


def _check_fact(unit: Session, lead: Any) -> None:
    needed = FACTS.get(lead.stage)
    if needed is None or not isinstance(lead.customer, UUID):
        return
    sold = count_sales(unit, lead.customer, lead.business_line, enough=needed)
    if sold < needed:
        raise IllegalTransition(
            f"{lead.stage!r} is a fact that takes {needed} paid, shipped or completed orders; there are {sold}: "
            "it follows from the orders by itself",
            workflow="lead:stage",
            target=lead.stage,
            sales=sold,
        )


def _has_moved(before: Lead | None, after: Lead) -> bool:
    return before is None or before.stage != after.stage


def _change(unit: Session, before: Lead | None, after: Lead) -> LeadChange:
    return LeadChange(
        lead=after.id,
        from_stage=before.stage if before else None,
        to_stage=after.stage,
        at=unit.now(),
        by=str(unit.actor),
        rule=after.rule,
        evidence=after.reason,
    )


def locked(unit: Session, id: UUID) -> Lead | None:
    """The whole lead, held until the unit of work ends; None where the actor may not see it, or it is gone."""
    type = unit.catalogue.of(Lead)
    id_field = type.field("id")
    if id_field is None or not unit.transaction.lock(type, id):
        return None
    where = every(unit.binder().scope(type), Test(id_field, "=", (id,)))
    found = unit.transaction.select(BoundQuery(type=type, where=where))
    return found[0].record if found else None  # type: ignore[return-value]  # of the type that was asked for


def step(unit: Session, lead: Lead, stage: str, rule: str, reason: str | None = None, *, by_rule: bool = False) -> Lead:
    """The lead in its next stage, by a named rule. `by_rule`: it follows from what the actor was allowed to write."""
    type = unit.catalogue.of(Lead)
    before = reading.unblanked(unit, type, lead.id)
    values = {"stage": stage, "rule": rule, "reason": reason}
    return changing.write(unit, type, before, values, by_rule=by_rule)  # type: ignore[return-value]  # as above


RULE: Final = LeadRule()
