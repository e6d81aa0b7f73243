"""import and export, from end to end."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.cli.conftest import Crm, Process

REPORT = {"batch", "rows", "created", "updated", "unchanged", "rejected", "rejects", "seconds"}
FIGURES = ("rows", "created", "updated", "unchanged", "rejected")
PEOPLE = "external_id,name,email\n1,Leila,leila@example.com\n2,Omid,omid@example.com\n"


@pytest.fixture
def people(tmp_path: Path) -> str:
    """A file of two people."""
    (tmp_path / "people.csv").write_text(PEOPLE, encoding="utf-8")
    return str(tmp_path / "people.csv")


def figures(report: dict[str, Any]) -> tuple[int, ...]:
    """Give the counts of a report in the order of `FIGURES`."""
    return tuple(report[name] for name in FIGURES)


def table(path: Path) -> list[dict[str, str]]:
    """Give the rows of a file of comma-separated values."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_an_import_reports_what_became_of_each_row(crm: Crm, people: str) -> None:
    """A script could not tell whether everything arrived."""
    report = crm.json("import", "customer", people).done
    assert set(report) >= REPORT
    assert figures(report) == (2, 2, 0, 0, 0)
    assert crm.json("count", "customer").done == {"count": 2}


def test_the_same_file_again_creates_nothing(crm: Crm, people: str) -> None:
    """A repeated job would double every customer."""
    crm("import", "customer", people, "--source", "shop")
    assert figures(crm.json("import", "customer", people, "--source", "shop").done) == (2, 0, 0, 2, 0)
    Path(people).write_text(PEOPLE.replace("Omid", "Omid R."), encoding="utf-8")
    updated = crm.json("import", "customer", people, "--source", "shop", "--on-duplicate", "update").done
    assert figures(updated) == (2, 0, 1, 1, 0)
    created = crm.json("import", "customer", people, "--on-duplicate", "create").done
    assert created["created"] == 2


def test_a_dry_run_counts_the_same_and_writes_nothing(crm: Crm, people: str) -> None:
    """A rehearsal would write, or promise something else than what happens."""
    dry = crm.json("import", "customer", people, "--dry-run").done
    assert crm.json("count", "customer").done == {"count": 0}
    assert figures(dry) == figures(crm.json("import", "customer", people).done)


def test_rejected_rows_end_with_3_and_stand_in_a_file_to_mend(crm: Crm, tmp_path: Path) -> None:
    """A bad row would be lost without a word, or take the good ones with it."""
    (tmp_path / "rows.csv").write_text("name,birth_date\nLeila,1990-01-02\nOmid,soon\nSara,1991-02-03\n")
    refused = crm.json("import", "customer", "rows.csv", "--rejects", "rejects.csv")
    assert refused.status == 3
    report = refused.json
    assert figures(report) == (3, 2, 0, 0, 1)
    [reject] = report["rejects"]
    assert (set(reject), reject["line"], reject["column"], reject["value"]) == (
        {"line", "column", "value", "reason"},
        3,
        "birth_date",
        "soon",
    )
    mended = (tmp_path / "rejects.csv").read_text(encoding="utf-8-sig").replace("soon", "1992-03-04")
    (tmp_path / "rejects.csv").write_text(mended, encoding="utf-8")
    assert figures(crm.json("import", "customer", "rejects.csv").done)[:2] == (1, 1)
    plain = crm("import", "customer", "rows.csv", "--dry-run")
    assert plain.status == 3
    assert "soon" in plain.out + plain.err


