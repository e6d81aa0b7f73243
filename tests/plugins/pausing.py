"""A plugin for tests: a sale may be put on hold, and one that is not signed is not won."""

from __future__ import annotations

from collections.abc import Sequence

from crmcore.domain.extension import NewState, WorkflowExtension
from crmcore.domain.sales.opportunity import Opportunity
from crmcore.domain.workflow import Transition
from crmcore.plugins import Plugin, hookimpl

plugin = Plugin("pausing", description="Sales on hold, and signed before they are won")


def has_no_doubt(sale: Opportunity) -> str | None:
    """A sale whose note says "in doubt" is not won."""
    return "somebody is in doubt" if "in doubt" in (sale.note or "") else None


@hookimpl
def declare_extensions() -> Sequence[WorkflowExtension]:
    sales = WorkflowExtension(
        workflow="opportunity:status",
        states=(NewState(name="on_hold", label={"en": "On hold"}), NewState(name="signed", counts_as="won")),
        initial=("on_hold",),
        transitions=(
            Transition(name="pause", sources=("open",), target="on_hold"),
            Transition(name="resume", sources=("on_hold",), target="open"),
            Transition(name="sign", sources=("open",), target="signed"),
            Transition(name="book", sources=("signed",), target="won"),
            Transition(name="give_up", sources=("on_hold",), target="lost"),
        ),
        guards={"win": (has_no_doubt,), "sign": (has_no_doubt,)},
    )
    leads = WorkflowExtension(
        workflow="lead:stage",
        states=(NewState(name="asleep"),),
        transitions=(
            Transition(name="fall_asleep", sources=("lead", "mql"), target="asleep"),
            Transition(name="wake", sources=("asleep",), target="lead"),
        ),
    )
    invoices = WorkflowExtension(
        workflow="invoice:status",
        states=(NewState(name="disputed"),),
        transitions=(
            Transition(name="dispute", sources=("open",), target="disputed"),
            Transition(name="agree", sources=("disputed",), target="open"),
        ),
    )
    return sales, leads, invoices
