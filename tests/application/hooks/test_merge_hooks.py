"""Guards of merges: asked before customers become one; whoever asks for merges alone makes no other write dearer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from crmcore import Person
from crmcore.application.hooks.merging import check_merge, vetoes_of
from crmcore.crm import Crm
from crmcore.domain.change import Change
from crmcore.domain.copying import evolve
from crmcore.domain.customer import Customer
from crmcore.domain.errors import PluginFailed, Vetoed
from crmcore.plugins import Amendment, Merging, Veto, hookimpl, on
from crmcore.testing.specimens import Profile
from tests.application.hooks.acting import acting, hooked
from tests.plugins.made import made, refused
from tests.shared import SharedCrm

NOTHING: Any = None
Prepared = tuple[Any, Change, list[Customer]]


@contextmanager
def prepared(crm: Crm) -> Iterator[Prepared]:
    """A unit of work, and the merge of two customers into a third as it would be written."""
    with crm.work("sara") as work:
        one = work.customers.add(Person("Leila").with_facets(Profile(motto="on", data={"a": [1]})))
        others = [work.customers.add(Person(name).with_facets(Profile(motto=name))) for name in ("Lei", "Laila")]
        after = evolve(one, name="Leila Hosseini")
        yield work, Change(work.catalogue.of(Customer), one.id, "merge", one, after, frozenset({"name"})), others


def no_merge(context: Merging) -> list[Veto]:
    """Has something against any merge."""
    return [Veto(context.changes[0], "they are on two sides")]


def test_a_veto_names_the_plugin_and_keeps_them_apart(shared: SharedCrm) -> None:
    """Whoever merged would not know whom to ask, or would have merged already."""
    crm = hooked(shared, acting(check_merges=no_merge))
    with pytest.raises(Exception, match="rolled back"), prepared(crm) as (work, change, others):
        with pytest.raises(Vetoed, match="refused by plugin 'specimen': they are on two sides") as caught:
            check_merge(work, change, others)
        assert caught.value.problems.keys() == {"merge"}
    assert caught.value.details["hook"] == "check_merges"
    assert caught.value.details["id"] == str(change.id)


def test_a_preview_names_every_veto(shared: SharedCrm) -> None:
    """Who clears the first one up would learn of the second only then. The unit of work goes on."""
    many = acting("alpha", check_merges=lambda context: [Veto(context.changes[0], f"reason {n}") for n in (1, 2)])
    crm = hooked(
        shared, many, acting("beta", check_merges=lambda context: None), acting("gamma", check_merges=no_merge)
    )
    with prepared(crm) as (work, change, others):
        found = vetoes_of(work, change, others)
        work.customers.add(Person("Sam"))
    assert found == [("alpha", "reason 1"), ("alpha", "reason 2"), ("gamma", "they are on two sides")]


def test_what_a_guard_of_merges_is_shown(shared: SharedCrm) -> None:
    """The survivor as it is and as it would be, and the others with their facets."""
    seen: list[Any] = []

    def look(context: Merging) -> None:
        [change] = context.changes
        assert isinstance(change.before, Customer)
        assert isinstance(change.after, Customer)
        seen.append((context.record, change.operation, change.before.name, change.after.name))
        seen.append([each.facet(Profile).motto for each in context.others])
        seen.append(context.work.customers.count())

    crm = hooked(shared, acting(check_merges=look))
    with prepared(crm) as (work, change, others):
        check_merge(work, change, others)
    assert seen == [("customer", "merge", "Leila", "Leila Hosseini"), ["Lei", "Laila"], 3]


def test_a_guard_of_merges_alters_nothing_for_the_next_one(shared: SharedCrm) -> None:
    """The next plugin would decide on what nobody wants to write."""
    seen: list[Any] = []

    def meddle(context: Merging) -> None:
        survivor: Any = context.changes[0].before
        survivor.facets[Profile].data["a"].append(2)
        with pytest.raises(TypeError):
            context.others[0].facets[Profile] = None  # type: ignore[index]  # that is the point

    def look(context: Merging) -> None:
        survivor: Any = context.changes[0].before
        seen.append(survivor.facets[Profile].data)

    crm = hooked(shared, acting("alpha", check_merges=meddle), acting("beta", check_merges=look))
    with prepared(crm) as (work, change, others):
        check_merge(work, change, others)
    assert seen == [{"a": [1]}]


@pytest.mark.parametrize(
    ("answer", "blame"),
    [
        (lambda context: "no", "returned a value of type str. Return a list"),
        (lambda context: [None], "returned a value of type NoneType in its list. Return only Veto"),
        (lambda context: [Veto(context.changes[0], " ")], "without a reason"),
        (lambda context: [Amendment(context.changes[0], Profile())], "value of type Amendment in its list"),
        (lambda context: [Veto(NOTHING, "no")], "about a change that it was not given"),
        (lambda context: 1 / 0, "ZeroDivisionError"),
        (lambda context: context.work.customers.add(Person("smuggled")), "a guard only reads"),
    ],
)
def test_a_guard_of_merges_that_fails_fails_closed(shared_memory: SharedCrm, answer: Any, blame: str) -> None:
    """A merge would go through that a guard could not look at."""
    crm = hooked(shared_memory, acting(check_merges=answer))
    for ask in (check_merge, vetoes_of):
        with pytest.raises(PluginFailed, match=blame) as caught, prepared(crm) as (work, change, others):
            ask(work, change, others)
        assert "plugin 'specimen', hook check_merges" in str(caught.value)


def test_who_asks_for_merges_alone_makes_no_write_dearer(shared_memory: SharedCrm) -> None:
    """Bulk writes build a change for each record only where somebody looks at them."""
    quiet = acting(check_merges=no_merge, check_erasures=lambda context: None)
    assert hooked(shared_memory, quiet).kernel.hooks.records == frozenset()
    looking = acting(check_merges=no_merge, check_changes=lambda context: None)
    assert hooked(shared_memory, looking).kernel.hooks.records == {"customer"}


@pytest.mark.parametrize(("hook", "what"), [("check_merges", "merges"), ("check_erasures", "erasures")])
def test_only_customers_are_merged_and_erased(hook: str, what: str) -> None:
    """A guard of the merges of orders would wait for ever."""
    error = refused(PluginFailed, made("odd", hooks={hook: hookimpl(on("customer", "order")(lambda context: None))}))
    assert f"hook {hook}: it asks for {what} of 'order', and there are none but of customers" in str(error)
    assert '@on("customer")' in str(error)
