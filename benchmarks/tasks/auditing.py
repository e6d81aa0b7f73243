"""The chain over the log: linking what the pump numbers, and verifying all of it.

The floor is what one would write by hand on the raw driver: a SELECT of the numbered rows, a page at a time, SHA-256
over a JSON text of each and the digest before, and the driver's bulk insert of the digests; for verifying, both tables
read, and both digests of each row made again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from benchmarks.drivers import Raw, Row, named
from benchmarks.report import Result, Target, per_unit
from benchmarks.stage import Database, Stage, replay
from benchmarks.tasks.feeding import log_of
from benchmarks.timing import Seconds, alternate, timed
from crmcore.application.auditing.chaining import chain
from crmcore.ports.auditing import Link

MOST: Final = 100_000
PAGE: Final = 5_000
TARGET: Final = Target(2, 2)
COLUMNS: Final = ("position", "seq", "at", "actor", "source", "work", "record", "id", "subject", "version", "operation",
                  "digest")  # fmt: skip

_compact: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode


def chaining(stage: Stage) -> Iterator[Result]:
    """As many changes as the storage is measured with, but at most 100,000: linked, then verified."""
    size = min(stage.size.interactions, MOST)
    written = log_of(stage, size)

    def measured(work: Any) -> Seconds:
        with stage.fresh(plugins=()) as database:
            replay(database.raw, written)
            _number(database)
            return [timed(stage.clock, lambda: work(database)) / size]

    linking = alternate(lambda _: measured(_ours), lambda _: measured(_by_hand), min(stage.size.rounds, 3))
    yield per_unit("chain", stage.storage, linking, TARGET.on(stage.storage), size)
    with stage.fresh(plugins=()) as database:
        replay(database.raw, written)
        database.crm.pump(3_600, jobs=False)
        checking = alternate(
            lambda _: [timed(stage.clock, lambda: _verify(database)) / size],
            lambda _: [timed(stage.clock, lambda: _verify_by_hand(database.raw)) / size],
            min(stage.size.rounds, 3),
        )
    yield per_unit("verify the chain", stage.storage, checking, TARGET.on(stage.storage), size)


def _number(database: Database) -> None:
    transaction = database.crm.storage.begin()
    transaction.number(MOST)
    transaction.commit()


def _ours(database: Database) -> None:
    while True:
        transaction = database.crm.storage.begin()
        linked = chain(transaction, PAGE)
        transaction.commit()
        if linked < PAGE:
            return


def _verify(database: Database) -> None:
    finding = database.crm.audit.verify()
    assert finding.ok, finding.problems


def _by_hand(database: Database) -> None:
    raw, digest, after = database.raw, "0" * 64, 0
    while rows := _page(raw, COLUMNS, after):
        links = []
        for row in rows:
            digest = _linked(digest, row)
            links.append(Link(row[0], digest))
        raw.begin()
        raw.bulk("crm_chain", ["position", "digest"], [(link.position, link.digest) for link in links])
        raw.commit()
        after = rows[-1][0]


def _verify_by_hand(raw: Raw) -> None:
    digest, after = "0" * 64, 0
    while rows := _page(raw, (*COLUMNS, "changes"), after):
        known: dict[Any, Any] = dict(_page(raw, ("position", "digest"), after, "crm_chain"))
        for *row, changes in rows:
            before, digest = digest, known[row[0]]
            head = f"{row[6]} {str(row[7]).replace('-', '')} {row[9]} {row[10]}\n{changes}"
            assert hashlib.sha256(head.encode()).hexdigest() == row[11]
            assert len(_linked(before, row)) == len(digest)
        after = rows[-1][0]


def _linked(before: str, row: Sequence[Any]) -> str:
    return hashlib.sha256(f"{before}\n{_compact(list(row))}".encode()).hexdigest()


def _page(raw: Raw, columns: Sequence[str], after: int, table: str = "crm_change") -> Sequence[Row]:
    position = named(raw, ["position"])
    sql = f"SELECT {named(raw, columns)} FROM {table} WHERE {position} > {raw.mark} ORDER BY {position} LIMIT {PAGE}"
    return raw.fetch(sql, (after,))
