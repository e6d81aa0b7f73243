"""Converting leads: account, contact and opportunity at once, or nothing of it."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from functools import partial
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcore import Interaction, Lead, Money, Order, Organisation, Person, Relationship, Role, User, prepare
from crmcore.crm import Crm
from crmcore.domain.change import Change
from crmcore.domain.customer import Customer
from crmcore.domain.errors import AmbiguousMatch, ConcurrentChange, Denied, IllegalTransition, InvalidValue, NotFound
from crmcore.domain.leads.lead import LeadChange
from crmcore.testing.crm import make_crm
from crmcore.testing.fakes import FrozenClock, Restricted
from tests.application.test_running import side_by_side
from tests.databases import storages
from tests.shared import SharedCrm

TODAY = dt.date(2025, 1, 15)
CHAIN = [(None, "sql", None), ("sql", "opportunity", "conversion")]


def leila(**values: object) -> Customer:
    """A person who works at Zagros, with the role of a lead."""
    given = {"employer": "Zagros Ltd", "roles": ["lead"], "lead_source": "fair", **values}
    return Person("Leila Hosseini", **given)  # type: ignore[arg-type]


def add_lead(crm: Crm, customer: Customer, **values: object) -> UUID:
    """The id of a customer who is a lead."""
    with crm.work("sara") as work:
        id = work.customers.add(customer).id
        work.leads.add(Lead(id, **{"stage": "sql", **values}))  # type: ignore[arg-type]
    return id


def test_account_contact_and_opportunity(shared: SharedCrm) -> None:
    """A converted lead would lack one of the three, or what was known of it would not be carried over."""
    crm = shared.fresh()
    with crm.work("sara") as work:
        sara = work.users.add(User("Sara")).id
    id = add_lead(crm, leila(), owner=sara, campaign="spring")
    with crm.work("sara") as work:
        done = work.leads.convert(id, amount=Money("12000", "EUR"))
    with crm.work("sara") as work:
        account = work.customers.find(name="Zagros Ltd")
        opportunity = work.opportunities.get(done.opportunity.id)
        lead = work.leads.get(done.lead.id)
        assert account is not None and account == done.account
        assert (account.kind, account.owner) == ("organisation", sara)
        assert (opportunity.name, opportunity.customer, opportunity.owner) == ("Zagros Ltd", account.id, sara)
        assert (opportunity.amount, opportunity.lead_source) == (Money("12000", "EUR"), "fair")
        assert (opportunity.campaign, opportunity.status) == ("spring", "open")
        assert (lead.stage, lead.opportunity, lead.converted_at) == ("opportunity", opportunity.id, work.now())
        assert work.customers.get(id) == done.customer
        assert [(r.role, r.to_date) for r in done.customer.roles] == [("lead", TODAY)]
        [employs] = work.relationships.query().items
        assert (employs.from_customer, employs.to_customer, employs.kind) == (account.id, id, "employs")
        steps = work[LeadChange].query(sort="at").items
        assert [(s.from_stage, s.to_stage, s.rule) for s in steps] == CHAIN


def test_a_known_account_is_found_in_any_spelling(shared: SharedCrm) -> None:
    """The same company would be there twice, because one of them was typed on another keyboard."""
    crm = shared.fresh()
    with crm.work("sara") as work:
        account = work.customers.add(Organisation("شرکت علی")).id
        work.customers.add(Organisation("شرکت علی و پسران"))
        work.customers.add(Person("شرکت علی"))
    id = add_lead(crm, leila(employer="شركت  علي"))
    with crm.work("sara") as work:
        work.relationships.add(Relationship(account, id, "employs"))
        done = work.leads.convert(id)
        assert done.account is not None and done.account.id == account
        assert (work.relationships.count(), work.customers.count()) == (1, 4)


def test_of_several_accounts_of_one_name_somebody_chooses(shared: SharedCrm) -> None:
    """The opportunity would stand with whichever company of that name was found first."""
    crm = shared.fresh()
    with crm.work("sara") as work:
        one, other = (work.customers.add(Organisation("Zagros Ltd")).id for _ in range(2))
    id, employed = add_lead(crm, leila()), add_lead(crm, leila())
    with crm.work("sara") as work:
        work.relationships.add(Relationship(other, employed, "employs"))
        with pytest.raises(AmbiguousMatch) as refused:
            work.leads.convert(id)
        assert refused.value.details["ids"] == [str(one), str(other)]
        for customer, named, found in ((id, one, one), (employed, None, other)):
            done = work.leads.convert(customer, account=named)
            assert done.account is not None and done.account.id == found


def test_an_organisation_is_its_own_account(shared: SharedCrm) -> None:
    """A company that is a lead would get a second record as its own employer."""
    crm = shared.fresh()
    id = add_lead(crm, Organisation("Zagros Ltd", roles=["lead"]))
    with crm.work("sara") as work:
        done = work.leads.convert(id, opportunity="Pumps")
        assert done.account == done.customer == work.customers.get(id)
        assert (done.opportunity.name, done.opportunity.customer) == ("Pumps", id)
        assert (work.customers.count(), work.relationships.count()) == (1, 0)


@pytest.mark.parametrize("employer", [None, "  "])
def test_a_person_without_employer_has_no_account(shared_memory: SharedCrm, employer: str | None) -> None:
    """A private buyer could not be converted, or would be employed by nobody."""
    crm = shared_memory.fresh()
    id = add_lead(crm, leila(employer=employer))
    with crm.work("sara") as work:
        done = work.leads.convert(id)
        assert (done.account, done.opportunity.customer, done.opportunity.name) == (None, id, "Leila Hosseini")


@pytest.mark.parametrize("roles", [["lead"], []])
def test_the_lead_is_made_on_the_way(shared: SharedCrm, roles: list[str]) -> None:
    """Customers who were imported, with the role of a lead or without any, could not be converted."""
    crm = shared.fresh()
    with crm.work("sara") as work:
        id = work.customers.add(leila(roles=roles)).id
        done = work.leads.convert(id, opportunity="Pumps")
        assert (done.lead.lead_source, done.lead.stage, done.opportunity.name) == ("fair", "opportunity", "Pumps")
        assert done.account is not None and done.account.name == "Zagros Ltd"
        steps = work[LeadChange].query(sort="at").items
        assert [(s.from_stage, s.to_stage) for s in steps] == [(None, "lead"), ("lead", "opportunity")]
        with pytest.raises(IllegalTransition, match=str(done.opportunity.id)):
            work.leads.convert(id)
        with pytest.raises(NotFound):
            work.leads.convert(UUID(int=7))


def test_a_role_that_is_over_is_left_alone(shared_memory: SharedCrm) -> None:
    """A customer who was a lead long ago could not be sold to, or would seem to have been one until today."""
    crm = shared_memory.fresh()
    ended = Role("lead", to_date=TODAY - dt.timedelta(days=90))
    with crm.work("sara") as work:
        id = work.customers.add(Person("Omar", roles=[])).id
        work.customers.change(id, roles=(ended,))
        assert [(r.role, r.to_date) for r in work.leads.convert(id).customer.roles] == [("lead", ended.to_date)]


def test_twice_is_refused_without_side_effects(shared: SharedCrm) -> None:
    """A second click would make a second opportunity."""
    crm = shared.fresh()
    id = add_lead(crm, leila())
    with crm.work("sara") as work:
        first = work.leads.convert(id)
    with crm.work("sara") as work:
        with pytest.raises(IllegalTransition, match=str(first.opportunity.id)) as refused:
            work.leads.convert(id)
        assert refused.value.details["opportunity"] == str(first.opportunity.id)
        counts = (work.opportunities.count(), work.customers.count(), work[LeadChange].count())
    assert counts == (1, 2, 2)


def test_a_new_cycle_may_end_in_a_new_opportunity(shared: SharedCrm) -> None:
    """A lead that was lost and came back could never be sold to."""
    crm = shared.fresh()
    id = add_lead(crm, leila())
    with crm.work("sara") as work:
        first = work.leads.convert(id)
        work.leads.change(first.lead.id, stage="recycled", reason="lost to Alborz, asks again")
        second = work.leads.convert(id)
    assert second.opportunity.id != first.opportunity.id
    assert second.account == first.account


def test_a_line_of_business_is_converted_by_itself(shared_memory: SharedCrm) -> None:
    """The opportunity would be of another line than the one that was meant."""
    crm = shared_memory.fresh()
    id = add_lead(crm, leila(), business_line="training")
    with crm.work("sara") as work:
        work.leads.add(Lead(id, "pumps"))
        with pytest.raises(AmbiguousMatch, match="pumps"):
            work.leads.convert(id)
        done = work.leads.convert(id, business_line="pumps")
        assert (done.lead.business_line, work.leads.count('stage = "opportunity"')) == ("pumps", 1)


def test_two_at_once_make_one_opportunity(shared: SharedCrm) -> None:
    """Two who convert one lead at the same moment would make two opportunities of it."""
    crm = shared.fresh()
    id = add_lead(crm, leila())

    def job() -> None:
        with suppress(IllegalTransition, ConcurrentChange):
            crm.run(lambda work: work.leads.convert(id), actor="sara")

    side_by_side(job, job)
    with crm.work("sara") as work:
        assert (work.opportunities.count(), work.customers.count(), work.relationships.count()) == (1, 2, 1)


@settings(max_examples=25, deadline=None)
@given(days=st.lists(st.integers(0, 400), max_size=12), employer=st.sampled_from([None, "Zagros Ltd"]))
def test_the_timeline_stays(shared_memory: SharedCrm, days: list[int], employer: str | None) -> None:
    """INV: the timeline before is a prefix of the timeline after. What was said to the lead would be lost to those who
    look after the contact."""
    crm = shared_memory.fresh()
    id = add_lead(crm, leila(employer=employer))
    with crm.work("sara") as work:
        for number, day in enumerate(days):
            at = work.now() - dt.timedelta(days=day)
            if number % 3:
                work.interactions.add(Interaction(customer=id, at=at, channel="phone"))
            else:
                work.orders.add(Order(at, customer=id))
        before = work.timeline(id).items[::-1]
        work.leads.convert(id)
        after = work.timeline(id).items[::-1]
    assert len(before) == len(days)
    assert after[: len(before)] == before


def test_an_account_is_an_organisation(shared_memory: SharedCrm) -> None:
    """A person would employ another by a slip of the hand."""
    crm = shared_memory.fresh()
    id = add_lead(crm, leila())
    with crm.work("sara") as work, pytest.raises(InvalidValue, match="organisation"):
        work.leads.convert(id, account=id)


def test_colleagues_converted_at_once_get_one_account(shared: SharedCrm) -> None:
    """Their company would be there twice, with half of the sale on each."""
    crm = shared.fresh()
    ids = [add_lead(crm, Person(name, employer="Zagros Ltd")) for name in ("Leila", "Omar", "Sara")]

    def job(id: UUID) -> None:
        crm.run(lambda work: work.leads.convert(id), actor="sara")

    side_by_side(*(partial(job, id) for id in ids))
    with crm.work("root") as work:
        assert (work.customers.count('kind = "organisation"'), work.opportunities.count()) == (1, 3)


class Stopping(Restricted):
    """Lets so many writes through and refuses the next one."""

    def __init__(self, allowed: int) -> None:
        self.left = allowed
        super().__init__(refuse=self._next, trusted=("root",))

    def _next(self, change: Change) -> str | None:
        self.left -= 1
        return "that is enough" if self.left < 0 else None


WRITES = ["customer", "relationship", "opportunity", "lead", "customer"]
"""What converting writes under the policy, in order: the account, the contact, the opportunity, the lead, the role."""


@pytest.mark.parametrize("fresh_url", storages(), indirect=True)
def test_all_or_nothing_in_a_transaction_of_the_host(fresh_url: str) -> None:
    """A host that goes on after a failure would commit half a conversion: an account without an opportunity, say."""
    with make_crm(fresh_url, clock=FrozenClock()) as crm:
        id = add_lead(crm, leila())
        engine = prepare(sa.create_engine(fresh_url))
        for allowed in range(len(WRITES)):
            crm.kernel.policy = Stopping(allowed)
            refused = pytest.raises(Denied, match=f"this {WRITES[allowed]}")
            with engine.begin() as connection, crm.work("sara", connection=connection) as work, refused:
                work.leads.convert(id)
            with crm.work("root") as work:
                assert (work.opportunities.count(), work.customers.count(), work.relationships.count()) == (0, 1, 0)
                assert (work.leads.count('stage = "sql"'), work[LeadChange].count()) == (1, 1)
        with suppress(ZeroDivisionError), engine.begin() as connection:
            crm.kernel.policy = Stopping(len(WRITES))
            with crm.work("sara", connection=connection) as work:
                work.leads.convert(id)
            raise ZeroDivisionError
        with crm.work("root") as work:
            assert (work.opportunities.count(), work.customers.count()) == (0, 1)
        engine.dispose()
