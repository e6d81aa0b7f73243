"""Rules of the core's own record types that need to look at other records: applied by every write, bulk or single.

A rule settles records before they are checked and stored, and writes what follows from them afterwards, in the same
transaction. What a record can tell by itself is a validator or `complete` of its declaration.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

Pairs: TypeAlias = Sequence[tuple[Any, Any]]
"""Each record as it was (None: it is new) and as it is to be."""


class Rule(Protocol):
    """What one record type adds to its writing; both are given a whole batch, and the session that writes it."""

    def prepare(self, unit: Any, pairs: Pairs) -> list[Any]:
        """The records as they are to be stored, in order; raises what refuses the write, `InvalidRecord` mostly."""

    def follow(self, unit: Any, pairs: Pairs) -> None:
        """Write what follows from these records, which are stored now."""
