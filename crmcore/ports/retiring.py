"""What the core asks of a database about what is a plugin's own in it, while that plugin need not be there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from crmcore.domain.dormant import Belongings
from crmcore.ports.stamp import Stamp

Row = Mapping[str, Any]
"""A row as JSON can hold it: by column, values in the plain form of their kind of field; missing ones are left out."""

Restamp = Callable[[Stamp], Stamp]
"""What the stamp becomes; it is called with the one that is there now, while nobody else can change it."""


class PluginTables(Protocol):
    """The tables of plugins. Each method is alone on the database while it works; one that was interrupted is simply
    called again. All raise `StorageBusy` and `StorageFailed`, and `SchemaMismatch` for a database without a stamp."""

    def restamp(self, change: Restamp) -> Stamp:
        """Write another stamp and raise the epoch."""

    def retire(self, own: Belongings, change: Restamp) -> Stamp:
        """Write the stamp, then give the tables other names, in which they refer to nothing any more."""

    def restore(self, own: Belongings, change: Restamp, keep: Callable[[Sequence[tuple[str, Row]]], None]) -> Stamp:
        """Give retired tables their names and references back, then write the stamp. Rows that refer to what is gone
        are taken out, or lose that reference where it may be missing: `keep` is given (table, row as it was) for each
        beforehand; if it raises, the tables are retired again."""

    def contents(self, own: Belongings) -> Iterator[tuple[str, Iterator[Row]]]:
        """Every retired table (its former name, without prefix) with its rows."""

    def purge(self, own: Belongings, change: Restamp) -> list[str]:
        """Drop retired tables and the match keys of their records, then write the stamp; the names of the tables."""
