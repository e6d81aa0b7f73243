"""Taking times side by side: the machine is shared and drifts, so what is compared is measured in turns."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any, Final

import attrs

Seconds = list[float]
Clock = Callable[[], float]

CLOCKS: Final[dict[str, Clock]] = {"wall": time.perf_counter, "cpu": time.process_time}
"""The second counts what this process alone works: steadier on a busy machine, but deaf to disks and servers."""


@attrs.frozen
class Times:
    """Seconds for one unit of work (a record, a query), of ours and of the floor, in the order of measuring."""

    ours: Seconds
    floor: Seconds

    @property
    def medians(self) -> tuple[float, float]:
        """The median of each."""
        return median(self.ours), median(self.floor)


@contextmanager
def settled() -> Iterator[None]:
    """The garbage collector stays on, as in a user's program, but what exists already is none of its business: the
    data made for the measurement would be walked through again and again."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def timed(clock: Clock, action: Callable[[], Any]) -> float:
    """How many seconds one call takes."""
    with settled():
        start = clock()
        action()
        return clock() - start


def each(clock: Clock, actions: Iterable[Callable[[], Any]]) -> Seconds:
    """The seconds of each of these calls."""
    listed = list(actions)
    taken = []
    with settled():
        for action in listed:
            start = clock()
            action()
            taken.append(clock() - start)
    return taken


def alternate(ours: Callable[[int], Seconds], floor: Callable[[int], Seconds], rounds: int) -> Times:
    """Both in turns, `rounds` times after one that does not count; who is first changes from round to round."""
    times = Times([], [])
    for number in range(rounds + 1):
        first_is_ours = number % 2 == 0
        for is_ours in (first_is_ours, not first_is_ours):
            taken = (ours if is_ours else floor)(number)
            if number:
                (times.ours if is_ours else times.floor).extend(taken)
    return times
