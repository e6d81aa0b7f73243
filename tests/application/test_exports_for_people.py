"""Exports that people read: what stands behind references, and names in place of ids."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from crmcore import Money, Order, OrderLine, Person, Product, User
from crmcore.adapters.files import open_sink
from crmcore.application.exporting import export_records
from crmcore.crm import Crm
from crmcore.domain.bound import BoundQuery
from crmcore.domain.errors import InvalidSetting, UnknownName
from crmcore.ports.storage import Found
from crmcore.testing.fakes import Restricted
from crmcore.testing.specimens import Profile
from tests.application.test_exporting import NOON, export, table
from tests.shared import SharedCrm

REACHED = ("external_id", "customer.name", "customer.owner.name", "customer.specimen.points", "customer.birth_date")


@pytest.fixture
def crm(shared: SharedCrm) -> Crm:
    """Orders of two customers, of whom Sara looks after one, and an order of nobody."""
    crm = shared.fresh()
    with crm.work("seeder") as work:
        sara = work.users.add(User("Sara")).id
        tea = work.products.add(Product(code="T", name="Tea", price=Money(1, "EUR"))).id
        leila = Person("Leila", owner=sara, birth_date=dt.date(1984, 3, 2), emails=["l@x"])
        lines = (OrderLine(tea, Decimal(2)), OrderLine(tea, Decimal(-1)))
        bought = [work.customers.add(leila.with_facets(Profile(points=7))).id, work.customers.add(Person("=1+1")).id]
        work.orders.add(Order(NOON, customer=bought[0], lines=lines, external_id="1"))
        work.orders.add(Order(NOON, customer=bought[1], external_id="2"))
        work.orders.add(Order(NOON, external_id="3"))
    return crm


def test_columns_reach_over_references(crm: Crm, tmp_path: Path) -> None:
    """A list of orders would name customers by ids that nobody can read."""
    assert export(crm, tmp_path / "o.csv", "order", *REACHED) == 3
    assert [tuple(row.values()) for row in table(tmp_path / "o.csv")] == [
        ("1", "Leila", "Sara", "7", "1984-03-02"),
        ("2", "=1+1", "", "", ""),
        ("3", "", "", "", ""),
    ]
    export(crm, tmp_path / "o.xlsx", "order", *REACHED, for_spreadsheet=True)
    [_, first, second, _] = openpyxl.load_workbook(tmp_path / "o.xlsx").active.iter_rows()
    assert [cell.value for cell in first][1:4] == ["Leila", "Sara", 7]
    assert (first[4].is_date, second[1].data_type) == (True, "s")


def test_every_line_has_what_stands_behind_the_order(crm: Crm, tmp_path: Path) -> None:
    """The second line of an order would be of nobody."""
    export(crm, tmp_path / "o.tsv", "order", "customer.email", "quantity", where='external_id = "1"')
    lines = (tmp_path / "o.tsv").read_text(encoding="utf-8").splitlines()
    assert [line.split("\t")[0] for line in lines] == ["customer.email", "l@x", "l@x"]


def test_names_that_lead_nowhere_are_refused(crm: Crm, tmp_path: Path) -> None:
    """A slip would come out as an empty column."""
    wrong = ("customer.nme", "customer.", "quantity.x", "customer.owner.x", "product.name", "nonsense.name", ".name")
    for name in wrong:
        with pytest.raises(UnknownName, match="unknown field"):
            export(crm, tmp_path / "o.csv", "order", name)
    with pytest.raises(InvalidSetting, match="JSON lines hold records whole, without 'customer"):
        export(crm, tmp_path / "o.jsonl", "order", "external_id", "customer.name")
    assert list(tmp_path.iterdir()) == []


def test_what_is_hidden_is_not_reached(crm: Crm, tmp_path: Path) -> None:
    """An export over a reference would be the way around what a policy hides."""
    crm.kernel.policy = Restricted(rows={"customer": 'name != "Leila"'}, hidden={"customer": ["owner", "email"]})
    export(crm, tmp_path / "o.csv", "order", "external_id", "customer.name")
    assert [row["customer.name"] for row in table(tmp_path / "o.csv")] == ["", "=1+1", ""]
    for name in ("customer.owner", "customer.owner.name", "customer.email"):
        with pytest.raises(UnknownName, match="unknown field of customer"):
            export(crm, tmp_path / "p.csv", "order", name)
    export(crm, tmp_path / "s.csv", "order", for_spreadsheet=True, labelled=True)
    text = (tmp_path / "s.csv").read_text(encoding="utf-8-sig")
    assert "Leila" not in text and "'=1+1" in text
    crm.kernel.policy = Restricted(hidden={"order": ["customer"]})
    with pytest.raises(UnknownName, match="unknown field of order"):
        export(crm, tmp_path / "p.csv", "order", "customer.name")


def test_references_show_names_on_demand_only(crm: Crm, tmp_path: Path) -> None:
    """People would read ids, or a file for a machine lose what its references are."""
    export(crm, tmp_path / "s.csv", "order", for_spreadsheet=True, labelled=True)
    rows = table(tmp_path / "s.csv")
    assert [(row["customer"], row["product"]) for row in rows] == [("Leila", "Tea")] * 2 + [("'=1+1", ""), ("", "")]
    export(crm, tmp_path / "m.csv", "order")
    machine = table(tmp_path / "m.csv")
    assert [row["id"] for row in machine] == [row["id"] for row in rows]
    assert len(machine[0]["customer"]) == len(machine[0]["product"]) == 36


def test_a_page_asks_once_for_each_reference(
    shared_memory: SharedCrm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An export of a hundred thousand orders would ask the database for as many customers, one by one."""
    crm = shared_memory.fresh()
    with crm.work("seeder") as work:
        owner = work.users.add(User("Sara")).id
        for number in range(50):
            customer = work.customers.add(Person(f"C{number}", owner=owner)).id
            work.orders.add(Order(NOON, customer=customer, external_id=str(number)))
    with crm.work("exporter") as work:
        select, asked = work.transaction.select, []

        def counted(query: BoundQuery) -> list[Found]:
            asked.append(query.type.name)
            return select(query)

        monkeypatch.setattr(work.transaction, "select", counted)
        reached = ("customer.name", "customer.birth_date", "customer.owner.name", "customer.owner.email")
        with open_sink(tmp_path / "o.csv", reached) as sink:
            assert export_records(work, "order", None, reached, sink) == 50
        assert asked == ["order", "customer", "user"]
        asked.clear()
        with open_sink(tmp_path / "p.csv", ("id", "customer")) as sink:
            export_records(work, "order", None, ("id", "customer"), sink, labelled=True)
        assert asked == ["order", "customer"]
