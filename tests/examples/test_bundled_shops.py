"""The two shops of the demo come in by its maps, and their figures come out, on each database."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal

import pytest

import crmcore
from crmcore import Crm
from crmcore.cli.demo.loading import BUNDLED, DATA

CHINOOK = [each for each in BUNDLED if not each[1].startswith("cdnow")]
CDNOW = [each for each in BUNDLED if each[1].startswith("cdnow")]


@pytest.fixture
def crm(fresh_url: str) -> Iterator[Crm]:
    """A Crm on each storage."""
    made = crmcore.open(fresh_url, currency="USD")
    made.upgrade()
    yield made
    made.close()


def take(crm: Crm, files: list[tuple[str, str]]) -> tuple[int, int]:
    """Import bundled files; how many rows were created, and how many were there already. None may be rejected."""
    created = unchanged = 0
    for record, name in files:
        report = crm.import_file(DATA / f"{name}.csv", record, actor="sara", map=DATA / f"{name}.toml")
        assert report.rejected == 0
        created, unchanged = created + report.created, unchanged + report.unchanged
    return created, unchanged


def test_cdnow(crm: Crm) -> None:
    """Orders of nothing and orders that look alike would be dropped, and the sums of the set be wrong."""
    assert take(crm, CDNOW) == (6919, 0)
    assert take(crm, CDNOW) == (0, 6919)
    with crm.work("reader") as work:
        assert (work.customers.count(), work.orders.count()) == (2357, 6919)
        assert work.orders.count("total = 0 USD") == 8
        years = [("1997", 5728, "201224.82"), ("1998", 1191, "42867.12")]
        orders = list(work.orders.stream(sort="ordered_at"))
        best = work.customers.find(external_id="1901", source="cdnow")
    assert sum(line.quantity for order in orders for line in order.lines) == 16479
    amounts: defaultdict[object, Decimal] = defaultdict(Decimal)
    for order in orders:
        assert order.total is not None and order.total.currency == "USD"
        amounts[order.ordered_at.year] += order.total.amount
        amounts[order.customer] += order.total.amount
    counted = Counter(order.ordered_at.year for order in orders)
    assert [(str(year), counted[year], str(amounts[year])) for year in (1997, 1998)] == years
    assert amounts[1997] + amounts[1998] == Decimal("244091.94")
    assert best is not None and amounts[best.id] == Decimal("6552.70")
    assert (orders[0].ordered_at.date().isoformat(), orders[-1].ordered_at.date().isoformat()) == (
        "1997-01-01",
        "1998-06-30",
    )
    days = Counter((order.customer, order.ordered_at.date()) for order in orders)
    assert len(days) == 6696
    several = Counter(order.customer for order in orders)
    assert sum(count > 1 for count in several.values()) == 1152
    assert max(several.values()) == 56


def test_chinook(crm: Crm) -> None:
    """Names that are not ASCII, telephones or owners would not come through, or orders not add up."""
    assert take(crm, CHINOOK) == (8 + 59 + 1984 + 2240, 0)
    assert take(crm, CHINOOK) == (0, 8 + 59 + 1984 + 2240)
    with crm.work("reader") as work:
        customers = list(work.customers.stream())
        orders = list(work.orders.stream())
        owned = work.customers.count('owner.team = "Sales"')
    assert (len(customers), len(orders), sum(len(order.lines) for order in orders)) == (59, 412, 2240)
    assert sum(order.total.amount for order in orders if order.total is not None) == Decimal("2328.60")
    points = [(point.kind, point.value) for customer in customers for point in customer.contact_points]
    assert len({value for kind, value in points if kind == "email"}) == 59
    assert sum(kind == "phone" for kind, _ in points) == 58
    assert len({address.country for customer in customers for address in customer.addresses}) == 24
    assert sum(customer.employer is not None for customer in customers) == 10
    assert "Luís Gonçalves" in {customer.name for customer in customers}
    assert owned == 59
    spent: defaultdict[object, Decimal] = defaultdict(Decimal)
    for order in orders:
        assert order.total is not None
        spent[order.customer] += order.total.amount
    assert [str(amount) for amount in sorted(spent.values(), reverse=True)[:3]] == ["49.62", "47.62", "46.62"]
