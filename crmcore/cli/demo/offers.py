"""The selling part of `crm demo` on examples: opportunities with a past, a lead, invoices and cash."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import crmcore
from crmcore.cli.demo import examples, invoices, lead
from crmcore.cli.demo.sales import selling

if TYPE_CHECKING:
    from crmcore.crm import Crm

NOTE: Final = (
    "What follows is made up, to show how opportunities are sold: the source of each such record is example. "
    "Customers and their owners are those of chinook; days are counted back from today."
)


def offers(crm: Crm, path: Path, plugins: list[str]) -> tuple[dict[str, Any], dict[str, str]]:
    """The facts, and for people the sections by their headings."""
    with crm.work(actor=examples.ACTOR) as work:
        now = work.now()
    clock = examples.SetClock(now)
    past = crmcore.open(f"sqlite:///{path}", plugins=plugins, currency=crm.kernel.currency, clock=clock)
    try:
        count = examples.tell(past, clock, now.date())
    finally:
        past.close()
    with crm.work(actor=examples.ACTOR) as work:
        sold = selling(work)
    converted = lead.convert(crm)
    billed, cash = invoices.bill(crm)
    told = {"note": NOTE, "opportunities": count, **sold.document(), "lead": converted, "invoices": billed}
    sections = {
        "Examples": textwrap.fill(NOTE, 100),
        **sold.sections(),
        "A lead becomes account, contact and opportunity in one step": lead.text(converted),
        "Invoices for what was won, and the cash to expect": invoices.text(billed, cash),
    }
    return {"examples": told}, sections
