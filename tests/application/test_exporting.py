"""Exports: what an import takes back without loss, and nothing that the actor may not see."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import attrs
import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmcore import (
    Address,
    ContactPoint,
    Customer,
    Interaction,
    Money,
    Order,
    OrderLine,
    Person,
    Product,
    Relationship,
    User,
)
from crmcore.adapters.files import open_sink
from crmcore.application.exporting import export_columns, export_headers, export_records
from crmcore.crm import Crm
from crmcore.domain.errors import InvalidSetting, InvalidValue, PredicateError, UnknownName
from crmcore.testing.fakes import Restricted
from crmcore.testing.specimens import Entry, Profile, Sample
from crmcore.testing.strategies import records
from tests.application.importing.desk import Desk, counts
from tests.shared import SharedCrm

TYPES: Final = (
    "user",
    "customer",
    "relationship",
    "product",
    "order",
    "interaction",
    "link",
    "specimen.sample",
    "specimen.entry",
)
NOON: Final = dt.datetime(2025, 1, 1, 12, tzinfo=dt.UTC)


def export(crm: Crm, path: Path, record: str, *columns: str, actor: str = "exporter", **options: Any) -> int:
    """Write an export to a path; how many rows it has."""
    where = options.pop("where", None)
    with crm.work(actor) as work:
        format = path.suffix[1:]
        names = export_columns(work, record, format, columns)
        with open_sink(path, names, for_spreadsheet=options.get("for_spreadsheet", False)) as sink:
            return export_records(work, record, where, names, sink, format, **options)


def table(path: Path) -> list[dict[str, str]]:
    """The rows of an exported table."""
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))


def stored(crm: Crm, record: str) -> list[Any]:
    """All records of a type with their facets, without what each database sets itself."""
    with crm.work("reader") as work:
        facets = [f.cls for f in crm.catalogue.facets.get(record, ())]
        found = list(work.records(record).stream(with_=facets))
    return [attrs.evolve(each, version=1, created_at=None, changed_at=None) for each in found]


def base(crm: Crm) -> dict[str, tuple[UUID, ...]]:
    """What records of every type can refer to, with the same ids in every Crm; the ids by type."""
    with crm.work("seeder") as work:
        users = [work.users.add(User(name)) for name in ("Sara", "Omid")]
        customers = [work.customers.add(Person(name)) for name in ("Leila", "Mina", "Nima")]
        made: dict[str, list[Any]] = {
            "user": users,
            "customer": customers,
            "product": [work.products.add(Product(name="Tea"))],
            "order": [work.orders.add(Order(NOON))],
            "interaction": [work.interactions.add(Interaction(NOON, "phone"))],
            "specimen.sample": [work[Sample].add(Sample("S", NOON))],
            "relationship": [work.relationships.add(Relationship(customers[0].id, customers[1].id, "spouse_of"))],
            "specimen.entry": [work[Entry].add(Entry(customers[0].id, NOON, 7))],
        }
    return {name: tuple(each.id for each in held) for name, held in made.items()}


@pytest.mark.parametrize("format", ["csv", "jsonl", "xlsx"])
@pytest.mark.parametrize("name", TYPES)
@given(data=st.data())
@settings(max_examples=15, suppress_health_check=list(HealthCheck))
def test_an_export_taken_in_gives_equal_records(
    shared_memory: SharedCrm, tmp_path: Path, name: str, format: str, data: st.DataObject
) -> None:
    """Whoever moves to another database would lose second addresses, facets, parts or the ends of texts."""
    crm, other = shared_memory.fresh(), Desk(shared_memory.fresh(), tmp_path)
    ids = base(crm)
    base(other.crm)
    facets = crm.catalogue.facets.get(name, ())
    drawn = data.draw(st.lists(records(crm.catalogue.record(name), ids, facets=facets), min_size=1, max_size=2))
    with crm.work("seeder") as work:
        for each in drawn:
            with suppress(ValueError), work.savepoint():  # two of them may have one unique value
                work.records(name).add(each)
    path = tmp_path / f"export.{format}"
    try:
        rows = export(crm, path, name)
    except InvalidValue as error:
        assert format == "xlsx" and "no character of a workbook" in error.message  # two that no XML has, and told
        return
    report = other.take(path, name)
    assert (report.rows, report.rejects, report.left_out) == (rows, (), ())
    assert comparable(stored(other.crm, name), format) == comparable(stored(crm, name), format)


def comparable(found: list[Any], format: str) -> list[Any]:
    """In a table the lines of a record are numbered anew, and a facet that says nothing is none."""
    if format == "jsonl":
        found = [attrs.evolve(each, facets=_telling(each.facets)) for each in found]
        return found
    for name in ("lines", "pieces"):
        found = [
            attrs.evolve(each, **{name: tuple(attrs.evolve(p, no=n) for n, p in enumerate(getattr(each, name), 1))})
            if hasattr(each, name)
            else each
            for each in found
        ]
    return [attrs.evolve(each, facets=_telling(each.facets)) for each in found]


def _telling(facets: Any) -> Any:
    return {
        cls: facet for cls, facet in facets.items() if facet is not None and attrs.evolve(facet, version=0) != cls()
    }


@pytest.fixture
def crm(shared: SharedCrm) -> Crm:
    """Two customers, one of them with more than flat columns can say; a product and orders."""
    crm = shared.fresh()
    with crm.work("seeder") as work:
        leila = work.customers.add(
            Person("Leila", emails=["l@x"], phones=["0912"], roles=["lead"]).with_facets(Profile(points=7, motto="go"))
        )
        points = (ContactPoint("email", "a@x", usage="work"), ContactPoint("email", "b@x", preferred=True))
        work.customers.add(Customer("organisation", "=1+1", contact_points=points, addresses=(Address(city="Rasht"),)))
        tea = work.products.add(Product(code="T", name="Tea", price=Money(-5, "EUR"))).id
        work.products.add(Product(name="Rice", price=Money("-2.50", "USD")))
        lines = (OrderLine(tea, Decimal(2), Money("1.5", "EUR")), OrderLine(tea, Decimal(-1)))
        work.orders.add(Order(NOON, customer=leila.id, lines=lines, external_id="1"))
        work.orders.add(Order(NOON, customer=leila.id, external_id="2"))
    return crm


def test_simple_records_are_simple_rows(crm: Crm, tmp_path: Path) -> None:
    """A list of customers would be full of JSON, or second addresses be missing from it."""
    assert export(crm, tmp_path / "c.csv", "customer") == 2
    leila, other = table(tmp_path / "c.csv")
    assert (leila["email"], leila["phone"], leila["roles"], leila["specimen.points"]) == ("l@x", "0912", "lead", "7")
    assert (leila["contact_points"], leila["addresses"]) == ("", "")
    assert (other["email"], other["city"]) == ("b@x", "Rasht")
    assert [point["value"] for point in json.loads(other["contact_points"])] == ["a@x", "b@x"]


def test_an_edited_cell_is_a_change_of_what_it_shows(crm: Crm, tmp_path: Path) -> None:
    """An address that was corrected in the table would be lost to the whole list in another column."""
    path = tmp_path / "c.csv"
    export(crm, path, "customer")
    path.write_text(path.read_text(encoding="utf-8").replace(",b@x,", ",new@x,"), encoding="utf-8")
    report = Desk(crm, tmp_path).take(path, on_duplicate="update")
    assert counts(report) == (2, 0, 1, 1, 0)
    with crm.work("reader") as work:
        [other] = work.customers.query('kind = "organisation"').items
    assert [(p.value, p.usage, p.preferred) for p in other.contact_points] == [
        ("a@x", "work", False),
        ("new@x", None, True),
    ]


def test_an_order_has_a_row_for_each_line(crm: Crm, tmp_path: Path) -> None:
    """Lines would be crammed into one cell, or orders without lines be left out."""
    assert export(crm, tmp_path / "o.csv", "order") == 3
    rows = table(tmp_path / "o.csv")
    assert [(r["external_id"], r["unit_price"], r["total"]) for r in rows] == [
        ("1", "1.50 EUR", "3.00 EUR"),
        ("1", "", "3.00 EUR"),
        ("2", "", ""),
    ]
    assert [Decimal(r["quantity"] or 0) for r in rows] == [2, -1, 0]


def test_json_lines_have_parts_whole(crm: Crm, tmp_path: Path) -> None:
    """A program would have to put an order together from its rows."""
    assert export(crm, tmp_path / "o.jsonl", "order") == 2
    first = json.loads((tmp_path / "o.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert [Decimal(line["quantity"]) for line in first["lines"]] == [2, -1]
    assert (first["total"], first["ordered_at"]) == ({"amount": "3.00", "currency": "EUR"}, "2025-01-01T12:00:00Z")
    assert "email" not in json.loads(_first_line(crm, tmp_path))


def _first_line(crm: Crm, folder: Path) -> str:
    export(crm, folder / "c.jsonl", "customer")
    return (folder / "c.jsonl").read_text(encoding="utf-8").splitlines()[0]


def test_columns_and_rows_are_those_asked_for(crm: Crm, tmp_path: Path) -> None:
    """An export for a newsletter would hand out everything about everybody."""
    where = "specimen.points = 7"
    assert export(crm, tmp_path / "c.csv", "customer", "name", "email", "created_at", where=where) == 1
    [leila] = table(tmp_path / "c.csv")
    assert list(leila) == ["name", "email", "created_at"]
    assert (leila["name"], leila["created_at"]) == ("Leila", "2025-01-15T10:00:00Z")
    export(crm, tmp_path / "c.jsonl", "customer", "email", "roles", where=where)
    assert json.loads((tmp_path / "c.jsonl").read_text()) == {"email": "l@x", "roles": [{"no": 1, "role": "lead"}]}
    export(crm, tmp_path / "s.csv", "customer", "name", sort="-name")
    assert [row["name"] for row in table(tmp_path / "s.csv")] == ["Leila", "=1+1"]


def test_a_spreadsheet_computes_nothing_and_its_numbers_are_numbers(crm: Crm, tmp_path: Path) -> None:
    """A name would run as a formula, or an amount below zero be a text that no sum counts."""
    export(crm, tmp_path / "c.csv", "customer", "name", "specimen.points", for_spreadsheet=True)
    assert [tuple(row.values()) for row in table(tmp_path / "c.csv")] == [("Leila", "7"), ("'=1+1", "")]
    export(crm, tmp_path / "p.csv", "product", "name", "price", for_spreadsheet=True)
    assert [row["price"] for row in table(tmp_path / "p.csv")] == ["-5.00", "−2.50 USD"]
    report = Desk(crm, tmp_path).take(tmp_path / "p.csv", "product", on_duplicate="update")
    assert counts(report) == (2, 0, 0, 2, 0)


def test_hidden_fields_and_records_stay(crm: Crm, tmp_path: Path) -> None:
    """An export would be the way around what a policy hides."""
    hidden = ["email", "specimen.motto", "note"]
    crm.kernel.policy = Restricted(rows={"customer": 'name != "=1+1"'}, hidden={"customer": hidden})
    for path in (tmp_path / "c.csv", tmp_path / "c.jsonl"):
        assert export(crm, path, "customer") == 1
        text = path.read_text(encoding="utf-8")
        assert not any(word in text for word in (*hidden, "contact_points", "l@x", "a@x"))
        assert "0912" not in text or path.suffix == ".csv"
    for name in (*hidden, "contact_points", "nonsense"):
        with pytest.raises(UnknownName, match=f"unknown field of customer: '{name}'"):
            export(crm, tmp_path / "d.csv", "customer", "name", name)
    with pytest.raises(PredicateError):
        export(crm, tmp_path / "d.csv", "customer", where='email = "l@x"')
    assert not (tmp_path / "d.csv").exists()


def test_progress_is_told(shared_memory: SharedCrm, tmp_path: Path) -> None:
    """A long export would look as if it hung."""
    crm = shared_memory.fresh()
    with crm.work("seeder") as work:
        work[Sample].add_many(Sample(f"S{n}", NOON) for n in range(2_500))
    steps: list[int] = []
    assert export(crm, tmp_path / "s.csv", "specimen.sample", "label", progress=steps.append) == 2_500
    assert steps == [1_000, 2_000]


def test_a_workbook_has_typed_cells_and_computes_nothing(crm: Crm, tmp_path: Path) -> None:
    """CSV-01: a name would run as a formula, an amount of -5 be a text, a day one that cannot be sorted."""
    path = tmp_path / "p.xlsx"
    export(crm, path, "product", "name", "price", for_spreadsheet=True)
    assert [[c.value for c in row] for row in openpyxl.load_workbook(path).active] == [
        ["name", "price"],
        ["Tea", -5],
        ["Rice", "−2.50 USD"],
    ]
    assert counts(Desk(crm, tmp_path).take(path, "product", on_duplicate="update")) == (2, 0, 0, 2, 0)
    export(crm, path, "customer", "name", "specimen.points", "archived", for_spreadsheet=True)
    rows = list(openpyxl.load_workbook(path).active.iter_rows(min_row=2))
    assert [[c.value for c in row] for row in rows] == [["Leila", 7, False], ["=1+1", None, False]]
    assert [row[0].data_type for row in rows] == ["s", "s"]
    export(crm, path, "order", "external_id", "ordered_at", for_spreadsheet=True)
    [first, *_] = openpyxl.load_workbook(path).active.iter_rows(min_row=2)
    assert (first[1].value, first[1].is_date) == (dt.datetime(2025, 1, 1, 13), True)  # Berlin is at +1


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_headings_in_a_language_are_taken_back(crm: Crm, tmp_path: Path, suffix: str) -> None:
    """A Persian office would read the names of fields, and what it mended could not be imported."""
    path, columns = tmp_path / f"c.{suffix}", ["id", "name", "email", "specimen.points"]
    with crm.work("exporter") as work:
        headers = export_headers(work, "customer", columns, "fa")
        assert headers == {"name": "نام", "email": "ایمیل"}
        with pytest.raises(InvalidSetting, match="has a label in 'xx'"):
            export_headers(work, "customer", columns, "xx")
        with open_sink(path, columns, for_spreadsheet=True, headers=headers) as sink:
            export_records(work, "customer", None, columns, sink, suffix, for_spreadsheet=True)
    report = Desk(crm, tmp_path).take(path, on_duplicate="update", name=path.name)
    assert (report.rejects, report.unchanged + report.updated, report.left_out) == ((), 2, ())
