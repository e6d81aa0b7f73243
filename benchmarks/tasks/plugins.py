"""What plugins cost: calling their hooks, starting with twenty, and those that did not ask for what is written.

The floor of dispatch is pluggy's own call of the same functions, which names nobody and stops at the first failure.
Everything else is held against crmcore itself without these plugins, or without their fields.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from statistics import median
from typing import Any, Final

import pluggy

from benchmarks import data
from benchmarks.crowd import crowd, install
from benchmarks.report import Result, per_unit
from benchmarks.stage import ACTOR, Database, Stage, add_customers
from benchmarks.tasks.process import cpu_seconds
from benchmarks.timing import Seconds, Times, alternate, each
from crmcore.crm import Crm
from crmcore.domain.customer import Customer
from crmcore.plugins.hookspecs import PROJECT, Hooks
from crmcore.plugins.registry import load
from crmcore.plugins.routing import Hooks as Routed

MANY: Final = 20
CALLS: Final = 2_000
OPEN: Final = """
import sys
import crmcore
crm = crmcore.open(sys.argv[1], plugins=sys.argv[2:])
with crm.work(actor="bench") as work:
    assert work.customers.count() == 0
"""


class Nothing:
    """A context in which nothing has changed."""

    changes: tuple[Any, ...] = ()


def dispatch(stage: Stage) -> Iterator[Result]:
    """One call of a hook in 1, 3 and 10 plugins, with the name of whoever answers or fails."""
    for size in (1, 3, 10):
        modules = crowd(size, "customer")
        manager = pluggy.PluginManager(PROJECT)
        manager.add_hookspecs(Hooks)
        for module in modules:
            manager.register(module)
        hooks, theirs = load(modules).hooks, manager.hook.react_changes
        ours, floor = partial(_ours, hooks), partial(theirs, context=Nothing)
        times = alternate(partial(_round, stage, ours), partial(_round, stage, floor), stage.size.rounds)
        yield per_unit(f"dispatch to {size}", stage.storage, times, 1.0, CALLS)
    yield from _unasked(stage)


def _unasked(stage: Stage) -> Iterator[Result]:
    """Three plugins that did not ask, against a loop over a tuple of three."""
    hooks, three = load(crowd(3)).hooks, (len, len, len)

    def loop() -> None:
        for function in three:
            function(())

    times = alternate(
        lambda _: _calls(stage, lambda: "customer" in hooks.records), lambda _: _calls(stage, loop), stage.size.rounds
    )
    yield per_unit("dispatch to 3 that did not ask", stage.storage, times, 1.0, CALLS)


def _ours(hooks: Routed) -> list[Any]:
    return [call(Nothing) for call in hooks.of("react_changes", "customer")]


def _round(stage: Stage, call: Callable[[], Any], _: int) -> Seconds:
    return _calls(stage, call)


def _calls(stage: Stage, call: Callable[[], Any]) -> Seconds:
    def repeated() -> None:
        for _ in range(CALLS):
            call()

    return [seconds / CALLS for seconds in each(stage.clock, [repeated])]


def start(stage: Stage) -> Iterator[Result]:
    """Import, open, first query with twenty plugins, against the same without any."""
    folder = stage.scratch / f"crowd-{stage.storage}"
    folder.mkdir()
    names = install(folder, MANY)
    with stage.fresh(plugins=()) as bare, stage.fresh(plugins=crowd(MANY)) as crowded:
        pairs = [
            (
                cpu_seconds(stage, OPEN, crowded.url, *names, folder=folder),
                cpu_seconds(stage, OPEN, bare.url, folder=folder),
            )
            for _ in range(2 * stage.size.rounds + 1)
        ]
    ours, floor = (median(side) * 1e3 for side in zip(*pairs[1:], strict=True))
    yield Result(f"start with {MANY} plugins", stage.storage, ours, floor, "cpu_ms", 3.0, len(pairs) - 1)


def unit(stage: Stage) -> Iterator[Result]:
    """Add one customer in a unit of work, with twenty plugins that did not ask for customers."""
    times = _side_by_side(stage, crowd(MANY), lambda crm, number: each(stage.clock, _singles(stage, crm, number)))
    yield per_unit(f"add one, {MANY} plugins that did not ask", stage.storage, times, 1.1, stage.size.singles)


def bulk(stage: Stage) -> Iterator[Result]:
    """`add_many` with three plugins that look at every customer, before and after it is written."""
    count = stage.size.bulk

    def load_all(crm: Crm, number: int) -> Seconds:
        made = list(_plain(count, number * count))
        return [seconds / count for seconds in each(stage.clock, [partial(add_customers, crm, made)])]

    times = _side_by_side(stage, crowd(3, "customer"), load_all)
    yield per_unit("add_many, 3 plugins that did ask", stage.storage, times, 1.5, count)


def page(stage: Stage) -> Iterator[Result]:
    """A page of 50 customers, filtered and sorted by facets of five plugins, against the same by fields of the core."""
    modules: list[Any] = list(crowd(5))
    with stage.fresh(plugins=modules) as database:
        _members(database, modules, stage.size.bulk)
        stage.look(database)
        by_facets = " and ".join(f'crowd{n:02}.level = "high"' for n in range(4)) + " and crowd04.score >= 10"
        by_core = 'kind = "person" and archived = false and name != "" and created_at > 1 years ago'
        times = alternate(
            lambda _: _pages(stage, database, by_facets, "-crowd04.score,name"),
            lambda _: _pages(stage, database, by_core, "-created_at,name"),
            stage.size.rounds,
        )
    yield per_unit("page of 50 over facets of 5 plugins", stage.storage, times, 3.0, stage.size.queries)


def _members(database: Database, modules: Sequence[Any], count: int) -> None:
    with database.crm.work(actor=ACTOR) as work:
        work.customers.add_many(
            customer.with_facets(
                *(m.Extra(level="high" if n % 2 else "low", score=n % 1_000) for m in modules)  # half of them fit
            )
            for n, customer in enumerate(_plain(count))
        )


def _pages(stage: Stage, database: Database, where: str, sort: str) -> Seconds:
    with database.crm.work(actor=ACTOR) as work:
        found = each(
            stage.clock, [lambda: work.customers.query(where, sort=sort, limit=50)] * max(stage.size.queries // 10, 1)
        )
        assert len(work.customers.query(where, sort=sort, limit=50).items) > 20
    return found


def _side_by_side(stage: Stage, modules: Sequence[Any], action: Callable[[Crm, int], Seconds]) -> Times:
    with stage.fresh(plugins=modules) as crowded, stage.fresh(plugins=()) as bare:
        return alternate(
            lambda number: action(crowded.crm, number), lambda number: action(bare.crm, number), stage.size.rounds
        )


def _plain(count: int, start: int = 0) -> Iterator[Customer]:
    """Customers without facets of other plugins."""
    return (bearer.customer(facets=False) for bearer in data.bearers(count, start=start))


def _singles(stage: Stage, crm: Crm, number: int) -> list[Callable[[], None]]:
    start = (number + 1) * stage.size.singles
    return [partial(_add, crm, customer) for customer in _plain(stage.size.singles, start)]


def _add(crm: Crm, customer: Any) -> None:
    with crm.work(actor=ACTOR) as work:
        work.customers.add(customer)
