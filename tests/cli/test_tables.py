"""Tables for people: aligned in every script, and safe to look at."""

import pytest

from crmcore.cli.tables import cut, fitted, plain_text, sheet, table, width


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("abc", 3),
        ("café", 4),
        ("cafe\u0301", 4),  # the accent stands on the e
        ("東京", 4),  # each takes two columns
        ("مُحَمَّد", 4),  # harakat take none
        ("می\u200cروم", 5),  # nor does the non-joiner
        ("", 0),
    ],
)
def test_width_is_what_a_terminal_needs(text: str, columns: int) -> None:
    """Columns to the right of such a text would stand askew."""
    assert width(text) == columns


@pytest.mark.parametrize("most", range(1, 9))
def test_a_cut_text_fits_and_says_so(most: int) -> None:
    """A cut cell would push the next one, or pass for the whole."""
    short = cut("東京 Tokyo", most)
    assert width(short) <= most
    assert short.endswith("…")
    assert cut("Tokyo", 5) == "Tokyo"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, ""),
        (True, "yes"),
        (False, "no"),
        (0, "0"),
        ({"amount": "12.50", "currency": "EUR"}, "12.50 EUR"),
        (["lead", "donor"], "lead; donor"),
        ([{"amount": "1.00", "currency": "EUR"}, {"amount": "2.00", "currency": "USD"}], "1.00 EUR; 2.00 USD"),
        ({"no": 1, "value": "a@x.com", "usage": None}, "no 1, value a@x.com"),
        ("a\u202eb", "a\\u202eb"),
        ("a\x1b[31m\nb", "a\\x1b[31m\\nb"),
        ({"\u202en": "\x00"}, "\\u202en \\x00"),
    ],
)
def test_values_as_people_read_them(value: object, shown: str) -> None:
    """A value would be shown as code, or a control in it would be obeyed by the terminal."""
    assert plain_text(value) == shown


def test_columns_are_aligned_and_figures_stand_to_the_right() -> None:
    """Sums could not be compared by eye."""
    rows: list[dict[str, object]] = [
        {"name": "علی", "total": {"amount": "9.00", "currency": "EUR"}, "n": 7},
        {"name": "東京", "total": {"amount": "120.00", "currency": "EUR"}, "n": 12},
        {"name": "x", "total": None, "n": None},
    ]
    assert table(rows) == ("name       total   n\n────  ──────────  ──\nعلی     9.00 EUR   7\n東京  120.00 EUR  12\nx")


def test_what_nobody_filled_is_left_out_unless_asked_for() -> None:
    """A table of empty columns hides the few that say something."""
    rows: list[dict[str, object]] = [{"a": "1", "b": None}, {"a": "2", "b": ""}]
    assert table(rows).splitlines()[0] == "a"
    assert table(rows, ["b", "a"]).splitlines()[0].split() == ["b", "a"]
    assert table([], ["a"]) == ""


def test_a_table_fits_the_terminal() -> None:
    """Lines that wrap cannot be read as columns."""
    rows = [{"id": "x" * 36, "name": "n" * 60, "city": "Cairo"}]
    assert max(map(width, table(rows, most=80).splitlines())) <= 80
    assert "Cairo" in table(rows, most=80)
    assert "n" * 60 in table(rows)


def test_no_column_vanishes_where_there_is_no_room() -> None:
    """A narrow terminal would show a table without some of its columns."""
    assert fitted([30, 30], 10) == [8, 8]


def test_right_to_left_text_moves_nothing_beside_it_on_a_terminal() -> None:
    """A figure beside a Persian name would be shown on its other side; in a file isolates are only in the way."""
    rows = [{"name": "لیلا", "city": "Cairo"}]
    assert "\u2068لیلا\u2069" in table(rows, most=80)
    assert "\u2068" not in table(rows)
    assert "\u2068Cairo" not in table(rows, most=80)


def test_a_sheet_lists_what_is_there() -> None:
    """A record of thirty fields of which four are filled could not be read."""
    assert sheet({"name": "Leila", "note": None, "tags": [], "archived": False}) == "name      Leila\narchived  no"
