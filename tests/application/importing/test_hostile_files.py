"""Files as they arrive: odd encodings, odd quoting, odd values. Nothing is lost, nothing is guessed."""

from decimal import Decimal

import pytest

from crmcore.domain.errors import ImportRefused
from tests.application.importing.desk import Desk, counts, emails, phones

PERSIAN = "name,email\r\nعلی,ali@example.com\r\nZoë,zoe@example.com\r\n"
HUGE = "name,email,note\nAli,h1@example.com," + "x" * 200_000 + "\nSara,h2@example.com,short\n"
FORMULAS = ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1+1)*cmd", "\t=1+1", "\r=1+1", '=HYPERLINK("http://x","y")']
QUOTED = 'name,email,address\r\nAli,q1@example.com,"No 1\r\nSt 2\nCity"\r\nSara,q2@example.com,"""hi"", left"\r\n'
RAGGED = "name,email,phone\nAli,r1@example.com\nSara,r2@example.com,1,2,3\n\n  \nMina,r3@example.com,0912\n"
BIDI = ["Ali\u202egpj.exe", "\u2067شرکت ACME (ایران) 123", "Normal Name"]
LETTERS = ["علی کریمی", "علي كريمي", "علی\u200c کریمی", "می\u200cخواهم", "میخواهم"]


def quoted(text: str) -> str:
    """A text as a cell in quotes."""
    return '"' + text.replace('"', '""') + '"'


PEOPLE: dict[str, str | bytes] = {
    "formulas": "name,email\n" + "".join(f"{quoted(each)},f{n}@x\n" for n, each in enumerate(FORMULAS)),
    "mark": PERSIAN.encode("utf-8-sig"),
    "utf-16": ("\ufeff" + PERSIAN.replace(",", "\t")).encode("utf-16-le"),
    "utf-16 unmarked": PERSIAN.encode("utf-16-be"),
    "NUL": "name,email\nA\0li,n1@example.com\nSara,n2@example.com\n",
    "huge field": HUGE,
    "ragged": RAGGED,
    "quoted": QUOTED,
    "bidi": "name,email\n" + "".join(f"{name},b{n}@x\n" for n, name in enumerate(BIDI)),
    "letters": "name,email\n" + "".join(f"{name},l{n}@x\n" for n, name in enumerate(LETTERS)),
    "several addresses": 'name,email\nA,"a@x; b@x"\nB,"c@x, d@x"\nC,Dana <d2@x>\nD,d@x\n',
    "nothing": "",
    "a header": "name,email\n",
    "only a mark": b"\xef\xbb\xbf",
    "no identity": "name,city\nAli,Rasht\nAli,Rasht\nSara,\n,\n",
    "ill-typed": "name,birth_date,archived\nAli,1990-02-30,no\nSara,1990-02-03,perhaps\nMina,,yes\n",
}


@pytest.mark.parametrize("case", PEOPLE)
def test_every_row_has_an_outcome_and_a_rehearsal_is_like_the_real_thing(desk: Desk, case: str) -> None:
    """A row would vanish, a rehearsal would promise something else or write, or a second time would double people."""
    rehearsed = desk.take(PEOPLE[case], dry=True)
    assert desk.all() == []
    taken = desk.take(PEOPLE[case])
    assert counts(rehearsed) == counts(taken)
    assert [r.reason for r in rehearsed.rejects] == [r.reason for r in taken.rejects]
    assert len(desk.all()) == taken.records == taken.created
    again = desk.take(PEOPLE[case])
    assert (again.created, again.updated, again.rejected) == (0, 0, taken.rejected)
    assert desk.logged() == taken.created


def test_texts_are_kept_to_the_letter(desk: Desk) -> None:
    """A formula, a control character or another spelling would be changed on its way in."""
    desk.take(PEOPLE["formulas"])
    desk.take(PEOPLE["bidi"])
    desk.take(PEOPLE["letters"])
    assert [each.name for each in desk.all()] == FORMULAS + BIDI + LETTERS


@pytest.mark.parametrize("case", ["mark", "utf-16", "utf-16 unmarked"])
def test_names_arrive_in_their_script(desk: Desk, case: str) -> None:
    """An encoding would be taken for another, and every name be garbled."""
    assert counts(desk.take(PEOPLE[case])) == (2, 2, 0, 0, 0)
    assert [(each.name, emails(each)) for each in desk.all()] == [
        ("علی", ["ali@example.com"]),
        ("Zoë", ["zoe@example.com"]),
    ]


def test_an_unproven_encoding_is_asked_for(in_memory: Desk) -> None:
    """Windows text would be read as something else, or what it is could not be said."""
    content = "name,email\r\nعلي,ali@example.com\r\n".encode("cp1256")
    with pytest.raises(ImportRefused, match="encoding"):
        in_memory.take(content)
    assert in_memory.take(content, encoding="cp1256").notes == ()
    assert [each.name for each in in_memory.all()] == ["علي"]


