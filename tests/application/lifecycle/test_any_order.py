"""However a plugin is switched, its rows are those that people wrote."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from crmcore import Person
from crmcore.adapters.memory.source import MemorySource
from crmcore.crm import Crm
from crmcore.testing import specimens
from crmcore.testing.fakes import CountingIds, FrozenClock
from crmcore.testing.specimens import Profile, Sample

NOON = dt.datetime(2025, 1, 15, 12, tzinfo=dt.UTC)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)


class Switching(RuleBasedStateMachine):
    """One plugin, one database, and what must be in it."""

    @initialize()
    def begin(self) -> None:
        """A new database."""
        source = MemorySource()
        self.crm = Crm(storage=source, plugins=[specimens], clock=FrozenClock(NOON), ids=CountingIds())
        self.crm.upgrade()
        self.state = "active"
        self.people: dict[UUID, str | None] = {}
        self.samples: dict[UUID, tuple[str, UUID | None]] = {}

    @rule(motto=TEXTS)
    def add_a_person(self, motto: str) -> None:
        """With a facet, if the plugin runs."""
        person = Person("Nour")
        if self.state == "active":
            person = person.with_facets(Profile(motto=motto))
        with self.crm.work("sara") as work:
            self.people[work.customers.add(person).id] = motto if self.state == "active" else None

    @precondition(lambda self: self.state == "active")
    @rule(label=TEXTS, data=st.data())
    def add_a_sample(self, label: str, data: st.DataObject) -> None:
        """About somebody, or about nobody."""
        customer = data.draw(st.sampled_from([None, *self.people]))
        with self.crm.work("sara") as work:
            made = work[Sample].add(Sample(label, NOON, customer=customer)).id
        self.samples[made] = (label, customer)

    @precondition(lambda self: self.state == "active")
    @rule(motto=TEXTS, data=st.data())
    def change_a_facet(self, motto: str, data: st.DataObject) -> None:
        """Of somebody who has one or not."""
        if self.people:
            id = data.draw(st.sampled_from(list(self.people)))
            with self.crm.work("sara") as work:
                work.customers.change(id, {"specimen.motto": motto})
            self.people[id] = motto

    @precondition(lambda self: self.state in ("active", "disabled"))
    @rule()
    def disable(self) -> None:
        """Also when it is."""
        self.crm.plugins.disable("specimen", actor="root")
        self.state = "disabled"

    @precondition(lambda self: self.state in ("disabled", "retired"))
    @rule()
    def retire(self) -> None:
        """Also when it is."""
        self.crm.plugins.retire("specimen", actor="root")
        self.state = "retired"

    @rule()
    def enable(self) -> None:
        """From whatever it is."""
        self.crm.plugins.enable(specimens, actor="root")
        self.state = "active"

    @invariant()
    def everything_is_there(self) -> None:
        """As far as anybody can see it."""
        if not hasattr(self, "crm"):
            return
        with self.crm.work("sara") as work:
            if self.state == "retired":
                assert work.customers.count() == len(self.people)
                return
            [facet] = self.crm.catalogue.facets["customer"]
            found: Any = {c.id: c.facets[facet.cls] for c in work.customers.stream(with_=[facet.cls])}
            assert {id: held and held.motto for id, held in found.items()} == self.people
            samples: Any = work.records("specimen.sample").stream()
            assert {s.id: (s.label, s.customer) for s in samples} == self.samples


Switching.TestCase.settings = settings(
    max_examples=20, stateful_step_count=15, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestSwitching = Switching.TestCase
