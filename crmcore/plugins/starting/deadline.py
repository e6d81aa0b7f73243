"""Running foreign code that may never come back: in a thread that is waited for, for so long and no longer."""

from __future__ import annotations

import contextvars
import math
import os
import queue
import sys
import threading
import traceback
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar

import attrs

from crmcore.domain.errors import InvalidSetting

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
VARIABLE: Final = "CRMCORE_PLUGIN_DEADLINE"
SECONDS: Final = 10.0
LONGEST: Final = 86_400.0


@attrs.frozen
class Overdue:
    """What came back in place of a result: nothing. `place` is where the code stood when the time was up."""

    seconds: float
    place: str

    def __str__(self) -> str:
        return f"did not come to an end within {self.seconds:g} seconds; it stands at {self.place}"


def seconds_of(given: float | None = None) -> float:
    """The seconds that each step of a plugin's start may take: what is given, else the environment's, else 10.

    Raises InvalidSetting unless it is a number above 0 and at most a day.
    """
    stated: object = os.environ.get(VARIABLE, SECONDS) if given is None else given
    try:
        seconds = float(stated)  # type: ignore[arg-type]  # what it cannot convert is refused
    except (TypeError, ValueError):
        seconds = math.nan
    if isinstance(stated, bool) or not 0 < seconds <= LONGEST:
        raise InvalidSetting(
            f"the deadline of plugins is a number of seconds above 0 and at most {LONGEST:g}, not {stated!r}: "
            f"correct {VARIABLE} or the argument `deadline`"
        )
    return seconds


def each_within(seconds: float, tasks: Mapping[K, Callable[[], T]]) -> dict[K, T | Overdue]:
    """The results of the tasks by name, run one after the other; each may take so many seconds.

    One thread runs them all. Where one is overdue, its thread is left alone (nothing can end it; it does not keep the
    process from ending) and a new one goes on with the next. Whatever a task raises is raised here.
    """
    found: dict[K, T | Overdue] = {}
    waiting: list[tuple[K, Callable[[], T]]] = list(tasks.items())
    while waiting:
        done = list(_one_thread(seconds, waiting))
        found |= dict(done)
        waiting = waiting[len(done) :]
    return found


def _one_thread(seconds: float, tasks: Sequence[tuple[K, Callable[[], T]]]) -> Iterator[tuple[K, T | Overdue]]:
    answers: queue.SimpleQueue[tuple[Any, BaseException | None]] = queue.SimpleQueue()
    abandoned = threading.Event()
    work = contextvars.copy_context().run
    thread = threading.Thread(target=work, args=(_run, tasks, answers, abandoned), daemon=True, name="crmcore-plugins")
    thread.start()
    try:
        for name, _ in tasks:
            try:
                result, error = answers.get(timeout=seconds)
            except queue.Empty:
                yield name, Overdue(seconds, _place(thread))
                return
            if error is not None:
                raise error
            yield name, result
    finally:
        abandoned.set()


def _run(
    tasks: Sequence[tuple[Hashable, Callable[[], Any]]], answers: queue.SimpleQueue[Any], abandoned: threading.Event
) -> None:
    for _, task in tasks:
        if abandoned.is_set():
            return
        try:
            answers.put((task(), None))
        except BaseException as error:
            answers.put((None, error))
            return


def _place(thread: threading.Thread) -> str:
    """Where a thread is: the innermost line that is no part of the import system or of this module."""
    frame = sys._current_frames().get(thread.ident or 0)
    lines = [each for each in traceback.extract_stack(frame) if not _is_inner(each.filename)] if frame else []
    return f"{lines[-1].filename}, line {lines[-1].lineno}, in {lines[-1].name}" if lines else "a place unknown"


def _is_inner(filename: str) -> bool:
    return filename.startswith("<frozen importlib") or filename in (__file__, threading.__file__)
