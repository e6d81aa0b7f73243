"""What the core asks of a database. What crosses this port is bound and checked; nothing is text of a user."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

import attrs

from crmcore.domain.bound import BoundQuery
from crmcore.domain.catalogue import Catalogue
from crmcore.domain.change import LogEntry
from crmcore.domain.facet import Facet, FacetType
from crmcore.domain.record import Record, RecordType
from crmcore.ports.auditing import Auditing
from crmcore.ports.backup import Backup, Progress
from crmcore.ports.consuming import Consuming
from crmcore.ports.migration import Chain
from crmcore.ports.moving import Moving
from crmcore.ports.retiring import PluginTables
from crmcore.ports.stamp import Stamp


@attrs.frozen
class KeyRow:
    """One match key of a record: `kind` is name, email, phone or code; `key` is normalised by `domain.keys`."""

    kind: str
    key: str
    record: str
    id: UUID


@attrs.frozen
class Found:
    """A selected record and the storage's values of its sort keys (plain: what a cursor can carry)."""

    record: Record
    keys: tuple[Any, ...]


class Transaction(Protocol):
    """One transaction: own (commit and rollback reach the database) or joined (they end only a savepoint).

    All methods raise `StorageBusy` where repeating helps and `StorageFailed` where the database refuses or is lost.
    """

    def insert(self, type: RecordType, records: Sequence[Record]) -> None:
        """Store new records with their parts and sets, not their facets. `DuplicateValue`, `DanglingReference`."""

    def update(self, type: RecordType, before: Record, after: Record) -> None:
        """Store what differs; `ConcurrentChange` unless the stored version is that of `before`."""

    def delete(self, type: RecordType, record: Record) -> None:
        """Remove the row, its parts, sets and facets; `ConcurrentChange` as above, `StillReferenced`."""

    def delete_many(self, type: RecordType, records: Sequence[Record]) -> None:
        """Remove many at once, each after those of them that refer to it; errors as above."""

    def insert_facets(self, type: RecordType, facet: FacetType, rows: Sequence[tuple[UUID, Facet]]) -> None:
        """Store facets of records that have none of this type; `DuplicateValue`, `DanglingReference`."""

    def update_facet(self, type: RecordType, facet: FacetType, id: UUID, before: Facet, after: Facet) -> None:
        """Store what differs; `ConcurrentChange` unless the stored version is that of `before`."""

    def delete_facet(self, type: RecordType, facet: FacetType, id: UUID, before: Facet) -> None:
        """Remove a record's facet; `ConcurrentChange` unless the stored version is that of `before`."""

    def add_keys(self, rows: Sequence[KeyRow]) -> None:
        """Store match keys; one that is there already stays."""

    def drop_keys(self, rows: Sequence[KeyRow]) -> None:
        """Remove match keys; one that is not there is no error."""

    def drop_all_keys(self) -> None:
        """Remove every match key (before they are all made anew)."""

    def find_keys(self, kind: str, low: str, high: str | None, records: Sequence[str], limit: int) -> list[KeyRow]:
        """Keys equal to `low`, or with `high` those from `low` up to but not including it; ordered by key."""

    def keyed(self, record: str, keys: Sequence[tuple[str, str]]) -> list[KeyRow]:
        """The rows of one record type whose (kind, key) is any of these; in bulk."""

    def select(self, query: BoundQuery) -> list[Found]:
        """The records that fit, in order (ties by id), at most `limit`, after the cursor."""

    def count(self, query: BoundQuery) -> int:
        """How many records fit; sort, limit and cursor are ignored."""

    def aggregate(self, query: BoundQuery, by: Sequence[str], measures: Sequence[tuple[str, str]]) -> list[list[Any]]:
        """Rows of group values and figures over own fields, sorted by the group values, missing ones last; one row if
        `by` is empty. `sum`, `min` and `max` of money are a tuple of Money, one for each currency, by its code. A
        date grouped by its months (`day.month`) gives their first days."""

    def lock(self, type: RecordType, id: UUID, *, shared: bool = False, alone: bool = False) -> bool:
        """Hold a record until the transaction ends, so that nobody else changes it; False if there is none. `shared`:
        others may hold it so as well. `alone`: nobody stores a new reference to it either, until then."""

    def append(self, entries: Sequence[LogEntry]) -> None:
        """Write to the change log."""

    def history(self, record: str, id: UUID, until: dt.datetime | None = None) -> list[LogEntry]:
        """The log of one record, oldest first, up to and including `until`."""

    def last_seq(self) -> int:
        """The highest seq in the log that is visible here: what is written from now on has a higher one."""

    def entries(self, work: UUID, low: int, high: int, limit: int) -> list[LogEntry]:
        """What one unit of work has logged with a seq above `low` and up to `high`: newest first, at most `limit`."""

    def feed(self, after: int, limit: int) -> list[LogEntry]:
        """Committed and numbered entries with a position above `after`, in order of position."""

    def number(self, limit: int) -> int:
        """Give positions to committed entries that have none, in order of seq, alone under a lock; how many."""

    @property
    def consuming(self) -> Consuming:
        """What workers keep: cursors, leases, what was put aside, and runs of jobs."""

    @property
    def moving(self) -> Moving:
        """References that follow merges."""

    @property
    def auditing(self) -> Auditing:
        """The chain over the log, and the log as those who erase see it."""

    def setting(self, key: str) -> str | None:
        """A value that the core keeps about this database, or None."""

    def put_setting(self, key: str, value: str) -> None:
        """Keep such a value."""

    def scrub(self) -> None:
        """Leave nothing of what is removed or overwritten from here on in the files of an embedded database, once this
        is committed; what a server keeps is for its operators. In a joined one, what is written ahead is the host's."""

    def savepoint(self) -> AbstractContextManager[None]:
        """A nested part that an exception undoes alone."""

    def commit(self) -> None:
        """Make it last (own) or leave it to the host (joined)."""

    def rollback(self) -> None:
        """Undo it: all (own), or what was done since it began (joined)."""


