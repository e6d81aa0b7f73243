"""Amounts and their currencies in two columns: none may come in as money of another currency."""

import csv
import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from crmcore import Money
from crmcore.domain.errors import ImportRefused
from tests.application.importing.desk import Desk, counts

MAP = '[columns]\nCost = { field = "price", currency_column = "Coin" }\n'
ROWS = "name,Cost,Coin\nTea,1.50,USD\nRice,2,\nSalt,,usd\nJam,3 EUR,GBP\nOil,4 GBP,GBP\nNut,5,dollars\nFig,,\n"


def prices(desk: Desk) -> dict[str, Any]:
    """The prices of the products by name, as texts."""
    return {each.name: each.price and str(each.price) for each in desk.all("product")}


def test_each_amount_has_the_currency_of_its_row(desk: Desk) -> None:
    """Dollars would come in as euros, or an amount that states its own currency would be contradicted unseen."""
    preview = desk.take(ROWS, "product", map=MAP, dry=True)
    report = desk.take(ROWS, "product", map=MAP)
    assert (counts(preview), preview.rejects) == (counts(report), report.rejects)
    assert counts(report) == (7, 4, 0, 0, 3)
    assert prices(desk) == {"Tea": "1.50 USD", "Rice": "2.00 EUR", "Oil": "4.00 GBP", "Fig": None}
    assert [(each.line, each.column, each.value) for each in report.rejects] == [
        (4, "Coin", "usd"),
        (5, "Coin", "GBP"),
        (7, "Coin", "dollars"),
    ]
    mended = [*csv.reader(io.StringIO(desk.rejected.read_text()))]
    mended[1][2], mended[2][1], mended[3][2] = "USD", "3", "USD"
    again = io.StringIO()
    csv.writer(again).writerows(mended)
    assert counts(desk.take(again.getvalue(), "product", map=MAP)) == (3, 3, 0, 0, 0)
    assert prices(desk) | {"Salt": None, "Jam": "3.00 GBP", "Nut": "5.00 USD"} == prices(desk)


@pytest.mark.parametrize("name", ["rows.csv", "rows.tsv", "rows.jsonl", "rows.xlsx"])
def test_a_column_of_currencies_is_known_in_every_format(in_memory: Desk, tmp_path: Path, name: str) -> None:
    """The usual sheet would need a map, or lose its currencies with --ignore-unknown."""
    path = tmp_path / name
    table: list[list[Any]] = [["name", "price", "CURRENCY"], ["Tea", 1250, "USD"], ["Rice", 2, None], ["Oil", 1, 5]]
    if name.endswith("xlsx"):
        book = openpyxl.Workbook()
        for row in table:
            book.active.append(row)
        book.save(path)
    elif name.endswith("jsonl"):
        path.write_text(
            '{"name": "Tea", "price": 1250, "CURRENCY": "USD"}\n{"name": "Rice", "price": 2}\n'
            '{"name": "Oil", "price": 1, "CURRENCY": 5}\n'
        )
    else:
        mark = "\t" if name.endswith("tsv") else ","
        path.write_text("".join(mark.join("" if c is None else str(c) for c in row) + "\n" for row in table))
    report = in_memory.take(path, "product", ignore_unknown=True)
    assert (counts(report), report.left_out) == ((3, 2, 0, 0, 1), ())
    assert report.rejects[0].column == "CURRENCY" and "5" in report.rejects[0].reason
    assert prices(in_memory) == {"Tea": "1250.00 USD", "Rice": "2.00 EUR"}


def test_a_blank_currency_is_that_of_the_rule(in_memory: Desk) -> None:
    """What the map says of bare amounts would count for nothing."""
    map = '[columns]\nprice = { field = "price", currency = "JPY", currency_column = "Coin" }\n'
    in_memory.take("name,price,Coin\nTea,1,\nRice,2,USD\n", "product", map=map)
    assert prices(in_memory) == {"Tea": "1 JPY", "Rice": "2.00 USD"}


def test_lines_have_the_currencies_of_their_rows(desk: Desk) -> None:
    """The lines of a foreign order would be in the base currency; two amounts could not share a column."""
    desk.take("code,name\nA,Apple\n", "product")
    head = "external_id,ordered_at,product,quantity,unit_price,total,Currency\n"
    text = head + "1,2025-01-01,A,2,1.50,3,USD\n2,2025-01-01,A,1,4,4,\n"
    with pytest.raises(ImportRefused, match="'Currency' is no field; in a map, the `currency_column` of an amount"):
        desk.take(text, "order", source="s")
    rule = '{{ field = "{0}", currency_column = "Currency" }}'
    map = f"[columns]\nunit_price = {rule.format('unit_price')}\ntotal = {rule.format('total')}\n"
    assert desk.take(text, "order", source="s", map=map).created == 2
    found = {each.external_id: (each.lines[0].unit_price, each.total) for each in desk.all("order")}
    assert found["1"] == (Money(Decimal("1.50"), "USD"), Money(3, "USD"))
    assert found["2"] == (Money(4, "EUR"), Money(4, "EUR"))


@pytest.mark.parametrize(
    ("map", "said"),
    [
        ('price = { field = "price", currency_column = "Moeda" }', "the file has no column 'Moeda'"),
        ('name = { field = "name", currency_column = "Currency" }', "'name' is no amount of money"),
        ('price = { field = "price", currency_column = "price" }', "'price' cannot be its own currency_column"),
        ('price = { field = "price", currency_column = 5 }', "currency_column is a text"),
        ('price = { field = "price", currency = "USD" }', "'Currency' is no field"),  # which of the two counts?
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(in_memory: Desk, map: str, said: str) -> None:
    """A slip in the map would be found when the money is wrong."""
    with pytest.raises(ImportRefused, match=said):
        in_memory.take("name,price,Currency\nTea,1,USD\n", "product", map=f"[columns]\n{map}\n")


def test_a_column_that_the_map_leaves_out_stays_out(in_memory: Desk) -> None:
    """What was said on purpose would be overruled."""
    in_memory.take("name,price,Currency\nTea,1,USD\n", "product", map='ignore = ["Currency"]')
    assert prices(in_memory) == {"Tea": "1.00 EUR"}
