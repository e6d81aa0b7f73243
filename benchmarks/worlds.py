"""Worlds: customers and all that can refer to them are drawn, merged, edited, and taken back; nothing may be lost.

`python -m benchmarks.worlds --count 10000` checks that many worlds in memory, and a hundredth of them on each database
that is there. Each world follows from its number, so one that fails can be looked at again: `--first N --count 1`.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from random import Random
from typing import Final

from benchmarks.places import available, opened
from crmcore.crm import Crm
from crmcore.testing.crm import make_crm
from tests.application.merging.world_checks import check_edited, check_exact, check_in_turn, check_leaving
from tests.application.merging.worlds import PLUGINS

Check = Callable[[Crm, Random], bool]
CHECKS: Final[tuple[Check, ...]] = (check_exact, check_in_turn, check_edited, check_leaving)
IN_ONE: Final = 10
"""How many worlds share a database, where making one takes long."""


def check_world(crm: Crm, number: int) -> str:
    """What came of a world: merged, refused (also where there are too few to merge in turn), or failed."""
    try:
        return "merged" if CHECKS[number % len(CHECKS)](crm, Random(number)) else "refused"
    except Exception as error:
        print(f"world {number}: {type(error).__name__}: {str(error)[:200]}", file=sys.stderr, flush=True)
        return "failed"


def in_memory(numbers: Sequence[int]) -> Counter[str]:
    """These worlds, each in a database of its own."""
    found: Counter[str] = Counter()
    for number in numbers:
        with make_crm(plugins=PLUGINS) as crm:
            found[check_world(crm, number)] += 1
    return found


def in_database(empty: Callable[[], str], numbers: Sequence[int]) -> Counter[str]:
    """These worlds, some in one database each."""
    found: Counter[str] = Counter()
    for start in range(0, len(numbers), IN_ONE):
        with make_crm(empty(), plugins=PLUGINS) as crm:
            found.update(check_world(crm, number) for number in numbers[start : start + IN_ONE])
    return found


@contextmanager
def _told(storage: str) -> Iterator[Counter[str]]:
    started, found = time.monotonic(), Counter[str]()
    yield found
    seconds = round(time.monotonic() - started, 1)
    print(json.dumps({"storage": storage, **found, "seconds": seconds}), flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Check worlds and print how many there were; 1 if one failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.worlds", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, help="worlds in memory")
    parser.add_argument("--first", type=int, default=0, help="the number of the first")
    parser.add_argument("--share", type=int, default=None, help="worlds on each database; default: a hundredth")
    asked = parser.parse_args(arguments)
    numbers = range(asked.first, asked.first + asked.count)
    share = numbers[: asked.count // 100 if asked.share is None else asked.share]
    failed = 0
    with _told("memory") as found:
        found.update(in_memory(numbers))
    failed += found["failed"]
    for storage in available() if share else ():
        with opened(storage) as place, _told(storage) as found:
            found.update(in_database(place.empty, share))
        failed += found["failed"]
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
