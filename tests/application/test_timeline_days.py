"""Records that have a day, and no time, stand on the timeline at its midnight in UTC, page by page like all others."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from crmcore import Interaction, Invoice, Money, Order, Person
from crmcore.application.past_view import past_view
from crmcore.application.timeline import timeline
from crmcore.application.unit import UnitOfWork
from crmcore.domain.errors import InvalidValue
from crmcore.domain.query import Cursor
from crmcore.domain.record import NIL
from tests.shared import SharedCrm

FIRST = dt.date(2025, 3, 1)


def at(day: int, hour: int) -> dt.datetime:
    """A time of March."""
    return dt.datetime(2025, 3, day, hour, tzinfo=dt.UTC)


def busy(work: UnitOfWork) -> Any:
    """A customer with invoices, orders and calls on the same days, some at midnight."""
    leila = work.customers.add(Person("Leila")).id
    for day in (1, 2, 3):
        for number in (1, 2):
            bill = Invoice(dt.date(2025, 3, day), total=Money(1, "EUR"), customer=leila, number=f"{day}.{number}")
            work.invoices.add(bill)
        for hour in (0, 9):
            work.orders.add(Order(at(day, hour), customer=leila))
            work.interactions.add(Interaction(at(day, hour), "call", customer=leila))
    work.invoices.add(Invoice(None, total=Money(1, "EUR"), customer=leila, number="draft", status="draft"))
    work.invoices.add(Invoice(dt.date.max, customer=leila, number="last"))
    return leila


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 18, 19])
def test_pages_hold_every_entry_once(shared: SharedCrm, limit: int) -> None:
    """An invoice of the day on which a page ends would be lost, or shown on both pages."""
    with shared.fresh().work("sara") as work:
        leila = busy(work)
        whole = [(each.at, each.id) for each in timeline(work, leila, 50).items]
        assert len(whole) == 19
        assert whole == sorted(whole, reverse=True)
        found, after = [], None
        while True:
            page = timeline(work, leila, limit, after)
            found += [(each.at, each.id) for each in page.items]
            if (after := page.next) is None:
                break
        assert found == whole


def test_the_past_has_the_same_order(shared_memory: SharedCrm) -> None:
    """The timeline of today as it was known now would differ from that of today."""
    with shared_memory.fresh().work("sara") as work:
        leila = busy(work)
        now = [(each.at, each.id) for each in timeline(work, leila, 20).items]
        then = past_view(work, leila, work.now()).timeline.items
        assert [(each.at, each.id) for each in then] == now


@pytest.mark.parametrize("keys", [("soon",), (), ("0001-01-01",), (7,)])
def test_a_cursor_of_something_else_is_refused(shared_memory: SharedCrm, keys: tuple[Any, ...]) -> None:
    """A cursor that was made up would end in an error of the database or of Python."""
    with shared_memory.fresh().work("sara") as work:
        leila = busy(work)
        with pytest.raises(InvalidValue):
            timeline(work, leila, 5, Cursor("-timeline", keys, NIL).encode())
