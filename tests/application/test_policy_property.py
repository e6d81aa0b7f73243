"""INV-15 for whatever rule and records: what is listed, counted, found or searched may be read, and all of it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcore.application.searching import search
from crmcore.application.timeline import timeline
from crmcore.application.unit import UnitOfWork
from crmcore.domain.binder import ReadRule
from crmcore.domain.change import Actor, Change
from crmcore.domain.customer import Customer
from crmcore.domain.errors import DuplicateValue, NotFound
from crmcore.domain.predicate import Predicate, all_of
from crmcore.domain.record import RecordType
from crmcore.testing.questions import predicates
from crmcore.testing.strategies import records
from crmcore.testing.values import WORDS
from tests.shared import SharedCrm


class OneRule:
    """Customers for which a predicate holds, for everybody but root."""

    def __init__(self) -> None:
        self.where: Predicate | None = None

    def read(self, actor: Actor, record: RecordType) -> ReadRule:
        """The rule."""
        return ReadRule(self.where if record.name == "customer" and actor.id != "root" else None)

    def write(self, actor: Actor, changes: Sequence[Change]) -> None:
        """Anything."""


@settings(max_examples=30)
@given(data=st.data())
def test_readers_see_what_the_rule_says_in_memory(shared_memory: SharedCrm, data: st.DataObject) -> None:
    """Some way of reading would show more, or less, than the policy's predicate."""
    check(shared_memory, data)


@settings(max_examples=12)
@given(data=st.data())
def test_readers_see_what_the_rule_says_on_sqlite(shared_sqlite: SharedCrm, data: st.DataObject) -> None:
    """Some way of reading would show more, or less, than the policy's predicate."""
    check(shared_sqlite, data)


@pytest.mark.postgres
@settings(max_examples=6)
@given(data=st.data())
def test_readers_see_what_the_rule_says_on_postgres(shared_postgres: SharedCrm, data: st.DataObject) -> None:
    """Some way of reading would show more, or less, than the policy's predicate."""
    check(shared_postgres, data)


def check(shared: SharedCrm, data: st.DataObject) -> None:
    """Compare what one who is bound by a rule reads with what the rule says."""
    policy = OneRule()
    crm = shared.fresh(policy=policy)
    type, extra = crm.catalogue.record("customer"), crm.catalogue.facets["customer"]
    with crm.work("root") as work:
        for drawn in data.draw(st.lists(records(Customer, {}, facets=extra), min_size=1, max_size=5)):
            with suppress(DuplicateValue), work.savepoint():
                work.customers.add(drawn)
        everyone = [c.id for c in work.customers.query(limit=100).items]
        held = work.customers.query(limit=100).items
        policy.where = rule = data.draw(predicates(crm.catalogue, type, held, {}, depth=1))
        asked = data.draw(predicates(crm.catalogue, type, held, {}, depth=0))
        may = [c.id for c in work.customers.query(rule, limit=100).items]
        fits = [c.id for c in work.customers.query(all_of(rule, asked), limit=100).items]
    with crm.work("sara") as work:
        assert [c.id for c in work.customers.query(limit=100).items] == may
        assert [c.id for c in work.customers.query(asked, limit=100).items] == fits
        assert (work.customers.count(), work.customers.count(asked)) == (len(may), len(fits))
        for word in WORDS[:5]:
            assert {hit.id for hit in search(work, word, 100)} <= set(may)
        for id in everyone:
            for read in READS:
                assert can_read(read, work, id) is (id in may)


READS: tuple[Callable[[UnitOfWork, UUID], object], ...] = (
    lambda work, id: work.customers.get(id),
    lambda work, id: work.customers.history(id),
    lambda work, id: work.customers.get(id, as_of=work.now()),
    lambda work, id: timeline(work, id),
)


def can_read(read: Callable[[UnitOfWork, UUID], object], work: UnitOfWork, id: UUID) -> bool:
    """Whether a record is there for somebody."""
    try:
        read(work, id)
    except NotFound:
        return False
    return True
