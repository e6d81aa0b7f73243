"""What sorting, paging, counting and aggregating promise."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal
from typing import Any, Final

import pytest

from crmcore.application import whole_view
from crmcore.crm import Crm
from crmcore.domain.bound import BoundQuery, Test
from crmcore.domain.customer import Address, ContactPoint, Person
from crmcore.domain.errors import InvalidValue, UnknownName
from crmcore.domain.money import Money
from crmcore.domain.order import Order
from crmcore.domain.record import NIL
from crmcore.testing.contract.answers import add_samples
from crmcore.testing.contract.case import NOON, StorageCase, customer_id, plain_sample
from crmcore.testing.specimens import Entry, Profile, Sample

BY_FIELDS: Final[Mapping[str, str]] = {
    # missing values last in either direction; ties by id, in the direction of the last key
    "": "abcd",
    "label": "abcd",
    "-label": "dcba",
    "number": "cabd",
    "-number": "bacd",
    "ratio": "cabd",
    "price": "acbd",
    "-price": "bcad",
    "active": "bacd",
    "-active": "dcab",
    "checked": "bacd",
    "-checked": "abdc",
    "taken_on": "cabd",
    "-taken_on": "bacd",
    "taken_at": "cabd",
    "-taken_at": "dbac",
    "colour": "cbad",
    "code": "acbd",
    "active,-number": "bacd",
    "customer,-label": "dcba",
    "note": "acbd",
}
"""Of the samples of `answers`; text with a fold sorts by it, code without one by code point."""


class SortingContract(StorageCase):
    """Records come in one order on every storage, and in pages that make up the whole."""

    def test_every_kind_sorts(self, crm: Crm) -> None:
        """Two storages would show the same list in different orders."""
        with crm.work("sara") as work:
            add_samples(work)
            found = {text: "".join(s.label for s in work[Sample].query(sort=text).items) for text in BY_FIELDS}
        assert found == BY_FIELDS

    def test_text_sorts_by_its_fold(self, crm: Crm) -> None:
        """Names would be sorted by bytes: capitals first, accents and Persian letters apart from their kin."""
        names = ["zoe", "Ångström", "angela", "Änne", "ösel", "Oslo", "ﬁn", "fio", "کتاب", "كتاب", "١٢", "13"]
        expected = ["١٢", "13", "angela", "Ångström", "Änne", "ﬁn", "fio", "ösel", "Oslo", "zoe", "کتاب", "كتاب"]
        with crm.work("sara") as work:
            work[Sample].add_many([plain_sample(name) for name in names])
            assert [s.label for s in work[Sample].query(sort="label").items] == expected

    def test_facets_and_flat_names_sort(self, crm: Crm) -> None:
        """A list could not be sorted by what a plugin or a part holds; the preferred part is the one that counts."""
        two = (ContactPoint("email", "z@x.com"), ContactPoint("email", "b@x.com", preferred=True))
        with crm.work("sara") as work:
            work.customers.add(Person("a", contact_points=two).with_facets(Profile(points=2)))
            work.customers.add(Person("b", emails=["a@x.com"], addresses=(Address(city="Zagreb"), Address(city="A"))))
            work.customers.add(Person("c", addresses=(Address(city="Cairo"),)).with_facets(Profile(points=1)))
        with crm.work("sara") as work:

            def order(sort: str) -> str:
                return "".join(c.name or "" for c in work.customers.query(sort=sort).items)

            assert (order("email"), order("-email")) == ("bac", "abc")
            assert (order("specimen.points"), order("-specimen.points")) == ("cab", "acb")
            assert (order("city"), order("-city,name")) == ("cba", "bca")

    @pytest.mark.parametrize("sort", ["", "number", "-number", "price,-taken_on", "-customer,label", "-checked"])
    def test_pages_make_up_the_whole(self, crm: Crm, sort: str) -> None:
        """Paging would leave out or repeat records, most easily among ties and missing values."""
        with crm.work("sara") as work:
            for n in range(17):
                price = Money(n % 3, "EUR" if n % 2 else "USD") if n % 5 else None
                number, day = n % 4 or None, dt.date(2025, 1, 1 + n % 2)
                work[Sample].add(plain_sample(f"s{n}", number=number, price=price, taken_on=day, checked=n < 9 or None))
        with crm.work("sara") as work:
            whole = work[Sample].query(sort=sort, limit=100).items
            assert len(whole) == work[Sample].count() == 17
            for size in range(1, 19):
                pages, after = [], None
                while True:
                    page = work[Sample].query(sort=sort, limit=size, after=after)
                    pages.append(page.items)
                    after = page.next
                    if after is None:
                        break
                assert [len(p) for p in pages[:-1]] == [size] * (len(pages) - 1)
                assert tuple(r for p in pages for r in p) == whole
            assert tuple(work[Sample].stream(sort=sort)) == whole

    def test_cursors_of_another_order_are_refused(self, crm: Crm) -> None:
        """A cursor would be read as if it belonged to another order, and pages would have gaps."""
        with crm.work("sara") as work:
            add_samples(work)
            cursor = work[Sample].query(sort="number", limit=1).next
            for sort in ("", "-number", "label", "number,label"):
                with pytest.raises(InvalidValue):
                    work[Sample].query(sort=sort, after=cursor)

    def test_forged_cursors_are_refused(self, crm: Crm) -> None:
        """A cursor that was tampered with would reach the database, or end in an error that is not ours."""
        keys: list[Any] = ["x", 2**70, -(2**70), True, None, "\0", "\ud800"]
        with crm.work("sara") as work:
            add_samples(work)
        for sort in ("number", "label", "taken_at", "taken_on", "ratio", "checked", "customer"):
            for key in keys:
                forged = _forged(sort, key)
                with crm.work("sara", dry=True) as work, suppress(InvalidValue):
                    work[Sample].query(sort=sort, after=forged)

    @pytest.mark.parametrize("sort", ["tags", "data", "nothing", "roles", "pieces", "customer.name", "last_order"])
    def test_what_has_no_order_is_refused(self, crm: Crm, sort: str) -> None:
        """A list would be sorted by something without an order, differently each time."""
        with crm.work("sara") as work, pytest.raises(UnknownName):
            work[Sample].query(sort=sort)

    @pytest.mark.parametrize("limit", [0, -1, 10_001, True, None, "5"])
    def test_limits_are_limited(self, crm: Crm, limit: Any) -> None:
        """One call could read a whole table into memory."""
        with crm.work("sara") as work, pytest.raises(InvalidValue):
            work[Sample].query(limit=limit)


def _forged(sort: str, key: Any) -> str:
    raw = json.dumps([sort, [key], NIL.hex]).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


class FiguresContract(StorageCase):
    """Figures over many records are exact, and currencies are never added up."""

    def test_sums_come_per_currency(self, crm: Crm) -> None:
        """Euros and dollars would be added, or a sum would be rounded."""
        leila = customer_id(crm)
        with crm.work("sara") as work:
            amounts = ["0.1", "0.2", "99999999999.9999"]
            totals: list[Money | None] = [*(Money(a, "EUR") for a in amounts), Money(5, "USD"), None]
            work.orders.add_many([Order(NOON, customer=leila, total=total) for total in totals])
            work.orders.add(Order(NOON, total=Money(7, "EUR")))
        with crm.work("sara") as work:
            found = whole_view.purchases(work, leila)
        assert found == whole_view.Purchases(5, (Money("100000000000.2999", "EUR"), Money(5, "USD")))
        assert str(found.totals[0]) == "100000000000.2999 EUR"

    def test_groups_and_figures(self, crm: Crm) -> None:
        """A report would count, add or group differently from storage to storage."""
        leila = customer_id(crm)
        with crm.work("sara") as work:
            add_samples(work)
            type, sample = crm.catalogue.of(Sample), crm.catalogue.of(Sample).field("number")
            assert sample is not None
            figures = (("count", ""), ("count", "number"), ("sum", "number"), ("min", "ratio"), ("max", "taken_on"))
            whole = work.transaction.aggregate(BoundQuery(type=type), (), figures)
            groups = work.transaction.aggregate(BoundQuery(type=type), ("active",), (("count", ""), ("sum", "price")))
            none = work.transaction.aggregate(BoundQuery(type=type, where=Test(sample, "=", (99,))), (), figures)
            work[Entry].add_many([Entry(leila, NOON, 2**63 - 1) for _ in range(3)])
            work[Entry].add(Entry(leila, NOON, -1))
            points = work.transaction.aggregate(BoundQuery(type=crm.catalogue.of(Entry)), (), (("sum", "points"),))
        assert whole == [[4, 3, 0, Decimal(-1), dt.date(2025, 1, 15)]]
        assert groups == [[False, 1, (Money(20, "EUR"),)], [True, 3, (Money(10, "EUR"), Money(10, "USD"))]]
        assert none == [[0, 0, None, None, None]]
        assert points == [[3 * 2**63 - 4]]

    def test_groups_by_the_months_of_a_date(self, crm: Crm) -> None:
        """A forecast would put a day into another month, or leave out whatever has no day."""
        with crm.work("sara") as work:
            add_samples(work)
            query = BoundQuery(type=crm.catalogue.of(Sample))
            by_month = work.transaction.aggregate(query, ("taken_on.month",), (("count", ""),))
            money = work.transaction.aggregate(query, ("active", "taken_on.month"), (("count", ""), ("sum", "price")))
        days = [dt.date(2024, 2, 1), dt.date(2025, 1, 1), None]
        assert by_month == [[days[0], 1], [days[1], 2], [days[2], 1]]
        assert money == [
            [False, days[1], 1, (Money(20, "EUR"),)],
            [True, days[0], 1, (Money(10, "USD"),)],
            [True, days[1], 1, (Money(10, "EUR"),)],
            [True, None, 1, ()],
        ]

    def test_figures_over_the_newest_of_each(self, crm: Crm) -> None:
        """What stood at a time is the newest row up to then: an older one would be added up as well, or instead."""
        leila, omar = customer_id(crm), customer_id(crm)
        hour = dt.timedelta(hours=1)
        with crm.work("sara") as work:
            rows = [(leila, 0, 1), (leila, 2, 2), (leila, 2, 3), (leila, 9, 100), (omar, 1, 50), (omar, 0, 70)]
            work[Entry].add_many([Entry(who, NOON + hour * at, points) for who, at, points in rows])
        with crm.work("sara") as work:
            type = crm.catalogue.of(Entry)
            who, at = type.field("customer"), type.field("at")
            assert who is not None and at is not None
            asked = BoundQuery(type=type, where=Test(at, "<=", (NOON + 2 * hour,)), newest=(who, at))
            whole = work.transaction.aggregate(asked, (), (("count", ""), ("sum", "points")))
            each = work.transaction.aggregate(asked, ("customer",), (("max", "points"),))
        assert whole == [[2, 53]]
        assert each == [[leila, 3], [omar, 50]]
