"""What workers keep: cursors that move once, leases that run out, entries put aside, runs of jobs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from crmcore.crm import Crm
from crmcore.domain.user import User
from crmcore.ports.consuming import Consumer, Consuming, Delayed, Lease, Run
from crmcore.testing.contract.case import NOON, StorageCase

MINUTE = dt.timedelta(minutes=1)
FIRST, SECOND = UUID(int=1), UUID(int=2)


@contextmanager
def consuming(crm: Crm) -> Iterator[Consuming]:
    """A transaction of its own that commits."""
    transaction = crm.storage.begin()
    try:
        yield transaction.consuming
        transaction.commit()
    except BaseException:
        transaction.rollback()
        raise


def taken(crm: Crm, holder: str, at: dt.datetime = NOON) -> Lease | None:
    """The consumer `watch` for a minute, enrolled at 5 if it is new."""
    with consuming(crm) as ledgers:
        ledgers.enroll("watch", 5)
        return ledgers.take("watch", holder, at, at + MINUTE)


def delayed(position: int, id: UUID = FIRST, consumer: str = "watch", **changes: Any) -> Delayed:
    """An entry that waits behind another."""
    given = {"state": "behind", **changes}
    return Delayed(consumer=consumer, position=position, record="user", id=id, **given)


def run(key: str, start: dt.datetime, job: str = "tidy", **changes: Any) -> Run:
    """A run that was done."""
    return Run(job=job, key=key, start=start, at=NOON, **{"state": "done", **changes})


class LeaseContract(StorageCase):
    """A consumer is one worker's at a time, and its cursor moves once."""

    def test_a_lease_is_one_workers(self, crm: Crm) -> None:
        """Two workers would hand the same changes to one plugin at the same time."""
        assert taken(crm, "a") == Lease("watch", "a", 5, 0)
        assert taken(crm, "b", NOON + MINUTE / 2) is None
        assert taken(crm, "a", NOON + MINUTE / 2) == Lease("watch", "a", 5, 0)
        with consuming(crm) as ledgers:
            assert ledgers.consumers() == [Consumer("watch", 5, "a", NOON + MINUTE * 1.5)]
            assert ledgers.take("nobody", "a", NOON, NOON + MINUTE) is None

    def test_a_lease_runs_out(self, crm: Crm) -> None:
        """A worker that died would keep a plugin from ever seeing a change again."""
        taken(crm, "a")
        assert taken(crm, "b", NOON + MINUTE) == Lease("watch", "b", 5, 0)
        assert taken(crm, "a", NOON + MINUTE) is None

    def test_a_released_consumer_is_free(self, crm: Crm) -> None:
        """Others would wait for a worker that has ended in good order; or one would release what another holds."""
        taken(crm, "a")
        with consuming(crm) as ledgers:
            ledgers.release("watch", "b")
            assert ledgers.take("watch", "b", NOON, NOON + MINUTE) is None
            ledgers.release("watch", "a")
            assert ledgers.consumers() == [Consumer("watch", 5, None, None)]
            assert ledgers.take("watch", "b", NOON, NOON + MINUTE) is not None

    def test_of_two_at_one_place_one_moves_on(self, crm: Crm) -> None:
        """A worker that was slower than its lease would do again what the next one has done."""
        slow = taken(crm, "a")
        fast = taken(crm, "b", NOON + MINUTE)
        assert slow and fast
        with consuming(crm) as ledgers:
            moved = ledgers.advance(fast, 9, NOON + 2 * MINUTE)
            assert moved == Lease("watch", "b", 9, 1)
            assert ledgers.advance(slow, 9, NOON + 2 * MINUTE) is None
            assert ledgers.advance(moved, 12, NOON + 3 * MINUTE) == Lease("watch", "b", 12, 2)
            assert [c.position for c in ledgers.consumers()] == [12]

    def test_a_rollback_takes_the_cursor_back(self, crm: Crm) -> None:
        """Changes whose effects were rolled back would count as handed over."""
        lease = taken(crm, "a")
        assert lease
        transaction = crm.storage.begin()
        transaction.consuming.advance(lease, 9, NOON + MINUTE)
        transaction.consuming.put_aside([delayed(7)])
        transaction.consuming.put_run(run("1", NOON))
        transaction.rollback()
        with consuming(crm) as ledgers:
            assert ledgers.advance(lease, 9, NOON + MINUTE) is not None
            assert (ledgers.set_aside(), ledgers.last_start("tidy")) == ([], None)

    def test_the_last_position(self, crm: Crm) -> None:
        """A consumer that begins at the end of the feed would begin elsewhere."""
        with crm.work("sara") as work:
            work.users.add(User("a"))
            work.users.add(User("b"))
        with consuming(crm) as ledgers:
            assert ledgers.last_position() == 0
        crm.pump()
        with consuming(crm) as ledgers:
            assert ledgers.last_position() == 2


