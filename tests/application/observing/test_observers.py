"""Observers see every change once, in order for each record; what fails holds back nothing but its record."""

from __future__ import annotations

from typing import Any

import pytest

from crmcore import Interaction, Person
from crmcore.plugins import Observed, on
from crmcore.testing.contract.case import NOON
from crmcore.testing.fakes import FrozenClock
from crmcore.testing.specimens import Entry
from tests.application.hooks.acting import acting, hooked
from tests.application.observing.watching import Watching, add, aside, lines, rename
from tests.shared import SharedCrm


def test_every_change_is_seen_once_in_order(shared: SharedCrm) -> None:
    """An observer would miss a change, see one twice, or see the end before the beginning."""
    watching = Watching()
    crm = hooked(shared, acting(observe_changes=watching.hook))
    crm.pump()
    leila, _ = add(crm, "Leila", "Omar")
    rename(crm, leila, "Leyla")
    assert crm.pump() == {"events": 6, "jobs": 0, "sent": 0, "parked": 0}
    assert watching.batches == [["1 add customer Leila", "2 add customer Omar", "3 change customer Leyla"]]
    assert lines(crm) == ["1 Leila", "1 Omar", "2 Leyla"]
    assert not any(crm.pump().values())
    add(crm, "Nora")
    crm.pump()
    assert watching.batches[1:] == [["7 add customer Nora"]]


def test_it_sees_what_it_asked_for(shared: SharedCrm) -> None:
    """Every plugin would be woken for every change."""
    users = Watching()
    everything: list[str] = []
    asks = acting("other", "user", observe_changes=users.hook)
    sees = acting("specimen", "*", observe_changes=lambda context: everything.extend(e.record for e in context.events))
    crm = hooked(shared, sees, asks)
    crm.pump()
    add(crm, "Leila")
    with crm.work("sara") as work:
        work.interactions.add(Interaction(NOON, "call"))
    crm.pump()
    assert users.batches == []
    assert everything == ["customer", "interaction"]


def test_an_event_says_all(shared: SharedCrm) -> None:
    """An observer would have to ask the log again."""
    found: list[Any] = []
    crm = hooked(shared, acting(observe_changes=lambda context: found.extend(context.events)))
    crm.pump()
    [leila] = add(crm, "Leila")
    crm.pump()
    [event] = found
    assert (event.position, event.actor, event.record, event.id) == (1, "sara", "customer", leila)
    assert (event.operation, event.version, event.at) == ("add", 1, crm.kernel.clock.now())
    assert dict(event.fields) == {"kind": (None, "person"), "name": (None, "Leila"), "archived": (None, False)}
    with pytest.raises(TypeError):
        event.fields["name"] = (None, "Omar")


def test_what_one_alters_no_other_sees(shared: SharedCrm) -> None:
    """One plugin would change what the next one is told."""

    def alters(context: Observed) -> None:
        context.events[0].fields["contact_points"][1].clear()

    watching = Watching()
    seen: list[Any] = []
    reads = acting("zebra", observe_changes=lambda context: seen.append(context.events[0].fields["contact_points"][1]))
    crm = hooked(shared, acting("ape", observe_changes=alters), acting(observe_changes=watching.hook), reads)
    crm.pump()
    with crm.work("sara") as work:
        work.customers.add(Person("Leila", emails=["l@x.com"]))
    crm.pump()
    assert [point["value"] for point in seen[0]] == ["l@x.com"]


def test_a_failure_holds_back_its_record_alone(shared: SharedCrm) -> None:
    """One bad record would stop a plugin, or all plugins; or what is written halfway for it would stay."""
    failing = Watching(lambda event: event.position == 2)
    others: list[int] = []
    sound = acting("zebra", observe_changes=lambda context: others.extend(e.position for e in context.events))
    crm = hooked(shared, acting(observe_changes=failing.hook), sound)
    crm.pump()
    first, second = add(crm, "Leila", "Omar")
    rename(crm, second, "Umar")
    rename(crm, first, "Leyla")
    crm.pump()
    assert lines(crm) == ["1 Leila", "2 Leyla"]
    assert aside(crm) == [(2, "retry", 1, "ValueError: no 2 add customer Omar"), (3, "behind", 0, "")]
    assert others == [1, 2, 3, 4]
    rename(crm, second, "Omar")
    crm.pump()
    assert [(position, state) for position, state, _, _ in aside(crm)] == [(2, "retry"), (3, "behind"), (7, "behind")]


