"""Capturing a web form: whoever wrote is known or new, their lead is made or taken up again, and what they wrote stands
on their timeline."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Final

from crmcore.application.leads.known import by_keys, hold, lead_of, today
from crmcore.application.leads.leads import step
from crmcore.application.repository import repository
from crmcore.application.session import Session
from crmcore.domain.copying import evolve
from crmcore.domain.customer import Customer, Person, Role
from crmcore.domain.errors import InvalidRecord
from crmcore.domain.fold import fold
from crmcore.domain.interaction import Interaction
from crmcore.domain.leads.conversion import ROLE
from crmcore.domain.leads.lead import Lead
from crmcore.domain.leads.submission import Captured, Outcome, SpamGuard, Submission
from crmcore.domain.matching import search_key
from crmcore.domain.predicate import all_of, compare, equals

CHANNEL: Final = "web"
GIVEN_UP: Final = frozenset({"dormant", "lost", "churned"})
EARLY: Final = frozenset({"stranger", "visitor", "subscriber", "recycled"})
RULE: Final = "web form"
LONGEST_NOTE: Final = 500


def capture(unit: Session, form: Submission, guard: SpamGuard | None = None) -> Captured:
    """See `ports.work.Leads.capture`."""
    guard = guard or SpamGuard()
    if reasons := guard.refusals(form, unit.now()):
        return Captured("refused", reasons=reasons)
    try:
        with unit.savepoint():
            return _taken(unit, form, guard)
    except InvalidRecord as error:  # a text that cannot be stored, or is too long
        return Captured("refused", reasons=tuple(f"{name}: {problem}" for name, problem in error.problems.items()))


def _taken(unit: Session, form: Submission, guard: SpamGuard) -> Captured:
    _, key = next(_keys(form))
    hold(unit, "capture", key)
    customer = _known(unit, form)
    if customer is not None and (twin := _same(unit, customer, form, guard)):
        lead = lead_of(unit, customer.id, form.business_line)
        return Captured("repeated", customer.id, lead.id if lead else None, twin.id)
    note = _note(customer, form)
    if customer is None:
        customer = repository(unit, Customer).add(_new(form, today(unit)))
    outcome, lead = _lead(unit, customer, form)
    said = repository(unit, Interaction).add(_said(unit, customer, form, note))
    return Captured(outcome, customer.id, lead.id, said.id)


def _said(unit: Session, customer: Customer, form: Submission, note: str | None) -> Interaction:
    return Interaction(
        min(form.sent_at or unit.now(), unit.now()),
        CHANNEL,
        "in",
        form.subject or None,
        form.body or None,
        outcome=note,
        campaign=form.campaign or None,
        customer=customer.id,
        kind="inquiry",
    )


def _keys(form: Submission) -> Iterator[tuple[str, str]]:
    if email := form.email.strip():
        yield "email", search_key("email", email)
    if phone := form.phone.strip():
        yield "phone", search_key("phone", phone)


def _known(unit: Session, form: Submission) -> Customer | None:
    """Who has this e-mail address or telephone number and this name; of several the one who was there first."""
    found = [each for each in by_keys(unit, _keys(form)) if fold(each.name or "") == fold(form.name)]
    return min(found, key=lambda each: (each.archived, each.id), default=None)


def _same(unit: Session, customer: Customer, form: Submission, guard: SpamGuard) -> Interaction | None:
    """The same form, sent not long before or after."""
    sent = form.sent_at or unit.now()
    near = compare("at", ">=", sent - guard.window), compare("at", "<=", sent + guard.window)
    wanted = all_of(equals("customer", customer.id), equals("channel", CHANNEL), *near)
    said = (form.subject or None, form.body or None, form.campaign or None)
    for each in repository(unit, Interaction).stream(wanted):
        if each.direction == "in" and (each.subject, each.body, each.campaign) == said:
            return each
    return None


def _new(form: Submission, day: dt.date) -> Customer:
    emails, phones = ([text] if text.strip() else [] for text in (form.email, form.phone))
    made = Person(form.name or None, emails=emails, phones=phones, employer=form.company or None)
    return evolve(made, lead_source=form.lead_source or None, roles=(Role(ROLE, from_date=day),))


def _note(customer: Customer | None, form: Submission) -> str | None:
    """What a known customer gave that is not theirs yet: nobody has proved that it is, so it stays with the form."""
    if customer is None:
        return None
    held = {point.value for point in customer.contact_points} | {customer.employer}
    given = {"email": form.email, "phone": form.phone, "company": form.company, "lead source": form.lead_source}
    new = [f"{name} {text}" for name, text in given.items() if text and text not in (*held, customer.lead_source)]
    return f"also gave {', '.join(new)}"[:LONGEST_NOTE] if new else None


def _lead(unit: Session, customer: Customer, form: Submission) -> tuple[Outcome, Lead]:
    """The lead of that line of business: a new one, or taken up again if it was given up. Its first touch stays."""
    lead = lead_of(unit, customer.id, form.business_line)
    if lead is None:
        first, campaign = form.lead_source or None, form.campaign or None
        line, owner = form.business_line, customer.owner
        new = Lead(customer.id, line, owner=owner, lead_source=first, campaign=campaign, rule=RULE)
        return "made", repository(unit, Lead).add(new)
    if lead.stage in GIVEN_UP:
        again = step(unit, lead, "recycled", f"{RULE}, again", f"wrote again after having been {lead.stage}")
        return "reopened", step(unit, again, "lead", RULE)
    if lead.stage in EARLY:
        return "reopened", step(unit, lead, "lead", RULE)
    return "known", lead