def test_an_encoding_in_which_alone_a_file_is_text_is_told(in_memory: Desk) -> None:
    """CSV-06: nobody could see that something was found out that nobody had said."""
    names = ["علي كريمي", "مريم حسيني", "پرويز چمن", "ژاله رضايي", "نيما گرگاني"]
    report = in_memory.take(("name\n" + "\n".join(names) + "\n").encode("cp1256"))
    assert [each.name for each in in_memory.all()] == names
    assert "read as cp1256" in report.notes[0]


@pytest.mark.parametrize(
    ("case", "expected", "refused"),
    [
        ("NUL", (2, 1, 0, 0, 1), [(2, "name", "NUL")]),
        ("huge field", (2, 1, 0, 0, 1), [(2, "note", "too long")]),
        ("ragged", (3, 2, 0, 0, 1), [(3, None, "too many cells")]),
        ("several addresses", (4, 1, 0, 0, 3), [(n, "email", "not one e-mail address alone") for n in (2, 3, 4)]),
        ("no identity", (4, 3, 0, 0, 1), [(5, None, "gives no value")]),
        ("ill-typed", (3, 1, 0, 0, 2), [(2, "birth_date", "1990-02-30"), (3, "archived", "neither yes nor no")]),
    ],
)
def test_a_bad_row_costs_no_other(
    desk: Desk, case: str, expected: tuple[int, ...], refused: list[tuple[int, str | None, str]]
) -> None:
    """The neighbours of a bad row would be lost, or nobody would learn which row was bad, and why."""
    report = desk.take(PEOPLE[case])
    assert counts(report) == expected
    assert [(r.line, r.column) for r in report.rejects] == [(line, column) for line, column, _ in refused]
    assert all(reason in r.reason for r, (_, _, reason) in zip(report.rejects, refused, strict=True))


def test_line_ends_in_quotes_are_content(desk: Desk) -> None:
    """An address of three lines would become three customers, or lose its lines."""
    assert counts(desk.take(QUOTED)) == (2, 2, 0, 0, 0)
    assert [each.addresses[0].street for each in desk.all()] == ["No 1\r\nSt 2\nCity", '"hi", left']


def test_a_name_twice_in_the_header_is_refused(in_memory: Desk) -> None:
    """Of two columns of the same name one would be lost in silence."""
    with pytest.raises(ImportRefused, match="more than once: 'email'"):
        in_memory.take("name,email,email\nAli,first@x,second@x\n")


def test_a_declared_mark_parts_several_addresses(desk: Desk) -> None:
    """Two addresses would be stored as one that nobody has."""
    desk.take('name,mails\nA,"a@x ; b@x"\n', map='[columns]\nmails = {field = "email", split = ";"}\n')
    [customer] = desk.all()
    assert [(p.value, p.preferred) for p in customer.contact_points] == [("a@x", True), ("b@x", False)]


def test_numbers_in_any_digits_are_one_number(desk: Desk) -> None:
    """The same telephone number in Persian digits would make another customer."""
    content = "name,phone\nA,09123456789\nB,۰۹۱۲۳۴۵۶۷۸۹\nC, ٠٩١٢٣٤٥٦٧٨٩\n"
    assert counts(desk.take(content, match="phone")) == (3, 1, 0, 2, 0)
    assert [phones(each) for each in desk.all()] == [["09123456789"]]


@pytest.mark.parametrize("amount", ["12345.67", "۱۲۳۴۵٫۶۷", "١٢٬٣٤٥٫٦٧"])
def test_amounts_in_any_digits_are_exact(desk: Desk, amount: str) -> None:
    """An amount in Arabic digits would be refused, or lose its fraction."""
    desk.take(f"name,price\nTea,{amount}\n", "product")
    assert desk.all("product")[0].price.amount == Decimal("12345.67")


def test_amounts_that_are_none_are_refused_and_a_blank_is_absent(desk: Desk) -> None:
    """A slip would become an amount of money, or a blank cell one of zero."""
    cells = ["NaN", "Infinity", "-Infinity", "1e309", "-", "5.00001", "", "5.005", "-0.10"]
    content = "code,name,price\n" + "".join(f"{n},P{n},{cell}\n" for n, cell in enumerate(cells))
    report = desk.take(content, "product", currency="USD")
    assert counts(report) == (9, 3, 0, 0, 6)
    assert {(r.column, r.value) for r in report.rejects} == {("price", cell) for cell in cells[:6]}
    assert [str(p.price) for p in desk.all("product")] == ["None", "5.005 USD", "-0.10 USD"]