def test_it_is_tried_again_after_pauses_that_grow(shared: SharedCrm) -> None:
    """A plugin would be called without end, or what was mended never be done; or out of order."""
    clock = FrozenClock()
    failing = Watching(lambda event: event.position == 1)
    crm = hooked(shared, acting(observe_changes=failing.hook), clock=clock)
    crm.pump()
    [leila] = add(crm, "Leila")
    rename(crm, leila, "Leyla", "Layla")
    crm.pump()
    for attempt, minutes in enumerate((1, 2, 4), start=1):
        clock.advance(seconds=60 * minutes - 1)
        crm.pump()
        assert aside(crm)[0][:3] == (1, "retry", attempt)
        clock.advance(seconds=1)
        crm.pump()
        assert aside(crm)[0][:3] == (1, "retry", attempt + 1)
    failing.fails = lambda event: False
    clock.advance(minutes=8)
    crm.pump()
    assert aside(crm) == []
    assert lines(crm) == ["1 Leila", "2 Leyla", "3 Layla"]
    rename(crm, leila, "Laila")
    crm.pump()
    assert lines(crm)[3:] == ["4 Laila"]


def test_what_fails_again_and_again_is_parked_and_can_be_asked_for(shared: SharedCrm) -> None:
    """It would be tried for ever; or be lost, with all that went wrong."""
    clock = FrozenClock()
    failing = Watching(lambda event: event.position == 1)
    crm = hooked(shared, acting(observe_changes=failing.hook), clock=clock)
    crm.pump()
    [leila] = add(crm, "Leila")
    rename(crm, leila, "Leyla")
    parked = 0
    for _ in range(10):
        parked += crm.pump()["parked"]
        clock.advance(hours=1)
    assert parked == 1
    [item, behind] = crm.workers.put_aside()
    assert (item["plugin"], item["hook"], item["state"], item["attempts"]) == (
        "specimen",
        "observe_changes",
        "parked",
        8,
    )
    assert (item["record"], item["id"], behind["state"]) == ("customer", str(leila), "behind")
    assert 'raise ValueError(f"no {told(event)}")' in item["traceback"]
    assert crm.workers.put_aside("other") == []
    assert crm.workers.retry("other") == 0
    assert crm.workers.retry("specimen") == 1
    crm.pump()
    assert aside(crm)[0][1:3] == ("retry", 1)
    failing.fails = lambda event: False
    assert crm.workers.retry() == 1
    crm.pump()
    assert (aside(crm), lines(crm)) == ([], ["1 Leila", "2 Leyla"])


@pytest.mark.parametrize("raised", [SystemExit(3), GeneratorExit(), BaseException("all of it")])
def test_nothing_that_it_raises_gets_out(shared: SharedCrm, raised: BaseException) -> None:
    """A plugin that calls sys.exit would end the host's worker."""

    def exits(context: Observed) -> None:
        raise raised

    crm = hooked(shared, acting(observe_changes=exits))
    crm.pump()
    add(crm, "Leila")
    assert crm.pump()["events"] == 1
    [(_, state, attempts, error)] = aside(crm)
    assert (state, attempts) == ("retry", 1)
    assert error.startswith(type(raised).__name__)


def test_an_interruption_gets_out_and_loses_nothing(shared: SharedCrm) -> None:
    """Ctrl-C would not end a worker, or leave half of a batch."""
    watching = Watching()

    def interrupted(context: Observed) -> None:
        watching.see(context)
        raise KeyboardInterrupt

    plugin = acting(observe_changes=lambda context: act[0](context))
    act: list[Any] = [interrupted]
    crm = hooked(shared, plugin)
    crm.pump()
    add(crm, "Leila")
    with pytest.raises(KeyboardInterrupt):
        crm.pump()
    assert (lines(crm), aside(crm)) == ([], [])
    act[0] = watching.see
    crm.pump()
    assert lines(crm) == ["1 Leila"]


def test_what_an_observer_returns_is_nothing(shared: SharedCrm) -> None:
    """An author who means to tell us something would never learn that nobody listens."""
    crm = hooked(shared, acting(observe_changes=lambda context: [1]))
    crm.pump()
    add(crm, "Leila")
    crm.pump()
    [(_, state, _, error)] = aside(crm)
    assert state == "retry" and "returned a value of type list" in error


def test_a_text_that_no_database_takes_is_put_aside_all_the_same(shared: SharedCrm) -> None:
    """An odd message would make the failure itself fail, and the plugin stand still."""

    def fails(context: Observed) -> None:
        raise ValueError("\0 \ud800 ‮")

    crm = hooked(shared, acting(observe_changes=fails))
    crm.pump()
    add(crm, "Leila")
    crm.pump()
    assert aside(crm)[0][3].startswith("ValueError: \\x00 \\ud800")


