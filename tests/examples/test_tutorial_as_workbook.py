"""The tutorial's deals as a workbook, whose cells hold numbers and days, come in by the tutorial's own maps."""

import csv
import datetime as dt
import io
from pathlib import Path

import openpyxl

import crmcore
from crmcore import Crm
from tests.docs.pages import ROOT, blocks

PAGE = ROOT / "docs" / "tutorial" / "from-a-spreadsheet-to-a-pipeline.md"
DAYS = ("Started", "Expected", "Closed")


def written(folder: Path) -> None:
    """The files of the tutorial, and its deals as a workbook."""
    files = {block.options["title"]: block.text for block in blocks(PAGE) if "title" in block.options}
    for name in ("deals.csv", "deals.toml", "companies.toml"):
        (folder / name).write_text(files[name], encoding="utf-8")
    book = openpyxl.Workbook()
    header, *rows = csv.reader(io.StringIO(files["deals.csv"]))
    book.active.append(header)
    for row in rows:
        book.active.append([_cell(name, text) for name, text in zip(header, row, strict=True)])
    book.save(folder / "deals.xlsx")


def _cell(name: str, text: str) -> object:
    if not text:
        return None
    if name in DAYS:
        return dt.datetime.strptime(text, "%d/%m/%Y")
    return float(text) if name in ("No", "Value") else text


def taken(folder: Path, file: str) -> list[tuple[object, ...]]:
    """What the deals of a file are in a database of their own."""
    crm: Crm = crmcore.open(f"sqlite:///{folder}/{file}.db")
    path, companies = folder / file, folder / "companies.toml"
    assert crm.import_file(path, "customer", actor="sara", map=companies, match="name").created == 4
    report = crm.import_file(path, "opportunity", actor="sara", map=folder / "deals.toml", create_pipeline=True)
    assert (report.rows, report.created, report.rejected) == (7, 6, 1)
    with crm.work("reader") as work:
        names = {each.id: each.name for each in work.customers.stream()}
        found: list[tuple[object, ...]] = [
            (d.external_id, d.name, d.customer and names[d.customer], d.amount, d.opened_on, d.expected_close,
             d.closed_on, d.stage, d.lost_reason)
            for d in work.opportunities.stream(sort="external_id")
        ]  # fmt: skip
    crm.close()
    return found


def test_a_workbook_comes_to_the_same_as_its_csv(tmp_path: Path) -> None:
    """Days would be read as numbers, or deal 1 be known as 1.0, and doubled by the next import."""
    written(tmp_path)
    from_csv = taken(tmp_path, "deals.csv")
    assert taken(tmp_path, "deals.xlsx") == from_csv
    assert from_csv[0][:3] == ("1", "Waiting room furniture", "کلینیک نور")
    assert from_csv[0][4] == dt.date(2026, 8, 3)
