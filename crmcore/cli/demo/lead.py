"""One example lead of `crm demo`, converted: account, contact and opportunity in one step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from crmcore.cli import tables
from crmcore.cli.demo.examples import ACTOR, SOURCE
from crmcore.domain.customer import Person
from crmcore.domain.interaction import Interaction
from crmcore.domain.money import Money

if TYPE_CHECKING:
    from crmcore.crm import Crm

OFFER: Final = "Music for six cafés"


def convert(crm: Crm) -> dict[str, Any]:
    """Somebody asks on the web, and becomes the contact of an account with an opportunity; what was made of it."""
    new = Person(
        "پریسا رحیمی",
        emails=["parisa@example.com"],
        employer="کافه رحیمی",
        roles=["lead"],
        lead_source="web",
        source=SOURCE,
        external_id="lead",
    )
    with crm.work(actor=ACTOR) as work:
        person = work.customers.add(new)
        asked = Interaction(customer=person.id, at=work.now(), channel="web", subject="Asked about music for cafés")
        work.interactions.add(asked)
    with crm.work(actor=ACTOR) as work:
        made = work.leads.convert(person.id, opportunity=OFFER, amount=Money("5400", "USD"))
        if made.account is not None and made.account.id != person.id:
            work.customers.change(made.account.id, source=SOURCE, external_id="account")
        opportunity = work.opportunities.change(made.opportunity.id, source=SOURCE, external_id="converted")
        return {
            "contact": made.customer.name,
            "account": made.account and made.account.name,
            "opportunity": opportunity.name,
            "amount": opportunity.amount and opportunity.amount.plain(),
            "stage": opportunity.stage,
        }


def text(made: dict[str, Any]) -> str:
    """What was made of the lead."""
    return tables.sheet(made)
