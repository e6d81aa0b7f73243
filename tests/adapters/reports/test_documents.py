"""Tests of reports as HTML and SVG: what a cell holds is shown, and never obeyed."""

from __future__ import annotations

import datetime as dt
import xml.etree.ElementTree as ET
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore import Money
from crmcore.adapters.reports import chart, page
from crmcore.domain.errors import InvalidSetting, InvalidValue
from crmcore.domain.fold import visible
from crmcore.plugins import Chart, ReportTable

SVG = "{http://www.w3.org/2000/svg}"
EVIL = '<script>alert("1")</script>&amp;\u202e'
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


class Cells(HTMLParser):
    """The texts and tags of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.inside = False
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        """Remember a tag; a cell begins a text."""
        self.tags.append(tag)
        self.inside = tag in ("td", "th")
        if self.inside:
            self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        """A cell ends."""
        self.inside = False

    def handle_data(self, data: str) -> None:
        """Add to the text of a cell."""
        if self.inside:
            self.texts[-1] += data


def drawn(table: ReportTable, title: str = "report") -> ET.Element:
    """A chart as a tree."""
    return ET.fromstring(chart(title, table))


def bars(tree: ET.Element) -> list[tuple[Decimal, bool]]:
    """The lengths of the bars, and which of them stand for less than nothing."""
    return [(Decimal(each.attrib["width"]), each.get("class") == "below") for each in tree.iter(f"{SVG}rect")]


@given(texts, texts)
def test_no_text_becomes_markup(label: str, title: str) -> None:
    """A customer's name would run as a script in the browser of whoever opens the report."""
    table = ReportTable(("<who>", "n"), [(label, 1)], Chart("<who>", "n"))
    found = Cells(page(title, table))
    assert found.tags == [
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "h1",
        *"table thead tr th th tbody tr td td".split(),
    ]
    assert found.texts == ["<who>", "n", visible(label), "1"]
    texts = [each.text or "" for each in drawn(table, title).iter(f"{SVG}text")]
    assert [text.split() for text in texts] == [visible(label).split(), ["1"]]


def test_a_page_is_read_from_the_right_where_its_text_is() -> None:
    """A Persian name would stand with its figures on the wrong side."""
    text = page("گزارش", ReportTable(("نام", "مبلغ"), [("لیلا", Money("-5", "EUR")), (None, None)]))
    assert text.count('dir="auto"') == 8
    assert 'class="figure"' in text
    assert "-5.00 EUR" in text


def test_all_values_have_their_text() -> None:
    """A cell would be empty, or show how Python writes a value."""
    row = (True, dt.date(2025, 1, 31), dt.datetime(2025, 1, 31, 8, tzinfo=dt.UTC), Decimal("1E+2"), EVIL)
    found = Cells(page("x", ReportTable(tuple("abcde"), [row])))
    assert found.texts[5:] == ["true", "2025-01-31", "2025-01-31T08:00:00+00:00", "100", visible(EVIL)]


def test_bars_are_as_long_as_their_figures() -> None:
    """A chart would show the larger figure as the smaller one."""
    table = ReportTable(("who", "n"), [("a", 1), ("b", Decimal("-4")), ("c", 0), ("d", None)], Chart("who", "n"))
    (a, _), (b, below), (c, _), (d, _) = bars(drawn(table))
    assert (b, below, c, d) == (4 * a, True, Decimal(0), Decimal(0))
    assert bars(drawn(ReportTable(("who", "n"), [], Chart("who", "n")))) == []
    money = ReportTable(("who", "n"), [("a", Money(1, "EUR")), ("b", Money(2, "EUR"))], Chart("who", "n"))
    (a, _), (b, _) = bars(drawn(money))
    assert b == 2 * a > 0


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (ReportTable(("a",), [(1,)]), "has no chart"),
        (ReportTable(("a", "b"), [("x", "y")], Chart("a", "b")), "no figure"),
        (ReportTable(("a", "b"), [("x", True)], Chart("a", "b")), "no figure"),
        (ReportTable(("a", "b"), [("x", Money(1, "EUR")), ("y", Money(1, "USD"))], Chart("a", "b")), "currencies"),
        (ReportTable(("a", "b"), [("x", 1)] * 201, Chart("a", "b")), "at most 200"),
    ],
)
def test_what_cannot_be_drawn_says_why(table: ReportTable, says: str) -> None:
    """Somebody would get an empty picture, or euros beside dollars."""
    with pytest.raises(InvalidSetting, match=says):
        chart("report", table)


@pytest.mark.parametrize(
    "made",
    [
        lambda: ReportTable((), []),
        lambda: ReportTable(("a", "a"), []),
        lambda: ReportTable("ab", []),
        lambda: ReportTable(("a", 1), []),
        lambda: ReportTable(("a",), [(1, 2)]),
        lambda: ReportTable(("a",), ["1"]),
        lambda: ReportTable(("a",), [], Chart("a", "b")),
    ],
)
def test_a_table_that_is_none_cannot_be_made(made: Any) -> None:
    """A row would be shown under the wrong heading."""
    with pytest.raises(InvalidValue):
        made()