class BacklogContract(StorageCase):
    """What was put aside comes again when it is due, in order for each record, and is never lost."""

    def test_an_entry_is_kept_as_it_is(self, crm: Crm) -> None:
        """Nobody could tell what went wrong with which change."""
        failed = delayed(3, state="retry", attempts=2, due=NOON, error="ValueError: ü", traceback="x" * 5_000 + "\nFin")
        with consuming(crm) as ledgers:
            ledgers.put_aside([failed, delayed(4), delayed(4, consumer="other")])
        with consuming(crm) as ledgers:
            assert ledgers.set_aside() == [delayed(4, consumer="other"), failed, delayed(4)]
            assert ledgers.set_aside("watch", limit=1) == [failed]
            again = delayed(3, state="parked", attempts=3, error="KeyError: 1")
            ledgers.put_aside([again])
            assert ledgers.set_aside("watch") == [again, delayed(4)]

    def test_only_what_is_due_comes_again(self, crm: Crm) -> None:
        """A pause would not be kept, or what was parked be tried for ever."""
        rows = [
            delayed(1, state="retry", attempts=1, due=NOON),
            delayed(2, SECOND, state="retry", attempts=1, due=NOON - MINUTE),
            delayed(3),
            delayed(4, UUID(int=3), state="parked", attempts=8),
            delayed(5, consumer="other", state="retry", attempts=1, due=NOON),
        ]
        with consuming(crm) as ledgers:
            ledgers.put_aside(rows)
            assert ledgers.delayed("watch", NOON, 10) == rows[:2]
            assert ledgers.delayed("watch", NOON, 1) == rows[:1]
            assert ledgers.delayed("watch", NOON - MINUTE, 10) == [rows[1]]
            assert ledgers.held("watch") == {("user", FIRST), ("user", SECOND), ("user", UUID(int=3))}
            assert ledgers.held("nobody") == set()

    def test_the_next_of_a_record_follows(self, crm: Crm) -> None:
        """What waits behind a change that was mended would wait for ever, or overtake it."""
        head = delayed(1, state="retry", attempts=1, due=NOON)
        with consuming(crm) as ledgers:
            ledgers.put_aside([head, delayed(2, SECOND), delayed(3), delayed(4)])
            assert ledgers.settle(head, NOON + MINUTE)
            woken = delayed(3, state="retry", due=NOON + MINUTE)
            assert ledgers.set_aside() == [delayed(2, SECOND), woken, delayed(4)]
            assert ledgers.settle(woken, NOON)
            assert not ledgers.settle(delayed(4), NOON)
            assert ledgers.held("watch") == {("user", SECOND)}


class RunContract(StorageCase):
    """A job's run for a period is kept once."""

    def test_a_run_is_kept_as_it_is(self, crm: Crm) -> None:
        """A job would run twice for one day, or not at all."""
        failed = run("2", NOON + MINUTE, state="retry", attempts=3, due=NOON, error="no", traceback="t\n")
        with consuming(crm) as ledgers:
            ledgers.put_run(run("1", NOON))
            ledgers.put_run(failed)
            ledgers.put_run(run("1", NOON, job="sweep", state="parked"))
            assert ledgers.last_start("tidy") == NOON + MINUTE
            assert ledgers.last_start("other") is None
            assert ledgers.runs() == [failed, run("1", NOON, job="sweep", state="parked")]
            assert ledgers.runs("tidy", ("done",)) == [run("1", NOON)]
            done = run("2", NOON + MINUTE, attempts=4)
            ledgers.put_run(done)
            assert ledgers.runs("tidy") == []
            ledgers.prune_runs("tidy", NOON + MINUTE)
            assert ledgers.runs("tidy", ("done",)) == [done]

    def test_nothing_is_left_of_what_is_forgotten(self, crm: Crm) -> None:
        """A plugin that was purged and comes again would begin where nobody expects it."""
        with consuming(crm) as ledgers:
            for name in ("watch", "other"):
                ledgers.enroll(name, 1)
                ledgers.put_aside([delayed(1, consumer=name)])
                ledgers.put_run(run("1", NOON, job=name))
            ledgers.forget("watch")
            assert [c.name for c in ledgers.consumers()] == ["other"]
            assert ledgers.set_aside() == [delayed(1, consumer="other")]
            assert (ledgers.last_start("watch"), ledgers.last_start("other")) == (None, NOON)
