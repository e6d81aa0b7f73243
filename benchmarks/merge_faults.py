"""Faults: merges and their undoing that are killed at every statement. `python -m benchmarks.merge_faults` does so.

A process of its own begins the merge and is killed (SIGKILL) before its n-th statement, before its commit, or after it.
Every row of every table must then be as it was, or, after the commit, the merge be whole.
"""

from __future__ import annotations

import argparse
import datetime as dt
import itertools
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final
from uuid import UUID

import attrs
import sqlalchemy as sa

from benchmarks.drivers import Raw, connect
from benchmarks.places import available, opened
from benchmarks.rows import Table, Written, all_rows, tables_of
from crmcore.adapters.sql import SqlSource
from crmcore.adapters.sql.engine import own_engine
from crmcore.adapters.sql.runner import CursorRunner
from crmcore.adapters.sql.sessions import OwnSession
from crmcore.adapters.sql.types import backend_of
from crmcore.application.merging.merges import Merges
from crmcore.crm import Crm
from crmcore.domain.customer import Person
from crmcore.domain.interaction import Interaction
from crmcore.domain.link import Link
from crmcore.domain.order import Order, OrderLine
from crmcore.domain.product import Product
from crmcore_loyalty.member import LoyaltyMember

ACTOR: Final = "faults"
EPOCH: Final = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
SENDING: Final = ("fetch", "run", "many", "store")


@contextmanager
def counted(stop: Callable[[int], None]) -> Iterator[list[int]]:
    """Call `stop` with a number before each statement, before each commit and after it; the list has the last one."""
    numbers, last = itertools.count(1), [0]

    def reached() -> None:
        last[0] = next(numbers)
        stop(last[0])

    def watched(sent: Callable[..., Any], again: bool) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            reached()
            found = sent(*arguments, **named)
            if again:
                reached()
            return found

        return call

    kept = [(CursorRunner, name, getattr(CursorRunner, name)) for name in SENDING]
    kept.append((OwnSession, "commit", OwnSession.commit))  # type: ignore[arg-type]  # another class
    try:
        for owner, name, sent in kept:
            setattr(owner, name, watched(sent, name == "commit"))
        yield last
    finally:
        for owner, name, sent in kept:
            setattr(owner, name, sent)


@attrs.define
class Family:
    """Customers who are merged and set apart again, in a database that nobody else works on."""

    url: str
    engine: sa.Engine
    crm: Crm
    raw: Raw
    survivor: UUID
    losers: list[UUID]
    tables: list[Table]
    merge: UUID | None = None

    def act(self, action: str) -> None:
        """Merge them, or take that back."""
        with self.crm.work(ACTOR) as work:
            if action == "merge":
                Merges(work).merge(self.survivor, self.losers)
            elif self.merge is not None:
                Merges(work).undo(self.merge)

    def rows(self) -> list[Written]:
        """Every row of every table that holds records, or what follows from them."""
        return all_rows(self.raw, self.tables)

    def whole(self, action: str) -> bool:
        """Whether all of it was done."""
        with self.crm.work(ACTOR) as work:
            merges = Merges(work).of(self.survivor)
            self.merge = merges[-1].id
            status = merges[-1].status
            moves = sum(work.transaction.moving.moved(self.merge).values())
            told = sum((merges[-1].repointed or {}).values())
        [(apart,)] = self.raw.fetch("SELECT count(*) FROM crm_customer WHERE merged_into IS NULL")
        [(calls,)] = self.raw.fetch(
            f"SELECT count(*) FROM crm_interaction WHERE customer = {self.raw.mark}", (self.raw.id(self.survivor),)
        )
        merged = action == "merge"
        expected = ("merged", 1, 8) if merged else ("undone", 1 + len(self.losers), 2)
        return (status, apart, calls) == expected and moves == told > 0


def family(url: str) -> Family:
    """Four customers in an empty database, with everything that a merge has to do with."""
    engine = own_engine(url)
    crm = Crm(storage=SqlSource(engine), plugins=["loyalty"])
    crm.upgrade()
    with crm.work(ACTOR) as work:
        tea = work.products.add(Product("Tea")).id
        made = [Person(f"Leila {n}", emails=[f"l{n}@example.com"]) for n in range(4)]
        made[3] = made[3].with_facets(LoyaltyMember("gold", EPOCH.date(), "LC-3"))
        ids = [work.customers.add(each).id for each in made]
        for id in (*ids, *ids):
            work.interactions.add(Interaction(EPOCH, "call", customer=id))
            work.orders.add(Order(EPOCH, customer=id, lines=(OrderLine(tea),)))
        for id in ids:
            work.links.add(Link("customer", id, "product", tea, "likes"))
    raw = connect(backend_of(engine.dialect), url)
    return Family(url, engine, crm, raw, ids[0], ids[1:], tables_of(url, raw))


def killed(family: Family, action: str, at: int) -> bool:
    """Act in a process that is killed there; False if it ended before."""

    def stop(number: int) -> None:
        if number == at:
            os.kill(os.getpid(), signal.SIGKILL)

    family.engine.dispose()  # the two processes share no connection
    child = os.fork()
    if child == 0:
        try:
            with counted(stop):
                family.act(action)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def compare(family: Family, every: int) -> Iterator[dict[str, Any]]:
    """Merge and undo, each killed at every statement, or at each of so many; what was found after each kill."""
    totals = {}
    for action in ("merge", "undo", "merge", "undo"):  # the first time something is done that is not done again
        family.engine.dispose()
        with counted(lambda _: None) as last:
            family.act(action)
        totals[action] = last[0]
        if not family.whole(action):
            raise RuntimeError(f"{action} was not done as a whole, though nobody killed it")
    for action, total in totals.items():
        for at in sorted({*range(1, total - 1, every), total - 1}):
            before = family.rows()
            same = killed(family, action, at) and family.rows() == before
            yield {"action": action, "killed_at": at, "of": total, "ok": same}
        done = killed(family, action, total) and family.whole(action)
        yield {"action": action, "killed_at": total, "of": total, "ok": done}


def main(arguments: Sequence[str] | None = None) -> int:
    """Kill on every storage that is given; 1 if something between before and after was found."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.merge_faults", description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="kill at each of so many statements (default: all)")
    parser.add_argument("--storage", action="append")
    parser.add_argument("--url", help="use this database, which holds nothing, and leave it")
    asked = parser.parse_args(arguments)
    if asked.url:
        return int(not _all_well(asked.url, asked.every))
    failed = False
    for storage in asked.storage or available():
        with opened(storage) as place:
            failed = not _all_well(place.empty(), asked.every) or failed
    return int(failed)


def _all_well(url: str, every: int) -> bool:
    """Kill in one database, and tell what was found."""
    one, well = family(url), True
    try:
        for found in compare(one, every):
            print(json.dumps({"storage": backend_of(one.engine.dialect), **found}), flush=True)
            well = well and found["ok"]
    finally:
        one.raw.close()
        one.engine.dispose()
    return well


if __name__ == "__main__":
    sys.exit(main())
