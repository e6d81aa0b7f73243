"""Recorded hooks: tests see who was called with what, and the Crm does what it does without."""

from __future__ import annotations

from typing import Any

import pytest

from crmcore import Person
from crmcore.domain.errors import PluginFailed, Vetoed
from crmcore.plugins import Amendment, Changed, Checking, Hold, Merging, Observed, Veto
from crmcore.testing import Called, make_crm, recorded
from crmcore.testing.specimens import Profile, Sample
from tests.application.hooks.acting import acting, hooked
from tests.shared import SharedCrm, shared, shared_mariadb, shared_memory, shared_postgres, shared_sqlite

__all__ = ["shared", "shared_mariadb", "shared_memory", "shared_postgres", "shared_sqlite"]


def refuse_test(context: Checking) -> list[Veto | Amendment]:
    """Vetoes one name, and gives all others a motto."""
    profile = Profile(motto="on")
    named = [(each, getattr(each.after, "name", "")) for each in context.changes if each.operation == "add"]
    return [Veto(each, "no", "name") if name == "test" else Amendment(each, profile) for each, name in named]


def test_calls_are_kept_in_order_with_their_answers(shared: SharedCrm) -> None:
    """A test could not tell whether a hook was called once, or at all."""
    seen: list[int] = []

    def react(context: Changed) -> None:
        seen.append(len(context.changes))

    crm = hooked(shared, acting(check_changes=refuse_test, react_changes=react))
    recording = recorded(crm)
    with crm.work("sara") as work:
        leila = work.customers.add(Person("Leila"))
        with pytest.raises(Vetoed), work.savepoint():
            work.customers.add(Person("test"))
        assert work.customers.get(leila.id, with_=[Profile]).facet(Profile).motto == "on"
    guard, reaction, refused = recording.calls
    assert (guard.plugin, guard.hook, guard.record, guard.size) == ("specimen", "check_changes", "customer", 1)
    [amendment] = guard.answer
    assert (amendment["id"], amendment["amend"]["motto"]) == (str(leila.id), "on")
    assert reaction == Called(plugin="specimen", hook="react_changes", record="customer", size=1)
    assert [(each["veto"], each["field"]) for each in refused.answer] == [("no", "name")]
    assert seen == [1]


def test_guards_of_merges_and_erasures_are_recorded(shared: SharedCrm) -> None:
    """An author could not see that a guard was asked, and what it said."""

    def veto(context: Merging) -> list[Veto]:
        return [Veto(context.changes[0], "they are two")]

    crm = hooked(shared, acting(check_merges=veto, check_erasures=lambda context: [Hold("a court asks")]))
    recording = recorded(crm)
    with crm.work("sara") as work:
        leila, other = (work.customers.add(Person(name)).id for name in ("Leila", "Laila"))
        with pytest.raises(Vetoed), work.savepoint():
            work.merges.merge(leila, [other])
        assert work.subjects.erase(leila, "asked by letter").state == "held"
        assert work.customers.get(leila).name == "Leila"
    assert recording.of(hook="check_merges")[0].answer == [{"veto": "they are two", "field": "", "id": str(leila)}]
    assert recording.of(hook="check_erasures")[0].answer == [{"hold": "a court asks", "record": "", "id": None}]


def test_what_a_hook_raises_is_kept_and_goes_on(shared: SharedCrm) -> None:
    """A recording would hide a failure, or not tell of it."""

    def fail(context: Changed) -> None:
        raise ValueError("not today")

    crm = hooked(shared, acting(react_changes=fail))
    recording = recorded(crm)
    with pytest.raises(PluginFailed, match="not today"), crm.work("sara") as work:
        work.customers.add(Person("Leila"))
    assert [call.error for call in recording.calls] == ["ValueError: not today"]


def test_what_was_altered_is_told(shared: SharedCrm) -> None:
    """Nobody would see a plugin that gets round what is frozen."""

    def meddle(context: Changed) -> None:
        object.__setattr__(context.changes[0].after, "name", "Somebody else")

    crm = hooked(shared, acting(react_changes=meddle))
    recording = recorded(crm)
    with crm.work("sara") as work:
        work.customers.add(Person("Leila"))
    assert [call.altered for call in recording.calls] == [True]


def test_calls_are_found_by_plugin_and_hook() -> None:
    """With several plugins a test would have to search by hand."""
    crm_plugins: list[Any] = [
        acting(name, check_changes=lambda context: None, react_changes=lambda context: None) for name in ("one", "two")
    ]
    with make_crm(plugins=crm_plugins) as crm:
        recording = recorded(crm)
        with crm.work("sara") as work:
            work.customers.add_many(Person(name) for name in ("Leila", "Omar"))
        assert [call.plugin for call in recording.calls] == ["one", "two", "one", "two"]
        assert [(c.hook, c.size) for c in recording.of("two")] == [("check_changes", 2), ("react_changes", 2)]
        assert [c.plugin for c in recording.of(hook="react_changes")] == ["one", "two"]
        recording.clear()
        assert recording.calls == []


def test_observers_are_recorded_too() -> None:
    """What is done after the commit could not be looked at."""
    observed: list[str] = []

    def observe(context: Observed) -> None:
        observed.extend(event.operation for event in context.events)

    with make_crm(plugins=[acting("watcher", observe_changes=observe)]) as crm:
        crm.pump()
        recording = recorded(crm)
        with crm.work("sara") as work:
            work.customers.add(Person("Leila"))
        crm.pump()
        assert [(call.hook, call.size) for call in recording.of("watcher")] == [("observe_changes", 1)]
        assert observed == ["add"]


def test_who_is_not_called_is_not_recorded(shared: SharedCrm) -> None:
    """A plugin would seem to be called for what it did not ask for."""
    crm = hooked(shared, acting("specimen", "specimen.sample", check_changes=lambda context: None))
    recording = recorded(crm)
    with crm.work("sara") as work:
        work.customers.add(Person("Leila"))
        assert recording.calls == []
        work[Sample].add(Sample("s", work.now()))
    assert [call.record for call in recording.calls] == ["specimen.sample"]
