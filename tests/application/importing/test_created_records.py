"""Records that an import creates for references: what else the row says of them, and numbers read as decimals."""

from __future__ import annotations

import pytest

from crmcore.domain.errors import ImportRefused, InvalidSetting
from crmcore.testing.fakes import Restricted
from tests.application.importing.desk import Desk, counts
from tests.shared import SharedCrm

ORDERS = """
[columns]
no = "external_id"
day = "ordered_at"
sku = { field = "product", match = "code", missing = "create", also = { what = "name" } }
what = "description"
who = { field = "customer", match = "external_id", missing = "create", number = "whole", also = { land = "country" } }
[defaults]
source = "shop"
"""
HEADER = "no,day,sku,what,who,land\n"


def test_a_created_record_has_what_else_the_row_says(desk: Desk) -> None:
    """A product would be called by its code, and a customer's country be lost, though each row says them."""
    rows = ("1,2025-01-01,A,White tea,17.0,France", "1,2025-01-01,B,,17.0,France", "2,2025-01-02,a,Tea,18,Cyprus")
    report = desk.take(HEADER + "\n".join(rows), "order", map=ORDERS)
    assert counts(report) == (3, 3, 0, 0, 0)
    assert [(each.code, each.name) for each in desk.all("product")] == [("A", "White tea"), ("B", "B")]
    assert [(each.external_id, each.addresses[0].country) for each in desk.all()] == [
        ("17", "France"),
        ("18", "Cyprus"),
    ]
    assert [[line.description for line in each.lines] for each in desk.all("order")] == [["White tea", None], ["Tea"]]


def test_a_created_record_has_what_the_map_says_of_all(desk: Desk) -> None:
    """The accounts that a list of deals names would all be taken for persons."""
    new = "new = { kind = 'organisation', tags = 'deals' }"
    rule = f"{{ field = 'customer', match = 'name', missing = 'create', {new}, also = {{ land = 'country' }} }}"
    map = f"[columns]\ndeal = 'name'\naccount = {rule}\n"
    report = desk.take("deal,account,land\nPlan,Noor,Iran\nPilot,Noor,Iran", "opportunity", map=map)
    assert counts(report) == (2, 2, 0, 0, 0)
    [account] = desk.all()
    assert (account.kind, account.tags, account.addresses[0].country) == ("organisation", frozenset({"deals"}), "Iran")


def test_a_record_that_is_there_is_left_alone(desk: Desk) -> None:
    """What a row says of a customer in passing would overwrite what is known."""
    desk.take(HEADER + "1,2025-01-01,A,Tea,17,France", "order", map=ORDERS)
    report = desk.take(HEADER + "2,2025-01-02,A,Cup,17.0,Spain\n3,2025-01-02,A,Cup,19,Spain", "order", map=ORDERS)
    assert counts(report) == (2, 2, 0, 0, 0)
    assert [each.addresses[0].country for each in desk.all()] == ["France", "Spain"]
    assert [each.name for each in desk.all("product")] == ["Tea"]
    assert {each.external_id for each in desk.all("customer", 'order where (external_id = "2")')} == {"17"}


def test_what_does_not_fit_a_created_record_refuses_the_row(in_memory: Desk) -> None:
    """A customer would be made with a part of what the row says, or the file stop at one bad value."""
    rows = f"1,2025-01-01,A,Tea,17,{'x' * 101}\n2,2025-01-01,A,Tea,18,France"
    report = in_memory.take(HEADER + rows, "order", map=ORDERS)
    assert counts(report) == (2, 1, 0, 0, 1)
    assert "country of a new customer" in report.rejects[0].reason
    assert [each.external_id for each in in_memory.all()] == ["18"]


def test_numbers_that_are_not_whole_are_refused(in_memory: Desk) -> None:
    """An id that is none would be cut to another one."""
    rows = [
        f"{n},2025-01-01,A,Tea,{who},France" for n, who in enumerate(("17.5", "1e3", "x17", " 17.00 ", "007", "-3."))
    ]
    report = in_memory.take(HEADER + "\n".join(rows), "order", map=ORDERS)
    assert [(each.line, each.column) for each in report.rejects] == [(2, "who"), (3, "who"), (4, "who")]
    assert all("is no whole number" in each.reason for each in report.rejects)
    assert [each.external_id for each in in_memory.all()] == ["17", "007", "-3"]


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("field = 'customer', also = { land = 'country' }", "missing = 'create'"),
        ("field = 'customer', missing = 'create', also = { land = 'continent' }", "cannot have 'continent'"),
        ("field = 'customer', missing = 'create', also = { land = 'owner' }", "no reference"),
        ("field = 'customer', missing = 'create', also = { lang = 'country' }", "no column 'lang'"),
        ("field = 'customer', new = { kind = 'person' }", "missing = 'create'"),
        ("field = 'customer', missing = 'create', new = { kind = 'firm' }", "new customer cannot have that"),
        ("field = 'customer', missing = 'create', new = { continent = 'x' }", "cannot have 'continent'"),
        ("field = 'description', new = { kind = 'person' }", "is no reference"),
        ("field = 'description', also = { land = 'country' }", "is no reference"),
        ("field = 'customer', number = 'odd'", "is one of whole"),
        ("field = 'unit_price', number = 'whole'", "'number' says nothing"),
        ("field = 'customer', missing = 'create', also = ['land']", "is a table"),
    ],
)
def test_rules_that_cannot_be_kept_are_refused(in_memory: Desk, rule: str, problem: str) -> None:
    """A map that means nothing would be followed in silence."""
    map = f"[columns]\nday = 'ordered_at'\nwho = {{ {rule} }}\n"
    with pytest.raises((ImportRefused, InvalidSetting), match=problem):
        in_memory.take("day,who,land\n2025-01-01,1,France", "order", map=map, ignore_unknown=True)


def test_hidden_fields_are_not_written_through_references(shared_memory: SharedCrm, in_memory: Desk) -> None:
    """Whoever may not see a field would learn by the error that it is there, or write it."""
    in_memory.crm = shared_memory.fresh(policy=Restricted(hidden={"customer": ("country",)}))
    with pytest.raises(ImportRefused, match="cannot have 'country'"):
        in_memory.take(HEADER + "1,2025-01-01,A,Tea,17,France", "order", map=ORDERS)
