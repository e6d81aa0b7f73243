"""What a unit of work promises: all of it or nothing, and nobody else's work lost."""

from __future__ import annotations

import threading

import pytest

from crmcore.application.searching import search
from crmcore.application.unit import UnitOfWork
from crmcore.crm import Crm
from crmcore.domain.customer import Person
from crmcore.domain.errors import CrmError, InvalidSetting
from crmcore.domain.user import User
from crmcore.testing.contract.case import StorageCase, plain_sample
from crmcore.testing.specimens import Piece, Profile, Sample


class UnitContract(StorageCase):
    """A unit of work is written as a whole, or not at all."""

    def test_an_exception_rolls_back(self, crm: Crm) -> None:
        """Part of a unit of work would stay: records, match keys or history."""
        with pytest.raises(ZeroDivisionError), crm.work("sara") as work:
            id = work.customers.add(Person("Leila", emails=["l@x.com"]).with_facets(Profile(points=1))).id
            work[Sample].add(plain_sample("s", customer=id, pieces=(Piece("p"),), tags=frozenset("a")))
            1 / 0  # noqa: B018
        self._is_empty(crm)

    def test_a_dry_run_writes_nothing(self, crm: Crm) -> None:
        """A preview would leave something behind, or not show what a real run would."""
        with crm.work("sara", dry=True) as work:
            work.customers.add(Person("Leila", emails=["l@x.com"]))
            assert work.customers.count() == 1
        self._is_empty(crm)

    def test_savepoints_nest(self, crm: Crm) -> None:
        """DBP-04: undoing a part would undo more or less than that part."""
        with crm.work("sara") as work:
            work.users.add(User("kept"))
            with work.savepoint():
                work.users.add(User("kept too"))
                with pytest.raises(ZeroDivisionError), work.savepoint():
                    work.users.add(User("lost"))
                    with work.savepoint():
                        work.users.add(User("lost inside"))
                    1 / 0  # noqa: B018
                work.users.add(User("kept after"))
            with pytest.raises(ZeroDivisionError), work.savepoint():
                with work.savepoint():
                    work.users.add(User("lost with the outer"))
                1 / 0  # noqa: B018
            assert [u.name for u in work.users.query().items] == ["kept", "kept too", "kept after"]
        crm.pump()
        with crm.work("sara") as work:
            assert work.users.count() == 3
            assert search(work, "lost") == []
        assert len(crm.feed()) == 3

    def test_two_writers_lose_nothing(self, crm: Crm) -> None:
        """INV-1, DBP-10: of two units of work that change one record at once, one would overwrite the other."""
        with crm.work("sara") as work:
            id = work.customers.add(Person("Leila", note="0")).id
        raised: list[BaseException] = []

        def count(work: UnitOfWork) -> None:
            held = work.customers.get(id)
            work.customers.change(id, version=held.version, note=str(int(held.note or 0) + 1))

        def write() -> None:
            try:
                for _ in range(10):
                    crm.run(count, actor="sara", retries=50)
            except BaseException as error:
                raised.append(error)

        threads = [threading.Thread(target=write) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with crm.work("sara") as work:
            held = work.customers.get(id)
            assert (raised, held.note, held.version, len(work.customers.history(id))) == ([], "30", 31, 31)

    def test_a_unit_is_used_once_and_inside(self, crm: Crm) -> None:
        """Work after the end would go nowhere, or into somebody else's transaction."""
        unit = crm.work("sara")
        with pytest.raises(InvalidSetting):
            unit.users.count()
        with unit as work:
            work.users.add(User("u"))
        with pytest.raises(CrmError):
            unit.users.count()

    def _is_empty(self, crm: Crm) -> None:
        crm.pump()
        with crm.work("sara") as work:
            assert [work.records(name).count() for name in crm.catalogue.records] == [0] * len(crm.catalogue.records)
            assert work.customers.find(email="l@x.com") is None
        assert crm.feed() == []
