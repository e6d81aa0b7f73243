"""Web forms on every storage: who wrote, what became of it, and what is stored of it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from crmcore import Lead, Person
from crmcore.crm import Crm
from crmcore.domain.leads.lead import LeadChange
from crmcore.domain.leads.submission import Captured, SpamGuard, Submission
from crmcore.testing.fakes import FrozenClock
from tests.application.test_running import side_by_side
from tests.shared import SharedCrm


def form(**values: Any) -> Submission:
    """What a person sends."""
    given = {"name": "Leila Hosseini", "email": "leila@example.com", "body": "A price, please.", "campaign": "spring"}
    return Submission(**{**given, **values})


def send(crm: Crm, **values: Any) -> Captured:
    """Capture a form."""
    with crm.work("website") as work:
        return work.leads.capture(form(**values))


def counts(crm: Crm) -> tuple[int, int, int]:
    """How many customers, leads and interactions there are."""
    with crm.work("root") as work:
        return work.customers.count(), work.leads.count(), work.interactions.count()


def test_a_stranger_becomes_a_lead(shared: SharedCrm) -> None:
    """Somebody who writes would not be in the CRM, or without what they wrote."""
    crm = shared.fresh()
    done = send(crm, phone="+98 21 5555 0101", company="Zagros", subject="Pumps", lead_source="fair")
    assert done.outcome == "made"
    with crm.work("root") as work:
        assert done.customer is not None and done.lead is not None
        leila, lead = work.customers.get(done.customer), work.leads.get(done.lead)
        [said] = work.timeline(leila.id).items
        assert (leila.name, leila.employer, leila.lead_source) == ("Leila Hosseini", "Zagros", "fair")
        assert [p.value for p in leila.contact_points] == ["leila@example.com", "+98 21 5555 0101"]
        assert [(r.role, r.from_date) for r in leila.roles] == [("lead", dt.date(2025, 1, 15))]
        assert (lead.stage, lead.lead_source, lead.campaign) == ("lead", "fair", "spring")
        shown = work.interactions.get(said.id)
        assert (shown.channel, shown.direction, shown.subject, shown.body) == ("web", "in", "Pumps", "A price, please.")
        assert (shown.campaign, shown.at) == ("spring", work.now())
        assert work.leads.convert(leila.id).account is not None


@pytest.mark.parametrize(
    ("values", "is_known"),
    [
        ({"name": "LEILA  hosseini", "email": "Leila@Example.COM"}, True),
        ({"email": "other@example.com", "phone": "0098 (21) 5555-0101"}, True),
        ({"name": "Omar Haddad"}, False),  # one address of a family
        ({"email": "other@example.com"}, False),  # never on the name alone
        ({"name": ""}, False),
    ],
)
def test_who_is_known(shared: SharedCrm, values: dict[str, Any], is_known: bool) -> None:
    """What one person wrote would stand with another, or one person would be in the CRM twice."""
    crm = shared.fresh()
    with crm.work("sara") as work:
        emails, phones = ["leila@example.com"], ["+98 21 5555 0101"]
        id = work.customers.add(Person("Leila Hosseini", emails=emails, phones=phones)).id
    done = send(crm, **values)
    assert (done.customer == id, done.outcome) == (is_known, "made")
    assert counts(crm) == (1 if is_known else 2, 1, 1)


def test_what_a_known_customer_gives_is_not_believed(shared_memory: SharedCrm) -> None:
    """Anybody who knows an address could add their own telephone number to somebody else's record."""
    crm = shared_memory.fresh()
    send(crm)
    done = send(crm, phone="+98 21 5555 0199", body="Call me.")
    with crm.work("root") as work:
        assert done.customer is not None and done.interaction is not None
        assert len(work.customers.get(done.customer).contact_points) == 1
        assert work.interactions.get(done.interaction).outcome == "also gave phone +98 21 5555 0199"


def test_the_first_touch_stays(shared: SharedCrm) -> None:
    """The campaign that won a lead would be overwritten by the last one that it answered to."""
    crm = shared.fresh()
    first = send(crm, lead_source="fair")
    later = send(crm, campaign="autumn", lead_source="mailing", body="Still interested.")
    assert (later.outcome, later.lead) == ("known", first.lead)
    with crm.work("root") as work:
        assert first.lead is not None
        lead = work.leads.get(first.lead)
        assert (lead.lead_source, lead.campaign) == ("fair", "spring")
        assert [i.campaign for i in work.interactions.query(sort="id").items] == ["spring", "autumn"]


