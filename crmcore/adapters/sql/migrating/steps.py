"""Which operations of a revision are done: where each commits by itself, that is kept with the database."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from crmcore.adapters.sql.creating import keep
from crmcore.adapters.sql.types import Backend

Tell = Callable[[str], None]


class Steps:
    """Counts the operations of one revision of a distribution.

    SQLite and PostgreSQL undo an interrupted revision whole. MariaDB commits each change of a table by itself: there
    the number of operations done is kept in a setting, in the transaction of a data step; a change of a table that was
    done but not counted is found by looking.
    """

    def __init__(
        self, connection: sa.Connection, backend: Backend, setting: sa.Table, name: str, revision: str, tell: Tell
    ) -> None:
        self._connection = connection
        self._setting = setting
        self._counts = backend == "mariadb"
        self._key = f"migrating.{name}"
        self._title = f"{name} {revision}"
        self._revision = revision
        self._tell = tell
        self._before = self._kept()
        self._number = 0

    def begins(self, operation: str) -> bool:
        """Tell of the next operation; False if it was done before an interruption."""
        self._number += 1
        if self._number <= self._before:
            return False
        self._tell(f"{self._title}: {operation}")
        return True

    def ends(self) -> None:
        """The operation is done."""
        if self._counts:
            keep(self._connection, self._setting, self._key, f"{self._revision} {self._number}", replace=True)
            self._connection.commit()

    def forget(self) -> None:
        """The revision is done: nothing is left to count."""
        if self._counts:
            self._connection.execute(sa.delete(self._setting).where(self._setting.c.key == self._key))

    def _kept(self) -> int:
        if not self._counts:
            return 0
        held = sa.select(self._setting.c.value).where(self._setting.c.key == self._key)
        revision, _, number = str(self._connection.execute(held).scalar() or "").partition(" ")
        return int(number) if revision == self._revision else 0
