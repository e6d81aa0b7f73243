"""The bundled sample data: complete, consistent and read by the public formats."""

import tomllib
from collections import Counter
from decimal import Decimal
from importlib.resources import as_file, files
from pathlib import Path

import pytest

from crmcore.adapters.files import open_rows
from crmcore.ports.exchange import RawRow

CDNOW = Path(__file__).resolve().parents[4] / "shared" / "data" / "cdnow_sample" / "CDNOW_sample.txt"
DATA = files("crmcore").joinpath("cli", "demo", "data")


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
    [
        ("users", 8, 8),
        ("customers", 59, 59),
        ("products", 1984, 1984),
        ("orders", 2240, 412),
        ("cdnow_orders", 6919, 6919),
    ],
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


def test_cdnow_is_the_original_line_by_line() -> None:
    """A row would be dropped or mended on the way; see how the file was made in cdnow.LICENSE.md."""
    rows = table("cdnow_orders")
    assert sum(Decimal(row["total"]) for row in rows) == Decimal("244091.94")
    assert sum(int(row["quantity"]) for row in rows) == 16_479
    assert len({row["customer"] for row in rows}) == 2_357
    said = [tuple(row.values())[1:] for row in rows]
    assert sum(count - 1 for count in Counter(said).values()) == 21
    if not CDNOW.is_file():
        pytest.skip("needs the original cdnow_sample, beside the repository, to compare")
    lines = CDNOW.read_text(encoding="ascii").splitlines()
    assert said == [tuple(line.split()[1:]) for line in lines]
    assert [row["external_id"] for row in rows] == [str(number) for number in range(1, len(lines) + 1)]


@pytest.mark.parametrize("name", ["users", "customers", "products", "orders", "cdnow_orders"])
def test_the_maps_fit_the_files(name: str) -> None:
    """The import would refuse a column that the map does not know, or the other way round."""
    with as_file(DATA.joinpath(f"{name}.csv")) as path:
        columns = open_rows(path).columns
    chart = tomllib.loads(DATA.joinpath(f"{name}.toml").read_text("utf-8"))
    assert tuple(chart["columns"]) == columns
    assert chart["record"] == name.removeprefix("cdnow_").removesuffix("s")
    assert chart["defaults"]["source"] == ("cdnow" if name.startswith("cdnow") else "chinook")


@pytest.mark.parametrize(
    ("name", "words"), [("chinook", "Freely Distributable"), ("cdnow", "Permission is hereby granted, free of charge")]
)
def test_the_licences_are_bundled(name: str, words: str) -> None:
    """The data would be passed on without their terms."""
    assert words in DATA.joinpath(f"{name}.LICENSE.md").read_text("utf-8")