def test_a_map_and_the_options_say_how_a_file_is_meant(crm: Crm, tmp_path: Path) -> None:
    """A file of another program could only be imported after it was rewritten by hand."""
    (tmp_path / "products.csv").write_text("SKU;Title;Cost;Internal\n7;Tee;1.234,50;x\n", encoding="cp1252")
    (tmp_path / "map.toml").write_text(
        'record = "product"\nignore = ["Internal"]\n[columns]\nSKU = "code"\nTitle = "name"\n'
        'Cost = { field = "price", currency = "EUR" }\n'
    )
    arguments = ["import", "product", "products.csv", "--map", "map.toml"]
    done = crm.json(*arguments, "--decimal", ",", "--encoding", "cp1252", "--source", "shop").done
    assert figures(done) == (1, 1, 0, 0, 0)
    [made] = crm.json("list", "product").done["items"]
    assert (made["code"], made["price"]["amount"], made["source"]) == ("7", "1234.50", "shop")
    assert crm.json("import", "customer", "products.csv", "--map", "map.toml").status == 1


def test_dates_are_read_by_the_format_that_is_given(crm: Crm, tmp_path: Path) -> None:
    """Days and months would be exchanged without a word."""
    (tmp_path / "rows.csv").write_text("name,birth_date\nLeila,03/04/1990\n")
    assert crm.json("import", "customer", "rows.csv").status in (1, 3)
    assert crm.json("import", "customer", "rows.csv", "--date-format", "%d/%m/%Y").done["created"] == 1
    assert crm.json("list", "customer").done["items"][0]["birth_date"] == "1990-04-03"


def test_unknown_columns_are_an_error_unless_ignored(crm: Crm, tmp_path: Path) -> None:
    """A misspelt column would be dropped for ever."""
    (tmp_path / "rows.csv").write_text("name,shoe size\nLeila,38\n")
    refused = crm.json("import", "customer", "rows.csv").error
    assert "shoe size" in refused["message"]
    assert crm.json("import", "customer", "rows.csv", "--ignore-unknown").done["created"] == 1


def test_rows_are_matched_by_the_field_that_is_named(crm: Crm, tmp_path: Path) -> None:
    """A list that knows people by their address only would create everybody anew."""
    crm.add("customer", "name=Leila Hosseini", "email=leila@example.com")
    (tmp_path / "rows.csv").write_text("email,city\nleila@example.com,Cairo\n")
    arguments = ["import", "customer", "rows.csv", "--match", "email", "--on-duplicate", "update"]
    assert figures(crm.json(*arguments).done) == (1, 0, 1, 0, 0)
    assert crm.json("import", "customer", "rows.csv", "--match", "shoe").status == 1


def test_formats_are_told_by_name_or_given(crm: Crm, tmp_path: Path) -> None:
    """A file with an unusual name could not be imported."""
    (tmp_path / "rows.jsonl").write_text('{"name": "Leila", "tags": ["a", "b"]}\n')
    (tmp_path / "rows.txt").write_text("name\tcity\nOmid\tCairo\n")
    assert crm.json("import", "customer", "rows.jsonl").done["created"] == 1
    assert crm.json("import", "customer", "rows.txt").status == 1
    assert crm.json("import", "customer", "rows.txt", "--format", "tsv").done["created"] == 1
    assert crm.json("import", "customer", "rows.txt", "--format", "xslx").status == 2


@pytest.mark.parametrize("name", ["missing.csv", ".", "empty.csv", "binary.csv"])
def test_a_file_that_cannot_be_imported_is_refused_or_empty(crm: Crm, tmp_path: Path, name: str) -> None:
    """A wrong path would end in a traceback."""
    (tmp_path / "empty.csv").write_bytes(b"")
    (tmp_path / "binary.csv").write_bytes(bytes(range(256)))
    tried = crm.json("import", "customer", name)
    if name == "empty.csv":
        assert tried.status in (0, 1)
    else:
        assert tried.error["type"] in ("ImportRefused", "UsageError", "BadParameter")
        assert "unexpected failure" not in tried.error["message"]


def test_a_map_that_cannot_be_read_is_refused(crm: Crm, people: str, tmp_path: Path) -> None:
    """A missing map would end in a traceback; a broken one would be applied in part."""
    (tmp_path / "bad.toml").write_text("[columns\n")
    (tmp_path / "latin.toml").write_bytes('[columns]\nname = "näme"'.encode("latin-1"))
    for name in ("missing.toml", "bad.toml", "latin.toml", "."):
        refused = crm.json("import", "customer", people, "--map", name)
        assert refused.status in (1, 2)
        assert "unexpected failure" not in refused.error["message"]
    assert crm.json("count", "customer").done == {"count": 0}


