"""`make bench`: measure and print JSON lines; `python -m benchmarks --help` lists the options."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks.places import VARIABLES, available, opened
from benchmarks.progress import Progress
from benchmarks.report import Result
from benchmarks.stage import SIZES, Size, Stage
from benchmarks.tasks import TASKS
from benchmarks.timing import CLOCKS, Clock


def measured(storage: str, size: Size, tasks: Sequence[str], clock: Clock, progress: Progress) -> Iterator[Result]:
    """The results of these tasks on one storage, as they come."""
    with ExitStack() as stack:
        place = stack.enter_context(opened(storage))
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="crmcore-bench-")))
        stage = Stage(place, size, scratch, clock, progress.note, stack.enter_context(ExitStack()))
        for task in tasks:
            progress.step(f"{storage}: {task}")
            yield from TASKS[task](stage)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what the arguments ask for; 0 when all was measured, whether or not a target was missed."""
    asked = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that databases are dropped
    tasks = asked.task or list(TASKS)
    storages = asked.storage or available()
    with Progress(len(tasks) * len(storages)) as progress:
        for storage in storages:
            for result in measured(storage, SIZES[asked.size], tasks, CLOCKS[asked.clock], progress):
                print(result.line(), flush=True)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--size", choices=SIZES, default="small", help="how much is measured (default: %(default)s)")
    parser.add_argument(
        "--storage",
        action="append",
        choices=["sqlite", *VARIABLES],
        help=f"measure this storage only; several may be named; servers by {' and '.join(VARIABLES.values())}",
    )
    parser.add_argument(
        "--clock", choices=CLOCKS, default="wall", help="cpu: what this process works, whatever else the machine does"
    )
    parser.add_argument("--task", action="append", choices=TASKS, help="measure this only; several may be named")
    return parser


if __name__ == "__main__":
    sys.exit(main())
