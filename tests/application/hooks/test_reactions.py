"""Reactions: they write what follows in the same transaction, in their own name, with rights of their own."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from crmcore import Opportunity, Person, Product
from crmcore.domain.customer import Customer
from crmcore.domain.errors import DuplicateValue, PluginFailed, Vetoed
from crmcore.plugins import Changed, Checking, Stepped, Veto
from crmcore.testing.fakes import START, Restricted
from crmcore.testing.specimens import Entry, Profile
from tests.application.hooks.acting import acting, hooked
from tests.shared import SharedCrm


def welcome(context: Changed) -> None:
    """Ten points for each new customer."""
    new = [each.id for each in context.changes if each.operation == "add"]
    context.work[Entry].add_many(Entry(customer=id, at=START, points=10) for id in new)


def test_a_reaction_writes_its_own_records(shared: SharedCrm) -> None:
    """In the same transaction, in the plugin's name for whom it acts, as part of the same work."""
    crm = hooked(shared, acting(react_changes=welcome))
    with crm.work("sara") as work:
        leila = work.customers.add(Person("Leila"))
        [entry] = work[Entry].query().items
        [logged] = work[Entry].history(entry.id)
        assert (entry.customer, entry.points) == (leila.id, 10)
        assert (logged.actor, logged.work) == ("plugin:specimen for sara", work.id)


def test_it_rolls_back_with_the_host(shared: SharedCrm) -> None:
    """What follows from nothing is nothing."""
    crm = hooked(shared, acting(react_changes=welcome))
    with pytest.raises(ZeroDivisionError), crm.work("sara") as work:
        work.customers.add(Person("Leila"))
        raise ZeroDivisionError
    with crm.work("sara") as work:
        assert (work.customers.count(), work[Entry].count()) == (0, 0)


def test_every_kind_of_write_is_followed(shared: SharedCrm) -> None:
    """The change is written when a reaction sees it."""
    seen: list[str] = []

    def look(context: Changed) -> None:
        for each in context.changes:
            there = context.work.customers.find(email="leila@example.com")
            seen.append(f"{each.operation} {'there' if there else 'gone'}")

    crm = hooked(shared, acting(react_changes=look))
    with crm.work("sara") as work:
        leila = work.customers.add(Person("Leila", emails=["leila@example.com"]))
        work.customers.change(leila.id, name="Leila H")
        work.customers.change(leila.id, {"specimen.motto": "on"})
        work.customers.drop_facet(leila.id, Profile)
        work.customers.remove(leila.id)
    assert seen == ["add there", "change there", "facet there", "facet there", "remove gone"]


def test_entering_a_state_is_followed(shared: SharedCrm) -> None:
    """An entry reaction sees the step that was taken."""

    def celebrate(context: Stepped) -> None:
        won = [step.change for step in context.steps if step.target == "won"]
        context.work[Entry].add_many(
            Entry(customer=c.after.customer, at=START, points=50)
            for c in won
            if isinstance(c.after, Opportunity) and c.after.customer
        )

    crm = hooked(shared, acting("specimen", "opportunity", react_steps=celebrate))
    with crm.work("sara") as work:
        leila = work.customers.add(Person("Leila"))
        deal = work.opportunities.add(Opportunity("Annual plan", customer=leila.id))
        assert work[Entry].count() == 0
        work.opportunities.win(deal.id)
        assert [entry.points for entry in work[Entry].query().items] == [50]


@pytest.mark.parametrize(
    ("write", "blame"),
    [
        (lambda work: work.products.add(Product(name="x")), "may not add product records"),
        (lambda work: work.customers.add(Person("x")), "may not add customer records"),
        (lambda work: work.customers.change(work.customers.query().items[0].id, name="x"), "may not change customer"),
        (lambda work: work.customers.remove(work.customers.query().items[0].id), "may not remove customer records"),
        (lambda work: work.commit(), "has no 'commit'"),
        (lambda work: 1 / 0, "ZeroDivisionError"),
        (lambda work: exit(1), "SystemExit"),
    ],
)
def test_a_reaction_keeps_to_its_rights(shared: SharedCrm, write: Any, blame: str) -> None:
    """It fails closed, named, and all of the write is undone."""
    crm = hooked(shared, acting("other", react_changes=lambda context: write(context.work)))
    with pytest.raises(PluginFailed, match=blame) as caught, crm.work("sara") as work:
        work.customers.add(Person("Leila"))
    assert "plugin 'other', hook react_changes" in str(caught.value)
    with crm.work("sara") as work:
        assert (work.customers.count(), work.products.count()) == (0, 0)


def test_a_capability_allows_what_it_says(shared: SharedCrm) -> None:
    """And no more than that."""

    def note(context: Changed) -> None:
        context.work.products.add(Product(name="Welcome pack"))

    crm = hooked(shared, acting("other", capabilities=("product:add",), react_changes=note))
    with crm.work("sara") as work:
        work.customers.add(Person("Leila"))
        assert work.products.count() == 1


