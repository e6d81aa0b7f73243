"""What becomes of what failed: it is tried again after pauses that grow, and parked when that does not help."""

from __future__ import annotations

import datetime as dt
import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Literal

import attrs

from crmcore.domain.errors import PluginFailed, StorageBusy
from crmcore.plugins.dispatch import Call
from crmcore.plugins.refusal import text_of, told

LOG: Final = logging.getLogger("crmcore.plugins")

ATTEMPTS: Final = 8
LONGEST_PAUSE: Final = dt.timedelta(hours=1)
LONGEST_ERROR: Final = 1_000
LONGEST_TRACEBACK: Final = 20_000


@attrs.frozen
class Failure:
    """How the next attempt stands: `due` then, or parked."""

    attempts: int
    state: Literal["retry", "parked"]
    due: dt.datetime | None
    error: str
    traceback: str


def failure(error: BaseException, attempts: int, now: dt.datetime) -> Failure:
    """After so many attempts, the last of which ended in this error. Pauses: 1, 2, 4 ... minutes, at most an hour."""
    cause = error.__cause__ or error if isinstance(error, PluginFailed) else error
    line, full = storable(text_of(cause))[:LONGEST_ERROR], storable("".join(traceback.format_exception(cause)))
    if attempts >= ATTEMPTS:
        return Failure(attempts, "parked", None, line, full[-LONGEST_TRACEBACK:])
    pause = min(dt.timedelta(minutes=2 ** (attempts - 1)), LONGEST_PAUSE)
    return Failure(attempts, "retry", now + pause, line, full[-LONGEST_TRACEBACK:])


@contextmanager
def busy_named(call: Call) -> Iterator[None]:
    """A database that was busy in the call of a hook has its name, and is logged: one that opens a unit of work of its
    own waits for itself each time, and never gets on."""
    try:
        yield
    except StorageBusy as error:
        text = (
            f"{call.origin}, hook {call.hook}: {told(error.message)}. If it opens a unit of work by itself, it waits "
            "for itself: it has context.work"
        )
        LOG.warning("%s", text)
        raise StorageBusy(text, plugin=call.plugin, hook=call.hook) from error


def storable(text: str) -> str:
    """A text without what databases refuse: half characters, and NUL."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\x00")