def test_it_writes_what_it_may_and_no_more(shared: SharedCrm) -> None:
    """A plugin could write anything, as long as it does so later."""

    def renames(context: Observed) -> None:
        for event in context.events:
            context.work.customers.change(event.id, note="seen")

    crm = hooked(shared, acting(observe_changes=renames))
    crm.pump()
    [leila] = add(crm, "Leila")
    crm.pump()
    assert aside(crm)[0][3].startswith("Denied: plugin 'specimen' may not change customer")
    crm = hooked(shared, acting(observe_changes=renames, capabilities=("customer:change",)))
    crm.pump()
    [leila] = add(crm, "Leila")
    crm.pump()
    with crm.work("sara") as work:
        assert work.customers.get(leila).note == "seen"
        assert [(e.actor, e.source) for e in work.customers.history(leila)][1:] == [
            ("plugin:specimen", "observed:1:specimen")
        ]


def test_a_write_that_it_swallows_is_undone_with_the_rest(shared: SharedCrm) -> None:
    """Half of what an observer wrote would stay, or its cursor never move."""

    def careless(context: Observed) -> None:
        for event in context.events:
            context.work[Entry].add(Entry(event.id, NOON, 1, "half"))
            try:
                context.work[Entry].add(Entry(crm.kernel.ids.new(), NOON, 2, "dangling"))
            except Exception:
                continue

    crm = hooked(shared, acting(observe_changes=careless))
    crm.pump()
    add(crm, "Leila", "Omar")
    crm.pump()
    assert (lines(crm), [state for _, state, _, _ in aside(crm)]) == ([], ["retry", "retry"])


def test_it_is_not_told_what_it_did_itself(shared: SharedCrm) -> None:
    """An observer that touches what it watches would never come to rest."""
    watching = Watching()

    def touches(context: Observed) -> None:
        watching.batches.append([str(event.position) for event in context.events])
        for event in context.events:
            context.work.customers.change(event.id, note="seen")

    crm = hooked(shared, acting(observe_changes=touches, capabilities=("customer:change",)))
    crm.pump()
    add(crm, "Leila")
    assert crm.pump()["events"] == 2
    assert watching.seen == ["1"]


def test_a_loop_of_two_is_parked_with_its_chain(shared: SharedCrm) -> None:
    """Two observers that answer each other would fill the log for ever."""

    def counts(context: Observed) -> None:
        for event in context.events:
            note = context.work.customers.get(event.id).note
            context.work.customers.change(event.id, note=str(int(note or 0) + 1))

    plugins = [acting(name, observe_changes=counts, capabilities=("customer:change",)) for name in ("ape", "zebra")]
    crm = hooked(shared, *plugins)
    crm.pump()
    [leila] = add(crm, "Leila")
    assert crm.pump()["parked"] == 2
    errors = [error for _, state, _, error in aside(crm) if state == "parked"]
    assert "observers go deeper than 5: ape > zebra > ape > zebra > ape > zebra;" in errors[0]
    assert "zebra > ape > zebra > ape > zebra > ape;" in errors[1]
    assert not any(crm.pump().values())
    with crm.work("sara") as work:
        assert work.customers.get(leila).note == "12"


def test_who_is_new_begins_at_the_end_and_who_was_away_goes_on(shared: SharedCrm) -> None:
    """A plugin would be flooded with the past, or miss what happened while it was off."""
    watching = Watching()
    hooks = hooked(shared, acting(observe_changes=watching.hook)).kernel.hooks
    crm = hooked(shared)
    add(crm, "before, not numbered")
    crm.kernel.hooks, none = hooks, crm.kernel.hooks
    crm.workers.enroll()
    add(crm, "new")
    crm.pump()
    assert watching.seen == ["2 add customer new"]
    crm.kernel.hooks = none
    add(crm, "while it was off")
    crm.pump()
    crm.kernel.hooks = hooks
    crm.pump()
    assert [each.partition("customer ")[2] for each in watching.seen] == ["new", "while it was off"]


def test_it_may_begin_at_the_start(shared: SharedCrm) -> None:
    """An index of all customers could not be built from the feed."""
    watching = Watching()
    plugin = acting(observe_changes=watching.hook)
    on("customer", from_start=True)(watching.hook)
    hooks = hooked(shared, plugin).kernel.hooks
    crm = hooked(shared)
    add(crm, "before")
    crm.pump()
    crm.kernel.hooks = hooks
    crm.pump()
    assert watching.seen == ["1 add customer before"]
