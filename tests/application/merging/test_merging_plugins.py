"""Merges with what is not the core's own: plugins, also switched off; run-time fields; a host's transaction."""

from __future__ import annotations

from contextlib import suppress
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from crmcore import Order, Person
from crmcore.adapters.sql.engine import own_engine
from crmcore.crm import Crm
from crmcore.domain.errors import UnmergeBlocked, Vetoed
from crmcore.plugins import Changed, Merging, Observed, Plugin, Veto, hookimpl, on
from crmcore.testing.crm import make_crm
from tests.application.merging.kin import KIN, Bill, Kin, Solo, Thing
from tests.application.merging.test_merging import NOW, add
from tests.application.merging.worlds import PLUGINS, dump


def family(crm: Crm) -> tuple[UUID, UUID]:
    """Two who are one, with a facet and records of a plugin."""
    a, b, c = add(
        crm, Person("A").with_facets(Kin(level=2)), Person("Anna").with_facets(Kin(badge="1", level=1)), Person("C")
    )
    with crm.work("root") as work:
        work.customers.change(c, {"kin.sponsor": b})
        work[Thing].add(Thing(b, code="a"))
        work[Thing].add(Thing(a, code="a"))
        work[Thing].add(Thing(c, payer=b))
        work[Solo].add(Solo(b))
    return a, b


def test_plugins_that_are_switched_off(fresh_url: str) -> None:
    """What such a plugin keeps would be left behind with the old id, or not come back."""
    with make_crm(fresh_url, plugins=PLUGINS) as crm:
        a, b = family(crm)
        crm.plugins.disable("kin", actor="root")
        before = dump(crm)
        with crm.work("root") as work:
            done = work.merges.merge(a, [b])
            counts = {name: done.repointed.get(name) for name in ("customer", "kin.thing", "kin.solo")}
            assert counts == {"customer": 1, "kin.thing": 1, "kin.solo": 1}
            [stay] = done.stays
            assert (stay.record, "owner and code" in stay.reason) == ("kin.thing", True)
            [facet] = [f for f in done.survivor.facets.values() if f is not None]
            held: Any = facet
            assert (held.badge, held.level) == ("1", 1)
        with crm.work("root") as work:
            work.merges.undo(done.merge.id)
        assert dump(crm) == before
        with crm.work("root") as work:
            merged = work.merges.merge(a, [b]).merge
        crm.plugins.retire("kin", actor="root")
        with crm.work("root") as work, pytest.raises(UnmergeBlocked) as error:
            work.merges.undo(merged.id)
        blockers: Any = error.value.details["blockers"]
        assert {each["field"] for each in blockers} == {"kin", "kin.sponsor", "customer", "payer"}


def test_fields_that_were_added_at_run_time(fresh_url: str) -> None:
    """What administrators declare is as much a part of a customer."""
    with make_crm(fresh_url, plugins=PLUGINS) as crm:
        crm.fields.add("customer", "badge", "text", length=10, unique=True)
        crm.fields.add("customer", "size", "integer")
        crm.fields.add("kin.thing", "buyer", "reference", target="customer")
        a, b = add(crm, Person("A"), Person("B"))
        with crm.work("root") as work:
            work.customers.change(a, {"custom.size": 3})
            work.customers.change(b, {"custom.badge": "K"})
            work[Thing].change(work[Thing].add(Thing(a)).id, {"custom.buyer": b})
        before = dump(crm)
        with crm.work("root") as work:
            done = work.merges.merge(a, [b])
            assert done.repointed == {"kin.thing": 1}
            assert [each.id for each in work.customers.query('custom.badge = "K" and custom.size = 3').items] == [a]
            assert work[Thing].count(f'custom.buyer = "{a}"') == 1
        with crm.work("root") as work:
            work.merges.undo(done.merge.id)
        assert dump(crm) == before


