"""Workers share the work by leases; whatever fails, each change has its effect once and in order."""

from __future__ import annotations

import datetime as dt
import time

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcore.application.observing.desk import Desk, LeaseLost
from crmcore.application.observing.events import Pages
from crmcore.application.observing.observers import observers_of
from crmcore.application.observing.turn import Turn
from crmcore.crm import Crm
from crmcore.domain.errors import StorageBusy
from crmcore.plugins import Event, Observed
from crmcore.testing.contract.case import NOON
from crmcore.testing.crm import make_crm
from crmcore.testing.fakes import FrozenClock
from crmcore.testing.specimens import Entry
from tests.application.hooks.acting import acting, hooked
from tests.application.observing.watching import Watching, add, aside, lines, rename
from tests.databases import storages
from tests.shared import SharedCrm, SharedMemory

NAME = "observer:specimen"


def desk_of(crm: Crm, holder: str) -> Desk:
    """A worker's place."""
    return Desk(crm.storage, crm.work, crm.kernel.clock, crm.kernel.zone, time.monotonic, holder)


def test_what_another_worker_is_at_is_left_to_it(shared: SharedCrm) -> None:
    """Two workers would hand the same changes over; or those of a dead one would never be."""
    clock, watching = FrozenClock(), Watching()
    crm = hooked(shared, acting(observe_changes=watching.hook), clock=clock)
    crm.pump()
    add(crm, "Leila")
    assert desk_of(crm, "another").take(NAME) is not None
    assert crm.pump()["events"] == 1
    assert watching.seen == []
    clock.advance(minutes=1)
    crm.pump()
    assert watching.seen == ["1 add customer Leila"]
    add(crm, "Omar")
    crm.pump()  # the lease was given back at the end
    assert lines(crm) == ["1 Leila", "1 Omar"]


def test_of_two_workers_at_one_place_the_first_counts(shared: SharedCrm) -> None:
    """A worker that was slower than its lease would do again what another has done since."""
    clock, watching = FrozenClock(), Watching()
    crm = hooked(shared, acting(observe_changes=watching.hook), clock=clock)
    crm.pump()
    add(crm, "Leila", "Omar")
    slow = desk_of(crm, "slow")
    lease = slow.take(NAME)
    [observer] = observers_of(crm.kernel.hooks, crm.catalogue.records)
    clock.advance(minutes=2)
    crm.pump()
    assert lease is not None
    with pytest.raises(LeaseLost):
        Turn(slow, observer, lease, set()).step(Pages(slow.feed, 10))
    assert len(watching.batches) == 2
    assert (lines(crm), aside(crm)) == (["1 Leila", "1 Omar"], [])


def test_a_busy_database_is_no_fault_of_a_plugin(shared: SharedCrm) -> None:
    """An import that holds the database would make all plugins look broken."""
    busy = [StorageBusy("an import") for _ in range(3)]

    def waits(context: Observed) -> None:
        watching.see(context)
        if busy:
            raise busy.pop()

    watching = Watching()
    crm = hooked(shared, acting(observe_changes=waits))
    crm.pump()
    add(crm, "Leila")
    assert crm.pump()["events"] == 1
    with pytest.raises(StorageBusy):
        crm.pump()
    assert (aside(crm), lines(crm)) == ([], [])
    crm.pump()
    assert lines(crm) == ["1 Leila"]


def test_one_pump_takes_many_pages(shared: SharedCrm, monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not fit into one page would wait, be left out, or come twice."""
    monkeypatch.setattr("crmcore.application.observing.observers.PAGE", 3)
    watching, others = Watching(lambda event: event.position == 5), Watching()
    sees = acting("zebra", observe_changes=lambda context: others.batches.append([str(len(context.events))]))
    crm = hooked(shared, acting(observe_changes=watching.hook), sees)
    crm.pump()
    add(crm, *"abcdefgh")
    crm.pump()
    assert lines(crm) == [f"1 {name}" for name in "abcdfgh"]
    assert [position for position, *_ in aside(crm)] == [5]
    assert others.seen[:3] == ["3", "3", "2"]


CHANGES = st.lists(st.integers(0, 3), min_size=1, max_size=25)
FAULTS = st.dictionaries(st.integers(1, 25), st.integers(1, 4), max_size=6)


@settings(max_examples=30, deadline=None)
@given(CHANGES, FAULTS, st.lists(st.integers(1, 8), min_size=1, max_size=4))
def test_every_change_has_its_effect_once_and_in_order(
    changes: list[int], faults: dict[int, int], rounds: list[int]
) -> None:
    """Some order of failures would lose a change, double it, or let a later one of its record overtake it."""
    left = dict(faults)

    def fails(event: Event) -> bool:
        if left.get(event.position, 0):
            left[event.position] -= 1
            return True
        return False

    watching, clock = Watching(fails), FrozenClock()
    crm = hooked(SharedMemory(), acting(observe_changes=watching.hook), clock=clock)
    crm.pump()
    people = add(crm, *"abcd")
    size = -(-len(changes) // len(rounds))
    for number, minutes in enumerate(rounds):
        for place, who in enumerate(changes[number * size : (number + 1) * size]):
            rename(crm, people[who], f"{number} {place}")
        crm.pump()
        clock.advance(minutes=minutes)
    for _ in range(8):
        crm.pump()
        clock.advance(hours=2)
    assert aside(crm) == []
    with crm.work("sara") as work:
        written = list(work[Entry].query(sort="id", limit=1_000).items)
    assert sorted(entry.points for entry in written) == positions(crm)
    for id in people:
        own = [entry.points for entry in written if entry.customer == id]
        assert own == sorted(own)


def positions(crm: Crm) -> list[int]:
    """The positions of all changes of customers."""
    entries = crm.feed(0, 10_000)
    return [entry.position or 0 for entry in entries if entry.record == "customer"]


def test_the_clock_of_the_host_counts(shared_memory: SharedCrm) -> None:
    """A test could not hold the pauses still."""
    clock = FrozenClock(NOON)
    crm = hooked(shared_memory, acting(observe_changes=Watching(lambda event: True).hook), clock=clock)
    crm.pump()
    add(crm, "Leila")
    crm.pump()
    [item] = crm.workers.put_aside()
    assert item["due"] == (NOON + dt.timedelta(minutes=1)).isoformat()


@pytest.mark.parametrize("fresh_url", storages(), indirect=True)
def test_an_older_database_gets_the_tables_of_workers(fresh_url: str) -> None:
    """Observers and jobs would work in new databases only."""
    with make_crm(fresh_url):
        pass
    engine = sa.create_engine(fresh_url)
    with engine.begin() as connection:
        for table in ("consumer", "backlog", "run"):
            connection.exec_driver_sql(f"DROP TABLE crm_{table}").close()
    engine.dispose()
    seen: list[int] = []
    plugin = acting("watch", observe_changes=lambda context: seen.extend(event.position for event in context.events))
    with make_crm(fresh_url, plugins=[plugin]) as crm:
        add(crm, "Leila")
        crm.pump()
    assert seen == [1]
