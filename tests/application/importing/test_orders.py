"""Records of several rows: an order comes in whole, wherever its rows stand, or not at all."""

from decimal import Decimal
from typing import Any

import pytest

from crmcore.application.importing import entries
from tests.application.importing.desk import Desk, counts

PRODUCTS = "code,name\nA,Apple\nB,Bread\n"
HEAD = "external_id,ordered_at,customer,product,quantity,unit_price\n"
ROWS = {
    "1a": "1,2025-01-01,Leila,A,2,1.50\n",
    "1b": "1,2025-01-01,Leila,B,-1,3\n",
    "2a": "2,2025-01-02,,A,1,1.50\n",
    "3a": "3,2025-01-03,Leila,A,,\n",
    "1a again": "1,2025-01-01,Leila,A,2,1.50\n",
    "1 later": "1,2025-01-01 00:01,,A,1,1\n",
    "1 bad": "1,2025-01-01,Leila,A,many,1.50\n",
    "1 other": "1,2025-01-01,Omid,A,1,1\n",
    "1 unknown": "1,2025-01-01,Leila,Z,1,1\n",
    "unreadable": '1,2025-01-01,"Leila"x,A,1,1\n',
    "loose": ",2025-01-04,Leila,A,1,1\n",
    "empty": ",,,,,\n",
}


@pytest.fixture
def shop(desk: Desk) -> Desk:
    """A shop with two products and two customers."""
    desk.take(PRODUCTS, "product")
    desk.take("name\nLeila\nOmid\n")
    return desk


def file(*rows: str) -> str:
    """A file of these rows."""
    return HEAD + "".join(ROWS[name] for name in rows)


def totals(desk: Desk) -> dict[Any, tuple[int, Any]]:
    """The number of lines and the total of each order by its number."""
    return {o.external_id: (len(o.lines), o.total.amount if o.total else None) for o in desk.all("order")}


def test_rows_of_one_number_are_one_order(shop: Desk) -> None:
    """An order of two lines would be two orders, a return be lost, or equal lines be taken for one."""
    report = shop.take(file("1a", "1b", "2a", "1a again", "3a"), "order", source="s")
    assert (counts(report), report.records) == ((5, 5, 0, 0, 0), 3)
    assert totals(shop) == {"1": (3, Decimal(3)), "2": (1, Decimal("1.5")), "3": (1, None)}
    assert counts(shop.take(file("1a", "1b", "2a", "1a again", "3a"), "order", source="s")) == (5, 0, 0, 5, 0)


def test_rows_without_a_number_are_an_order_each(shop: Desk) -> None:
    """Orders of a system without numbers would be one endless order."""
    report = shop.take(file("loose", "loose", "loose"), "order")
    assert (counts(report), report.records) == ((3, 3, 0, 0, 0), 3)
    assert counts(shop.take(file("loose", "loose", "loose"), "order")) == (3, 0, 0, 3, 0)


@pytest.mark.parametrize(
    ("rows", "reasons"),
    [
        (("1a", "1 bad", "2a"), {2: "line 3, of the same order, is refused", 3: "'many' is not a number"}),
        (("1a", "1 other", "2a"), {2: "line 3, of the same order", 3: "differs from 'Leila', which line 2"}),
        (("1a", "1 unknown", "2a"), {2: "line 3, of the same order", 3: "no product 'Z'"}),
        (("1a", "unreadable", "1b"), {2: "line 4, of the same order", 3: "closing quote", 4: "line 3, amid rows"}),
    ],
)
def test_an_order_with_a_bad_line_is_refused_whole(shop: Desk, rows: tuple[str, ...], reasons: dict[int, str]) -> None:
    """An order would be there without one of its lines, with a total that looks right, and never be mended."""
    report = shop.take(file(*rows), "order", source="s")
    assert counts(report) == (3, 3 - len(reasons), 0, 0, len(reasons))
    assert {r.line for r in report.rejects} == set(reasons)
    assert all(reasons[r.line] in r.reason for r in report.rejects)
    assert "1" not in totals(shop)


def test_a_mended_file_brings_the_whole_order(shop: Desk) -> None:
    """The lines that were good would be missing from the file to mend."""
    shop.take(file("1a", "1 bad", "2a"), "order", source="s")
    mended = shop.file(shop.rejected.read_text(encoding="utf-8").replace("many", "4"), "mended.csv")
    assert counts(shop.take(mended, "order", source="s")) == (2, 2, 0, 0, 0)
    assert totals(shop) == {"1": (2, Decimal(9)), "2": (1, Decimal("1.5"))}


def test_the_first_time_of_an_order_counts(shop: Desk) -> None:
    """A till that notes when each line was entered would have its orders refused."""
    assert shop.take(file("1a", "1 later"), "order", source="s").created == 2
    assert [o.ordered_at.isoformat() for o in shop.all("order")] == ["2024-12-31T23:00:00+00:00"]


