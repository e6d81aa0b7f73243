"""INV-19: whatever was done with a person, nothing of it is left once they are erased, and nothing else is lost."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import attrs
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from crmcore import ContactPoint, Interaction, Person
from crmcore.application import journal
from crmcore.application.subjects.belongings import belongings
from crmcore.application.subjects.ledger import known_by, refusals
from crmcore.application.subjects.subjects import Subjects
from crmcore.application.unit import UnitOfWork
from crmcore.domain.leads.lead import Lead, Qualification
from crmcore.domain.sales.invoice import Invoice
from crmcore.testing.crm import make_crm
from crmcore_loyalty import LoyaltyMember
from tests.application.subjects.dumps import dump
from tests.application.subjects.persons import NOON

STEPS = (
    "rename",
    "move",
    "write",
    "call",
    "change call",
    "give away call",
    "take call",
    "remove call",
    "card",
    "drop card",
    "invoice",
    "lead",
    "qualify",
    "remove lead",
    "merge",
)


@attrs.define
class World:
    """Two persons, the calls of each, and every token that was written of each."""

    work: UnitOfWork
    customers: list[UUID] = attrs.field(factory=list)
    calls: list[list[UUID]] = attrs.field(factory=lambda: [[], []])
    tokens: list[list[str]] = attrs.field(factory=lambda: [[], []])
    shared: set[str] = attrs.field(factory=set)
    leads: list[UUID | None] = attrs.field(factory=lambda: [None, None])

    def token(self, who: int) -> str:
        """A text that stands nowhere else."""
        self.tokens[who].append(f"tok{who}x{len(self.tokens[who]):03d}")
        return self.tokens[who][-1]

    def step(self, who: int, what: str) -> None:
        """Do one thing with one of the two."""
        id, t, calls = self.customers[who], self.token(who), self.calls[who]
        match what:
            case "rename":
                self.work.customers.change(id, name=t)
            case "move":
                self.work.customers.change(id, city=t)
            case "write":
                points = (ContactPoint("email", f"{t}@example.com"),)
                self.work.customers.change(id, contact_points=points)
            case "call":
                calls.append(self.work.interactions.add(Interaction(NOON, "call", customer=id, body=t)).id)
            case "change call" if calls:
                self.work.interactions.change(calls[-1], body=t)
            case "give away call" | "take call" if calls:
                self._hand_over(who, calls)
            case "remove call" if calls:
                self.work.interactions.remove(calls.pop())
            case "card":
                self.work.customers.put_facet(id, LoyaltyMember(card_number=t))
            case "drop card" if self.work.customers.get(id, with_=[LoyaltyMember]).facet_or_none(LoyaltyMember):
                self.work.customers.drop_facet(id, LoyaltyMember)
            case _:
                self._sell(who, what, t)

    def _hand_over(self, who: int, calls: list[UUID]) -> None:
        """What was noted with the wrong one: whose it was then, nobody can tell of each word."""
        call = calls.pop()
        entries = self.work.interactions.history(call)
        self.shared.update(token for each in self.tokens for token in each if any(token in e.changes for e in entries))
        self.work.interactions.change(call, customer=self.customers[1 - who])
        self.calls[1 - who].append(call)

    def _sell(self, who: int, what: str, t: str) -> None:
        id, lead = self.customers[who], self.leads[who]
        match what:
            case "invoice":
                self.work.invoices.add(Invoice(customer=id, number=f"{who}-{len(self.tokens[who])}", note=t))
            case "lead" if lead is None:
                self.leads[who] = self.work.leads.add(Lead(id)).id
            case "qualify" if lead is not None:
                answers = (Qualification("need", 1, evidence=t),)
                self.work.leads.change(lead, stage="mql", reason=t, qualifications=answers)
            case "remove lead" if lead is not None:
                self.work.leads.remove(lead)
                self.leads[who] = None
            case "merge":
                other = self.work.customers.add(Person(t, emails=[f"{t}@example.org"]))
                self.work.interactions.add(Interaction(NOON, "call", customer=other.id, body=t))
                self.work.merges.merge(id, [other.id])


def same_as_logged(work: UnitOfWork, persons: tuple[UUID, ...]) -> None:
    """What the log tells of every record is what stands there."""
    for type, records in belongings(work, persons, whole=True):
        for each in records:
            if type.options.append_only:
                continue
            told = journal.rebuild(work.kernel, type, each.id, work.transaction.history(type.name, each.id))
            plan: Any = work.kernel.plan(type)
            assert told is not None
            logged, stored = journal.plain_record(plan, told), journal.plain_record(plan, each)
            assert {**logged, "customer": None} == {**stored, "customer": None}  # what follows a merge is in its moves
            assert told.version == each.version
            assert {k: v for k, v in told.facets.items() if v} == {k: v for k, v in each.facets.items() if v}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example([(0, "lead"), (0, "qualify"), (0, "qualify"), (0, "remove lead"), (0, "card"), (0, "drop card"), (0, "merge")])
@example([(0, "call"), (0, "change call"), (0, "give away call"), (1, "remove call"), (0, "call"), (0, "remove call")])
@given(st.lists(st.tuples(st.integers(0, 1), st.sampled_from(STEPS)), min_size=1, max_size=25))
def test_nothing_is_left_whatever_was_done(steps: list[tuple[int, str]]) -> None:
    """INV-19: no token of the erased one stands anywhere, every token of the other one does; the log still tells every
    record as it is; and whoever has what they were known by is refused."""
    with make_crm(plugins=["loyalty"]) as crm:
        with crm.work("sara") as work:
            world = World(work)
            for who in (0, 1):
                t = world.token(who)
                world.customers.append(work.customers.add(Person(t, emails=[f"{t}@example.com"])).id)
            for who, what in steps:
                world.step(who, what)
            known = [each for each in work.customers.query(limit=1_000).items if each.id == world.customers[0]]
            assert all(known_by(work, each) for each in known)
        before = dump(crm, None)
        with crm.work("dpo") as work:
            done = Subjects(work).erase(world.customers[0], "asked for it")
        after = dump(crm, None)
        assert [t for t in world.tokens[0] if t in after and t not in world.shared] == []
        assert [t for t in world.tokens[1] if t in before and t not in after and t not in world.shared] == []
        with crm.work("dpo") as work:
            same_as_logged(work, done.persons)
            assert len(refusals(work, [(None, each) for each in known])) == len(known)
            assert Subjects(work).erase(world.customers[0], "again").log == 0
