"""The chain over the log and what erasing may do to the log, in SQL.

Who numbers entries and who links them hold one row: what is numbered is linked by one writer at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from crmcore.adapters.sql.asking import Asking, limit, parameter
from crmcore.adapters.sql.codecs import padded
from crmcore.adapters.sql.compiled import at_most, constant
from crmcore.adapters.sql.log import Log
from crmcore.domain.change import LogEntry
from crmcore.ports.auditing import Link

AT_ONCE: Final = 512
"""How many records one statement is about."""


class SqlAuditing:
    """Implements `ports.auditing.Auditing`."""

    def __init__(self, asking: Asking, log: Log) -> None:
        self._asking = asking
        self._log = log
        self._chain = asking.model.tables.chain

    def last_link(self, *, hold: bool = False) -> Link | None:
        """The newest link; with `hold`, that of now, whatever moment a transaction of the host reads as of."""
        c = self._chain.c

        def make() -> Any:
            found = at_most(sa.select(c.position, c.digest).order_by(c.position.desc()), limit(0))
            return found.with_for_update() if hold else found

        if hold:
            self._asking.ask(self._log.locked_position, self._asking.runner)
        rows = self._asking.rows(("last link", hold), make, 1)
        return Link(*rows[0]) if rows else None

    def chain(self, links: Sequence[Link]) -> None:
        """Add links: of values that are stored as they are, and that are many."""
        if links:
            rows = [(link.position, link.digest) for link in links]
            self._asking.ask(self._asking.runner.store, self._asking.model.insertion(self._chain), rows)

    def links(self, after: int, limit: int) -> list[Link]:
        """Links above a position, in order."""
        c = self._chain.c

        def make() -> Any:
            found = sa.select(c.position, c.digest).where(c.position > parameter(0, c.position)).order_by(c.position)
            return at_most(found, sa.bindparam("p1", type_=sa.Integer()))

        return [Link(*row) for row in self._asking.rows("links", make, after, limit)]

    def texts(self, after: int, limit: int) -> list[tuple[int, str]]:
        """Numbered entries as the chain has them."""
        found: list[tuple[int, str]] = self._asking.ask(self._log.texts, self._asking.runner, after, limit)
        return found

    def unnumbered(self, after: int, limit: int) -> list[LogEntry]:
        """Entries without a position."""
        found: list[LogEntry] = self._asking.ask(self._log.unnumbered, self._asking.runner, after, limit)
        return found

    def of_subjects(self, subjects: Sequence[UUID], after: int, limit: int) -> list[LogEntry]:
        """Entries about any of these persons."""
        found: list[LogEntry] = self._asking.ask(self._log.of_subjects, self._asking.runner, subjects, after, limit)
        return found

    def removals(self, records: Sequence[str], naming: Sequence[UUID], after: int, limit: int) -> list[LogEntry]:
        """Entries that removed records of these types and name any of these ids."""
        if not records or not naming:
            return []
        asked = self._log.removals, self._asking.runner, records, naming, after, limit
        found: list[LogEntry] = self._asking.ask(*asked)
        return found

    def rewrite(self, changes: Sequence[tuple[int, str]]) -> None:
        """Give entries another text of `changes`."""
        if changes:
            self._asking.ask(self._log.rewrite, self._asking.runner, changes)

    def blank_errors(self, records: Sequence[tuple[str, UUID]]) -> int:
        """Empty what went wrong with entries of these records."""
        by_type: dict[str, dict[UUID, None]] = {}
        for record, id in records:
            by_type.setdefault(record, {})[id] = None
        return sum(
            self._blank(record, tuple(ids)[start : start + AT_ONCE])
            for record, ids in by_type.items()
            for start in range(0, len(ids), AT_ONCE)
        )

    def _blank(self, record: str, ids: tuple[UUID, ...]) -> int:
        table, given = self._asking.model.tables.backlog, padded(ids)
        c = table.c

        def make() -> Any:
            these = c.id.in_([parameter(1 + n, c.id) for n in range(len(given))])
            told = sa.or_(c.error != constant("''"), c.traceback != constant("''"))
            emptied = {"error": constant("''"), "traceback": constant("''")}
            return sa.update(table).values(emptied).where(c.record == parameter(0, c.record), these, told)

        return self._asking.run(("blank errors", len(given)), make, record, *given)
