"""What a revision of a distribution's tables is, and what it can do. Revision files import this module only.

Tables are named without the prefix that a host chooses (`loyalty_customer`). A column has a plain type: `text(N)`,
`text` (of any length, not to be indexed), `code(N)` (ASCII), `integer`, `decimal(N)` with N places, `boolean`, `date`,
`datetime` or `id`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Protocol, TypeAlias

import attrs

FIRST: Final = "0001"
"""The first revision of every distribution: its tables as the first release declares them."""

UNDER_WAY: Final = ">"
"""Stands in the fingerprint of tables between that of the revision that they had and the id of the one that is being
run, where that is not one transaction."""

Column: TypeAlias = tuple[str, str] | tuple[str, str, bool]
"""A column of a new table: its name, its type, and True if a value may be missing (default: none may)."""


class Operations(Protocol):
    """What `upgrade(op)` of a revision works with. Each operation looks whether it is done already, and then does
    nothing: so a revision that was interrupted is simply run again, from its first operation."""

    def create_table(
        self,
        name: str,
        columns: Sequence[Column],
        *,
        key: Sequence[str],
        unique: Iterable[Sequence[str]] = (),
        indexes: Iterable[Sequence[str]] = (),
        references: Mapping[str, str] | None = None,
        compact: bool = True,
    ) -> None:
        """Make a table. `references`: column to the table whose `id` it holds. `compact`: without a row number of its
        own on SQLite, as parts, facets and sets are kept."""

    def drop_table(self, name: str) -> None:
        """Drop a table with its rows."""

    def rename_table(self, old: str, new: str) -> None:
        """Give a table another name; its indexes and constraints are to be dropped before and made anew after."""

    def add_column(self, table: str, column: str, type: str) -> None:
        """Add a column that is empty in every row; `fill` and `require` make it one that never is."""

    def drop_column(self, table: str, column: str) -> None:
        """Drop a column with its values; indexes and constraints over it are to be dropped before."""

    def rename_column(self, table: str, old: str, new: str) -> None:
        """Give a column another name; its values stay."""

    def retype(self, table: str, column: str, type: str) -> None:
        """Give a column another type, into which the database can convert every value."""

    def require(self, table: str, column: str) -> None:
        """From now on no value of the column may be missing; none must be missing now."""

    def allow_missing(self, table: str, column: str) -> None:
        """From now on values of the column may be missing."""

    def fill(self, table: str, column: str, type: str, value: Any) -> None:
        """Give rows in which the column is missing a value: this one, or what `value(row)` gives for the row, a mapping
        of column to value as the database holds it (None: it stays missing)."""

    def fold(self, table: str, column: str, length: int, cut: int | None = None) -> None:
        """Make the fold (`column`_fold, of `length` characters) of a text where it is missing: texts are sorted and
        searched by it. `cut`: the length that the fold had, to make those anew that it may have cut."""

    def create_index(self, table: str, *columns: str) -> None:
        """Make an index over these columns, in this order."""

    def drop_index(self, table: str, *columns: str) -> None:
        """Drop the index that was made over these columns, by the names that they had."""

    def create_unique(self, table: str, *columns: str) -> None:
        """From now on no two rows have equal values in these columns."""

    def drop_unique(self, table: str, *columns: str) -> None:
        """Drop that rule, by the names that the columns had when it was made."""

    def create_reference(self, table: str, column: str, target: str) -> None:
        """From now on the column holds ids of rows of `target`."""

    def drop_reference(self, table: str, column: str) -> None:
        """Drop that rule, by the name that the column had when it was made."""

    def execute(self, sql: str) -> None:
        """A data step in SQL, with table names in braces: `UPDATE {loyalty_customer} SET ...`. It has to be repeatable:
        executed twice it must leave what it leaves after once."""

    def undecided(self, question: str) -> None:
        """Refuses to go on (`SchemaMismatch`): the author of the revision has not answered the question yet."""


@attrs.frozen
class Revision:
    """One step of a distribution's tables. `down`: the revision before it, None for the first. `fingerprint`: that of
    the declarations which its tables fit; "" where it is not recorded. `name`: where it stands, for messages."""

    id: str
    down: str | None
    fingerprint: str
    upgrade: Callable[[Operations], None]
    message: str = ""
    name: str = ""


@attrs.frozen
class Chain:
    """The revisions of one distribution, oldest first; empty for one that has never changed its tables."""

    distribution: str
    revisions: tuple[Revision, ...] = ()

    @property
    def newest(self) -> str:
        """The id of the last revision."""
        return self.revisions[-1].id if self.revisions else FIRST

    @property
    def fingerprint(self) -> str:
        """The fingerprint after the last revision, "" if none is recorded."""
        return self.revisions[-1].fingerprint if self.revisions else ""

    def knows(self, revision: str) -> bool:
        """Whether a database of that revision was made by this release or an older one."""
        return revision in {FIRST, *(each.id for each in self.revisions)}

    def after(self, revision: str) -> tuple[Revision, ...]:
        """The revisions that follow on one that is known, oldest first."""
        ids = [each.id for each in self.revisions]
        start = ids.index(revision) + 1 if revision in ids else 0
        return tuple(each for each in self.revisions[start:] if each.id != FIRST)
