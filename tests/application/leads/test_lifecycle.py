"""A lead through its stages: each step is written down, facts follow from orders."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import pytest

from crmcore import Order, OrderLine, Person, Product, User
from crmcore.application.unit import UnitOfWork
from crmcore.crm import Crm
from crmcore.domain.errors import CrmError, DuplicateValue, IllegalTransition, InvalidRecord, PredicateError
from crmcore.domain.leads.lead import Lead, LeadChange
from crmcore.domain.leads.teams import Assignment
from crmcore.domain.record import Record
from crmcore.testing.fakes import Restricted
from tests.application.test_running import side_by_side
from tests.shared import SharedCrm

STEP = tuple[str | None, str, str | None]


def new_lead(crm: Crm, **values: object) -> Lead:
    """A lead of a new customer."""
    with crm.work("sara") as work:
        customer = work.customers.add(Person("Leila")).id
        return work[Lead].add(Lead(customer, **values))  # type: ignore[arg-type]


def steps(work: UnitOfWork, lead: UUID) -> list[STEP]:
    """The steps of a lead: from, to, and by which rule."""
    found = work[LeadChange].query(f'lead = "{lead}"', sort="at").items
    return [(each.from_stage, each.to_stage, each.rule) for each in found]


def buy(crm: Crm, customer: UUID, **values: object) -> UUID:
    """An order of a customer, paid unless something else is said."""
    with crm.work("shop") as work:
        order = Order(work.now(), customer=customer, **{"status": "paid", **values})  # type: ignore[arg-type]
        return work.orders.add(order).id


def test_every_step_is_written_down(shared: SharedCrm) -> None:
    """A funnel would miss steps, or nobody could tell who took them and why."""
    crm = shared.fresh()
    lead = new_lead(crm)
    with crm.work("sara") as work:
        work[Lead].change(lead.id, stage="mql")
        work[Lead].change(lead.id, campaign="spring")
        work[Lead].change(lead.id, stage="lost", reason="no budget")
    with crm.work("omar") as work:
        with pytest.raises(IllegalTransition), work.savepoint():
            work[Lead].change(lead.id, stage="mql")
        work[Lead].change(lead.id, stage="recycled", reason="has a budget now")
        found = work[LeadChange].query(sort="at").items
    assert [(c.from_stage, c.to_stage, c.by, c.evidence) for c in found] == [
        (None, "lead", "sara", None),
        ("lead", "mql", "sara", None),
        ("mql", "lost", "sara", "no budget"),
        ("lost", "recycled", "omar", "has a budget now"),
    ]


def test_one_lead_in_each_line_of_business(shared: SharedCrm) -> None:
    """A customer would stand in two stages of one line at once."""
    crm = shared.fresh()
    lead = new_lead(crm)
    with crm.work("sara") as work:
        work[Lead].add(Lead(lead.customer, "training", stage="visitor"))
        with pytest.raises(DuplicateValue), work.savepoint():
            work[Lead].add(Lead(lead.customer))


def test_the_log_goes_with_its_lead(shared: SharedCrm) -> None:
    """A lead could never be removed, or its steps would stay and point at nothing."""
    crm = shared.fresh()
    lead = new_lead(crm)
    with crm.work("sara") as work:
        work[Lead].remove(lead.id)
        assert work[LeadChange].count() == 0


@pytest.mark.parametrize("stage", ["opportunity", "customer", "lost", "recycled"])
def test_a_lead_begins_at_the_beginning(shared_memory: SharedCrm, stage: str) -> None:
    """A lead could be added by hand as a customer who has bought nothing."""
    crm = shared_memory.fresh()
    with pytest.raises(IllegalTransition):
        new_lead(crm, stage=stage)
    assert new_lead(crm, stage=stage, source="old crm", external_id="7").stage == stage


def test_a_sale_is_a_fact(shared: SharedCrm) -> None:
    """Somebody would be a customer by hand, or would not be one after buying."""
    crm = shared.fresh()
    lead = new_lead(crm)
    with crm.work("sara") as work, pytest.raises(IllegalTransition, match="paid, shipped or completed"):
        work[Lead].change(lead.id, stage="customer")
    for status in ("draft", "open", "confirmed", "cancelled", "returned", None):
        buy(crm, lead.customer, status=status)
    with crm.work("sara") as work:
        assert work[Lead].get(lead.id).stage == "lead"
    order = buy(crm, lead.customer, status="open")
    with crm.work("shop") as work:
        work.orders.change(order, status="shipped")
        work.orders.change(order, status="completed")
        assert work[Lead].get(lead.id).reason == f"order {order}"
        assert steps(work, lead.id) == [(None, "lead", None), ("lead", "customer", "first sale")]
    buy(crm, lead.customer)
    buy(crm, lead.customer)
    with crm.work("sara") as work:
        assert steps(work, lead.id)[2:] == [("customer", "repeat", "second sale")]


def test_a_return_is_no_sale(shared: SharedCrm) -> None:
    """Who brings something back would count as having bought again."""
    crm = shared.fresh()
    lead = new_lead(crm)
    buy(crm, lead.customer, lines=(OrderLine(quantity=Decimal(-1)),))
    with crm.work("sara") as work:
        assert work[Lead].get(lead.id).stage == "lead"


def test_orders_in_bulk_move_leads_too(shared: SharedCrm) -> None:
    """An import of orders would leave every lead where it was, or be slowed down by leads that are not there."""
    crm = shared.fresh()
    lead, other = new_lead(crm), new_lead(crm, stage="stranger")
    with crm.work("shop") as work:
        alone = work.customers.add(Person("Omar")).id
        buyers = [lead.customer, lead.customer, other.customer, alone, None]
        work.orders.add_many(Order(work.now(), customer=each, status="paid") for each in buyers)
    with crm.work("sara") as work:
        assert (work[Lead].get(lead.id).stage, work[Lead].get(other.id).stage) == ("repeat", "customer")
        assert [to for _, to, _ in steps(work, lead.id)] == ["lead", "customer", "repeat"]
        assert work[Lead].count() == 2


def test_a_sale_moves_the_lead_of_its_line(shared: SharedCrm) -> None:
    """Who buys a course would be a customer of the machines too."""
    crm = shared.fresh()
    lead = new_lead(crm)
    with crm.work("sara") as work:
        training = work[Lead].add(Lead(lead.customer, "training"))
        machines = work[Lead].add(Lead(lead.customer, "machines"))
        course = work.products.add(Product("Course", category="training")).id
    buy(crm, lead.customer, lines=(OrderLine(course),))
    with crm.work("sara") as work:
        stages = [work[Lead].get(each.id).stage for each in (lead, training, machines)]
    assert stages == ["customer", "customer", "lead"]


def test_one_who_comes_back_is_found_again(shared: SharedCrm) -> None:
    """A dormant customer who buys again would stay dormant."""
    crm = shared.fresh()
    lead = new_lead(crm)
    buy(crm, lead.customer)
    with crm.work("sara") as work:
        work[Lead].change(lead.id, stage="dormant")
    buy(crm, lead.customer)
    with crm.work("sara") as work:
        assert [to for _, to, _ in steps(work, lead.id)] == ["lead", "customer", "dormant", "repeat"]


def test_an_order_that_is_undone_moves_nobody(shared: SharedCrm) -> None:
    """The lead would be a customer by an order that never was."""
    crm = shared.fresh()
    lead = new_lead(crm)
    with pytest.raises(ZeroDivisionError), crm.work("shop") as work:
        work.orders.add(Order(work.now(), customer=lead.customer, status="paid"))
        assert work[Lead].get(lead.id).stage == "customer"
        raise ZeroDivisionError
    with crm.work("sara") as work:
        assert work[Lead].get(lead.id).stage == "lead"


def test_two_orders_at_once_are_both_taken(shared: SharedCrm) -> None:
    """A checkout would be refused because another one moves the same lead."""
    crm = shared.fresh()
    lead = new_lead(crm)

    def job() -> None:
        crm.run(lambda work: work.orders.add(Order(work.now(), customer=lead.customer, status="paid")), actor="shop")

    side_by_side(job, job)
    with crm.work("sara") as work:
        assert work[Lead].get(lead.id).stage == "repeat"
        assert [to for _, to, _ in steps(work, lead.id)] == ["lead", "customer", "repeat"]


def test_rights_on_leads_do_not_stand_in_the_way_of_an_order(shared_memory: SharedCrm) -> None:
    """A shop that may not write leads could not sell; or one that may not see them would learn of them."""
    policy = Restricted(refuse=lambda change: "not yours" if change.type.name.startswith("lead") else None,
                        trusted=("sara",))  # fmt: skip
    crm = shared_memory.fresh(policy=policy)
    lead = new_lead(crm)
    buy(crm, lead.customer)
    with crm.work("sara") as work:
        assert work[Lead].get(lead.id).stage == "customer"


def test_a_lead_that_the_shop_may_not_see_stays(shared: SharedCrm) -> None:
    """An actor would change, and so learn of, what is hidden from them."""
    crm = shared.fresh(policy=Restricted(rows={"lead": 'campaign = "mine"'}, trusted=("sara",)))
    lead, mine = new_lead(crm), new_lead(crm, campaign="mine")
    buy(crm, lead.customer)
    buy(crm, mine.customer)
    with crm.work("sara") as work:
        assert [work.leads.get(each.id).stage for each in (lead, mine)] == ["lead", "customer"]


def test_a_converted_lead_keeps_what_it_was(shared: SharedCrm) -> None:
    """What is said of a lead would change after it became an opportunity."""
    crm = shared.fresh()
    lead = new_lead(crm, stage="sql")
    with crm.work("sara") as work:
        for by_hand in ({"converted_at": work.now()}, {"stage": "opportunity"}):
            with pytest.raises(CrmError, match="convert"), work.savepoint():
                work.leads.change(lead.id, by_hand)
        made = work.leads.convert(lead.customer).opportunity
        with pytest.raises(InvalidRecord, match="read-only"), work.savepoint():
            work.leads.change(lead.id, campaign="spring")
    buy(crm, lead.customer)
    with crm.work("sara") as work:
        assert work.leads.get(lead.id).stage == "customer"
        work.opportunities.remove(made.id)
        assert work.leads.get(lead.id).opportunity is None


@pytest.mark.parametrize(
    ("hidden", "log", "gone"),
    [
        ("reason", Assignment, {"evidence", "reason"}),
        ("owner", Assignment, {"user", "reason"}),
        ("queue", Assignment, {"queue", "reason"}),
        ("stage", LeadChange, {"from_stage", "to_stage"}),
    ],
)
def test_what_is_hidden_of_a_lead_is_hidden_in_its_logs(
    shared: SharedCrm, hidden: str, log: type[Record], gone: set[str]
) -> None:
    """Why a lead was lost, or whose it is, would be read in its steps and assignments by those who may not know."""
    crm = shared.fresh(policy=Restricted(hidden={"lead": [hidden]}))
    lead = new_lead(crm)
    with crm.work("root") as work:
        work.leads.assign(lead.customer)
        work.leads.assign(lead.customer, owner=work.users.add(User("Omar")).id)
        work.leads.change(lead.id, stage="lost", reason="their secret")
        told = _told(work)
    assert all(told.values())
    with crm.work("sara") as work:
        seen = _told(work)
        assert {name: [] if name in gone else values for name, values in told.items()} == seen
        with pytest.raises(PredicateError, match="unknown field"):
            work[log].query(f'{max(gone)} != "x"')


def _told(work: UnitOfWork) -> dict[str, list[object]]:
    """What the logs tell, by field."""
    logs: dict[type[Record], tuple[str, ...]] = {
        LeadChange: ("from_stage", "to_stage", "by", "evidence"),
        Assignment: ("user", "queue", "rule", "reason"),
    }
    return {
        name: [value for row in work[log].query(sort="at").items if (value := getattr(row, name)) is not None]
        for log, names in logs.items()
        for name in names
    }