def test_an_export_is_written_whole_and_counted(crm: Crm, people: str, tmp_path: Path) -> None:
    """A script could not tell what it got."""
    crm("import", "customer", people)
    done = crm.json("export", "customer", "--columns", "name,email", "--out", "out.csv").done
    assert set(done) == {"rows", "file"}
    assert done["rows"] == 2
    rows = table(tmp_path / "out.csv")
    assert sorted(row["name"] for row in rows) == ["Leila", "Omid"]
    assert set(rows[0]) == {"name", "email"}
    some = crm.json("export", "customer", "--where", 'name = "Leila"', "--out", "some.jsonl").done
    assert some["rows"] == 1
    [point] = json.loads((tmp_path / "some.jsonl").read_text())["contact_points"]
    assert point["value"] == "leila@example.com"


def test_an_export_without_a_file_goes_to_standard_output(crm: Crm, people: str) -> None:
    """`crm export customer | other-program` would find a file it did not ask for."""
    crm("import", "customer", people)
    written = crm("export", "customer", "--columns", "name", "--format", "csv")
    assert sorted(row["name"] for row in csv.DictReader(io.StringIO(written.out))) == ["Leila", "Omid"]


def test_with_json_and_no_file_a_new_one_is_made(crm: Crm, people: str, tmp_path: Path) -> None:
    """The rows would run into the document, or replace a file that somebody has."""
    crm("import", "customer", people)
    (tmp_path / "customer.csv").write_text("precious")
    done = crm.json("export", "customer", "--columns", "name").done
    assert done == {"rows": 2, "file": "customer-2.csv"}
    assert len(table(tmp_path / "customer-2.csv")) == 2
    assert (tmp_path / "customer.csv").read_text() == "precious"


def test_what_was_exported_is_imported_again_as_it_was(loyal: Crm, tmp_path: Path) -> None:
    """A machine export would lose or change something on the way."""
    loyal.add("customer", "name==HYPERLINK(1)", "email=a@example.com", "city=Cairo, Egypt", "loyalty.tier=bronze")
    loyal.add("customer", "name=لیلا", "note=two\nlines", "tags=a;b", "external_id=7")
    before = sorted(loyal.json("list", "customer").done["items"], key=lambda each: str(each["name"]))
    assert loyal.json("export", "customer", "--out", "out.csv").done["rows"] == 2
    columns = "external_id,name,email,city,note,tags,loyalty.tier"
    loyal.json("export", "customer", "--columns", columns, "--out", "out.csv")
    other = Crm(f"sqlite:///{tmp_path}/other.db")
    assert other("--plugins", "loyalty", "import", "customer", "out.csv").status == 0
    after = sorted(other.json("list", "customer").done["items"], key=lambda each: str(each["name"]))
    for name in columns.split(","):
        assert [each[name] for each in after] == [each[name] for each in before]


def test_an_export_for_a_spreadsheet_holds_no_formula(crm: Crm, tmp_path: Path) -> None:
    """A name in a list would run as a formula in the program of whoever opens it."""
    crm.add("customer", "name==HYPERLINK(1)")
    crm("export", "customer", "--columns", "name", "--out", "sheet.csv", "--for", "spreadsheet")
    [row] = table(tmp_path / "sheet.csv")
    assert not row["name"].startswith("=")
    crm("export", "customer", "--columns", "name", "--out", "machine.csv")
    [row] = table(tmp_path / "machine.csv")
    assert row["name"] == "=HYPERLINK(1)"