@pytest.mark.parametrize(
    ("stage", "outcome", "path"),
    [
        ("lost", "reopened", ["lost", "recycled", "lead"]),
        ("dormant", "reopened", ["dormant", "recycled", "lead"]),
        ("churned", "reopened", ["churned", "recycled", "lead"]),
        ("recycled", "reopened", ["recycled", "lead"]),
        ("visitor", "reopened", ["visitor", "lead"]),
        ("mql", "known", ["mql"]),
        ("customer", "known", ["customer"]),
    ],
)
def test_a_lead_that_was_given_up_is_taken_up(
    shared_sqlite: SharedCrm, stage: str, outcome: str, path: list[str]
) -> None:
    """Somebody who writes again would stay lost; or one whom sales works on would be thrown back."""
    crm = shared_sqlite.fresh()
    with crm.work("sara") as work:
        id = work.customers.add(Person("Leila Hosseini", emails=["leila@example.com"])).id
        lead = work.leads.add(Lead(id, stage=stage, source="old", external_id="1"))
    done = send(crm)
    assert (done.outcome, done.lead) == (outcome, lead.id)
    with crm.work("root") as work:
        assert [c.to_stage for c in work[LeadChange].query(sort="id").items] == path


def test_the_same_form_again_is_taken_once(shared: SharedCrm) -> None:
    """A second click, or a browser that repeats, would make a second interaction."""
    clock = FrozenClock()
    crm = shared.fresh(clock)
    first = send(crm)
    clock.advance(minutes=9)
    again = send(crm)
    assert (again.outcome, again.customer, again.interaction) == ("repeated", first.customer, first.interaction)
    assert counts(crm) == (1, 1, 1)
    assert send(crm, body="And a date.").outcome == "known"
    clock.advance(minutes=2)
    assert send(crm).outcome == "known"
    assert counts(crm) == (1, 1, 3)


def test_two_at_the_same_moment_are_one(shared: SharedCrm) -> None:
    """Two servers that take one form at once would make two customers."""
    crm = shared.fresh()
    done: list[Captured] = []

    def job() -> None:
        done.append(crm.run(lambda work: work.leads.capture(form()), actor="website", retries=20))

    side_by_side(job, job, job)
    assert sorted(each.outcome for each in done) == ["made", "repeated", "repeated"]
    assert counts(crm) == (1, 1, 1)


@pytest.mark.parametrize(
    "values",
    [
        {"honeypot": "x"},
        {"body": "x" * 100_001},
        {"subject": "\x00"},
        {"business_line": "x" * 101},
        {"name": "half \ud800 of a pair"},
    ],
)
def test_what_is_refused_is_stored_nowhere(shared: SharedCrm, values: dict[str, Any]) -> None:
    """Spam, or what no database can hold, would leave half of itself behind, or stop the host."""
    crm = shared.fresh()
    with crm.work("website") as work:
        refused = work.leads.capture(form(**values))
        assert (refused.outcome, refused.customer, len(refused.reasons)) == ("refused", None, 1)
        assert work.leads.capture(form()).outcome == "made"
    assert counts(crm) == (1, 1, 1)


def test_hostile_text_is_kept_literally(shared: SharedCrm) -> None:
    """What somebody wrote would be changed, or do something, on its way into the database."""
    crm = shared.fresh()
    body = "<script>alert(1)</script> '; DROP TABLE crm_lead; -- =cmd|' /C calc'!A0 {{7*7}} %s \u202e\r\nBcc: x 🙂"
    done = send(crm, name="Robert'); --", subject='"><img src=x>', body=body)
    with crm.work("root") as work:
        assert done.customer is not None and done.interaction is not None
        said = work.interactions.get(done.interaction)
        assert (work.customers.get(done.customer).name, said.subject, said.body) == (
            "Robert'); --",
            '"><img src=x>',
            body,
        )


def test_the_guard_is_that_of_the_host(shared_memory: SharedCrm) -> None:
    """A host could not say what is spam to it."""
    crm = shared_memory.fresh()
    with crm.work("website") as work:
        guard = SpamGuard(blocked=frozenset({"قیمت"}))
        assert work.leads.capture(form(body="قيمت چند است؟"), guard).outcome == "refused"
        assert work.leads.capture(form(body="قيمت چند است؟")).outcome == "made"
