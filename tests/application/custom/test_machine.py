"""Any order of adding, removing, adding again and purging fields: nothing is lost but what was purged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from crmcore.crm import Crm
from crmcore.domain.customer import Person
from crmcore.domain.errors import InvalidDeclaration, PredicateError
from crmcore.testing.contract.altering import change, drop_all_fields
from tests.shared import SharedCrm

NAMES = st.sampled_from(["a", "b", "c"])
KINDS = st.sampled_from(["integer", "text", "choices"])
VALUES: dict[str, Any] = {
    "integer": st.none() | st.integers(-5, 5),
    "text": st.none() | st.sampled_from(["x", "ی"]),
    "choices": st.frozensets(st.sampled_from(["tea", "milk"])),
}
EMPTY: dict[str, Any] = {"integer": None, "text": None, "choices": frozenset()}


class Fields(RuleBasedStateMachine):
    """The model: the kind of each live and each removed field, and what every customer holds of both."""

    shared: ClassVar[SharedCrm]

    @initialize()
    def begin(self) -> None:
        """Two customers, no field."""
        self.crm: Crm = self.shared.fresh()
        with self.crm.work("sara") as work:
            self.ids: list[UUID] = [work.customers.add(Person(name)).id for name in ("Leila", "Omar")]
        self.live: dict[str, str] = {}
        self.removed: dict[str, str] = {}
        self.held: dict[UUID, dict[str, Any]] = {id: {} for id in self.ids}

    def teardown(self) -> None:
        """No field either."""
        if hasattr(self, "crm"):
            drop_all_fields(self.crm)

    @rule(name=NAMES, kind=KINDS)
    def add(self, name: str, kind: str) -> None:
        """A new field, or one that comes back; any other is refused."""
        if name in self.live or self.removed.get(name, kind) != kind:
            with pytest.raises(InvalidDeclaration):
                self.crm.fields.add("customer", name, kind)
            return
        self.crm.fields.add("customer", name, kind)
        self.removed.pop(name, None)
        self.live[name] = kind

    @precondition(lambda self: self.live)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        """Out of sight."""
        name = data.draw(st.sampled_from(sorted(self.live)))
        self.crm.fields.remove("customer", name)
        self.removed[name] = self.live.pop(name)

    @precondition(lambda self: self.removed)
    @rule(data=st.data())
    def purge(self, data: st.DataObject) -> None:
        """For good, and it says how much went."""
        name = data.draw(st.sampled_from(sorted(self.removed)))
        kind = self.removed.pop(name)
        lost = [values.pop(name) for values in self.held.values() if name in values]
        assert self.crm.fields.purge("customer", name) == sum(1 for value in lost if value != EMPTY[kind])

    @precondition(lambda self: self.live)
    @rule(data=st.data(), who=st.integers(0, 1))
    def write(self, data: st.DataObject, who: int) -> None:
        """A value."""
        name = data.draw(st.sampled_from(sorted(self.live)))
        value = data.draw(VALUES[self.live[name]])
        with self.crm.work("sara") as work:
            change(work, self.ids[who], {f"custom.{name}": value})
        self.held[self.ids[who]][name] = value

    @precondition(lambda self: self.live)
    @rule(who=st.integers(0, 1))
    def drop(self, who: int) -> None:
        """The facet of a customer, with what it holds out of sight."""
        cls, id = self.crm.fields.facet("customer"), self.ids[who]
        with self.crm.work("sara") as work:
            if work.customers.get(id, with_=[cls]).facet_or_none(cls) is not None:
                work.customers.drop_facet(id, cls)
        self.held[id] = {}

    @invariant()
    def everything_is_there(self) -> None:
        """What is live is read as it was written, and nothing else can be asked for."""
        if not hasattr(self, "crm"):
            return
        with self.crm.work("sara") as work:
            facets = [f.cls for f in work.catalogue.facets["customer"] if f.name == "custom"]
            for id in self.ids:
                found = work.customers.get(id, with_=facets)
                held = found.facet_or_none(facets[0]) if facets else None
                for name, kind in self.live.items():
                    expected = self.held[id].get(name, EMPTY[kind])
                    assert getattr(held, name, EMPTY[kind]) == expected
            for name in self.removed:
                with pytest.raises(PredicateError):
                    work.customers.count(f"custom.{name} is missing")


@pytest.fixture
def machine(shared: SharedCrm) -> Iterator[type[Fields]]:
    """The machine on each storage."""
    yield type("FieldsHere", (Fields,), {"shared": shared})


def test_any_order_keeps_what_was_not_purged(machine: type[Fields], request: pytest.FixtureRequest) -> None:
    """More orders in memory, where tables cost nothing."""
    examples = 60 if "memory" in request.node.name else 4
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=14,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
