"""Crm: what a host application embeds. Long because it is the one object that hosts hold.

It alone puts storage, policy, plugins and clock together.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from copy import copy
from functools import cached_property, partial
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from uuid import UUID

from crmcore.adapters.clock import SystemClock, Uuid7Ids
from crmcore.application import feeding, rekeying
from crmcore.application.auditing.audit import Audit
from crmcore.application.core_rules import RULES
from crmcore.application.custom.fields import CustomFields
from crmcore.application.kernel import Kernel
from crmcore.application.lifecycle import Declared, Lifecycle
from crmcore.application.observing.workers import Workers
from crmcore.application.readiness import Readiness
from crmcore.application.running import Running
from crmcore.application.settings import currency_of, zone_of
from crmcore.application.subjects import finishing
from crmcore.application.unit import UnitOfWork
from crmcore.application.upgrading import upgrade
from crmcore.domain.catalogue import Catalogue
from crmcore.domain.change import Actor, LogEntry, actor_of
from crmcore.domain.errors import ConcurrentChange, InvalidSetting, StorageBusy
from crmcore.plugins.formats import formats_of
from crmcore.plugins.registry import Registry
from crmcore.ports.clock import Clock, Ids
from crmcore.ports.policy import AllowAll, Policy
from crmcore.ports.storage import Storage, StorageSource

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from crmcore.application.importing import ImportReport
    from crmcore.application.importing.undoing import UndoReport
    from crmcore.ports.backup import Backup

T = TypeVar("T")
READ_ONLY = "with plugins 'none' no record is written: guards of plugins could not be asked"
SNAPSHOT = "this unit of work is a snapshot, which only reads: write in another one"
_PAUSES = random.SystemRandom()


class Crm:
    """A CRM over one database (or schema), for one tenant.

    `plugins`: names of installed plugins, or plugin objects; None: those recorded as active in the database; "none":
    no plugin, and no record can be written. `zone` (IANA name) reads dates where a time is due; `currency` is that
    of bare amounts. `sources` names systems of origin, the most trusted first, for merges. `log_reads`: who reads
    fields that are declared sensitive stands in the log. Raises MissingPlugin, PluginConflict, PluginFailed,
    SchemaMismatch, InvalidSetting.
    """

    def __init__(
        self,
        engine: Engine | None = None,
        *,
        storage: StorageSource | None = None,
        plugins: Sequence[str | object] | Literal["none"] | None = None,
        policy: Policy | None = None,
        zone: str = "UTC",
        currency: str = "EUR",
        clock: Clock | None = None,
        ids: Ids | None = None,
        sources: Sequence[str] = (),
        log_reads: bool = False,
        prefix: str = "crm_",
        schema: str | None = None,
    ) -> None:
        self._source = storage or _sql_source(engine, prefix, schema)
        self.read_only = plugins == "none"
        self._declared = Declared(plugins, self._source.peek)
        kernel = Kernel(
            catalogue=self.registry.catalogue,
            policy=policy or AllowAll(),
            clock=clock or SystemClock(),
            ids=ids or Uuid7Ids(),
            zone=zone_of(zone),
            currency=currency_of(currency),
            rules=RULES,
            hooks=self.registry.hooks,
            slots=self.registry.slots,
            sources=tuple(sources),
            log_reads=log_reads,
        )
        self._running = Running(self._declared.again, self._source.open, kernel, self.readiness.stamp)

    @property
    def registry(self) -> Registry:
        """The active plugins and their hooks."""
        return self._declared.registry

    @property
    def readiness(self) -> Readiness:
        """Whether the database fits."""
        return self._declared.readiness

    @property
    def catalogue(self) -> Catalogue:
        """What is declared by the core, by plugins, and by administrators as this Crm last saw it."""
        return self.kernel.catalogue

    @property
    def kernel(self) -> Kernel:
        """What units of work share."""
        return self._running.current.kernel

    @property
    def storage(self) -> Storage:
        """The database, as it is declared."""
        return self._running.current.storage

    @cached_property
    def fields(self) -> CustomFields:
        """Fields that administrators add and remove at run time."""
        return CustomFields(self._running, self._declared.check, READ_ONLY if self.read_only else None)

    @cached_property
    def plugins(self) -> Lifecycle:
        """Enabling, disabling, retiring and purging plugins in this database."""
        from crmcore.adapters.files.archive import write_archive

        return Lifecycle(self._declared, self._running, self._source, write_archive, lambda: self.workers.enroll())

    @cached_property
    def audit(self) -> Audit:
        """What proves that nobody touched the history: anchors, and the log held against them."""
        return Audit(self.workers)

    def work(
        self,
        actor: Actor | str | None = None,
        *,
        connection: Connection | None = None,
        dbapi: object | None = None,
        source: str | None = None,
        dry: bool = False,
        snapshot: bool = False,
    ) -> UnitOfWork:
        """A unit of work for `actor` (required): of its own, or joined to the host's SQLAlchemy `connection` or raw
        DB-API connection (`dbapi`), with which it then commits or rolls back. `source` names where the changes come
        from, in the log; `dry` rolls back at the end. A `snapshot`, always one of its own, only reads, and all of it as
        of one moment, whatever others write meanwhile.

        Raises InvalidSetting, SchemaMismatch; StorageBusy where another writer is in the way.
        """
        if connection is not None and dbapi is not None:
            raise InvalidSetting("a unit of work joins one transaction: give connection= or dbapi=, not both")
        self._declared.check()
        handle = connection if connection is not None else dbapi
        if snapshot and handle is not None:
            raise InvalidSetting("a snapshot is a transaction of its own: give neither connection= nor dbapi=")
        begin = partial(self._running.begin, handle=handle, snapshot=snapshot)
        refusal = SNAPSHOT if snapshot else READ_ONLY if self.read_only else self.readiness.stale_keys()
        return UnitOfWork(self.kernel, begin, actor_of(actor), source=source, dry=dry or snapshot, refusal=refusal)

    def run(self, function: Callable[[UnitOfWork], T], *, actor: Actor | str, retries: int = 3) -> T:
        """What `function(work)` returns, in an own unit of work that is repeated up to `retries` times where another
        writer got in between (stale version, serialisation failure, deadlock, busy). It must be repeatable."""
        for attempt in range(retries + 1):
            try:
                with self.work(actor) as work:
                    return function(work)
            except (ConcurrentChange, StorageBusy):
                if attempt == retries:
                    raise
                time.sleep(_PAUSES.uniform(0, 0.02 * 2**attempt))
        raise InvalidSetting(f"retries is 0 or more, not {retries}")

    def upgrade(self, progress: Callable[[str], None] | None = None) -> dict[str, str]:
        """Make the tables of whatever has none yet, migrate those of older releases, and record the active plugins;
        gives revisions by distribution. `progress` is told each step of a migration before it is taken.

        `SchemaMismatch` for tables that no revision leads from, `InvalidSetting` without the extra `migrate`.
        """
        if self.read_only:
            raise InvalidSetting("with plugins 'none' nothing is upgraded: name the plugins that are to be active")
        revisions = upgrade(self.readiness, self.storage, progress or (lambda step: None))
        self.workers.enroll()
        return revisions

    def status(self) -> tuple[dict[str, str], bool]:
        """The revisions in the database, and whether they are those of the running declarations."""
        stamp = self.readiness.stamp
        return dict(stamp.revisions) if stamp else {}, stamp is not None and not self.readiness.pending

    def rekey(self) -> int:
        """Make every match key anew, after a version of the fold or the normalisers has changed; how many records."""
        self._declared.check()
        with UnitOfWork(self.kernel, self._running.begin, Actor("rekey", "system")) as work:
            total = rekeying.rekey(work)
        self.storage.create(self.readiness.rekeyed_stamp(), ())
        self.readiness.look()
        return total

    def import_file(
        self,
        path: str | PathLike[str],
        record: str,
        *,
        actor: Actor | str,
        map: str | PathLike[str] | None = None,
        format: str | None = None,
        encoding: str | None = None,
        sheet: str | None = None,
        rejects: str | PathLike[str] | None = None,
        dry_run: bool = False,
        resume: UUID | str | None = None,
        chunk: int = 5_000,
        progress: Callable[[int], None] | None = None,
        **plan: Any,
    ) -> ImportReport:
        """Import a file as records of one type, in chunks of about so many rows that each commit.

        `map` is a mapping file; `plan` has the other fields of `ImportPlan`: match, on_duplicate, source, ... Refused
        rows go into the file `rejects`. `resume`: the batch of an interrupted import of this very file, to be taken to
        its end as it began. `dry_run`: the same report, nothing written. `progress` is told the number of rows done.

        Raises ImportRefused for a file, map or batch that does not fit, InvalidSetting, UnknownName; an error that
        comes after the first chunk has the batch in its details.
        """
        from crmcore.adapters.files import Files
        from crmcore.adapters.serialization.schemas import RowSchemas
        from crmcore.application.importing.file_import import ImportRequest, import_file, plan_for

        files = Files(formats_of(self.registry.hooks, self.registry.slots))
        still = copy(self)  # an import goes on with the fields that it began with
        still._running = self._running.pinned()
        request = ImportRequest(
            path=Path(path),
            plan=plan_for(
                still.catalogue.record(record), None if map is None else files.read_text(map), str(map), plan
            ),
            reading={"format": format, "encoding": encoding, "sheet": sheet},
            rejects=None if rejects is None else Path(rejects),
            dry_run=dry_run,
            resume=resume,
            chunk=chunk,
        )
        return import_file(partial(still.work, actor), files, RowSchemas(still.catalogue), request, progress)

    def undo_import(
        self, batch: UUID | str, *, actor: Actor | str, progress: Callable[[int], None] | None = None
    ) -> UndoReport:
        """Undo an import, finished or interrupted, in pages that each commit: what it added is removed, what it changed
        gets its former values back; what somebody has changed since or refers to is kept and named. An interrupted
        undoing is ended by calling this again. Raises NotFound, and ImportRefused for a batch that is undone already.
        """
        from crmcore.application.importing.undoing import undo_import

        return undo_import(partial(self.work, actor), batch, progress)

    @cached_property
    def workers(self) -> Workers:
        """What is done after the commit, and what of it was put aside."""
        of_now = (lambda: self.kernel, lambda: self.storage, lambda: self.registry)
        return Workers(*of_now, self.work, time.monotonic)

    def pump(self, seconds: float = 10.0, *, jobs: bool = True) -> dict[str, int]:
        """Number committed changes for the feed, hand them to observers and run the jobs that are due, for about
        `seconds`; how many events, jobs, sent messages and parked things there were. What erasures had to leave, and
        nothing holds any more, is erased first."""
        self._declared.check()
        stale = self.readiness.stale_keys() is not None  # then nothing can be written
        if not stale and not self.read_only:
            finishing.finish(self.work)
        return self.workers.pump(seconds, with_jobs=jobs, numbers_only=stale)

    def feed(self, after: int = 0, limit: int = 1_000) -> list[LogEntry]:
        """Numbered changes with a position above `after`, in order: per record in order, none left out."""
        self._declared.check()
        return feeding.feed(self.storage, after, limit)

    def back_up(
        self, path: str | PathLike[str], *, force: bool = False, progress: Callable[[int, int], None] | None = None
    ) -> Backup:
        """Copy a SQLite database, as it is at one moment, to a new file while others go on writing; `force` replaces a
        file. `progress` is told (part, whole). `InvalidSetting` names the tool for a server's. `crm restore` is its
        counterpart."""
        return self._source.back_up(Path(path), force=force, progress=progress)

    def close(self) -> None:
        """Let go of every connection that is our own."""
        self.storage.close()


def open(url: str = "sqlite:///crm.db", **options: Any) -> Crm:
    """A Crm over an engine of its own with safe settings (`memory://` for one that lives in memory); options are
    those of `Crm`. A fresh SQLite file is made ready at once; any other database by `crm.upgrade()`."""
    if url == "memory://":
        from crmcore.adapters.memory.source import MemorySource

        source: StorageSource = MemorySource()
    else:
        from crmcore.adapters.sql.source import SqlSource

        source = SqlSource.own(url, options.pop("prefix", "crm_"), options.pop("schema", None))
    crm = Crm(storage=source, **options)
    if source.embedded and not crm.read_only and crm.readiness.stamp is None:
        crm.upgrade()
    return crm


def prepare(engine: Engine) -> Engine:
    """The host's engine with the settings that keep data safe: on SQLite foreign keys, WAL, busy timeout and
    immediate transactions; see `adapters.sql.engine`."""
    from crmcore.adapters.sql.engine import prepare as prepare_engine

    return prepare_engine(engine)


def _sql_source(engine: Engine | None, prefix: str, schema: str | None) -> StorageSource:
    if engine is None:
        raise InvalidSetting("a Crm needs an engine: Crm(engine), or crmcore.open(url) for one of its own")
    from crmcore.adapters.sql.source import SqlSource

    return SqlSource(engine, prefix, schema)