def test_a_sheet_for_people_shows_names(crm: Crm, tmp_path: Path) -> None:
    """Whoever opens the sheet would see ids where a list shows names, or a program names where it needs ids."""
    sara = crm.add("user", "name=Sara")["id"]
    crm.add("customer", "name=Ann", f"owner={sara}")
    asked = {"sheet": ["--for", "spreadsheet"], "machine": [], "chosen": ["--columns", "owner", "--for", "spreadsheet"]}
    for name, options in asked.items():
        assert crm("export", "customer", "--out", f"{name}.csv", *options).status == 0
    assert {name: table(tmp_path / f"{name}.csv")[0]["owner"] for name in asked} == {
        "sheet": "Sara",
        "machine": sara,
        "chosen": sara,
    }
    assert crm("export", "customer", "--columns", "name,owner.name", "--out", "reached.csv").status == 0
    assert table(tmp_path / "reached.csv") == [{"name": "Ann", "owner.name": "Sara"}]


def test_a_failed_export_leaves_nothing(crm: Crm, tmp_path: Path) -> None:
    """A file of the right name with half the rows would be taken for the export."""
    crm.add("customer", "name=A")
    for arguments in (["--where", "nme = 1"], ["--columns", "nme"], ["--sort", "x"], ["--format", "xslx"]):
        assert crm.json("export", "customer", "--out", "out.csv", *arguments).status in (1, 2)
    assert not (tmp_path / "out.csv").exists()
    assert crm.json("export", "customer", "--out", "no/such/folder/out.csv").status == 1


def test_progress_and_notes_stay_off_standard_output(process: Process, people: str) -> None:
    """A program that reads the document would read a bar."""
    done = process("--json", "import", "customer", people)
    assert json.loads(done.stdout)["created"] == 2
    assert done.stderr == b""


def test_a_workbook_goes_out_in_a_language_and_comes_in_again(loyal: Crm, tmp_path: Path) -> None:
    """An office in Tehran could not be sent a list that it can read, and mend, and send back."""
    loyal.add("customer", "name=لیلا حسینی", "email=l@example.com", "birth_date=1984-03-02", "loyalty.tier=gold")
    columns = ["--columns", "name,email,birth_date,loyalty.tier"]
    sheet = ["--out", "c.xlsx", "--for", "spreadsheet", "--language", "fa"]
    assert loyal.json("export", "customer", *columns, *sheet).done == {"rows": 1, "file": "c.xlsx"}
    page = openpyxl.load_workbook(tmp_path / "c.xlsx").active
    assert [cell.value for cell in page[1]] == ["نام", "ایمیل", "تاریخ تولد", "سطح عضویت"]
    assert (page.sheet_view.rightToLeft, page.title, page["C2"].is_date) == (True, "customer", True)
    other = Crm(f"sqlite:///{tmp_path}/other.db")
    taken = other.json("--plugins", "loyalty", "import", "customer", "c.xlsx", "--sheet", "customer").done
    assert figures(taken) == (1, 1, 0, 0, 0)
    [leila] = other.json("list", "customer").done["items"]
    assert (leila["name"], leila["birth_date"], leila["loyalty.tier"]) == ("لیلا حسینی", "1984-03-02", "gold")
    assert loyal("export", "customer", "--language", "fa", "--out", "m.csv").status == 1


def test_the_calendar_and_a_deduced_encoding_are_known_on_the_command_line(crm: Crm, tmp_path: Path) -> None:
    """CSV-06, CSV-22: files of Iranian offices could not be imported, or nobody learn how they were read."""
    names = ["علي كريمي", "مريم حسيني", "پرويز چمن", "ژاله رضايي", "نيما گرگاني"]
    text = "name,birth_date\n" + "".join(f"{name},1403/12/30\n" for name in names)
    (tmp_path / "old.csv").write_bytes(text.encode("cp1256"))
    done = crm("import", "customer", str(tmp_path / "old.csv"), "--calendar", "jalali")
    assert (done.status, "read as cp1256" in done.err) == (0, True)
    people = crm.json("list", "customer").done["items"]
    assert {(each["name"], each["birth_date"]) for each in people} == {(name, "2025-03-20") for name in names}
