"""What people do after a merge, and after it was taken back, goes on as before."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from crmcore import Order, Person
from crmcore.domain.errors import InvalidValue, UnknownName
from crmcore.testing.crm import make_crm
from crmcore.testing.fakes import Restricted
from crmcore.testing.specimens import Profile
from tests.application.merging.kin import KIN, Bill, Holder, Kin, Thing
from tests.application.merging.test_merging import NOW, add
from tests.application.merging.test_unmerging import blockers, merge
from tests.application.merging.worlds import PLUGINS, dump
from tests.shared import SharedCrm


def test_what_had_to_stay_can_be_changed(fresh_url: str) -> None:
    """MRG-04: a record that stays with a merged customer would be led to the survivor by any edit, where it cannot be,
    and so could not be changed any more."""
    with make_crm(fresh_url, plugins=PLUGINS) as crm:
        a, b = add(crm, Person("A"), Person("B"))
        with crm.work("root") as work:
            work[Thing].add(Thing(a, code="a"))
            thing = work[Thing].add(Thing(b, code="a")).id
            work.orders.add(Order(ordered_at=NOW).with_facets(Bill(guarantor=a)))
            order = work.orders.add(Order(ordered_at=NOW).with_facets(Bill(guarantor=b))).id
        stays = merge(crm, a, b).stays
        assert {each.id for each in stays} == {thing, order}
        with crm.work("root") as work:
            assert work[Thing].change(thing, note="x").owner == b
            changed = work[Thing].change(thing, holders=(Holder(b),))
            assert (changed.owner, changed.holders[0].who) == (b, a)
            bill = work.orders.change(order, {"kin.payer": b}).facet(Bill)
            assert (bill.payer, bill.guarantor) == (a, b)


def test_digits_that_a_database_adds_are_no_edit(shared: SharedCrm) -> None:
    """INV-5: the log says 0.5 where 0.500000 is stored; a merge would never be taken back because nobody changed it."""
    crm = shared.fresh()
    a, b = add(crm, Person("A"), Person("B").with_facets(Profile(card="K", ratio=Decimal("0.5"))))
    before = dump(crm)
    for _ in range(2):
        done = merge(crm, a, b)
        with crm.work("root") as work:
            work.merges.undo(done.merge.id)
        assert dump(crm) == before


def test_what_retired_plugins_keep_is_not_left_with_the_survivor(fresh_url: str) -> None:
    """INV-5: what followed could not be given back while its tables are put aside, and would be forgotten."""
    with make_crm(fresh_url, plugins=PLUGINS) as crm:
        a, b = add(crm, Person("A"), Person("B"))
        with crm.work("root") as work:
            thing = work[Thing].add(Thing(b)).id
        before = dump(crm)
        done = merge(crm, a, b)
        crm.plugins.disable("kin", actor="root")
        crm.plugins.retire("kin", actor="root")
        assert [(each["record"], each["field"]) for each in blockers(crm, done)] == [("kin.thing", "owner")]
        crm.plugins.enable(KIN, actor="root")
        with crm.work("root") as work:
            work.merges.undo(done.merge.id)
            assert work[Thing].get(thing).owner == b
        assert dump(crm) == before


def test_what_is_no_list(shared_memory: SharedCrm) -> None:
    """A host would get an error of Python, or a text be taken for a list of its letters."""
    crm = shared_memory.fresh()
    a, b = add(crm, Person("A"), Person("B"))
    wrong: Any = ({"others": b}, {"sources": "erp"}, {"sources": (3,)}, {"rules": {"name": None}})
    with crm.work("root") as work:
        for each in wrong:
            for ask in (work.merges.preview, work.merges.merge):
                with pytest.raises((InvalidValue, UnknownName)):
                    ask(a, **{"others": [b], **each})
        done = work.merges.merge(a, [b])
        with pytest.raises(InvalidValue):
            work.merges.undo(done.merge.id, only=b)  # type: ignore[arg-type]


def test_who_sees_no_merges_may_merge(shared: SharedCrm) -> None:
    """A merge that its policy allows would fail because it cannot be read afterwards."""
    crm = shared.fresh(policy=Restricted(rows={"merge": 'status = "undone"'}))
    a, b = add(crm, Person("A"), Person("B"))
    with crm.work("sara") as work:
        assert work.merges.merge(a, [b]).merge.survivor == a
        assert (work.customers.get(b).id, work.merges.of(a)) == (a, [])


def test_a_merge_of_others_that_is_in_the_way_is_named(fresh_url: str) -> None:
    """What a value refers to was merged since: nobody would know what to take back first."""
    with make_crm(fresh_url, plugins=PLUGINS) as crm:
        x, y, a = add(crm, Person("X"), Person("Y"), Person("A"))
        [b] = add(crm, Person("B").with_facets(Kin(sponsor=x)))
        before = dump(crm)
        done, others = merge(crm, a, b), merge(crm, y, x)
        [blocker] = blockers(crm, done)
        assert (blocker["field"], str(others.merge.id) in blocker["why"]) == ("kin.sponsor", True)
        with crm.work("root") as work:
            work.merges.undo(others.merge.id)
            work.merges.undo(done.merge.id)
        assert dump(crm) == before