def test_a_facet_of_another_plugin_is_not_its_own(shared: SharedCrm) -> None:
    """Neither on a record that is there, nor smuggled in with a new one."""

    def write(context: Changed) -> None:
        context.work.customers.put_facet(context.changes[0].id, Profile(motto="mine now"))

    crm = hooked(shared, acting("other", react_changes=write))
    with pytest.raises(PluginFailed, match="may not write 'specimen' of customer records"), crm.work("sara") as work:
        work.customers.add(Person("Leila"))

    def smuggle(context: Changed) -> None:
        if context.work.customers.count() < 3:
            context.work.customers.add(Person("x").with_facets(Profile(motto="mine now")))

    crm = hooked(shared, acting("other", capabilities=("customer:add", "customer:change"), react_changes=smuggle))
    with pytest.raises(PluginFailed, match="may not write 'specimen' of customer records"), crm.work("sara") as work:
        work.customers.add(Person("Leila"))


def test_a_plugin_reads_what_the_person_may_read(shared: SharedCrm) -> None:
    """Its own records whole; those of others only with the capability to."""
    policy = Restricted(rows={"customer": 'name != "secret"', "specimen.entry": "points < 0"})
    seen: list[tuple[int, int]] = []

    def look(context: Changed) -> None:
        seen.append((context.work.customers.count(), context.work[Entry].count()))

    for capabilities in ((), ("customer:read",)):
        crm = hooked(shared, acting(capabilities=capabilities, react_changes=look), policy=policy)
        with crm.work("root") as work:
            secret = work.customers.add(Person("secret"))
            work[Entry].add(Entry(customer=secret.id, at=START, points=1))
        seen.clear()
        with crm.work("sara") as work:
            work.customers.add(Person("Leila"))
        assert seen == [(2 if capabilities else 1, 1)]


def test_the_policy_of_the_host_is_asked_too(shared: SharedCrm) -> None:
    """What a plugin may do is never more than the host allows it."""
    policy = Restricted(refuse=lambda change: "never" if change.type.name == "specimen.entry" else None)
    crm = hooked(shared, acting(react_changes=welcome), policy=policy)
    with pytest.raises(PluginFailed, match="never"), crm.work("sara") as work:
        work.customers.add(Person("Leila"))


def test_a_loop_of_reactions_is_named(shared: SharedCrm) -> None:
    """Two plugins that answer each other would go on for ever."""

    def answer(context: Changed) -> None:
        for each in context.changes:
            if isinstance(each.after, Customer):
                context.work.customers.change(each.id, name=f"{each.after.name}!")

    loop = [acting(n, capabilities=("customer:change",), react_changes=answer) for n in ("left", "right")]
    crm = hooked(shared, *loop)
    with pytest.raises(PluginFailed, match="deeper than 5") as caught, crm.work("sara") as work:
        work.customers.add(Person("Leila"))
    assert "left react_changes(customer) > left react_changes(customer)" in str(caught.value)
    with crm.work("sara") as work:
        assert work.customers.count() == 0


def test_a_chain_of_five_is_no_loop(shared: SharedCrm) -> None:
    """Depth counts what leads to what, not how much follows from one change."""

    def answer(context: Changed) -> None:
        for each in context.changes:
            if isinstance(each.after, Customer) and len(each.after.name or "") < 5:
                context.work.customers.change(each.id, name=f"{each.after.name}!")

    crm = hooked(shared, acting(capabilities=("customer:change",), react_changes=answer))
    with crm.work("sara") as work:
        for _ in range(7):
            added = work.customers.add(Person("L"))
            assert work.customers.get(added.id).name == "L!!!!"


def test_a_guard_sees_what_reactions_write(shared: SharedCrm) -> None:
    """There is one write path: what one plugin writes, another one can veto."""

    def refuse(context: Checking) -> list[Veto]:
        return [Veto(each, "no points today") for each in context.changes]

    crm = hooked(
        shared,
        acting(react_changes=welcome),
        acting("strict", "specimen.entry", check_changes=refuse),
    )
    with pytest.raises(PluginFailed, match="no points today") as caught, crm.work("sara") as work:
        work.customers.add(Person("Leila"))
    assert isinstance(caught.value.__cause__, Vetoed)


def test_a_reaction_that_catches_its_own_failure_still_fails(shared: SharedCrm) -> None:
    """A write that the database refused leaves a transaction that cannot be trusted."""

    def careless(context: Changed) -> None:
        for _ in range(2):
            with suppress(DuplicateValue):
                context.work.customers.add(Person("twin", source="s", external_id="1"))

    crm = hooked(shared, acting("other", capabilities=("customer:add",), react_changes=careless))
    with pytest.raises(Exception, match="earlier write in this unit of work failed"), crm.work("sara") as work:
        work.customers.add(Person("Leila"))
    with crm.work("sara") as work:
        assert work.customers.count() == 0


def test_an_import_lets_plugins_take_part(shared: SharedCrm, tmp_path: Any) -> None:
    """Bulk and by hand are one path: a veto rejects a row, a reaction follows the others."""
    crm = hooked(shared, acting(check_changes=_refuse_test, react_changes=welcome))
    (tmp_path / "people.csv").write_text("name\nLeila\ntest\nOmid\n", encoding="utf-8")
    report = crm.import_file(tmp_path / "people.csv", "customer", actor="sara")
    assert (report.created, report.rejected) == (2, 1)
    assert "refused by plugin 'specimen'" in report.rejects[0].reason
    with crm.work("sara") as work:
        assert work[Entry].count() == 2


def _refuse_test(context: Checking) -> list[Veto]:
    named = [c for c in context.changes if isinstance(c.after, Customer) and c.after.name == "test"]
    return [Veto(each, "nobody is called that", "name") for each in named]
