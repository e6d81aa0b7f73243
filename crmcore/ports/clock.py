"""Time and identity come from outside, so that tests can hold them still."""

from __future__ import annotations

import datetime as dt
from typing import Protocol
from uuid import UUID


class Clock(Protocol):
    """The host's clock."""

    def now(self) -> dt.datetime:
        """The moment, aware, in UTC, to the microsecond."""


class Ids(Protocol):
    """Where new ids, and what nobody can guess, come from."""

    def new(self) -> UUID:
        """A UUIDv7 that was never given before; later ones sort after earlier ones within a process."""

    def salt(self) -> str:
        """Sixteen hexadecimal digits that nobody can guess, other ones at each call."""