def test_a_transaction_of_the_host(fresh_url: str) -> None:
    """A merge would last although the host rolled back, or be undone although it had committed."""
    engine = own_engine(fresh_url)
    with make_crm(fresh_url, plugins=PLUGINS) as crm:
        a, b = family(crm)
        before = dump(crm)
        with suppress(ZeroDivisionError), engine.begin() as connection:
            with crm.work("root", connection=connection) as work:
                work.merges.merge(a, [b])
            raise ZeroDivisionError
        assert dump(crm) == before
        with engine.begin() as connection:
            with crm.work("root", connection=connection) as work:
                done = work.merges.merge(a, [b])
            assert connection.execute(sa.text("SELECT COUNT(*) FROM crm_move")).scalar() == 3
        with crm.work("root") as work:
            assert work.customers.get(b).id == a
            work.merges.undo(done.merge.id)
        assert dump(crm) == before
    engine.dispose()


def test_guards() -> None:
    """A veto would be told without its plugin, or leave something behind, or make the rest of the work useless."""

    @hookimpl
    @on("customer")
    def check_merges(context: Merging) -> list[Veto]:
        [change] = context.changes
        assert change.after is not None and [each.name for each in context.others] == ["Anna"]
        return [Veto(change, "they are at law with each other")]

    guard = SimpleNamespace(plugin=Plugin("court"), check_merges=check_merges)
    with make_crm(plugins=[*PLUGINS, guard]) as crm:
        a, b = family(crm)
        before = dump(crm)
        with crm.work("root") as work:
            reason = "refused by plugin 'court': they are at law with each other"
            assert work.merges.preview(a, [b]).reasons == (reason,)
            with pytest.raises(Vetoed) as error:
                work.merges.merge(a, [b])
            assert error.value.details["plugin"] == "court"
            work.customers.change(a, note="still works")
            work.customers.change(a, note=None)
        assert dump(crm) == before


def test_facets_of_other_records() -> None:
    """A reference in a facet of an order would be forgotten; or one that only one order may have, be broken."""
    with make_crm(plugins=[KIN]) as crm:
        a, b = add(crm, Person("A"), Person("B"))
        with crm.work("root") as work:
            one = work.orders.add(Order(ordered_at=NOW).with_facets(Bill(payer=b, guarantor=a))).id
            two = work.orders.add(Order(ordered_at=NOW).with_facets(Bill(payer=b, guarantor=b))).id
            done = work.merges.merge(a, [b])
            bills = [work.orders.get(id, with_=[Bill]).facet(Bill) for id in (one, two)]
            assert [(each.payer, each.guarantor) for each in bills] == [(a, a), (b, b)]
            assert [(each.id, each.reason) for each in done.stays] == [
                (two, "the survivor has one with the same kin.guarantor already")
            ]


def test_more_stays_than_a_record_holds() -> None:
    """What is listed for people would be a reason against the merge."""
    with make_crm(plugins=PLUGINS) as crm:
        [a] = add(crm, Person("A"))
        others = add(crm, *(Person("ب" * 100) for _ in range(300)))
        with crm.work("root") as work:
            work[Solo].add(Solo(a))
            work[Solo].add_many(Solo(id) for id in others)
        with crm.work("root") as work:
            done = work.merges.merge(a, others)
            assert len(done.stays) == 300 and len(done.merge.stays) == 100
        with crm.work("root") as work:
            assert len(work.merges.undo(done.merge.id).customers) == 301


def test_reactions_and_observers() -> None:
    """A plugin would not learn that two became one, or be called for every row that moved."""
    seen: list[tuple[str, str, UUID]] = []

    @hookimpl
    @on("customer", "kin.thing")
    def react_changes(context: Changed) -> None:
        seen.extend(("reacts", each.operation, each.id) for each in context.changes)

    @hookimpl
    @on("customer", "kin.thing")
    def observe_changes(context: Observed) -> None:
        seen.extend(("observes", each.operation, each.id) for each in context.events)

    curious = SimpleNamespace(
        plugin=Plugin("curious", requires=("kin",)), react_changes=react_changes, observe_changes=observe_changes
    )
    with make_crm(plugins=[*PLUGINS, curious]) as crm:
        a, b = family(crm)
        crm.pump()
        seen.clear()
        with crm.work("root") as work:
            done = work.merges.merge(a, [b])
        crm.pump()
        assert seen == [("reacts", "merge", a), ("observes", "merge", a), ("observes", "merge", b)]
        seen.clear()
        with crm.work("root") as work:
            work.merges.undo(done.merge.id)
        crm.pump()
        assert {each[1] for each in seen} == {"unmerge"} and {each[2] for each in seen} == {a, b}
