"""Watching hooks: which one runs now and for how long, so that one that hangs in a transaction has a name.

A hook that took long is logged (`crmcore.plugins`) when it ends. One that does not end is named by a `Watchdog`, which
a host starts if it wants one; the command line has one.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Protocol, Self

import attrs

from crmcore.domain.errors import InvalidSetting

LOG: Final = logging.getLogger("crmcore.plugins")
SLOW: Final = 1.0
"""Seconds after which a hook is called slow: other writers may be waiting for its transaction."""

SECONDS: Final = "CRMCORE_HOOK_SECONDS"
"""The variable that says after how many seconds the command line names a hook that is still running."""


def watch_seconds() -> float:
    """What that variable says; InvalidSetting for what is no number above zero."""
    given = os.environ.get(SECONDS, "5")
    try:
        seconds = float(given)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < threading.TIMEOUT_MAX:
        raise InvalidSetting(f"{SECONDS} is a number of seconds above zero, not {given!r}")
    return seconds


class Named(Protocol):
    """A hook of a plugin, as far as watching it goes."""

    @property
    def plugin(self) -> str: ...
    @property
    def hook(self) -> str: ...


@attrs.frozen
class Running:
    """A hook that runs now: whose it is, and since when, on the clock of `time.monotonic`."""

    plugin: str
    hook: str
    since: float


RUNNING: Final[dict[int, tuple[tuple[Named, float], ...]]] = {}
"""The hooks that run now, outermost first, by thread. It describes this process, not any Crm."""


def entered(call: Named) -> tuple[int, tuple[tuple[Named, float], ...], float]:
    """Note that a hook begins; what `left` has to be given."""
    thread, now = threading.get_ident(), time.monotonic()
    before = RUNNING.get(thread, ())
    RUNNING[thread] = (*before, (call, now))
    return thread, before, now


def left(call: Named, mark: tuple[int, tuple[tuple[Named, float], ...], float]) -> None:
    """Note that it ended; one that was slow is logged."""
    thread, before, began = mark
    if before:
        RUNNING[thread] = before
    else:
        RUNNING.pop(thread, None)
    if (took := time.monotonic() - began) >= SLOW:
        LOG.warning("plugin %r, hook %s took %.1f seconds; others may have waited for it", call.plugin, call.hook, took)


def running() -> tuple[Running, ...]:
    """The hooks that run in this process now, the innermost of each thread."""
    return tuple(Running(call.plugin, call.hook, since) for *_, (call, since) in list(RUNNING.values()))


class Watchdog:
    """Tells of hooks that run for longer than `seconds` while they still run, once for each; a context manager.

    It watches all threads of the process from one of its own. `tell` gets a sentence; by default that is logged.
    """

    def __init__(self, seconds: float = 5.0, tell: Callable[[str], object] = LOG.warning) -> None:
        self._seconds = seconds
        self._tell = tell
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="crmcore watchdog", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        told: set[Running] = set()
        while not self._ended.wait(self._seconds / 4):
            now = time.monotonic()
            late = {each for each in running() if now - each.since >= self._seconds}
            for each in sorted(late - told, key=lambda each: each.since):
                self._tell(
                    f"plugin {each.plugin!r}, hook {each.hook} has been running for {now - each.since:.1f} seconds; if "
                    "it does not end, stop this process: what it was writing is undone"
                )
            told = late
