"""Rows that are refused only when they are stored: the rest of the batch is in, and nothing half done stays."""

import csv

import pytest

from crmcore.domain.change import Change
from crmcore.domain.errors import StorageFailed
from crmcore.testing.fakes import Restricted
from crmcore.testing.specimens import Profile
from tests.application.importing.desk import Desk, counts


def test_the_good_rows_of_a_batch_are_in(desk: Desk) -> None:
    """One card number that is taken would cost five hundred customers."""
    rows = [f"Person {n},p{n}@x,C-{n},1" for n in range(60)]
    rows[7] = "Seven,p7@x,C-3,1"
    rows[31] = "Thirty-one,p31@x,,x"
    rows[59] = "Last,p59@x,C-0,1"
    report = desk.take("name,email,specimen.card,specimen.points\n" + "\n".join(rows) + "\n")
    assert counts(report) == (60, 57, 0, 0, 3)
    assert [(r.line, r.column, r.value) for r in report.rejects] == [
        (9, "specimen.card", "C-3"),
        (33, "specimen.points", "x"),
        (61, "specimen.card", "C-0"),
    ]
    stored = desk.all(with_=[Profile])
    assert len(stored) == 57
    assert {c.facet(Profile).card for c in stored} == {f"C-{n}" for n in range(60)} - {"C-7", "C-31", "C-59"}


def test_a_row_like_a_refused_one_has_its_own_chance(desk: Desk) -> None:
    """The second row for a person would count as known, though the first was refused, and nobody be there."""
    desk.take("name,email,specimen.card\nOwner,o@x,C-1\n")
    content = "name,email,specimen.card\nLeila,l@x,C-1\nLeila,l@x,C-2\nLeila,l@x,C-3\n"
    assert counts(desk.take(content)) == (3, 1, 0, 1, 1)
    assert [c.facet(Profile).card for c in desk.all(with_=[Profile])] == ["C-1", "C-2"]


def test_what_the_declaration_refuses_is_the_rows_fault(desk: Desk) -> None:
    """A relationship of somebody with herself, or a circle of owners, would end the import."""
    desk.take("name\nA\nB\nC\n")
    content = "from_customer,to_customer,kind\nA,A,owns\nA,B,owns\nB,C,owns\nC,A,owns\nA,C,knows\n"
    report = desk.take(content, "relationship")
    assert counts(report) == (5, 2, 0, 0, 3)
    assert [(r.line, r.column) for r in report.rejects][:1] == [(2, "to_customer")]
    assert {r.line for r in report.rejects} == {2, 5, 6}


def test_a_refused_update_changes_nothing(desk: Desk) -> None:
    """Half of a change would stay, or the rows after it be lost."""
    desk.take("external_id,name,specimen.card\n1,A,C-1\n2,B,C-2\n3,C,C-3\n")
    content = "external_id,name,specimen.card\n1,A2,C-2\n2,B2,\n3,C2,C-33\n"
    report = desk.take(content, on_duplicate="update")
    assert counts(report) == (3, 0, 2, 0, 1)
    assert [(c.name, c.facet(Profile).card) for c in desk.all(with_=[Profile])] == [
        ("A", "C-1"),
        ("B2", "C-2"),
        ("C2", "C-33"),
    ]


def test_a_policy_refuses_rows_one_by_one(desk: Desk) -> None:
    """A row that may not be written would stop those that may, or be written with them."""
    desk.crm.kernel.policy = Restricted(refuse=lambda change: "not Cairo" if "Cairo" in str(change.after) else None)
    assert counts(desk.take("name,city\nA,Rasht\nB,Cairo\nC,Fez\n")) == (3, 2, 0, 0, 1)
    assert [c.name for c in desk.all()] == ["A", "C"]


def test_an_import_that_ends_leaves_nothing(desk: Desk) -> None:
    """After a lost connection nobody would know which rows are in."""

    def lose(change: Change) -> str | None:
        if "late" in str(change.after):
            raise StorageFailed("the disk is full")
        return None

    desk.crm.kernel.policy = Restricted(refuse=lose)
    with pytest.raises(StorageFailed):
        desk.take("name\n" + "".join(f"Person {n}\n" for n in range(600)) + "late\n")
    assert desk.all() == []


def test_all_refused_rows_are_in_the_file_to_mend(in_memory: Desk) -> None:
    """More than a thousand bad rows would be lost, for a report lists no more."""
    content = "name,birth_date\n" + "".join(f"P{n},soon\n" for n in range(1_200)) + 'Q,"torn"x\n'
    report = in_memory.take(content)
    assert (counts(report), len(report.rejects)) == ((1_201, 0, 0, 0, 1_201), 1_000)
    with in_memory.rejected.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 1_201
    assert (rows[7]["name"], rows[7]["birth_date"], rows[7]["_line"], rows[7]["_column"]) == (
        "P7",
        "soon",
        "9",
        "birth_date",
    )
    mended = in_memory.file(in_memory.rejected.read_text(encoding="utf-8").replace(",soon,", ",1990-01-02,"), "m.csv")
    assert counts(in_memory.take(mended)) == (1_201, 1_200, 0, 0, 1)


def test_several_faults_of_a_row_are_told_at_once(in_memory: Desk) -> None:
    """A row would have to be mended as many times as it has faults."""
    report = in_memory.take("name,birth_date,archived\nA,soon,perhaps\n")
    [reject] = report.rejects
    assert (reject.column, reject.value) == ("birth_date", "soon")
    assert "also archived: 'perhaps'" in reject.reason


def test_a_report_as_data_has_the_keys_of_the_contract(in_memory: Desk) -> None:
    """A script that reads the report would find other keys, or values that JSON cannot hold."""
    report = in_memory.take('{"name": 3}\n{"name": "A", "birth_date": ["' + "x" * 300 + '"]}', name="rows.jsonl")
    plain = report.plain()
    assert set(plain) == {
        "batch", "rows", "created", "updated", "unchanged", "rejected", "records", "rejects", "seconds",
    }  # fmt: skip
    assert [set(each) for each in plain["rejects"]] == [{"line", "column", "value", "reason"}] * 2
    assert plain["rejects"][0]["value"] == "3"
    assert len(plain["rejects"][1]["value"]) <= 200


def test_the_log_tells_that_an_import_made_it(desk: Desk) -> None:
    """Nobody could tell which import made a customer."""
    report = desk.take("name\nLeila\n")
    [leila] = desk.all()
    with desk.crm.work("reader") as work:
        [entry] = work.customers.history(leila.id)
    assert (str(entry.work), entry.actor) == (report.batch, "importer")
