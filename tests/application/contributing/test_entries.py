"""Tests of timeline entries of plugins: in one order with those of records, page by page, each once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcore import Interaction, Person
from crmcore.application.contributing.entries import Told
from crmcore.application.timeline import TimelinePage
from crmcore.application.unit import UnitOfWork
from crmcore.crm import Crm
from crmcore.plugins import Entry, Lookback, hookimpl
from crmcore.testing.crm import make_crm
from crmcore.testing.fakes import START
from tests.plugins.contributing import Earning
from tests.plugins.made import made

DAY = dt.timedelta(days=1)
Place = tuple[dt.datetime, UUID]


def telling(name: str, tell: Callable[[Lookback], object]) -> Any:
    """A plugin that tells these entries."""
    return made(name, hooks={"contribute_timeline": hookimpl(lambda context: tell(context))})


def pages(work: UnitOfWork, customer: UUID, limit: int) -> list[TimelinePage]:
    """The timeline from its first page to its last."""
    found = [work.timeline(customer, limit)]
    while (after := found[-1].next) is not None:
        found.append(work.timeline(customer, limit, after))
    return found


def places(found: Sequence[TimelinePage]) -> list[Place]:
    """Where entries stand."""
    return [(each.at, each.id) for page in found for each in page.items]


def test_what_plugins_tell_stands_between_the_records(crm: Crm) -> None:
    """What a plugin tells would stand apart, be lost at the end of a page, or be shown on two."""
    with crm.work("sara") as work:
        leila = work.customers.add(Person("Leila")).id
        for day in range(6):
            work.interactions.add(Interaction(START + day * DAY, "call", customer=leila))
            work[Earning].add(Earning(leila, START + (day + 0.5) * DAY, day))
        for days in (0, 0, 0, 0, 2.5, 2.5):
            work[Earning].add(Earning(leila, START + days * DAY, 0))
    with crm.work("sara", snapshot=True) as work:
        whole = places([work.timeline(leila)])
        assert len(whole) == len(set(whole)) == 18
        assert whole == sorted(whole, reverse=True)
        for limit in (1, 2, 5, 11, 17, 18):
            assert places(pages(work, leila, limit)) == whole
        told = work.timeline(leila).items[0]
        assert isinstance(told, Told)
        assert (told.plugin, told.kind, told.title, told.about and told.about[0]) == (
            "rewards",
            "earned",
            "earned 5 points",
            "rewards.earning",
        )


def paged(own: list[Entry], context: Lookback) -> list[Entry]:
    """The page of these that is asked for."""
    return context.page(own)


moments = st.lists(st.integers(0, 5), max_size=8).map(lambda days: [START + day * DAY for day in days])


@settings(max_examples=25)
@given(moments, moments, moments, st.integers(1, 7))
def test_every_entry_is_on_one_page(
    calls: list[dt.datetime], first: list[dt.datetime], second: list[dt.datetime], limit: int
) -> None:
    """Entries of one moment would be lost between two pages, also those that two plugins tell alike."""
    plugins = []
    for name, moments in (("first", first), ("second", second)):
        own = dict.fromkeys(Entry(at, f"{number // 2}", "event") for number, at in enumerate(moments))
        plugins.append(telling(name, partial(paged, list(own))))
    with make_crm(plugins=plugins) as crm, crm.work("sara") as work:
        leila = work.customers.add(Person("Leila")).id
        for at in calls:
            work.interactions.add(Interaction(at, "call", customer=leila))
        whole = places([work.timeline(leila)])
        assert whole == sorted(whole, reverse=True)
        assert places(pages(work, leila, limit)) == whole


def test_a_late_page_asks_for_no_more_than_the_first() -> None:
    """The hundredth page would cost a hundred times as much."""
    asked = []

    def tell(context: Lookback) -> list[Entry]:
        asked.append((context.before, context.limit))
        return context.page(Entry(START + n * DAY, str(n), "event") for n in range(10))

    with make_crm(plugins=[telling("many", tell)]) as crm, crm.work("sara") as work:
        leila = work.customers.add(Person("Leila")).id
        assert len(places(pages(work, leila, 3))) == 10
    assert [limit for _, limit in asked] == [4] * 4
    assert [before and before[0] for before, _ in asked] == [None, START + 7 * DAY, START + 4 * DAY, START + DAY]


ONE, TWO = (Entry(START + n * DAY, str(n), "event") for n in (1, 2))


@pytest.mark.parametrize(
    "answer",
    [
        None,
        "text",
        [START],
        [ONE, TWO],
        [ONE, ONE],
        [ONE] * 100,
        [Entry(dt.datetime(2025, 1, 1), "no zone", "event")],
        [Entry(dt.datetime.max.replace(tzinfo=dt.timezone(-DAY / 2)), "beyond", "event")],
        [Entry(START.date(), "a day", "event")],  # type: ignore[arg-type]
        [Entry(START, "", "event")],
        [Entry(START, "x" * 501, "event")],
        [Entry(START, 5, "event")],  # type: ignore[arg-type]
        [Entry(START, "\0", "event")],
        [Entry(START, "kind", "An event")],
        [Entry(START, "about nothing", "event", ("no.record", UUID(int=1)))],
        [Entry(START, "about no id", "event", ("customer", "1"))],  # type: ignore[arg-type]
        [Entry(START, "about what", "event", ("customer",))],  # type: ignore[arg-type]
        [Entry(START, "no id", "event", id="1")],  # type: ignore[arg-type]
    ],
    ids=lambda each: repr(each)[:40],
)
def test_a_page_that_is_none_is_left_out_and_named(answer: object) -> None:
    """A wrong entry would break the timeline, or be shown at a wrong place."""
    plugins = [telling("bad", lambda context: answer), telling("good", lambda context: [ONE])]
    with make_crm(plugins=plugins) as crm, crm.work("sara") as work:
        page = work.timeline(work.customers.add(Person("Leila")).id, 10)
    assert [each.plugin for each in page.items if isinstance(each, Told)] == ["good"]
    assert [(each.plugin, each.hook) for each in page.missing] == [("bad", "contribute_timeline")]


def test_who_gives_the_first_page_again_is_left_out_of_the_second() -> None:
    """Somebody would see the newest entries on every page, and go on without end."""
    entries = [Entry(START + n * DAY, str(n), "event") for n in range(4, 0, -1)]
    with make_crm(plugins=[telling("bad", lambda context: entries[: context.limit])]) as crm, crm.work("sara") as work:
        found = pages(work, work.customers.add(Person("Leila")).id, 2)
    assert [len(page.items) for page in found] == [2, 0]
    assert "not older" in found[1].missing[0].error
