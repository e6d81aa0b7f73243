"""The system's clock, and ids that sort by the time at which they were made."""

from __future__ import annotations

import datetime as dt
import os
import struct
import threading
import time
import weakref
from collections.abc import Callable
from typing import Final
from uuid import UUID

_RANDOM_BITS: Final = 74
_LOW: Final = (1 << 62) - 1
_MIDDLE: Final = (1 << 12) - 1
_LAYOUT: Final = (0x7 << 76) | (0b10 << 62)  # version and variant
_STEPS: Final = struct.Struct("1024I")


class SystemClock:
    """Implements `ports.clock.Clock`."""

    def now(self) -> dt.datetime:
        """The moment, aware, in UTC, to the microsecond."""
        return dt.datetime.now(dt.UTC)


class Uuid7Ids:
    """Implements `ports.clock.Ids`: version 7 of RFC 9562, in ascending order within a process, threads included.

    48 bits of milliseconds and 74 random bits make one number. Within a millisecond, and while the clock stands behind
    an id that was given before, it grows by a random step of up to 32 bits (method 2 of section 6.2). A forked
    process begins with new random bits, so it repeats nothing.
    """

    def __init__(self, nanoseconds: Callable[[], int] = time.time_ns) -> None:
        self._nanoseconds = nanoseconds
        self._renew()
        if hasattr(os, "register_at_fork"):
            this = weakref.ref(self)

            def renew() -> None:
                if (ids := this()) is not None:
                    ids._renew()

            os.register_at_fork(after_in_child=renew)

    def _renew(self) -> None:
        self._lock = threading.Lock()
        self._last = 0
        self._steps: list[int] = []

    def salt(self) -> str:
        """Sixteen hexadecimal digits of the system's randomness."""
        return os.urandom(8).hex()

    def new(self) -> UUID:
        """A UUIDv7 that was never given before and sorts after all before it."""
        with self._lock:
            now = self._nanoseconds() // 1_000_000 << _RANDOM_BITS
            last = self._last = now | self._random_start() if now > self._last else self._last + 1 + self._step()
        return UUID(int=(last >> _RANDOM_BITS << 80) | _LAYOUT | ((last >> 62 & _MIDDLE) << 64) | (last & _LOW))

    def _random_start(self) -> int:
        """73 random bits: the highest of the 74 is 0, which leaves room to grow."""
        return (self._step() << 41) | (self._step() << 9) | (self._step() >> 23)

    def _step(self) -> int:
        if not self._steps:
            self._steps = list(_STEPS.unpack(os.urandom(_STEPS.size)))
        return self._steps.pop()
