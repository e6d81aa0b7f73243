"""What the core asks of a clock and of ids."""

from __future__ import annotations

import datetime as dt
import threading
from abc import ABC, abstractmethod
from uuid import RFC_4122, UUID

from crmcore.ports.clock import Clock, Ids


class ClockContract(ABC):
    """A clock tells moments that can be stored and compared anywhere."""

    @abstractmethod
    def clock(self) -> Clock:
        """The clock."""

    def test_it_tells_utc(self) -> None:
        """Moments would be without a zone, or in one that the database does not keep."""
        moments = [self.clock().now() for _ in range(3)]
        assert all(type(at) is dt.datetime and at.tzinfo is dt.UTC for at in moments)


class IdsContract(ABC):
    """Ids are UUIDv7, none twice, later ones after earlier ones."""

    @abstractmethod
    def ids(self) -> Ids:
        """A new source of ids."""

    def test_they_are_version_7(self) -> None:
        """Ids would not sort by their time in the database, or not be UUIDs for others."""
        made = [self.ids().new() for _ in range(10)]
        assert {(type(id), id.version, id.variant) for id in made} == {(UUID, 7, RFC_4122)}

    def test_they_ascend(self) -> None:
        """Records would not stand in the order in which they were made."""
        ids = self.ids()
        made = [ids.new() for _ in range(5_000)]
        assert made == sorted(set(made))

    def test_threads_share_none(self) -> None:
        """Two records of two threads would have one id."""
        ids, made = self.ids(), list[UUID]()

        def take() -> None:
            made.extend([ids.new() for _ in range(1_000)])

        threads = [threading.Thread(target=take) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(set(made)) == 4_000