class Alteration(Protocol):
    """Tables being altered by one who is alone in doing so. Each step can be repeated: it does nothing to what is done
    already. A database that commits a step by itself (MariaDB) also commits the settings that were put before it."""

    def setting(self, key: str) -> str | None:
        """A value that the core keeps about this database, or None."""

    def put_setting(self, key: str, value: str) -> None:
        """Keep such a value."""

    def fit(self, catalogue: Catalogue, record: str, facet: str) -> None:
        """Make what the tables of a facet lack of what this catalogue declares; what they have stays."""

    def count(self, catalogue: Catalogue, record: str, facet: str, field: str) -> int:
        """How many records have a value of this field of a facet; 0 where it was never made."""

    def drop(self, catalogue: Catalogue, record: str, facet: str, field: str) -> None:
        """Drop a field of a facet with its values, and the facet's table if it has no other field here."""


class Storage(Protocol):
    """One database (or schema) for one Crm."""

    def begin(self, snapshot: bool = False) -> Transaction:
        """A transaction of its own, ready to write; or a `snapshot`, which reads everything as of one moment, whatever
        others write meanwhile, and is not to be written in."""

    def join(self, handle: object) -> Transaction:
        """Work inside a transaction of the host; refused for a connection that cannot keep what the core promises."""

    def stamp(self) -> Stamp | None:
        """What the database was made by; None if it holds no tables of the core."""

    def create(self, stamp: Stamp, distributions: Iterable[str]) -> None:
        """Make the tables of these distributions from their declarations and write the stamp."""

    def altering(self) -> AbstractContextManager[Alteration]:
        """Alter tables on a connection of its own, others waiting; committed at the end, and undone by an exception as
        far as the database can. `StorageBusy` where somebody's transaction is in the way for ten seconds."""

    def migrate(self, chain: Chain, tell: Callable[[str], None]) -> None:
        """Change the tables of one distribution, with their rows, to what is declared: run the revisions that follow on
        that of the database, in order, each recorded with its fingerprint as soon as it is done; `tell` is told each
        step before it is taken. Interrupted, it is called again. Raises `SchemaMismatch`, `InvalidSetting`."""

    @property
    def plugin_tables(self) -> PluginTables:
        """What is a plugin's own here: to be switched off and on, retired, restored and dropped."""

    def checks(self) -> list[tuple[str, bool, str]]:
        """What `crm doctor` asks of a database: (name, holds, detail)."""

    def close(self) -> None:
        """Let go of every connection."""


class StorageSource(Protocol):
    """Where a Crm's database comes from: SQL over an engine, or memory."""

    embedded: bool

    def peek(self) -> Stamp | None:
        """What the database was made by, before anything is declared; None if it is empty."""

    def open(self, catalogue: Catalogue) -> Storage:
        """The storage for these declarations."""

    def back_up(self, path: Path, *, force: bool = False, progress: Progress | None = None) -> Backup:
        """Copy one moment of the database to a new file (`force`: or in the place of one), while others go on reading
        and writing. Raises `InvalidSetting` for a place that does not fit, and for a database that another tool copies,
        which it names; `StorageFailed`."""
