"""Guards of erasures: what they hold back has a name and a reason; one that fails lets nothing be erased."""

from __future__ import annotations

from typing import Any

import pytest

from crmcore import Person
from crmcore.application.hooks.erasing import Held, holds
from crmcore.domain.errors import PluginFailed, StorageBusy
from crmcore.plugins import Erasing, Hold
from crmcore.testing.specimens import Entry, Profile
from tests.application.hooks.acting import acting, hooked
from tests.shared import SharedCrm

WRONG: Any = Hold
TYPES = frozenset({"customer", "specimen.entry"})


def held(shared: SharedCrm, *plugins: Any) -> list[Held]:
    """What these plugins hold back of a customer."""
    with hooked(shared, *plugins).work("sara") as work:
        leila = work.customers.add(Person("Leila").with_facets(Profile(motto="on")))
        work[Entry].add(Entry(leila.id, work.now(), 3))
        return holds(work, leila, TYPES)


def test_every_hold_has_its_plugin_and_its_reason(shared: SharedCrm) -> None:
    """Nobody could say why a person's data is still there, or who wants it."""

    def hold(context: Erasing) -> list[Hold]:
        assert (context.record, context.records) == ("customer", TYPES)
        assert context.customer.facet(Profile).motto == "on"
        [entry] = context.work[Entry].query().items
        return [Hold("points are disputed", "specimen.entry", entry.id), Hold("all of them", "specimen.entry")]

    nothing = acting("beta", check_erasures=lambda context: ())
    found = held(shared, acting("alpha", check_erasures=hold), nothing, acting("gamma", check_erasures=all_of_it))
    assert [(each.plugin, each.reason, each.record) for each in found] == [
        ("alpha", "points are disputed", "specimen.entry"),
        ("alpha", "all of them", "specimen.entry"),
        ("gamma", "a court asks", ""),
    ]
    assert [each.id is None for each in found] == [False, True, True]


def all_of_it(context: Erasing) -> list[Hold]:
    """Holds everything about the person."""
    return [Hold("a court asks")]


def test_who_holds_nothing_is_nobody(shared_memory: SharedCrm) -> None:
    """Without guards, and with one that returns None."""
    assert held(shared_memory) == []
    assert held(shared_memory, acting(check_erasures=lambda context: None)) == []


class Sly(Hold):
    """A hold that might answer otherwise each time."""


@pytest.mark.parametrize(
    ("answer", "blame"),
    [
        (lambda context: Hold("why"), "returned a value of type Hold. Return a list of Hold"),
        (lambda context: ["why"], "returned a value of type str in its list. Return only Hold"),
        (lambda context: [Sly("why")], "returned a value of type Sly in its list"),
        (lambda context: [Hold("")], "holds without a reason"),
        (lambda context: [Hold(" \n")], "holds without a reason"),
        (lambda context: [WRONG(None)], "holds without a reason"),
        (lambda context: [Hold("why\0")], "holds without a reason"),
        (lambda context: [Hold("why", "specimen.entri")], "Did you mean 'specimen.entry'"),
        (lambda context: [WRONG("why", 3)], "there is no such record type"),
        (lambda context: [WRONG("why", "specimen.entry", "7")], "which is no id"),
        (lambda context: [Hold("why", "", context.customer.id)], "does not say of which type"),
        (lambda context: 1 / 0, "ZeroDivisionError"),
        (lambda context: exit(1), "SystemExit"),
        (lambda context: context.work.customers.remove(context.customer.id), "a guard only reads"),
    ],
)
def test_a_guard_of_erasures_that_fails_fails_closed(shared_memory: SharedCrm, answer: Any, blame: str) -> None:
    """What it wanted to hold would be gone."""
    with pytest.raises(PluginFailed, match=blame) as caught:
        held(shared_memory, acting(check_erasures=answer))
    assert "plugin 'specimen', hook check_erasures" in str(caught.value)


def test_every_wrong_hold_is_told_at_once(shared_memory: SharedCrm) -> None:
    """An author would mend them one by one."""
    with pytest.raises(PluginFailed) as caught:
        held(shared_memory, acting(check_erasures=lambda context: [Hold(""), Hold("why", "nothing")]))
    problems = caught.value.details["problems"]
    assert isinstance(problems, list)
    assert len(problems) == 2


def test_errors_of_the_database_pass_through_guards_of_erasures(shared_memory: SharedCrm) -> None:
    """A host repeats after StorageBusy; were it called a failure of the plugin, it would not."""

    def busy(context: Erasing) -> None:
        raise StorageBusy("another writer")

    with pytest.raises(StorageBusy):
        held(shared_memory, acting(check_erasures=busy))


def test_a_guard_of_erasures_alters_nothing(shared_memory: SharedCrm) -> None:
    """The next plugin would hold, or not, for what is not so."""

    def meddle(context: Erasing) -> None:
        with pytest.raises(TypeError):
            context.customer.facets[Profile] = None  # type: ignore[index]  # that is the point
        with pytest.raises(AttributeError):
            context.customer.name = "x"  # type: ignore[misc]  # that is the point

    assert held(shared_memory, acting(check_erasures=meddle)) == []
