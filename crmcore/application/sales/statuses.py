"""Statuses of opportunities: figures know open, won and lost; one that a plugin added counts as one of these."""

from __future__ import annotations

from crmcore.application.session import Session
from crmcore.domain.copying import evolve
from crmcore.domain.predicate import Predicate, one_of
from crmcore.domain.sales.opportunity import Opportunity
from crmcore.domain.workflow import Workflow


def statuses(unit: Session) -> Workflow:
    """The workflow of opportunities, with what plugins added."""
    return unit.catalogue.workflows["opportunity", "status"]


def counting_as(unit: Session, *kinds: str) -> tuple[str, ...]:
    """The statuses that count as one of these."""
    return statuses(unit).counting_as(*kinds)


def in_status(unit: Session, *kinds: str) -> Predicate:
    """A filter for opportunities whose status counts as one of these."""
    return one_of("status", counting_as(unit, *kinds))


def is_in(unit: Session, *kinds: str) -> str:
    """The same as text."""
    listed = ", ".join(f'"{each}"' for each in counting_as(unit, *kinds))
    return f"status in ({listed})"


def kind(workflow: Workflow, status: str) -> str:
    """What a status counts as; one whose plugin is not active counts as open, so that figures miss no sale."""
    return workflow.counted(status) if status in workflow.states else "open"


def as_counted(workflow: Workflow, held: Opportunity) -> Opportunity:
    """The opportunity with open, won or lost as its status."""
    status = workflow.counted(held.status)
    return held if status == held.status else evolve(held, status=status)
