"""What the change log promises: every write, exactly, and every record as it was known at any time."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from uuid import UUID

import pytest

from crmcore.application.unit import UnitOfWork
from crmcore.crm import Crm
from crmcore.domain.change import Actor
from crmcore.domain.copying import evolve
from crmcore.domain.customer import Customer, Person
from crmcore.domain.errors import DuplicateValue, InvalidRecord, InvalidSetting, NotFound
from crmcore.domain.interaction import Interaction
from crmcore.domain.money import Money
from crmcore.domain.user import User
from crmcore.testing.contract.case import NOON, StorageCase, customer_id, plain_sample
from crmcore.testing.fakes import FrozenClock
from crmcore.testing.specimens import Entry, Piece, Profile, Sample


class HistoryContract(StorageCase):
    """Every write leaves its history, in the same transaction."""

    def test_an_entry_says_all(self, crm: Crm, clock: FrozenClock) -> None:
        """Nobody could tell who did what, when, to whom, from where."""
        leila = customer_id(crm)
        sara = Actor("sara", on_behalf_of="omar")
        with crm.work(sara, source="import") as work:
            call = work.interactions.add(Interaction(NOON, "call", customer=leila))
            unit = work.id
            [entry] = work.interactions.history(call.id)
        assert (entry.actor, entry.source, entry.work, entry.at) == ("sara for omar", "import", unit, clock.now())
        assert (entry.record, entry.id, entry.subject, entry.version) == ("interaction", call.id, leila, 1)
        assert entry.values() == {
            "customer": [None, str(leila)],
            "at": [None, "2025-01-15T12:00:00Z"],
            "channel": [None, "call"],
        }
        head = f"interaction {call.id.hex} 1 add\n{entry.changes}"
        assert entry.digest == hashlib.sha256(head.encode()).hexdigest()

    def test_changes_are_exact(self, crm: Crm) -> None:
        """Before and after would not be the values that were there, of parts, sets and facets too."""
        with crm.work("sara") as work:
            id = work[Sample].add(plain_sample("s", price=Money("1.5", "EUR"), pieces=(Piece("p"),))).id
            piece = work[Sample].get(id).pieces[0]
            work[Sample].change(id, price=None, tags=frozenset("ba"), pieces=(evolve(piece, count=1), Piece("q")))
        with crm.work("sara") as work:
            added, changed = work[Sample].history(id)
        p = {"no": 1, "title": "p", "sound": True}
        assert added.values()["pieces"] == [None, [p]]
        assert changed.values() == {
            "price": [{"amount": "1.50", "currency": "EUR"}, None],
            "tags": [None, ["a", "b"]],
            "pieces": [[p], [{**p, "count": 1}, {"no": 2, "title": "q", "sound": True}]],
        }

    def test_as_of_every_moment(self, crm: Crm, clock: FrozenClock) -> None:
        """A record rebuilt from its log would not be what was read at the time."""
        seen: list[tuple[dt.datetime, Customer]] = []

        def look(work: UnitOfWork, id: UUID) -> None:
            seen.append((clock.now(), work.customers.get(id, with_=[Profile])))
            clock.advance(minutes=1)

        with crm.work("sara") as work:
            id = work.customers.add(Person("Leila", emails=["l@x.com"], tags=frozenset("a"))).id
            look(work, id)
        steps: list[Callable[[UnitOfWork], object]] = [
            lambda work: work.customers.change(id, name="Leyla", email="new@x.com", tags=frozenset()),
            lambda work: work.customers.put_facet(id, Profile(points=1, likes=frozenset(("tea",)))),
            lambda work: work.customers.change(id, {"phone": "+20 1", "specimen.points": 2}),
            lambda work: work.customers.drop_facet(id, Profile),
            lambda work: work.customers.put_facet(id, Profile()),
        ]
        for step in steps:
            with crm.work("sara") as work:
                step(work)
                look(work, id)
        with crm.work("sara") as work:
            work.customers.remove(id)
            for at, record in seen:
                assert work.customers.get(id, as_of=at) == record
                assert work.customers.get(id, as_of=at + dt.timedelta(seconds=59)) == record
            for at in (clock.now(), seen[0][0] - dt.timedelta(microseconds=1)):
                with pytest.raises(NotFound):
                    work.customers.get(id, as_of=at)

    def test_append_only_records_stay(self, crm: Crm) -> None:
        """A ledger could be rewritten, or its values be kept twice."""
        leila = customer_id(crm)
        with crm.work("sara") as work:
            entry = work[Entry].add(Entry(leila, NOON, 5, memo="m"))
            with pytest.raises(InvalidRecord):
                work[Entry].change(entry.id, points=6)
        with crm.work("sara") as work:
            assert work[Entry].get(entry.id) == entry
            [logged] = work[Entry].history(entry.id)
        assert (logged.operation, logged.values(), logged.subject) == ("add", {}, leila)

    @pytest.mark.parametrize("actor", [None, "", "  ", 5])
    def test_an_actor_is_required(self, crm: Crm, actor: object) -> None:
        """Changes would be logged in nobody's name."""
        with pytest.raises(InvalidSetting), crm.work(actor):  # type: ignore[arg-type]  # what a careless host gives
            pass

    def test_the_entries_of_one_unit_of_work(self, crm: Crm) -> None:
        """An import could not be undone, or somebody else's changes would be undone with it."""
        with crm.work("sara") as work:
            start = work.transaction.last_seq()
            first = work.id
            ids = [work.users.add(User(f"u{n}")).id for n in range(3)]
            middle = work.transaction.last_seq()
            work.users.change(ids[0], name="changed")
            assert work.transaction.entries(first, start, work.transaction.last_seq(), 1)[0].id == ids[0]
        with crm.work("omid") as work:
            work.users.change(ids[1], name="by omid")
            end, ask = work.transaction.last_seq(), work.transaction.entries
            assert start < middle < end
            assert [(e.id, e.operation) for e in ask(first, start, end, 9)] == [
                (ids[0], "change"),
                *((id, "add") for id in reversed(ids)),
            ]
            assert [e.id for e in ask(first, start, middle, 2)] == [ids[2], ids[1]]
            assert [e.actor for e in ask(work.id, start, end, 9)] == ["omid"]
            assert ask(first, middle + 1, end, 9) == []


class FeedContract(StorageCase):
    """The feed numbers what was committed, once and for all."""

    def test_positions_follow_commits(self, crm: Crm) -> None:
        """A consumer would miss a change, see one twice, or see one that was rolled back."""
        with crm.work("sara") as work:
            ids = [work.users.add(User(f"u{n}")).id for n in range(3)]
        with pytest.raises(DuplicateValue), crm.work("sara") as work:
            work.users.add(User("lost"))
            work.users.add(User("twice", id=ids[0]))
        with crm.work("sara") as work:
            work.users.change(ids[0], name="changed")
        assert crm.feed() == []
        assert crm.pump()["events"] == 4
        assert crm.pump()["events"] == 0
        with crm.work("sara") as work:
            work.users.remove(ids[1])
        assert crm.pump()["events"] == 1
        entries = crm.feed()
        assert [e.position for e in entries] == [1, 2, 3, 4, 5]
        assert [(e.id, e.operation) for e in entries] == [
            *((id, "add") for id in ids),
            (ids[0], "change"),
            (ids[1], "remove"),
        ]
        assert [e.position for e in crm.feed(after=3)] == [4, 5]
        assert [e.position for e in crm.feed(after=1, limit=2)] == [2, 3]
