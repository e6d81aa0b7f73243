"""What becomes of what failed: it is tried again after pauses that grow, and parked when that does not help."""

from __future__ import annotations

import datetime as dt
import traceback
from typing import Final, Literal

import attrs

from crmcore.domain.errors import PluginFailed
from crmcore.plugins.refusal import text_of

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


def storable(text: str) -> str:
    """A text without what databases refuse: half characters, and NUL."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\x00")
