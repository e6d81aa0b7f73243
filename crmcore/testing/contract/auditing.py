"""What proving and erasing ask of a storage: a chain that has one end, and a log of which only values can go."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import attrs
import pytest

from crmcore.crm import Crm
from crmcore.domain.change import LogEntry
from crmcore.domain.errors import StorageBusy
from crmcore.domain.interaction import Interaction
from crmcore.domain.relationship import Relationship
from crmcore.domain.user import User
from crmcore.ports.auditing import Auditing, Link
from crmcore.ports.consuming import Delayed
from crmcore.testing.contract.case import NOON, StorageCase, customer_id

DIGEST = "0" * 60 + "beef"
SECOND_WRITERS = 3


@contextmanager
def auditing(crm: Crm) -> Iterator[Auditing]:
    """A transaction of its own that commits."""
    transaction = crm.storage.begin()
    try:
        yield transaction.auditing
        transaction.commit()
    except BaseException:
        transaction.rollback()
        raise


def extend(crm: Crm, times: int) -> None:
    """Add links, each after the newest; whoever is busy tries again."""
    while times:
        try:
            with auditing(crm) as audit:
                last = audit.last_link(hold=True)
                audit.chain([Link(last.position + 1 if last else 1, DIGEST)])
            times -= 1
        except StorageBusy:
            continue


def failed(position: int, record: str, id: int, **changes: Any) -> Delayed:
    """An entry that a consumer could not do with."""
    told = {"consumer": "watch", "error": "no Leila", "traceback": "Traceback ...", **changes}
    return Delayed(position=position, record=record, id=UUID(int=id), state="parked", **told)


class ChainContract(StorageCase):
    """Links are kept in order, and one writer at a time adds them."""

    def test_links_are_kept_in_order(self, crm: Crm) -> None:
        """The history could not be proved from the place where somebody left off."""
        chained = [Link(n, f"{n:064x}") for n in range(1, 8)]
        with auditing(crm) as audit:
            assert (audit.last_link(), audit.last_link(hold=True), audit.links(0, 9)) == (None, None, [])
            audit.chain([])
            audit.chain(chained[:3])
            audit.chain(chained[3:])
        with auditing(crm) as audit:
            assert audit.last_link() == audit.last_link(hold=True) == chained[-1]
            assert audit.links(0, 99) == chained
            assert (audit.links(2, 3), audit.links(6, 3), audit.links(7, 3)) == (chained[2:5], chained[6:], [])

    def test_a_rollback_takes_links_back(self, crm: Crm) -> None:
        """The chain would have links to entries that were never numbered."""
        with auditing(crm) as audit:
            audit.chain([Link(1, DIGEST)])
        transaction = crm.storage.begin()
        transaction.auditing.chain([Link(2, DIGEST)])
        with pytest.raises(ZeroDivisionError), transaction.savepoint():
            transaction.auditing.chain([Link(3, DIGEST)])
            raise ZeroDivisionError
        assert transaction.auditing.last_link() == Link(2, DIGEST)
        transaction.rollback()
        with auditing(crm) as audit:
            assert audit.links(0, 9) == [Link(1, DIGEST)]

    def test_one_writer_at_a_time(self, crm: Crm) -> None:
        """Two would link different entries to the same one, and the chain break."""
        threads = [threading.Thread(target=extend, args=(crm, 4)) for _ in range(SECOND_WRITERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with auditing(crm) as audit:
            assert [link.position for link in audit.links(0, 99)] == list(range(1, 4 * SECOND_WRITERS + 1))


class ErasingContract(StorageCase):
    """Of what was logged, values alone can go."""

    def test_entries_about_persons(self, crm: Crm) -> None:
        """What the log says of a person would be missed, or somebody else's be shown."""
        leila, omar, third = (customer_id(crm, name) for name in ("Leila", "Omar", "Sara"))
        with crm.work("sara") as work:
            calls = [
                work.interactions.add(Interaction(NOON, "call", customer=id)).id
                for id in (leila, omar, third, leila, None)
            ]
            work.interactions.change(calls[0], subject="tea")
        with auditing(crm) as audit:
            found = audit.of_subjects([leila, omar], 0, 99)
            assert [e.id for e in found] == [leila, omar, calls[0], calls[1], calls[3], calls[0]]
            assert [e.seq for e in found] == sorted(e.seq for e in found)
            assert {e.subject for e in found} == {leila, omar}
            assert audit.of_subjects([leila, omar], found[1].seq, 2) == found[2:4]
            assert audit.of_subjects([omar, leila, UUID(int=9)], found[-1].seq, 2) == []
            assert audit.of_subjects([], 0, 99) == []

    def test_removals_that_name_persons(self, crm: Crm) -> None:
        """What was said of a person in a record that is gone would outlive them."""
        leila, omar, third = (customer_id(crm, name) for name in ("Leila", "Omar", "Sara"))
        with crm.work("sara") as work:
            for one, two in ((leila, omar), (omar, third), (third, leila), (third, omar)):
                work.relationships.remove(work.relationships.add(Relationship(one, two, "influences")).id)
            work.interactions.remove(work.interactions.add(Interaction(NOON, "call", customer=leila)).id)
            work.relationships.add(Relationship(leila, omar, "influences"))
        with auditing(crm) as audit:
            found = audit.removals(["relationship", "link"], [leila], 0, 99)
            assert [e.values()["from_customer"][0] for e in found] == [str(leila), str(third)]
            assert [e.operation for e in found] == ["remove", "remove"]
            assert audit.removals(["relationship"], [leila], found[0].seq, 99) == found[1:]
            several = audit.removals(["interaction", "link", "relationship"], [leila, omar, UUID(int=9)], 0, 4)
            assert [e.record for e in several] == ["relationship"] * 4
            assert [e.seq for e in several] == sorted(e.seq for e in several)
            assert [e.record for e in audit.removals(["interaction"], [leila], 0, 99)] == ["interaction"]
            assert audit.removals([], [leila], 0, 99) == audit.removals(["relationship"], [], 0, 99) == []

    def test_only_changes_are_rewritten(self, crm: Crm) -> None:
        """Erasing could change who did what and when; or what was erased would still be read somewhere."""
        leila = customer_id(crm)
        with crm.work("sara") as work:
            work.users.add(User("a"))
            work.customers.change(leila, name="Leyla", note="x")
        crm.pump()
        before = crm.feed()
        texts = {before[0].seq: "", before[2].seq: '{"name": [null, "آ🙂"]}'}
        with auditing(crm) as audit:
            audit.rewrite([])
            audit.rewrite(list(texts.items()))
        expected = [attrs.evolve(e, changes=texts.get(e.seq, e.changes)) for e in before]
        assert crm.feed() == expected
        with crm.work("sara") as work:
            assert list(work.transaction.history("customer", leila)) == [expected[0], expected[2]]
            assert work.transaction.auditing.of_subjects([leila], 0, 9) == [expected[0], expected[2]]

    def test_a_rollback_brings_values_back(self, crm: Crm) -> None:
        """An erasure that failed would have erased."""
        leila = customer_id(crm)

        def logged() -> list[LogEntry]:
            with auditing(crm) as audit:
                return audit.of_subjects([leila], 0, 9)

        before = logged()
        transaction = crm.storage.begin()
        with pytest.raises(ZeroDivisionError), transaction.savepoint():
            transaction.auditing.rewrite([(before[0].seq, "{}")])
            raise ZeroDivisionError
        assert transaction.auditing.of_subjects([leila], 0, 9) == before
        transaction.auditing.rewrite([(before[0].seq, ""), (before[0].seq, "{}")])
        transaction.rollback()
        assert logged() == before

    def test_errors_are_blanked(self, crm: Crm) -> None:
        """What a plugin said of a person when it failed would outlive the person's erasure."""

        rows = [
            failed(1, "customer", 1),
            failed(2, "customer", 2),
            failed(3, "user", 1),
            failed(4, "customer", 1, consumer="other"),
            failed(5, "customer", 3, error="", traceback=""),
            failed(6, "customer", 4),
        ]
        wanted = [("customer", UUID(int=n)) for n in (1, 3, 4)] + [("user", UUID(int=2))]
        transaction = crm.storage.begin()
        transaction.consuming.put_aside(rows)
        with pytest.raises(ZeroDivisionError), transaction.savepoint():
            assert transaction.auditing.blank_errors(wanted) == 3
            raise ZeroDivisionError
        assert {r.position: r for r in transaction.consuming.set_aside()} == {r.position: r for r in rows}
        assert transaction.auditing.blank_errors([]) == 0
        assert transaction.auditing.blank_errors(wanted) == 3
        assert transaction.auditing.blank_errors(wanted) == 0
        left = {r.position: (r.error, r.traceback, r.state) for r in transaction.consuming.set_aside()}
        transaction.commit()
        blank, told = ("", "", "parked"), ("no Leila", "Traceback ...", "parked")
        assert left == {1: blank, 2: told, 3: told, 4: blank, 5: blank, 6: blank}
