"""The bundled sample data: complete, consistent and read by the public formats."""

import tomllib
from collections import Counter
from decimal import Decimal
from importlib.resources import as_file, files

import pytest

from crmcore.adapters.files import open_rows
from crmcore.ports.exchange import RawRow

DATA = files("crmcore").joinpath("cli", "demo_data")


def table(name: str) -> list[dict[str, str]]:
    """The rows of one bundled file; none of them may be bad."""
    with as_file(DATA.joinpath(f"{name}.csv")) as path:
        rows = list(open_rows(path))
    assert all(isinstance(row, RawRow) for row in rows)
    return [{key: str(value) for key, value in row.values.items()} for row in rows if isinstance(row, RawRow)]


def keys(name: str) -> set[str]:
    """The external ids in one bundled file."""
    return {row["external_id"] for row in table(name)}


@pytest.mark.parametrize(
    ("name", "rows", "records"),
    [("users", 8, 8), ("customers", 59, 59), ("products", 1984, 1984), ("orders", 2240, 412)],
)
def test_the_sample_is_complete(name: str, rows: int, records: int) -> None:
    """The demonstration would show figures that are not those of the source."""
    assert (len(table(name)), len(keys(name))) == (rows, records)


def test_the_orders_come_to_the_total_of_the_source() -> None:
    """A price or a quantity would have changed on the way."""
    lines = [(row["external_id"], int(row["quantity"]) * Decimal(row["unit_price"])) for row in table("orders")]
    assert sum(amount for _, amount in lines) == Decimal("2328.60")
    prices = {row["external_id"]: row["price"] for row in table("products")}
    assert all(prices[row["product"]] == row["unit_price"] for row in table("orders"))


@pytest.mark.parametrize(
    ("name", "column", "target"),
    [
        ("users", "manager", "users"),
        ("customers", "owner", "users"),
        ("orders", "customer", "customers"),
        ("orders", "product", "products"),
    ],
)
def test_every_reference_has_a_target(name: str, column: str, target: str) -> None:
    """The import would reject rows of our own sample."""
    assert {row[column] for row in table(name) if row[column]} <= keys(target)


def test_managers_come_before_their_people() -> None:
    """The import, row by row, would not find a manager yet."""
    order = [row["external_id"] for row in table("users")]
    managers = [(row["manager"], row["external_id"]) for row in table("users") if row["manager"]]
    assert all(order.index(manager) < order.index(person) for manager, person in managers)


def test_an_order_has_one_customer_and_one_date() -> None:
    """Rows of one order would contradict each other."""
    heads = {(row["external_id"], row["customer"], row["ordered_at"]) for row in table("orders")}
    assert len(heads) == 412


def test_names_by_which_rows_are_known_are_unique() -> None:
    """Two products would be taken for one; two customers for duplicates."""
    for name, column in [("products", "name"), ("customers", "email"), ("users", "email")]:
        assert [value for value, count in Counter(row[column] for row in table(name)).items() if count > 1] == []


@pytest.mark.parametrize("name", ["users", "customers", "products", "orders"])
def test_the_maps_fit_the_files(name: str) -> None:
    """The import would refuse a column that the map does not know, or the other way round."""
    with as_file(DATA.joinpath(f"{name}.csv")) as path:
        columns = open_rows(path).columns
    chart = tomllib.loads(DATA.joinpath(f"{name}.toml").read_text("utf-8"))
    assert tuple(chart["columns"]) == columns
    assert chart["record"] == name.removesuffix("s")
    assert chart["defaults"]["source"] == "chinook"


def test_the_licence_is_bundled() -> None:
    """The data would be passed on without its terms."""
    assert "Freely Distributable" in DATA.joinpath("chinook.LICENSE.md").read_text("utf-8")