@pytest.mark.parametrize("choice", ["skip", "update", "create"])
def test_rows_that_stand_apart_find_their_order(shop: Desk, monkeypatch: pytest.MonkeyPatch, choice: str) -> None:
    """Lines in another batch than the rest of their order would be lost, or be an order of their own."""
    monkeypatch.setattr(entries, "BATCH", 1)
    content = file("1a", "2a", "1b", "3a", "1a again", "loose", "1 bad")
    report = shop.take(content, "order", source="s", on_duplicate=choice)
    assert (counts(report), report.records) == ((7, 6, 0, 0, 1), 4)
    assert totals(shop) == {"1": (3, Decimal(3)), "2": (1, Decimal("1.5")), "3": (1, None), None: (1, Decimal(1))}
    again = counts(shop.take(content, "order", source="s", on_duplicate=choice))
    assert again[1] == (1 if choice == "create" else 0)
    assert totals(shop)["1"] == (3, Decimal(3))


def test_rows_apart_of_a_refused_order_are_refused(shop: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last line of an order that was refused would come in as the whole of it."""
    monkeypatch.setattr(entries, "BATCH", 1)
    report = shop.take(file("1 bad", "2a", "1b", "3a", "1 other"), "order", source="s")
    assert counts(report) == (5, 2, 0, 0, 3)
    assert "other rows of the same order are refused" in {r.line: r.reason for r in report.rejects}[4]


def test_rows_apart_that_say_something_else_are_refused(shop: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line of somebody else's order would be added to this one."""
    monkeypatch.setattr(entries, "BATCH", 1)
    report = shop.take(file("1a", "2a", "1 other"), "order", source="s")
    assert counts(report) == (3, 2, 0, 0, 1)
    assert (report.rejects[0].column, totals(shop)["1"][0]) == ("customer", 1)


def test_a_long_order_is_taken_in_pieces(shop: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """An order without end would fill the memory."""
    monkeypatch.setattr(entries, "MOST_ROWS", 3)
    report = shop.take(file(*["1a"] * 8), "order", source="s")
    assert (counts(report), report.records) == ((8, 8, 0, 0, 0), 1)
    assert totals(shop) == {"1": (8, Decimal(24))}


def test_an_update_takes_the_lines_of_the_file(shop: Desk) -> None:
    """A corrected quantity would stand beside the wrong one, or never arrive."""
    shop.take(file("1a", "1b"), "order", source="s")
    corrected = file("1b", "1a").replace("A,2,", "A,5,")
    assert counts(shop.take(corrected, "order", source="s", on_duplicate="update")) == (2, 0, 2, 0, 0)
    assert totals(shop) == {"1": (2, Decimal("4.5"))}
    assert counts(shop.take(file("1a", "1b"), "order", source="s")) == (2, 0, 0, 2, 0)


def test_a_row_that_says_nothing_is_no_order(shop: Desk) -> None:
    """A line of commas at the end of a sheet would be an order."""
    assert counts(shop.take(file("2a", "empty"), "order")) == (2, 1, 0, 0, 1)
    report = shop.take("external_id,product\n9,A\n", "order")
    assert (report.rejects[0].column, report.rejects[0].reason) == ("ordered_at", "is required")


def test_defaults_of_lines_are_for_every_line(shop: Desk) -> None:
    """Only the first line of an order would have the quantity that the map gives."""
    content = "external_id,ordered_at,product\n1,2025-01-01,A\n1,2025-01-01,B\n"
    shop.take(
        content, "order", map='[defaults]\nquantity = 3\n[columns]\nproduct = { field = "product", match = "code" }'
    )
    assert [[line.quantity for line in order.lines] for order in shop.all("order")] == [[3, 3]]


def test_rows_of_one_invoice_are_known_by_its_number(shop: Desk) -> None:
    """Only the first line of an invoice would come in, and its total be too low, where no other system numbers it."""
    lines = "A-1,2025-01-01,1,10 EUR\nA-2,2025-01-02,1,7 EUR\nA-1,2025-01-01,2,5 EUR\n"
    report = shop.take(f"number,issued_on,quantity,unit_price\n{lines}", "invoice")
    assert (counts(report), report.records) == ((3, 3, 0, 0, 0), 2)
    totals = {each.number: (len(each.lines), each.total.amount) for each in shop.all("invoice")}
    assert totals == {"A-1": (2, Decimal(20)), "A-2": (1, Decimal(7))}
    assert counts(shop.take(f"number,issued_on,quantity,unit_price\n{lines}", "invoice")) == (3, 0, 0, 3, 0)


def test_rows_of_one_pipeline_are_known_by_its_name(shop: Desk) -> None:
    """All stages but the first would be lost in silence, as rows of a pipeline that is there already."""
    content = "name,stage,probability\nsales,Call,0.2\nsales,Offer,0.5\nرکن,Call,0.1\n"
    report = shop.take(content, "pipeline")
    assert (counts(report), report.records) == ((3, 3, 0, 0, 0), 2)
    stages = {each.name: [stage.stage for stage in each.stages] for each in shop.all("pipeline")}
    assert stages == {"sales": ["call", "offer", "won", "lost"], "رکن": ["call", "won", "lost"]}
