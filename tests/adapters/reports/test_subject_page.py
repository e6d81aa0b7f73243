"""What is handed out to a person, as JSON and as a page: whole, readable, and obeyed by nobody."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from typing import Any, Final

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.adapters.reports.subject import subject_json, subject_page
from crmcore.ports.handing_out import Label, Plain, Section

NASTY: Final = "<script>alert(1)</script>&\"' \u202e\u2066txt\x07"
PLAIN: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@attrs.frozen
class Handed:
    """A document with a few sections, as the use case gives it."""

    rows: tuple[Plain, ...] = ()
    changes: tuple[Plain, ...] = ()
    figures: Any = attrs.field(factory=dict)
    spoken: str = ""
    labels: Mapping[str, Label] = attrs.field(factory=dict)

    def title(self) -> str:
        return NASTY

    def language(self) -> str:
        return self.spoken

    def contents(self) -> Mapping[tuple[str, ...], tuple[Label, int]]:
        return {("records", "customer"): ({"en": "Customer", "fa": "مشتری"}, len(self.rows))}

    def sections(self) -> Iterator[Section]:
        yield Section(("subject",), value="1")
        customer = {"en": "Customer", "fa": "مشتری"}
        yield Section(("records", "customer"), iter(self.rows), label=customer, labels=self.labels)
        yield Section(("records", "order"), iter(()))
        yield Section(("history",), iter(self.changes))
        yield Section(("retired", "visits", "visits_visit"), iter(self.rows))
        yield Section(("retired", "visits", "visits_customer"), iter(()))
        yield Section(("figures",), value=self.figures)
        yield Section(("withheld",), value=[])


class Reader(HTMLParser):
    """Collects the texts of a page, and refuses tags that do not close each other."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.texts: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.root: dict[str, str | None] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.add(tag)
        self.root = self.root or given
        self.ids += [each for each in [given.get("id")] if each]
        self.links += [each for each in [given.get("href")] if each]
        assert not any(name.startswith("on") for name in given)
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.texts.append(data)


def read(handed: Handed) -> Reader:
    """The page, read."""
    reader = Reader()
    reader.feed("".join(subject_page(handed)))
    reader.close()
    assert reader.open == []
    return reader


def entry(**changes: list[Any]) -> dict[str, Any]:
    """An entry of the log."""
    told = {"at": "2025-01-15T12:00:00.000001Z", "actor": NASTY, "operation": "change", "record": "customer"}
    return {**told, "id": "7", "version": 1, "seq": 1, "changes": changes}


@given(rows=st.lists(st.dictionaries(st.text(max_size=8), PLAIN, max_size=4), max_size=3), figures=PLAIN)
def test_the_json_is_the_document(rows: list[Plain], figures: Any) -> None:
    """Written piece by piece, it is what would be written at once."""
    document = json.loads("".join(subject_json(Handed(tuple(rows), figures=figures).sections())))
    assert document == {
        "subject": "1",
        "records": {"customer": rows, "order": []},
        "history": [],
        "retired": {"visits": {"visits_visit": rows, "visits_customer": []}},
        "figures": figures,
        "withheld": [],
    }


@given(rows=st.lists(st.dictionaries(st.text(max_size=8), PLAIN, max_size=4), max_size=3), figures=PLAIN)
def test_any_value_stands_in_the_page(rows: list[Plain], figures: Any) -> None:
    """Whatever it holds, every tag is closed, and nothing is loaded or run."""
    reader = read(Handed(tuple(rows), figures=figures))
    assert reader.tags.isdisjoint({"script", "img", "link", "iframe", "object", "form", "base"})
    assert all(link.startswith("#") for link in reader.links)


@pytest.mark.parametrize("place", ["name", "value", "nested", "history"])
def test_nothing_in_a_value_is_obeyed(place: str) -> None:
    """Markup stands as text, and what turns the direction of text is shown."""
    rows: dict[str, Plain] = {
        "name": {NASTY: "x"},
        "value": {"a": NASTY},
        "nested": {"a": [{"b": [NASTY]}]},
        "history": {},
    }
    row = rows[place]
    changes = (entry(**{NASTY: [NASTY, None]}),) if place == "history" else ()
    page = "".join(subject_page(Handed((row,), changes)))
    assert "<script" not in page and "\u202e" not in page and "\u2066" not in page and "\x07" not in page
    assert page.lower().count("&lt;script&gt;alert(1)") >= 3 and "\\u202e" in page


def test_a_persons_own_language() -> None:
    """A page for who reads Persian begins at the right and calls things by their Persian names; others are English."""
    labels = {"name": {"en": "Name", "fa": "نام"}}
    persian = read(Handed(({"name": "لیلا"},), spoken="fa-IR", labels=labels))
    assert persian.root == {"lang": "fa", "dir": "rtl"}
    assert {"مشتری", "نام", "لیلا", "تاریخچه"} <= set(persian.texts)
    other = read(Handed(({"name": "لیلا"},), spoken="ckb", labels=labels))
    assert other.root == {"lang": "en", "dir": "ltr"}
    assert {"Customer", "Name", "لیلا", "History"} <= set(other.texts)


def test_the_contents_lead_to_the_sections() -> None:
    """Whoever prints or reads it finds what there is."""
    reader = read(Handed(({"a": 1},)))
    assert "#records-customer" in reader.links and "records-customer" in reader.ids
    assert {"#history", "#withheld"} <= set(reader.links) and {"history", "withheld"} <= set(reader.ids)


def test_values_as_people_write_them() -> None:
    """Amounts with their currency, moments without letters, truth in words, parts in one line."""
    row = {"total": {"amount": "5.00", "currency": "EUR"}, "at": "2025-01-15T12:00:00Z", "archived": False,
           "note": "one\ntwo", "parts": [{"no": 1, "kind": "email", "value": "x@example.com"}]}  # fmt: skip
    page = "".join(subject_page(Handed((row,), (entry(name=[None, "x"]),))))
    for text in ("5.00 EUR", "2025-01-15 12:00:00 UTC", ">no<", "<bdi>one</bdi><br><bdi>two</bdi>", "Kind: <bdi>email"):
        assert text in page
