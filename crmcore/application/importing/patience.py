"""Repeating a unit of work that another writer got in the way of."""

from __future__ import annotations

import random
import time
from typing import Final

from crmcore.domain.errors import ConcurrentChange, StorageBusy

RETRIES: Final = 5
_PAUSES = random.SystemRandom()


class Patience:
    """Counts failures in a row."""

    def __init__(self) -> None:
        self._failures = 0

    def lasts(self, error: Exception) -> bool:
        """Whether to try again after this error; waits for a moment then."""
        self._failures += 1
        if self._failures > RETRIES or not isinstance(error, StorageBusy | ConcurrentChange):
            return False
        time.sleep(_PAUSES.uniform(0, 0.02 * 2**self._failures))
        return True

    def restore(self) -> None:
        """It worked."""
        self._failures = 0
