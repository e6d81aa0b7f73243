"""December 2010 of the Online Retail data comes in by the map of `examples/online_retail`, and its figures come out."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import attrs
import pytest
from sqlalchemy import make_url

import crmcore
from crmcore import Order
from crmcore.domain.money import Money
from tests.cli.conftest import Run, run
from tests.databases import SERVERS, MariaDatabase, PostgresSchema, storages

ROOT: Final = Path(__file__).resolve().parents[2]
DATA: Final = ROOT.parent / "shared" / "data" / "online_retail_2010_12"
MAP: Final = ROOT / "examples" / "online_retail" / "orders.toml"
CENT: Final = Decimal("0.01")


@pytest.fixture(scope="module")
def figures() -> dict[str, Any]:
    """What the data come to, as stated beside them; skips where these are not."""
    if not DATA.is_dir():
        pytest.skip(f"needs the data in {'/'.join(DATA.parts[-3:])}, beside the repository")
    text = (DATA / "EXPECTED.md").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text.partition("```json")[2].partition("```")[0])
    return found


@attrs.frozen
class Retail:
    """A database for the orders, in pounds."""

    url: str
    reports: tuple[dict[str, Any], ...] = ()

    def __call__(self, *arguments: str) -> Run:
        """`crm --json` on it."""
        return run("--json", "--currency", "GBP", "--actor", "sara", "--database", self.url, *arguments)

    def take(self, name: str) -> dict[str, Any]:
        """The report on the import of one day."""
        return self("import", "order", str(DATA / "by-day" / name), "--map", str(MAP)).done

    def stored(self, record: str) -> list[Any]:
        """Every record of a type, read by the library."""
        crm = crmcore.open(self.url, currency="GBP")
        try:
            with crm.work("sara") as work:
                return list(work.records(record).stream())
        finally:
            crm.close()


@pytest.fixture(scope="module", params=storages())
def retail(
    request: pytest.FixtureRequest, figures: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Retail]:
    """The whole month, imported once, day after day."""
    if request.param not in SERVERS:
        yield _loaded(f"sqlite:///{tmp_path_factory.mktemp('retail') / 'crm.db'}")
        return
    request.getfixturevalue({"postgres": "postgres_schema", "mariadb": "mariadb_database"}[request.param])
    url = make_url(os.environ[SERVERS[request.param]])
    own = PostgresSchema(url) if request.param == "postgres" else MariaDatabase(url)
    yield _loaded(own.url)
    own.remove()


def _loaded(url: str) -> Retail:
    made = Retail(url)
    assert made("db", "upgrade").status == 0
    days = sorted(path.name for path in (DATA / "by-day").glob("*.csv"))
    return attrs.evolve(made, reports=tuple(made.take(day) for day in days))


@pytest.fixture(scope="module")
def orders(retail: Retail) -> list[Order]:
    """Every order, with its lines."""
    return retail.stored("order")


def net(orders: list[Order]) -> str:
    """The sum of the orders' totals, in pounds."""
    total = sum((order.total for order in orders if order.total is not None), Money(0, "GBP"))
    return str(total.amount.quantize(CENT))


def test_every_row_is_a_line(retail: Retail, figures: dict[str, Any], orders: list[Order]) -> None:
    """A row would be rejected, lost, or taken for the one above that says the same."""
    assert len(retail.reports) == figures["files"]
    counted = Counter[str]()
    for report in retail.reports:
        counted.update({name: report[name] for name in ("rows", "created", "rejected", "records")})
    assert counted == Counter(rows=figures["rows"], created=figures["rows"], rejected=0, records=figures["invoices"])
    assert len(orders) == figures["invoices"]
    assert sum(len(order.lines) for order in orders) == figures["rows"]
    said = Counter(
        (order.id, line.product, line.description, line.quantity, line.unit_price)
        for order in orders
        for line in order.lines
    )
    assert sum(said.values()) - len(said) == figures["exact_duplicate_rows"]


def test_returns_and_gifts(figures: dict[str, Any], orders: list[Order]) -> None:
    """A cancellation would count as a sale, or an article given away be lost."""
    cancelled = [order for order in orders if (order.external_id or "").startswith("C")]
    assert len(cancelled) == figures["cancel_invoices"]
    assert sum(len(order.lines) for order in cancelled) == figures["cancel_rows"]
    lines = [line for order in orders for line in order.lines]
    assert sum(line.quantity < 0 for line in lines) == figures["negative_qty_rows"]
    assert sum(line.unit_price == Money(0, "GBP") for line in lines) == figures["price_zero_rows"]


def test_sums(figures: dict[str, Any], orders: list[Order]) -> None:
    """What was sold would not come to what the books say."""
    assert net(orders) == figures["net_value"]
    assert net([order for order in orders if order.customer is not None]) == figures["with_customer_net"]
    sold = [
        line.unit_price * line.quantity
        for order in orders
        if not (order.external_id or "").startswith("C")
        for line in order.lines
        if line.unit_price is not None and line.quantity > 0
    ]
    gross = sum(sold, Money(0, "GBP")).amount.quantize(CENT)
    assert str(gross) == figures["gross_sales_value(qty>0,price>0,not C)"]
    assert str(min(order.ordered_at for order in orders))[:19] == figures["first"]
    assert str(max(order.ordered_at for order in orders))[:19] == figures["last"]


def test_customers(retail: Retail, figures: dict[str, Any], orders: list[Order]) -> None:
    """A customer would be two, for an id that was read as a number, or rows of nobody be given to somebody."""
    anonymous = [order for order in orders if order.customer is None]
    assert sum(len(order.lines) for order in anonymous) == figures["blank_customer_rows"]
    people = {each.id: each for each in retail.stored("customer")}
    assert len(people) == figures["customers"]
    spent: dict[Any, Money] = {}
    for order in orders:
        if order.customer is not None and order.total is not None:
            spent[order.customer] = spent.get(order.customer, Money(0, "GBP")) + order.total
    best = sorted(spent.items(), key=lambda pair: pair[1], reverse=True)[:5]
    told = [[f"{people[id].external_id}.0", str(total.amount.quantize(CENT))] for id, total in best]
    assert told == figures["top5_customers_net"]
    bought = Counter(order.customer for order in orders if order.customer and str(order.external_id)[0] != "C")
    assert len(bought) == figures["customers_with_purchase"]
    assert sum(times > 1 for times in bought.values()) == figures["customers_with_2plus_invoices"]
    assert all(each.addresses[0].country for each in people.values())


def test_the_same_day_again_makes_nothing(retail: Retail, figures: dict[str, Any]) -> None:
    """A file that is sent twice would double the sales of that day."""
    again = retail.take("2010-12-22.csv")
    assert (again["rows"], again["unchanged"], again["created"]) == (291, 291, 0)
    assert retail("count", "order").done == {"count": figures["invoices"]}


def test_what_a_customer_bought_is_one_question(retail: Retail) -> None:
    """What was bought when and by whom could not be asked of real orders page by page."""
    where = 'customer.external_id = "18102" and customer.country = "United Kingdom"'
    asked = ("purchases", "--where", where, "--limit", "40")
    first = retail(*asked).done
    items = list(first["items"])
    after = first["next"]
    while after:
        page = retail(*asked, "--after", after).done
        items += page["items"]
        after = page["next"]
    total = sum(Decimal(each["amount"]["amount"]) for each in items)
    assert total == Decimal("27834.61")
    assert {each["customer"]["label"] for each in items} == {"customer 18102"}
    assert items == sorted(items, key=lambda each: each["ordered_at"], reverse=True)
