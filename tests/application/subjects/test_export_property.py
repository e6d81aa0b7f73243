"""Whatever was written, moved and removed: what is somebody's is handed out to them, and to nobody else."""

from __future__ import annotations

import json
from typing import Any, TypeAlias
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from crmcore import Interaction, Opportunity, Party, Person, Relationship
from crmcore.application.unit import UnitOfWork
from crmcore.testing.crm import make_crm
from tests.application.subjects.persons import NOON
from tests.application.subjects.test_export import exported

Step: TypeAlias = tuple[str, int, int | None]
OWNER = st.sampled_from([None, 0, 1, 2])
STEPS = st.lists(
    st.tuples(st.sampled_from(["add", "move", "edit", "remove", "knows", "deal"]), st.integers(0, 4), OWNER)
)


class World:
    """Three customers, and who owns which token."""

    def __init__(self, work: UnitOfWork) -> None:
        self.work = work
        self.customers = [work.customers.add(Person(f"person{n}!")).id for n in range(3)]
        self.calls: list[tuple[UUID, list[str]]] = []
        self.owners: dict[UUID, int | None] = {}
        self.gone: set[UUID] = set()
        self.tokens: dict[str, int] = {f"person{n}!": n for n in range(3)}
        self.made = 0

    def token(self) -> str:
        """A text that stands nowhere else."""
        self.made += 1
        return f"token{self.made}!"

    def step(self, step: Step) -> None:
        """Do one thing, where it can be done."""
        what, number, owner = step
        customer = None if owner is None else self.customers[owner]
        if what == "add":
            token = self.token()
            call = self.work.interactions.add(Interaction(NOON, "call", customer=customer, body=token)).id
            self.calls.append((call, [token]))
            self.owners[call] = owner
        elif what == "knows" and customer and customer != self.customers[number % 3]:
            self.work.relationships.add(Relationship(customer, self.customers[number % 3], "influences"))
        elif what == "deal":
            self._deal(customer, owner, number % 3)
        elif number < len(self.calls) and self.calls[number][0] not in self.gone:
            self._with_call(what, *self.calls[number], owner, customer)

    def _with_call(self, what: str, call: UUID, tokens: list[str], owner: int | None, customer: UUID | None) -> None:
        if what == "move":
            self.work.interactions.change(call, customer=customer)
            self.owners[call] = owner
        elif what == "edit":
            tokens.append(self.token())
            self.work.interactions.change(call, body=tokens[-1])
        elif what == "remove":
            self.work.interactions.remove(call)
            self.gone.add(call)

    def _deal(self, customer: UUID | None, owner: int | None, partner: int) -> None:
        token, note = self.token(), self.token()
        if owner == partner:
            return
        parties = (Party("partner", customer=self.customers[partner], note=note),)
        self.work.opportunities.add(Opportunity(customer=customer, note=token, parties=parties))
        self.tokens[note] = partner
        if owner is not None:
            self.tokens[token] = owner

    def owned(self) -> dict[str, int | None]:
        """Whose each token is in the end."""
        of_calls = {token: self.owners[call] for call, tokens in self.calls for token in tokens}
        return {**self.tokens, **of_calls}


@settings(max_examples=60)
@given(STEPS)
def test_everybody_gets_their_own(steps: list[Step]) -> None:
    """GDP-02, for whatever happened; what was nobody's in the end is handed out to nobody."""
    with make_crm() as crm:
        with crm.work("root") as work:
            world = World(work)
        for step in steps:
            with crm.work("root") as work:
                world.work = work
                world.step(step)
        owned = world.owned()
        for number, customer in enumerate(world.customers):
            document: dict[str, Any] = exported(crm, customer)
            text = json.dumps(document)
            assert {token for token in owned if token in text} == {t for t, owner in owned.items() if owner == number}
