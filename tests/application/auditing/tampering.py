"""What somebody can do to the log who has the database: plain SQL, behind the back of crmcore."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from crmcore import Interaction, Person
from crmcore.application import journal
from crmcore.application.auditing.audit import Audit
from crmcore.crm import Crm
from crmcore.domain.audit import FIRST, Anchor, entry_text, link_digest, text_digest
from crmcore.domain.change import LogEntry
from crmcore.testing.contract.case import NOON
from crmcore.testing.specimens import Profile

Row = dict[str, Any]
TABLES: Final = ("crm_change", "crm_chain", "crm_setting")
LAST: Final = "feed.position"


def lived_in(crm: Crm) -> Anchor:
    """Leave a log with everything in it: additions, changes, facets, removals, and two erasures of one person, the
    second of which rewrites an entry once more; its anchor."""
    with crm.work("sara", source="shop") as work:
        leila = work.customers.add(Person("لیلا", emails=["leila@example.com"])).id
        others = [work.customers.add(Person(f"person {n}")).id for n in range(4)]
    with crm.work("reza") as work:
        work.customers.put_facet(leila, Profile(motto="blue", card="c-1"))
        work.interactions.add(Interaction(customer=leila, at=NOON, channel="call", subject="about a ring"))
        work.customers.change(leila, note="likes blue")
        work.customers.put_facet(leila, Profile(motto="green"))
        work.customers.remove(others[0])
    crm.pump(jobs=False)
    erase(crm, leila, {"~": [None, None]})
    with crm.work("sara") as work:
        work.customers.change(others[1], note="after")
    erase(crm, leila, {})
    with crm.work("sara") as work:
        work.customers.change(others[2], archived=True)
    return Audit(crm.workers).anchor()


def erase(crm: Crm, person: UUID, left: dict[str, Any]) -> None:
    """Rewrite what the log has of a person, as an erasure does, and leave its proof."""
    transaction = crm.storage.begin()
    found = [e for e in transaction.auditing.of_subjects([person], 0, 100) if e.operation != "erase"]
    text = journal.changes_text(left)
    transaction.auditing.rewrite([(entry.seq, text) for entry in found])
    head = attrs_of(found[0])
    proofs = {str(entry.seq): text_digest(text) for entry in found}
    transaction.append([journal.entry(**head, operation="erase", diff={"rows": [None, proofs]}, salt="5a17")])
    transaction.commit()


def attrs_of(entry: LogEntry) -> dict[str, Any]:
    """What an erasure's entry has in common with those about the person."""
    return {
        "at": NOON,
        "actor": "dpo",
        "source": None,
        "work": entry.work,
        "record": "customer",
        "id": entry.subject,
        "subject": entry.subject,
        "version": 9,
    }


class Intruder:
    """A connection of somebody's own, and the tables as they were."""

    def __init__(self, url: str, crm: Crm) -> None:
        self.engine = sa.create_engine(url, poolclass=NullPool)
        self.crm = crm
        metadata = sa.MetaData()
        metadata.reflect(self.engine, only=TABLES)
        self.change, self.chain, self.setting = (metadata.tables[name] for name in TABLES)
        self._kept = {table: self.rows(table) for table in (self.change, self.chain, self.setting)}

    def rows(self, table: sa.Table) -> list[Row]:
        """The rows of a table as they are now, in order of their first column."""
        with self.engine.connect() as connection:
            found = connection.execute(sa.select(table).order_by(next(iter(table.c)))).mappings()
            return [dict(row) for row in found]

    @property
    def log(self) -> list[Row]:
        """The rows of the log as they were, in order of position."""
        return sorted((dict(row) for row in self._kept[self.change]), key=lambda row: row["position"])

    @property
    def now(self) -> list[Row]:
        """The rows of the log as they are now."""
        return self.rows(self.change)

    def put(self, table: sa.Table, rows: Sequence[Row]) -> None:
        """Make these the rows of a table."""
        with self.engine.begin() as connection:
            connection.execute(sa.delete(table))
            if rows:
                connection.execute(sa.insert(table), list(rows))

    def do(self, *statements: sa.Executable) -> None:
        """Send statements."""
        with self.engine.begin() as connection:
            for statement in statements:
                connection.execute(statement)

    def has_changed(self) -> bool:
        """Whether anything is not as it was."""
        return any(self.rows(table) != rows for table, rows in self._kept.items())

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Afterwards all is as it was."""
        try:
            yield
        finally:
            for table, rows in self._kept.items():
                if self.rows(table) != rows:
                    self.put(table, rows)

    def chain_anew(self, first: int) -> None:
        """Make every link anew from a position on, as crmcore would, over the entries that are there now."""
        transaction = self.crm.storage.begin()
        entries = transaction.feed(0, 1_000)
        links = {link.position: link.digest for link in transaction.auditing.links(0, 1_000)}
        transaction.rollback()
        made = [row for row in self.rows(self.chain) if row["position"] < first]
        digest = links.get(first - 1, FIRST)
        for entry in entries:
            if (entry.position or 0) >= first:
                digest = link_digest(digest, entry_text(entry))
                made.append({"position": entry.position, "digest": digest})
        self.put(self.chain, made)


def others_of(value: Any) -> list[Any]:
    """Values near this one, as the database holds them."""
    match value:
        case None:
            return ["", "x"]
        case str():
            return [value + "x", value + " ", value[:-1], value.swapcase()]
        case bytes():
            return [value[:-1] + bytes([value[-1] ^ 1])]
        case UUID():
            return [UUID(int=value.int ^ 1)]
        case dt.datetime():
            return [value + dt.timedelta(microseconds=1), value - dt.timedelta(days=1)]
        case int():
            return [value + 1_000, value + 1_000_000]
    raise AssertionError(f"the log holds a {type(value).__name__}")
